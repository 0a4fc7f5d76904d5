"""The page of a run that goes on: what is told becomes events, and now and then a picture of the whole.

Pictures are drawn in a thread, from what has been measured, so that the run goes on meanwhile; how often
follows from what they cost.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any, Protocol

import attrs
import trio

from actors.events import (
    Call,
    Execution,
    Judged,
    Note,
    Phase,
    PhaseBegan,
    RunEnded,
    Steered,
    SteeringKind,
)
from actors.secret import Secret
from actors.text import harmless
from sim.live.page.broadcast import Broadcast
from sim.live.page.gate import Gate
from sim.live.page.serving import serving
from sim.live.page.site import Site
from sim.measure.hub import Subscription, Told
from sim.measure.metric_family import exposition
from sim.measure.running_figures import RunningFigures
from sim.measure.snapshot import Snapshot
from sim.runtime.commands import Command, NotDone, Steerable
from sim.runtime.stop import Stop, StopSource

MIN_PICTURE_S, MAX_PICTURE_S = 2.0, 10.0
"""How often the whole is drawn anew: more often while there is little to be seen."""
PICTURE_SHARE = 1 / 300
"""Of a core, which pictures may take; and so many seconds of it at first."""
INITIAL_PICTURES_S = 0.2
FRESH_S = 1.0
TRIES = 5
MAX_VIOLATIONS_TOLD = 200
DELIVERY_S = 0.6
"""How long the last events may take to be delivered, before the process ends all the same."""


class Drawing(Protocol):
    """Draws the document of a run; knows nothing of who looks.

    Attributes:
        started: instant on the run's clock at which the charts begin.
    """

    started: float

    def page(self, script: str) -> tuple[str, str] | None:
        """The whole page with `script` in it, and the same as a picture: one line of JSON. None: while it was
        drawn the run went on, and it is to be drawn again. Called in a thread.
        """

    def row(self, window: Snapshot) -> dict[str, Any]:
        """What a window adds to the charts."""


@attrs.frozen
class View:
    """What was drawn last: when, as of which event, and in how many seconds of a core."""

    html: bytes
    at: float
    number: int
    cost_s: float


class LivePage:
    """Of one run. It holds up nobody: it follows a queue of its own, and draws in a thread.

    Args:
        taken: the address that it is served at.
        groups: what can be changed, by name: `users` or `arrivals/s`, and how many at most; None: nothing may
            be asked of the run.
        seconds: how long each phase is to last at most.
        scrape: the token of whoever may read `/metrics`; None: only who may see the page.
    """

    def __init__(
        self,
        taken: socket.socket,
        drawing: Drawing,
        *,
        groups: Mapping[str, tuple[str, float]] | None,
        seconds: Mapping[Phase, float],
        scrape: Secret | None = None,
    ) -> None:
        host, port = taken.getsockname()[:2]
        self._taken = taken
        self._gate = Gate(host, port, scrape=scrape)
        self._drawing = drawing
        self._groups = groups
        self._seconds = {phase.value: length for phase, length in seconds.items()}
        self._broadcast = Broadcast()
        self.figures = RunningFigures()
        """As Prometheus reads them, at `/metrics`."""
        self._site = Site(
            self._gate,
            self._document,
            self._broadcast,
            self._order if groups is not None else None,
            lambda: exposition(self.figures.families()),
        )
        self._lock = trio.Lock()
        self._view: View | None = None
        self._final = b""
        self._violations = 0
        self._phase: dict[str, Any] | None = None
        self._is_paused = False
        self._opened = trio.current_time()
        self._spent_s = 0.0
        self.steerable: Steerable | None = None
        """Set as soon as there is something to steer."""

    @property
    def address(self) -> str:
        """With its token: for the person alone."""
        return self._gate.address

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Served while the block lasts."""
        async with serving(self._site.app(), self._taken):
            yield

    def wants(self, told: Told) -> bool:
        """All but calls: of those windows tell, once a second."""
        return not isinstance(told, Call)

    async def follow(self, told: Subscription) -> None:
        """Send on what is told, to its end."""
        async for each in told:
            self.take(each)

    def take(self, told: Told) -> None:
        """One event, or one window."""
        match told:
            case Snapshot():
                self.figures.add(told)
                self._broadcast.send("row", self._drawing.row(told))
            case PhaseBegan():
                length = self._seconds.get(told.phase.value)
                self._phase = {"phase": told.phase.value, "at": told.at, "seconds": length}
                self._broadcast.send("phase", self._phase)
            case Execution() if told.violations:
                self._tell_violations(told)
            case Judged():
                text = harmless(told.text)
                verdict = {"limit": told.threshold, "held": told.held, "text": text, "at": told.at}
                self._broadcast.send("verdict", verdict)
            case Note():
                self._broadcast.send("note", {"text": harmless(told.text), "at": told.at})
            case Steered():
                if told.kind in (SteeringKind.PAUSE, SteeringKind.RESUME):
                    self._is_paused = told.kind is SteeringKind.PAUSE
                self._broadcast.send(
                    "steered",
                    {"kind": told.kind.value, "text": told.text, "at": told.at - self._drawing.started},
                )
            case RunEnded():
                self._broadcast.send(
                    "note", {"text": f"The load is over: {harmless(told.why)}", "at": told.at}
                )
            case _:
                pass

    async def keep_drawn(self) -> None:
        """Draw the whole now and then, as long as somebody looks on; until cancelled."""
        while True:
            await trio.sleep(min(MAX_PICTURE_S, max(MIN_PICTURE_S, self._age_s / 2)))
            if self._site.lookers and self._may_draw:
                await self._draw()

    @property
    def _age_s(self) -> float:
        return trio.current_time() - self._opened

    @property
    def _may_draw(self) -> bool:
        """Whether another picture is within what they may cost."""
        cost_s = self._view.cost_s if self._view else 0.0
        return self._spent_s + cost_s <= INITIAL_PICTURES_S + PICTURE_SHARE * self._age_s

    async def finish(self, ending: str, html: str = "", picture: str = "null") -> None:
        """The run is over: the page becomes its report, and is delivered to who looks on, within a bound.

        Args:
            html: the report; "" where there is none, and then what has been shown so far stays.
            picture: the same, as `Drawing` makes it.
        """
        self._final = html.encode()
        self._broadcast.send("finished", {"html": html, "picture": json.loads(picture), "ending": ending})
        self._broadcast.end()
        with trio.move_on_after(DELIVERY_S):
            await self._site.is_alone()

    async def serve_on(self, seconds: float, source: StopSource) -> None:
        """Stay for so long once the run is over, or until a signal comes."""
        async with source(stop := Stop(lambda event: None)):
            with trio.move_on_after(seconds):
                await stop.stopping.wait()

    async def _document(self) -> bytes:
        if self._final:
            return self._final
        view = self._view
        if view is None or (self._may_draw and trio.current_time() - view.at > FRESH_S):
            view = await self._draw()
        return view.html

    async def _draw(self) -> View:
        asked = trio.current_time()
        async with self._lock:
            if self._view is not None and self._view.at >= asked:
                return self._view
            for _ in range(TRIES):
                number, drawn = self._broadcast.number, await self._in_a_thread()
                if drawn is not None:
                    html, picture, cost_s = drawn
                    # What is imported and compiled for the first one comes only once.
                    self._spent_s += cost_s if self._view is not None else 0.0
                    self._broadcast.show(number, picture)
                    self._view = View(html.encode(), trio.current_time(), number, cost_s)
                    return self._view
            if self._view is None:
                raise RuntimeError("the run went on each time that its page was drawn")
            return self._view

    async def _in_a_thread(self) -> tuple[str, str, float] | None:
        script = self._script()

        def draw() -> tuple[str, str, float] | None:
            began = time.thread_time()
            drawn = self._drawing.page(script)
            return None if drawn is None else (*drawn, time.thread_time() - began)

        return await trio.to_thread.run_sync(draw, abandon_on_cancel=True)

    def _script(self) -> str:
        groups = self._groups or {}
        facts = {
            "after": self._broadcast.number,
            "phase": self._phase,
            "paused": self._is_paused,
            "steers": self._groups is not None,
            "groups": {name: {"unit": unit, "most": most} for name, (unit, most) in groups.items()},
        }
        return f"window.simulateRun = {in_script(facts)};\n{live_script()}"

    def _order(self, command: Command) -> str:
        if self.steerable is None:
            raise NotDone("the load has not begun")
        return self.steerable.carry_out(command)

    def _tell_violations(self, execution: Execution) -> None:
        for one in execution.violations:
            self._violations += 1
            if self._violations <= MAX_VIOLATIONS_TOLD:
                texts = {name: harmless(getattr(one, name)) for name in ("step", "user", "expected", "seen")}
                what = {"kind": one.kind.value, "workflow": harmless(one.workflow), "at": one.at}
                self._broadcast.send("violation", {**what, **texts})


def in_script(value: Any) -> str:
    """JSON that cannot end the script that it stands in."""
    text = json.dumps(value)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def live_script() -> str:
    """What listens to the events, and asks for things."""
    return (files("sim.live.page") / "assets" / "live.js").read_text("utf-8")
