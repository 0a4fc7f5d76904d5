"""Faults of the stand-in as they are said: `KIND:PROBABILITY[:PARAM]`."""

from __future__ import annotations

from sim.config.grammar.distribution import Shape, parse_distribution
from sim.config.grammar.duration import parse_time
from sim.config.grammar.number import parse_number, parse_percentage
from sim.config.grammar.piece import Piece, one_of
from sim.standin.faults.spec import DEFAULT_SECONDS, FaultKind, FaultSpec


def parse_fault(text: str | Piece) -> FaultSpec:
    """`cut:0.2`, `stale_read:5%:30s`, `latency:1:lognormal:50ms,0.5`. Raises GrammarError."""
    piece = Piece.of(text)
    word, rest = piece.partition(":")
    kind = FaultKind(one_of(word, [kind.value for kind in FaultKind], "fault"))
    if rest is None or not rest:
        raise piece.error(f"no probability (it reads {kind.value}:0.1)")
    chance, param = rest.partition(":")
    probability = parse_probability(chance)
    if param is None:
        return FaultSpec(kind, probability)
    if kind not in DEFAULT_SECONDS:
        raise param.error(f"{kind.value} takes nothing after its probability")
    if kind is not FaultKind.LATENCY:
        return FaultSpec(kind, probability, parse_time(param))
    delay = parse_distribution(param)
    if delay.shape not in (Shape.CONSTANT, Shape.LOGNORMAL):
        raise param.error("latency is a duration or lognormal:50ms,0.5")
    return FaultSpec(kind, probability, delay.first, delay.second)


def parse_probability(piece: Piece) -> float:
    """`0.2` or `20%`. Raises GrammarError."""
    return parse_percentage(piece) if piece.text.endswith("%") else parse_number(piece, "a probability", 1)
