"""Changing a load while it goes on. Each change is an event, and makes the run a steered one."""

from __future__ import annotations

import math
import signal
from collections.abc import Sequence
from typing import assert_never

import trio

from actors.events import Emit, Steered, SteeringKind
from actors.text import harmless
from sim.config.grammar.shapes import ClosedProfile, OpenProfile
from sim.config.grammar.steered import steered
from sim.config.model import Group
from sim.load.executors import Executor
from sim.runtime.commands import ChangeLoad, Command, MarkInstant, NotDone, PauseLoad, StopRun
from sim.runtime.stop import Stop, StopLevel

MAX_ARRIVALS_PER_S = 10_000.0
MAX_OVER_S = 3600.0
MAX_WORD = 80


def ranges_of(groups: Sequence[Group]) -> dict[str, tuple[str, float]]:
    """By name: `users` or `arrivals/s`, and how many at most."""
    return {
        group.name: (
            group.profile.unit,
            float(group.users) if isinstance(group.profile, ClosedProfile) else MAX_ARRIVALS_PER_S,
        )
        for group in groups
    }


class Steering:
    """Of one run. Nothing but stopping and marks is possible before the profile begins, and after its end.

    Attributes:
        stopped_by_hand: whether somebody ended the run this way.
    """

    def __init__(self, groups: Sequence[Group], emit: Emit) -> None:
        self._groups = ranges_of(groups)
        self._emit = emit
        self._stop: Stop | None = None
        self._executors: dict[str, Executor] = {}
        self._begun = 0.0
        self._is_paused = False
        self.stopped_by_hand = False

    def may_stop(self, stop: Stop) -> None:
        """From now on `stop` is what ends the run."""
        self._stop = stop

    def take_over(self, executors: Sequence[Executor]) -> None:
        """Their profiles begin now; they are those of the groups, in the same order."""
        self._executors = dict(zip(self._groups, executors, strict=True))
        self._begun = trio.current_time()

    def let_go(self) -> None:
        """The profiles are over."""
        self._executors = {}

    def carry_out(self, command: Command) -> str:
        """Do it at once; says in words what is done. Raises NotDone, and then nothing was done."""
        match command:
            case StopRun():
                kind, text = self._end(now=command.now)
            case ChangeLoad():
                kind, text = SteeringKind.LOAD, self._change(command)
            case PauseLoad():
                kind, text = self._pause(on=command.on)
            case MarkInstant():
                kind, text = SteeringKind.MARK, harmless(command.word, MAX_WORD)
                if not text:
                    raise NotDone("a mark needs a word")
            case other:
                assert_never(other)
        self._emit(Steered(trio.current_time(), kind, text))
        return text

    def _end(self, *, now: bool) -> tuple[SteeringKind, str]:
        if self._stop is None:
            raise NotDone("the run has not begun, or is over")
        self.stopped_by_hand = True
        level = StopLevel.NO_WORK if now else StopLevel.NO_NEW_WORK
        self._stop.request(level, signal.SIGINT)
        return (SteeringKind.STOP_NOW, "stopped at once") if now else (SteeringKind.STOP, "stopped")

    def _change(self, command: ChangeLoad) -> str:
        name = command.group or (next(iter(self._groups)) if len(self._groups) == 1 else "")
        if name not in self._groups:
            raise NotDone(f"no group {harmless(name)!r}; there are {', '.join(self._groups)}")
        executor = self._under_way()[name]
        unit, most = self._groups[name]
        wanted, over_s = command.wanted, command.over_s
        if not (math.isfinite(wanted) and 0 <= wanted <= most) or (unit == "users" and wanted != int(wanted)):
            raise NotDone(f"from 0 to {most:,.0f} {unit}" + (", whole ones" if unit == "users" else ""))
        if not (math.isfinite(over_s) and 0 <= over_s <= MAX_OVER_S):
            raise NotDone(f"within 0 to {MAX_OVER_S:,.0f} seconds")
        if isinstance(executor.profile, OpenProfile) and executor.profile.breakpoint:
            raise NotDone("this run looks for the rate that breaks a threshold by itself")
        try:
            profile = steered(executor.profile, trio.current_time() - self._begun, wanted, over_s)
        except ValueError as error:
            raise NotDone(str(error)) from error
        executor.steer(profile)
        of = f" of {name}" if len(self._groups) > 1 else ""
        return f"{wanted:,.4g} {unit}{of} wanted" + (f" within {over_s:g}s" if over_s else "")

    def _pause(self, *, on: bool) -> tuple[SteeringKind, str]:
        executors = self._under_way()
        if on is self._is_paused:
            raise NotDone("it is paused already" if on else "it is not paused")
        self._is_paused = on
        for executor in executors.values():
            executor.pause(on=on)
        return (SteeringKind.PAUSE, "paused") if on else (SteeringKind.RESUME, "went on")

    def _under_way(self) -> dict[str, Executor]:
        if not self._executors:
            raise NotDone("the load profile has not begun, or is over")
        return self._executors
