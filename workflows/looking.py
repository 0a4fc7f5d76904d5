"""Looking again and again until something is seen, and what it means when it never is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import attrs
import trio

from actors.answer import Answer, Finding, Json, WrongAnswer, excerpt
from actors.events import Interval, ViolationKind
from actors.messages import Done, Failed, Step
from workflows.failures import StepFailed, StoryEnded
from workflows.scene import Scene

INITIAL_PAUSE_S = 0.05
MAX_PAUSE_S = 1.0
SHARES = "nc_share_list"


@attrs.define
class Looking:
    """One user's looks at one thing; what the looks lay in the inbox is taken out of the span.

    Attributes:
        ask: has a step made by the user; raises StepFailed, ExpectationFailed or CastGone.
        interval: under which name the span is noted, "" for not at all.
        share: the answer that made the share by which it is to come, where there is one.
    """

    _scene: Scene
    _ask: Callable[[Step], Awaitable[Done]]
    _step: Step
    _interval: str
    _share: Answer | None = None
    _last: Done | Failed | None = None
    _begun: float = attrs.field(init=False)
    _waited: float = 0.0
    _lower: float = 0.0
    _misses: int = 0

    def __attrs_post_init__(self) -> None:
        self._begun = self._scene.last_finished

    async def until(self, sees: Callable[[Answer], bool]) -> Done | None:
        """The first look that shows it, None when none did up to the propagation time-out.

        The look that decides starts at the time-out or after it: one that was sent before and answered
        late may have missed it by a hair.
        """
        deadline = self._begun + self._scene.settings.propagation_timeout_s
        pause = INITIAL_PAUSE_S
        while True:
            self._last = look = await self._look()
            if isinstance(look, Done) and sees(Answer(look.value)):
                self._note_hit(look)
                return look
            self._note_miss(look)
            if look.started >= deadline:
                return None
            now = trio.current_time()
            await trio.sleep_until(max(now, min(now + pause, deadline)))
            pause = min(MAX_PAUSE_S, pause * 1.5)

    async def _look(self) -> Done | Failed:
        try:
            return await self._ask(self._step)
        except StepFailed as failure:
            if failure.error.says(*self._step.tolerated):
                return failure.reply
            raise

    def _note_miss(self, look: Done | Failed) -> None:
        self._misses += 1
        self._waited += look.inbox_wait_s
        self._lower = max(0.0, look.started - self._begun - self._waited)

    def _note_hit(self, look: Done) -> None:
        upper = max(self._lower, look.finished - self._begun - self._waited - look.inbox_wait_s)
        if self._interval:
            first_hit = not self._misses
            self._scene.intervals.append(Interval(self._interval, self._lower, upper, first_hit))

    async def never_seen(self, kind: ViolationKind) -> Finding:
        """What it means that `until` gave None, with what was seen last, and where the thing is instead."""
        expected = f"seen within {self._scene.settings.propagation_timeout_s:g} s"
        last = self._last
        shown = excerpt(str(last.error) if isinstance(last, Failed) else last and last.value)
        where = await self._where_it_is()
        return Finding(kind, expected, f"{where}: {shown}" if where else shown)

    async def _where_it_is(self) -> str:
        """Whether it never arrived, arrived elsewhere, or has old content; "" where nobody can say."""
        if self._step.tool == SHARES:
            return "never arrived: not among the recipient's shares"
        if self._share is None:
            return ""
        if isinstance(self._last, Done):
            return "old content"
        look = Step(
            self._step.workflow,
            "look_at_shares",
            SHARES,
            {"shared_with_me": True},
            self._step.execution,
        )
        try:
            target = target_in(Answer((await self._ask(look)).value), self._share["id"])
        except (StoryEnded, WrongAnswer):
            return "not where it should be, and the shares cannot be read"
        if target is None:
            return "never arrived: not among the recipient's shares either"
        return f"arrived elsewhere: among the recipient's shares ({target}), not where it was looked for"


def target_in(shares: Answer, share_id: Json) -> str | None:
    """Where the share of this id is mounted, None when it is not in the list. Raises WrongAnswer."""
    for row in shares.rows("shares", "data"):
        if row.get("id") == share_id:
            return excerpt(row.get("file_target", "?"))
    return None
