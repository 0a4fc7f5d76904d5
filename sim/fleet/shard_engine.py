"""What runs shards elsewhere: in processes of this machine, or on those of a cluster; one shard in each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import attrs

from sim.fleet.shard_messages import Begin, FromShard, ToShard


@attrs.frozen
class Place:
    """A process that can run a shard.

    Attributes:
        name: by which it is told apart from the others.
        host: the machine, as it names itself.
        pid: of the process there.
    """

    name: str
    host: str
    pid: int


@attrs.frozen
class Heard:
    """A shard has said this, in its order; () only shows that its process lives."""

    shard: int
    messages: tuple[FromShard, ...] = ()


@attrs.frozen
class Lost:
    """Nothing more will be heard of a shard, and why.

    `is_dead`: its process has certainly ended. Else it may live on, unreachable, until its lease ends.
    """

    shard: int
    reason: str
    is_dead: bool


News = Heard | Lost

ENDED = "its process has ended"


class ShardEngine(Protocol):
    """See `sim.fleet.dask_engine`. Shards are numbered from 1."""

    @property
    def places(self) -> Sequence[Place]:
        """Where shards run: the first one at the first place."""

    @property
    def news(self) -> AsyncIterator[News]:
        """What is heard, and who is lost. Each process that lives is heard several times a second."""

    def start(self, begin: Begin) -> None:
        """Start a shard, once. Neither waits nor raises: what becomes of it is news."""

    def tell(self, shard: int, message: ToShard) -> None:
        """Send it, in the order of telling. Neither waits nor raises."""

    async def why_gone(self, shard: int) -> str:
        """Why nothing more can come from its process; "" where it is there, or nothing is known of it."""

    async def give_up(self, shard: int) -> bool:
        """Listen to it no more, and end its process where that is possible; whether it is dead."""
