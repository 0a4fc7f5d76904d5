"""`simulate workflows`: what there is to play. `simulate try`: one execution, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import attrs
from rich.console import Console
from rich.table import Table
from rich.text import Text

from actors.events import Execution, Measurement
from sim.config.grammar.shapes import ClosedProfile
from sim.config.model import Config
from sim.config.usage import UsageError
from sim.exit import ExitCode
from sim.live.console import printable
from sim.measure.hub import Subscription, Told
from sim.measure.leaves import kind_of
from workflows.base import BadWorkflow, Workflow
from workflows.catalogue import catalogue, load_file

LONGEST_TRY_S = 600.0


def list_workflows(files: Sequence[Path]) -> ExitCode:
    """Print every workflow: roles, steps, and the tools it needs."""
    try:
        known = catalogue(files)
    except BadWorkflow as error:
        raise UsageError(f"FILE {' '.join(str(error).split())}") from error
    console = Console(highlight=False)
    for workflow in known.values():
        console.print(describe(workflow))
    return ExitCode.OK


def describe(workflow: Workflow) -> Table:
    """One workflow as a small table."""
    table = Table.grid(padding=(0, 2))
    roles = ", ".join(workflow.roles) + (f", {workflow.crowd}…" if workflow.crowd else "")
    table.add_row(Text(workflow.name, style="bold"), Text(workflow.summary))
    table.add_row("  roles", Text(roles))
    table.add_row("  steps", Text(", ".join(workflow.steps)))
    table.add_row("  tools", Text(", ".join(sorted(workflow.tools))))
    return table


def try_workflow(config: Config, path: Path) -> ExitCode:
    """Play the last workflow of the file at `path` once, and print every step as it happens."""
    from sim import app

    try:
        workflow = load_file(path)[-1]
    except BadWorkflow as error:
        raise UsageError(str(error)) from error
    group = config.load.groups[0]
    users = max(workflow.roles_min, group.users)
    profile = ClosedProfile.constant(users, LONGEST_TRY_S)
    once = attrs.evolve(group, mix={workflow.name: 1.0}, users=users, profile=profile)
    load = attrs.evolve(config.load, groups=(once,), warmup_s=0.0, iterations=1)
    people = attrs.evolve(config.users, count=users)
    return app.run(attrs.evolve(config, load=load, users=people), print_facts)


async def print_facts(told: Subscription) -> None:
    """Print what is told, to its end."""
    async for each in told:
        print_fact(each)


def print_fact(fact: Told) -> None:
    """One line for each call and for each execution, whatever a server has put into its texts."""
    match fact:
        case Measurement(workflow=workflow) if workflow:
            milliseconds = 1000 * (fact.finished - fact.started)
            text = f": {fact.text}" if fact.text else ""
            print(printable(f"{fact.user:24} {fact.step:28} {milliseconds:8.1f} ms  {kind_of(fact)}{text}"))
        case Execution():
            text = f" ({fact.failure})" if fact.failure else ""
            print(printable(f"{fact.workflow} {fact.ending.value}{text}"))
            for violation in fact.violations:
                kind = violation.kind.value.replace("_", " ")
                print(f"  {printable(f'{kind}: expected {violation.expected}; saw {violation.seen}')}")
        case _:
            pass
