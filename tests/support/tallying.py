"""A tally that tests tell facts to in few words."""

from __future__ import annotations

from collections import Counter

import trio

from actors.events import Event, Lateness, OnStage, Phase, PhaseBegan
from sim.measure.hub import Hub
from sim.measure.leaf_keys import StepKey, StoryKey
from sim.measure.leaves import CallSums, StepLeaf, StoryLeaf
from sim.measure.sketch import Sketch
from sim.measure.tally import Tally


class Recorder(Tally):
    """Call it with an event; ask it for what it has so far."""

    def __init__(self, phase: Phase = Phase.SETUP) -> None:
        super().__init__(phase)
        self.hub = Hub(self)

    def __call__(self, event: Event) -> None:
        self.take(event)

    def enter(self, phase: Phase) -> None:
        self.hub.emit(PhaseBegan(phase, trio.current_time()))

    def note_lateness(self, seconds: float) -> None:
        self.take(Lateness(trio.current_time(), seconds))

    def note_users(self, users: int, wanted: float = 0.0) -> None:
        self.take(OnStage(trio.current_time(), "", wanted, users))

    @property
    def phase(self) -> Phase:
        return self.phases.current

    @property
    def boundaries(self) -> tuple[tuple[float, Phase], ...]:
        return self.phases.boundaries

    def phase_span(self, phase: Phase) -> float:
        return self.phases.span(phase, trio.current_time())

    @property
    def steps(self) -> dict[StepKey, StepLeaf]:
        return self.settled().steps

    @property
    def stories(self) -> dict[StoryKey, StoryLeaf]:
        return self.settled().stories

    @property
    def not_started(self) -> Counter[tuple[str, str]]:
        return self.settled().not_started

    @property
    def inbox_wait(self) -> Sketch:
        return self.settled().inbox_wait

    @property
    def lateness(self) -> Sketch:
        return self.settled().lateness

    def calls_in(self, *phases: Phase) -> CallSums:
        return self.counts_in(*phases)

    @property
    def calls(self) -> int:
        return self.counts_in().total

    @property
    def errors(self) -> int:
        return self.counts_in().failed

    @property
    def successes(self) -> int:
        return self.counts_in(Phase.MEASURED).ok

    @property
    def executions(self) -> int:
        return self.settled().executions
