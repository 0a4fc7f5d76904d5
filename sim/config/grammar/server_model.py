"""The server of a virtual run: `servers=4,service=lognormal:30ms,0.5,nc_notes_get_note=exp:10ms`."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from sim.config.grammar.distribution import Distribution, Shape, parse_distribution
from sim.config.grammar.number import parse_count
from sim.config.grammar.piece import Piece, parse_fields

MAX_SERVERS = 100_000


@attrs.frozen
class ServerModel:
    """A queue with `servers` workers and this service time (by tool where named); None: no time passes."""

    servers: int = 4
    service: Distribution | None = None
    by_tool: Mapping[str, Distribution] = attrs.Factory(dict)

    def __str__(self) -> str:
        parts = [f"servers={self.servers}"]
        parts += [f"service={self.service}"] if self.service is not None else []
        return ",".join(parts + [f"{tool}={service}" for tool, service in self.by_tool.items()])


USUAL_SERVER = ServerModel(4, Distribution(Shape.LOGNORMAL, 0.03, 0.5))


def parse_server_model(text: str | Piece) -> ServerModel:
    """Raises GrammarError."""
    fields = parse_fields(Piece.of(text), "servers, service or a tool")
    values = {name: value for name, (_, value) in fields.items()}
    servers = values.pop("servers", None)
    service = values.pop("service", None)
    return ServerModel(
        ServerModel().servers if servers is None else parse_count(servers, "servers", 1, MAX_SERVERS),
        None if service is None else parse_distribution(service),
        {tool: parse_distribution(value) for tool, value in values.items()},
    )
