"""Which workflows, how often: `note_share=3,baseline=1`."""

from __future__ import annotations

from collections.abc import Mapping

from sim.config.grammar.number import format_number, parse_number
from sim.config.grammar.piece import Piece, parse_fields

MAX_WEIGHT = 1_000_000.0


def parse_mix(text: str | Piece) -> dict[str, float]:
    """Weight by name of the workflow; only their ratios count. Raises GrammarError."""
    piece = Piece.of(text)
    fields = parse_fields(piece, "WORKFLOW")
    weights = {name: parse_number(value, "a weight", MAX_WEIGHT) for name, (_, value) in fields.items()}
    if not any(weights.values()):
        raise piece.error("no workflow has a weight above zero")
    return weights


def format_mix(weights: Mapping[str, float]) -> str:
    return ",".join(f"{name}={format_number(weight)}" for name, weight in weights.items())
