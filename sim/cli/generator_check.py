"""`simulate doctor --generator`: how many calls a second this machine can drive, whatever the server.

A whole run of about a second, with nothing of it left out, against the null server: a stand-in in a process
of its own that costs next to nothing. What it is slowed down by is the simulator, and this machine.
"""

from __future__ import annotations

import click

from sim.cli.configured import make_config, read_settings
from sim.measure.hub import Looker, Subscription, is_snapshot
from sim.measure.snapshot import Snapshot
from sim.runtime.exit import ExitCode

USERS_AT_ONCE = 8
FLAGS = {
    "standin_option": ("null_mcp",),
    "users": str(USERS_AT_ONCE),
    "warmup": "500ms",
    "duration": "1",
    "think": "0s",
    "workload": "baseline",
    "history": False,
    "quiet": True,
}
"""Nobody thinks: each calls again as soon as there was an answer."""


class GeneratorCheck:
    """Drives the null server, and sums up what the windows of the run tell.

    Attributes:
        calls: that ended.
        cpu_s: that this process used meanwhile, seconds; 0 where nobody knows.
        seconds: how long that took.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.cpu_s = 0.0
        self.seconds = 0.0

    def run(self) -> ExitCode:
        """Says the figures where the run went well; why it did not, the run says itself."""
        from sim import app

        # What is set for a server of somebody's is no matter here.
        config = make_config(read_settings(FLAGS, {}))
        code = app.run(config, Looker(self.look_on, is_snapshot))
        if code is ExitCode.OK:
            click.echo(self.in_words())
        return code

    async def look_on(self, told: Subscription) -> None:
        async for each in told:
            if isinstance(each, Snapshot):
                self.take(each)

    def take(self, window: Snapshot) -> None:
        """Windows without a call are those of setting up and of removing."""
        if window.leaves.ended_calls:
            self.calls += window.leaves.ended_calls
            self.cpu_s += window.generator.cpu_s if window.generator else 0.0
            self.seconds += window.seconds

    def in_words(self) -> str:
        """One line."""
        if not self.calls or not self.cpu_s:
            return "generator: not known, nothing was measured"
        cost_s, busy = self.cpu_s / self.calls, self.cpu_s / self.seconds
        return (
            f"generator: {self.calls / self.seconds:,.0f} calls/s against the null server with "
            f"{USERS_AT_ONCE} users, {1000 * cost_s:.2g} ms CPU a call ({busy:.0%} of a core); "
            f"a whole core drives {1 / cost_s:,.0f}"
        )
