"""A visit to a world: open it, do something there, leave it, and know how all that ended."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import attrs

from actors.errors import SetupError
from actors.events import Emit
from sim.clean.end import CleanupEnd
from sim.config.model import Config
from sim.runtime.exit import Trouble
from sim.runtime.stop import Stop, StopSource, open_stop
from sim.world.opening import open_world
from sim.world.worlds import ALONE, Given, World

Act = Callable[[World, Stop], Awaitable[None]]
Opens = Callable[[Stop], AbstractAsyncContextManager[World]]


@attrs.define
class VisitEnd:
    """How it ended.

    Attributes:
        world: None where it could not be opened.
        problem: why it ended early, as a person is told; "" where it did not.
        bug: what nobody expected, and ended it.
        signal: the one that ended it.
    """

    world: World | None = None
    problem: str = ""
    bug: Exception | None = None
    signal: signal.Signals | None = None

    @property
    def cleanup(self) -> CleanupEnd:
        """What became of what was made."""
        return self.world.cleanup if self.world is not None else CleanupEnd()

    @property
    def trouble(self) -> Trouble:
        """As far as it is known here."""
        return Trouble(
            bug=self.bug is not None,
            left_behind=not self.cleanup.is_clean,
            signal=self.signal,
            failed=bool(self.problem),
        )


async def visit(config: Config, emit: Emit, source: StopSource, act: Act, given: Given = ALONE) -> VisitEnd:
    """Do `act` in the world that `config` asks for; see `visit_in`."""
    return await visit_in(lambda stop: open_world(config, emit, stop, given), emit, source, act)


async def visit_in(opens: Opens, emit: Emit, source: StopSource, act: Act) -> VisitEnd:
    """Do `act` in the world that `opens` opens; what was made there is removed at the end.

    Everything but cancellation from outside is told by the value: whoever is told of a bug raises it once the
    rest has been said.
    """
    found = VisitEnd()
    async with open_stop(emit, source) as stop:
        try:
            async with opens(stop) as world:
                found.world = world
                await act(world, stop)
        except (SetupError, ExceptionGroup) as error:
            # Nurseries on its way may have wrapped it in groups.
            problem = expected_in(error)
            found.problem = "" if problem is None else str(problem)
            found.bug = error if problem is None else None
        except Exception as error:
            found.bug = error
    found.signal = stop.signal
    return found


def expected_in(error: BaseException) -> SetupError | None:
    """The first SetupError in a group of groups that holds nothing else; None where there is more."""
    if isinstance(error, SetupError):
        return error
    if not isinstance(error, BaseExceptionGroup):
        return None
    found = [expected_in(inner) for inner in error.exceptions]
    return found[0] if all(found) else None
