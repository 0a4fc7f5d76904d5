"""`simulate recording check`: what of a workflow is still fixed to the session that it was recorded from.

It is played by two casts at once. Whatever is the recording's alone then is not there, or in the way of the
other cast; what is not removed is left over.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from actors.errors import Outcome
from actors.events import Call, Ending, Execution
from sim.cli.flow_literals import FlowLiteral, FlowSource, read_source
from sim.cli.trial import MAX_TRY_S
from sim.config.grammar.shapes import ClosedProfile
from sim.config.model import Casting, Config
from sim.config.usage import UsageError
from sim.live.console import printable
from sim.measure.hub import Looker, Subscription
from sim.runtime.exit import ExitCode
from sim.world.virtual.world import VirtualWorld
from sim.world.worlds import World
from workflows.base import BadWorkflow, Workflow
from workflows.catalogue import load_file

CASTS, TIMES = ("cast 1", "cast 2"), 3
ABSENT = re.compile(r"not found|does not exist|no such|unknown", re.IGNORECASE)
TAKEN = re.compile(r"already (?:exists|there|in use|taken)|duplicate|\bin use\b", re.IGNORECASE)
OF_THINGS = re.compile(
    r"(?:^|_)(?:ids?|uid|uuid|path|token|etag|uri|url|href|with|user|participant)(?:_|$)|Id$"
)
"""In names of arguments: what names a thing, or somebody."""
KINDS = {
    "file": ("nc_notes_create_note", "nc_webdav_write_file", "nc_webdav_copy_resource"),
    "folder": ("nc_webdav_create_directory",),
    "share": ("nc_share_create",),
}
"""Tools that make what the stand-in calls so."""
MAKING = re.compile(r"(?:^|_)(?:create|add|new|upload|import|copy|write)(?:_|$)")
REMOVING = re.compile(r"(?:^|_)(?:delete|remove|trash)(?:_|$)")


@attrs.define
class PlayedFlow:
    """All that was seen of it. `left`: what was there at the end, by kind; None where nobody could look."""

    calls: list[Call] = attrs.field(factory=list)
    executions: list[Execution] = attrs.field(factory=list)
    left: Mapping[str, Sequence[str]] | None = None

    async def look_on(self, told: Subscription) -> None:
        """To the end."""
        async for each in told:
            if isinstance(each, Call) and each.workflow:
                self.calls.append(each)
            elif isinstance(each, Execution):
                self.executions.append(each)

    def look_around(self, world: World) -> None:
        """Before anything is removed."""
        if isinstance(world, VirtualWorld):
            self.left = world.left_over()


def check_flow(config: Config, path: Path) -> ExitCode:
    """Play the last workflow of the file, and print what is wrong with it, a line each. Raises UsageError."""
    from sim import app

    try:
        workflow = load_file(path)[-1]
    except BadWorkflow as error:
        raise UsageError(str(error)) from error
    played = PlayedFlow()
    code = app.run(with_two_casts(config, workflow), Looker(played.look_on), played.look_around)
    if not played.executions:
        return code
    source = read_source(path, workflow.steps)
    found = [*findings(played, source), *leftovers(played, workflow, source)]
    succeeded = sum(each.ending is Ending.SUCCEEDED for each in played.executions)
    print(f"{workflow.name}: played {len(played.executions)} times by two casts, {succeeded} times well")
    for line in found:
        print(printable(line))
    if not found and succeeded == len(played.executions):
        print("nothing in it is fixed to the recording, nothing collides, nothing is left over")
    kinds = (ExitCode.OK, ExitCode.VIOLATIONS, ExitCode.SETUP_FAILED, ExitCode.INCONCLUSIVE)
    is_worse = code not in kinds
    return code if is_worse or not found else ExitCode.VIOLATIONS


def with_two_casts(config: Config, workflow: Workflow) -> Config:
    """The run: each cast has its own users, who all lead it, `TIMES` times as often as there are casts."""
    first = config.load.groups[0]
    collaborators = config.stories.collaborators
    size = workflow.cast_size(workflow.roles_min + collaborators + len(workflow.extras), collaborators)
    profile = ClosedProfile.constant(size, MAX_TRY_S)
    groups = tuple(
        attrs.evolve(
            first,
            name=name,
            mix={workflow.name: 1.0},
            users=size,
            profile=profile,
            cast=Casting.GROUP,
        )
        for name in CASTS
    )
    iterations = TIMES * len(CASTS)
    load = attrs.evolve(config.load, groups=groups, warmup_s=0.0, iterations=iterations)
    output = attrs.evolve(config.output, history=False, quiet=True)
    users = attrs.evolve(config.users, count=size * len(CASTS))
    return attrs.evolve(config, load=load, users=users, output=output)


def findings(played: PlayedFlow, source: FlowSource) -> list[str]:
    """A line for each kind of failure at each place, with the literals that are to blame."""
    lines: Counter[str] = Counter()
    explained: set[int] = set()
    for call in played.calls:
        is_well = call.outcome in (Outcome.OK, Outcome.INTERRUPTED) or call.is_expected
        if is_well or not source.has_step(call.step):
            continue
        explained.add(call.execution)
        lines.update(blame(call, source))
    for execution in played.executions:
        if execution.ending is not Ending.SUCCEEDED and execution.number not in explained:
            step = execution.failure.partition(":")[0]
            lines.update([f"{where(source, source.line_of(step))}: {execution.failure or 'interrupted'}"])
    return [f"{line} ({times} times)" if times > 1 else line for line, times in lines.items()]


def blame(call: Call, source: FlowSource) -> Iterator[str]:
    """What a failed call is about."""
    literals = to_blame(source.in_call(call.step, call.arguments or {}))
    place = where(source, source.line_of(call.step))
    if call.status == 404 or ABSENT.search(call.text):
        for each in literals:
            at = where(source, each.line)
            yield f"{at}: {each.key}={each.shown} is fixed to the recording: {call.step} did not find it"
        if not literals:
            yield f"{place}: {call.step} did not find what it was given: {call.text}"
    elif call.status == 409 or TAKEN.search(call.text):
        for each in literals:
            at = where(source, each.line)
            yield f"{at}: {each.key}={each.shown} is in the way of others: {call.step}: {call.text}"
        if not literals:
            yield f"{place}: {call.step} is in the way of others: {call.text}"
    else:
        told = f" ({', '.join(f'{each.key}={each.shown}' for each in literals)})" if literals else ""
        yield f"{place}: {call.step}{told} failed: {call.text or call.outcome.value}"


def to_blame(literals: Sequence[FlowLiteral]) -> list[FlowLiteral]:
    """Those that name a thing, where there are some; else all. Each line once."""
    naming = [each for each in literals if OF_THINGS.search(each.key)]
    return list(dict.fromkeys(naming or literals))


def leftovers(played: PlayedFlow, workflow: Workflow, source: FlowSource) -> Iterator[str]:
    """What was not removed: seen where it can be seen, else by what removed nothing."""
    if failed := sum(execution.leftovers for execution in played.executions):
        yield f"{source.name}: left over: {failed} removals failed"
    if played.left is not None:
        for kind, things in played.left.items():
            made = KINDS.get(kind, (kind,))
            step = next((name for name, tool in workflow.steps.items() if tool in made), "")
            more = f" and {len(things) - 1} more" if len(things) > 1 else ""
            by = f"of what {step} made" if step else f"a {kind}"
            yield f"{where(source, source.line_of(step))}: left over {by}: {things[0]}{more}"
        return
    removes = [tool for tool in workflow.tools if REMOVING.search(tool)]
    for step, tool in workflow.steps.items():
        app = MAKING.split(tool)[0]
        is_made = any(call.tool == tool and call.outcome is Outcome.OK for call in played.calls)
        if MAKING.search(tool) and is_made and not any(other.startswith(app) for other in removes):
            line = source.line_of(step)
            yield f"{where(source, line)}: perhaps left over: no step removes what {step} ({tool}) makes"


def where(source: FlowSource, line: int) -> str:
    return f"{source.name}:{line}" if line else source.name
