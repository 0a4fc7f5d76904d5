"""`simulate doctor`: the set-up of a run for two users, step by step, each with what to do if it fails."""

from __future__ import annotations

import trio
from rich.console import Console
from rich.text import Text

from actors.answer import Answer
from actors.errors import CallError, SetupError
from actors.events import Event, Note, StepEnded
from actors.login.provisioning import LOOK, LOOK_ARGUMENTS
from sim.config.model import Config
from sim.live.console import printable
from sim.runtime.exit import ExitCode, exit_code
from sim.runtime.stop import Stop, StopSource
from sim.world.visit import VisitEnd, visit
from sim.world.worlds import Crowd, World, WorldStep, play


class Doctor:
    """Plays the steps of a run, and one call, and tells how each went.

    Whatever was created is removed again, as after a run.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._console = Console(highlight=False, soft_wrap=True)
        self._has_told_failure = False

    async def main(self, source: StopSource) -> ExitCode:
        """Raises what nobody expected, once the rest has been told."""
        found = await visit(self._config, self.emit, source, self._act)
        self._tell_end(found)
        if found.bug is not None:
            raise found.bug
        return exit_code(found.trouble)

    async def _act(self, world: World, stop: Stop) -> None:
        call = WorldStep("a session and a call", lambda: "Calling", lambda: call_once(world.crowd))
        await play((*world.steps, call), self.emit)

    def emit(self, event: Event) -> None:
        """Tell what is of interest here."""
        match event:
            case StepEnded(ok=True):
                self._say("ok", event.name, "green")
                if event.text:
                    self._say("", event.text, "dim")
            case StepEnded():
                self._has_told_failure = True
                self._say("failed", f"{event.name}: {event.text}", "bold red")
            case Note():
                self._say("", event.text.strip(), "dim")
            case _:
                pass

    def _tell_end(self, found: VisitEnd) -> None:
        if found.problem and not self._has_told_failure:
            self._say("failed", found.problem, "bold red")
        clean = found.cleanup.is_clean
        text = f"clean-up: {found.cleanup.text}"
        self._say("ok" if clean else "failed", text, "" if clean else "bold red")

    def _say(self, word: str, text: str, style: str) -> None:
        """One line; what servers say in it is neither markup nor more than a line."""
        self._console.print(Text(f"{word:8}{printable(text)}", style=style))


async def call_once(crowd: Crowd) -> str:
    """Search one's notes. Raises SetupError."""
    person, started = crowd.first, trio.current_time()
    try:
        async with crowd.connector.open_session(person, crowd.credentials[person.uid]) as session:
            answer = Answer(await session.call_tool(LOOK, LOOK_ARGUMENTS))
            list(answer.rows("results"))
    except CallError as error:
        raise SetupError(f"{LOOK} as {person.uid}: {error}") from error
    return f"{LOOK}, {1000 * (trio.current_time() - started):.0f} ms with its session"
