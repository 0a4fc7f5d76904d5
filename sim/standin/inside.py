"""The inside of a stand-in, without anything of the web: its store, the tools on it, and what goes wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable

import anyio

from sim.standin.behaviour import StandinOptions
from sim.standin.faults.book import FaultBook
from sim.standin.faults.faulty_tools import FaultyTools
from sim.standin.note_store import Notes
from sim.standin.store import NOTES_FOLDER, Store
from sim.standin.tape.tape_file import read_tape
from sim.standin.tape.tape_player import TapePlayer
from sim.standin.tape.taped_tools import taped_specs
from sim.standin.toolbox import Toolbox


class StandinInside:
    """What a virtual run calls, and what the other stand-ins serve.

    Args:
        options: how it is to be.
        now: epoch seconds.
        pause: what a tool that reads, then writes, awaits between the two; by default a sleep of
            `options.tool_pause_s`.
    """

    def __init__(
        self,
        options: StandinOptions,
        now: Callable[[], float],
        pause: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.options = options
        self.store = Store(now, trash_bin=options.trash_bin)
        self.notes = Notes(self.store, now, options.etag_race_s)
        self.store.add_account(options.admin, options.admin_password, "Administrator", is_admin=True)
        for name in premade_users(options.people):
            self.store.add_account(name, name)
        self.tape = TapePlayer(read_tape(options.from_), options.fault_seed) if options.from_ else None
        self.toolbox = self.make_toolbox(pause or self._pause)
        self.faults = FaultBook(now)
        self.faults.configure(options.faults, options.fault_seed)
        self.tools = FaultyTools(self.toolbox, self.store, self.notes, self.faults)

    def make_toolbox(self, pause: Callable[[], Awaitable[None]]) -> Toolbox:
        """All tools but those that were left out, and what it lacks then and the tape has."""
        toolbox = Toolbox(self.store, self.notes, pause)
        for name in self.options.tools_left_out:
            toolbox.tools.pop(name, None)
        if self.tape is not None:
            toolbox.tools = {**taped_specs(self.tape), **toolbox.tools}
        return toolbox

    def left_over(self) -> dict[str, list[str]]:
        """What users made and nobody removed: folders, files, shares, and by tool what a tape gave them."""
        store, kept = self.store, ("/", f"/{NOTES_FOLDER}")
        found: dict[str, list[str]] = defaultdict(list)
        for node in store.nodes():
            if node.path not in kept:
                found["folder" if node.is_folder else "file"].append(f"{node.path} of {node.owner}")
        for share in store.shares.values():
            found["share"].append(f"{share.node.path} with {share.recipient}")
        for thing in self.tape.things if self.tape is not None else ():
            if thing.owner in store.accounts:
                found[self.tape_tool(thing.n)].append(f"{next(iter(thing.ids.values()))} of {thing.owner}")
        return {kind: sorted(each) for kind, each in found.items()}

    def tape_tool(self, n: int) -> str:
        """The tool of a call of the tape."""
        assert self.tape is not None
        return next(call.tool for call in self.tape.tape.calls if call.n == n)

    async def _pause(self) -> None:
        await anyio.sleep(self.options.tool_pause_s)


def premade_users(number: int) -> list[str]:
    """Names of those who are there from the start."""
    return [f"user_{place}" for place in range(1, number + 1)]
