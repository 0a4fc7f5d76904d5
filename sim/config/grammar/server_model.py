"""The server of a virtual run: `servers=4,service=lognormal:30ms,0.5,nc_notes_get_note=exp:10ms`, and ways in
which it gets worse by load: `slower=2%,lock=exp:5ms,leak=0.1%,jam=40`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from sim.config.grammar.distribution import Distribution, Shape, parse_distribution
from sim.config.grammar.number import format_percentage, parse_count, parse_percentage
from sim.config.grammar.piece import Piece, parse_fields

MAX_SERVERS = 100_000


@attrs.frozen
class ServerModel:
    """A queue with `servers` workers and this service time (by tool where named); None: no time passes.

    Attributes:
        slower: each call that is there makes the next one longer by this share.
        lock: so long each call holds what only one can hold, beside its service time; None: there is no lock.
        leak: each call that was ever served makes later ones longer by this share.
        jam: with more calls than these it takes eight times as long, until hardly any are left; 0: never.
    """

    servers: int = 4
    service: Distribution | None = None
    by_tool: Mapping[str, Distribution] = attrs.Factory(dict)
    slower: float = 0.0
    lock: Distribution | None = None
    leak: float = 0.0
    jam: int = 0

    def __str__(self) -> str:
        parts = [f"servers={self.servers}"]
        parts += [f"service={self.service}"] if self.service is not None else []
        parts += [f"slower={format_percentage(self.slower)}"] if self.slower else []
        parts += [f"lock={self.lock}"] if self.lock is not None else []
        parts += [f"leak={format_percentage(self.leak)}"] if self.leak else []
        parts += [f"jam={self.jam}"] if self.jam else []
        return ",".join(parts + [f"{tool}={service}" for tool, service in self.by_tool.items()])


USUAL_SERVER = ServerModel(4, Distribution(Shape.LOGNORMAL, 0.03, 0.5))
WORDS: Mapping[str, Callable[[Piece], Any]] = {
    "servers": lambda piece: parse_count(piece, "servers", 1, MAX_SERVERS),
    "service": parse_distribution,
    "slower": parse_percentage,
    "lock": parse_distribution,
    "leak": parse_percentage,
    "jam": lambda piece: parse_count(piece, "calls of a jam", 1),
}


def parse_server_model(text: str | Piece) -> ServerModel:
    """Raises GrammarError."""
    fields = parse_fields(Piece.of(text), "servers, service, slower, lock, leak, jam or a tool")
    known = {name: parse(fields[name][1]) for name, parse in WORDS.items() if name in fields}
    by_tool = {name: parse_distribution(value) for name, (_, value) in fields.items() if name not in WORDS}
    return ServerModel(**known, by_tool=by_tool)
