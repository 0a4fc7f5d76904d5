"""Which workflows, or tools, how often: `note_share=3,baseline=1`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sim.config.grammar.number import format_number, parse_number
from sim.config.grammar.piece import Piece, parse_fields

MAX_WEIGHT = 1_000_000.0
TOOL_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,127}", re.ASCII)
"""What the protocol recommends for names of tools (MCP 2025-11-25, tools)."""


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


def parse_tools(text: str | Piece) -> dict[str, float]:
    """Weight by name of the tool: `nc_calendar_list_events=3,nc_contacts_list`; 1 where none is said.

    Raises GrammarError.
    """
    piece, weights = Piece.of(text), {}
    for part in piece.split(","):
        name, value = part.partition("=")
        if not TOOL_NAME.fullmatch(name.text):
            raise name.error(f"{name.text!r} is no name of a tool" if name else "no name of a tool")
        if name.text in weights:
            raise name.error(f"{name.text!r} stands here twice")
        if value is not None and not value:
            raise value.error(f"no value after '{name.text}='")
        weights[name.text] = 1.0 if value is None else parse_number(value, "a weight", MAX_WEIGHT)
    if not any(weights.values()):
        raise piece.error("no tool has a weight above zero")
    return weights
