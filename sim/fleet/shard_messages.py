"""What a coordinator and its shards tell each other: plain JSON, checked as it is read.

Never pickles of our classes: two sides of different releases are to understand that they do not
understand each other. Instants are those of the shard's own run, on a clock that no calendar moves. Shards
are numbered from 1. Secrets stand in `Begin` alone.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from actors.text import harmless

MAX_SHARDS = 1024
MAX_TEXT, MAX_SHOWN = 4_000, 200

Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
ShardNumber = Annotated[int, msgspec.Meta(ge=1, le=MAX_SHARDS)]
Instant = Annotated[float, msgspec.Meta(ge=0, le=1e12)]


class Message(
    msgspec.Struct, frozen=True, kw_only=False, tag=True, tag_field="is", forbid_unknown_fields=True
):
    """What all of them have in common: `is` names the kind, and an unknown key is refused."""


class GivenClient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An OAuth client that has been registered for all shards.

    `secret` "": a public one. `auth_method`: see `actors.login.client.OAuthClient`.
    """

    id: Text
    auth_method: Text = ""
    secret: Annotated[str, msgspec.Meta(max_length=MAX_TEXT)] = ""

    def __repr__(self) -> str:
        return f"GivenClient({self.id!r})"


class Begin(Message, frozen=True):
    """Set up and open all sessions, say `Ready`, and wait for `StartAt`.

    Attributes:
        run: the mark of the whole run, which all that it creates bears.
        shard, of: this is the `shard`-th of so many.
        config: what it is to do, already cut (`sim.fleet.cut`), as `sim.fleet.config_json` has it.
        files: the text of files that `config` names, by their path there (`sim.fleet.travelling`).
        client: None: nobody registered one.
        mirrors: whether what is written into its ledger is to be acknowledged (`Written`) before it is done.
    """

    run: Text
    shard: ShardNumber
    of: ShardNumber
    config: dict[str, Any]
    files: dict[str, str] = {}
    client: GivenClient | None = None
    mirrors: bool = True

    @property
    def users(self) -> int:
        """How many it is to drive; 0 where that does not stand there."""
        users = self.config.get("users")
        count = users.get("count") if isinstance(users, dict) else None
        return count if isinstance(count, int) else 0

    def __repr__(self) -> str:
        # Passwords are in it.
        return f"Begin(run={self.run!r}, shard={self.shard}, of={self.of})"


class StartAt(Message, frozen=True):
    """Begin the load at this instant of the shard's own clock; at once where it has passed."""

    at: Instant


class StopNow(Message, frozen=True):
    """Stop; levels as of signals: 1 in order, 2 interrupts stories, 3 leaves. None takes back a higher."""

    level: Annotated[int, msgspec.Meta(ge=1, le=3)]


class Beat(Message, frozen=True):
    """The coordinator lived at this instant of its own clock: the lease of the shard counts from then."""

    n: Number
    at: Instant


class Written(Message, frozen=True):
    """The ledger line of this number (`LedgerLine`) is on the coordinator's disk."""

    n: Number


class Probe(Message, frozen=True):
    """What time is it?"""

    n: Number


ToShard = Begin | StartAt | StopNow | Beat | Written | Probe


class Ready(Message, frozen=True):
    """All sessions that are there from the beginning are open; it waits for `StartAt`."""

    shard: ShardNumber
    host: Text = ""


class Probed(Message, frozen=True):
    """The answer to `Probe`: the shard's clock when it took it up."""

    shard: ShardNumber
    n: Number
    at: Instant


class LedgerLine(Message, frozen=True):
    """A line of the shard's ledger, as `sim.clean.ledger_text` reads it; the first is its head.

    Told before the thing is made; where `Begin.mirrors`, it is made only after `Written`, which may be
    held back until it is this shard's turn to make it (`sim.fleet.creation_turns`). Lines that only
    say what has become of it (`created`, `removed`) are told, and not waited for.
    """

    shard: ShardNumber
    n: Number
    line: Annotated[str, msgspec.Meta(max_length=64 * 1024)]


class Figures(Message, frozen=True):
    """A window, closed: a `Snapshot` as JSON.

    Its instants count from the shard's start (`StartAt`) where `since_start`, else, as long as that is not
    known, from when it was told.
    """

    shard: ShardNumber
    snapshot: dict[str, Any]
    since_start: bool = True


class Happened(Message, frozen=True):
    """An event, as `sim.fleet.event_json` has it: steps, phases, notes, removals, violations. Its instants
    are those of `Figures`.
    """

    shard: ShardNumber
    event: dict[str, Any]
    since_start: bool = True


class ShardDone(Message, frozen=True):
    """It has stopped and removed what it made; the last message of a shard.

    Attributes:
        rest: what windows do not tell: users, setup, examples, facts (`sim.fleet.rest_json`).
        left_behind: names of what is still there.
    """

    shard: ShardNumber
    rest: dict[str, Any]
    exit_code: Annotated[int, msgspec.Meta(ge=0, le=255)]
    left_behind: list[Text] = []


class ShardFailed(Message, frozen=True):
    """It could not begin, or a bug ended it; the last message of a shard."""

    shard: ShardNumber
    text: Text
    left_behind: list[Text] = []


FromShard = Ready | Probed | LedgerLine | Figures | Happened | ShardDone | ShardFailed


class BadMessage(ValueError):
    """It is none; the text says why, in one line."""


def to_json(message: Message) -> dict[str, Any]:
    """Plain values, as JSON has them."""
    plain: dict[str, Any] = msgspec.to_builtins(message)
    return plain


def to_shard(document: object) -> ToShard:
    """What a coordinator said. Raises BadMessage."""
    try:
        message: ToShard = msgspec.convert(document, ToShard)
        return message
    except (ValueError, RecursionError) as error:
        raise BadMessage(harmless(str(error), MAX_SHOWN)) from None


def from_shard(document: object) -> FromShard:
    """What a shard said. Raises BadMessage."""
    try:
        message: FromShard = msgspec.convert(document, FromShard)
        return message
    except (ValueError, RecursionError) as error:
        raise BadMessage(harmless(str(error), MAX_SHOWN)) from None
