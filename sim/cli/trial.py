"""`simulate try`: one execution of a workflow, step by step."""

from __future__ import annotations

from pathlib import Path

import attrs

from actors.events import Call, Execution
from sim.config.grammar.shapes import ClosedProfile
from sim.config.model import Config
from sim.config.usage import UsageError
from sim.live.console import printable
from sim.measure.hub import Looker, Subscription, Told
from sim.measure.kinds import kind_of
from sim.runtime.exit import ExitCode
from workflows.base import BadWorkflow
from workflows.catalogue import load_file

MAX_TRY_S = 600.0


def try_workflow(config: Config, path: Path) -> ExitCode:
    """Play the last workflow of the file at `path` once, and print every step as it happens."""
    from sim import app

    try:
        workflow = load_file(path)[-1]
    except BadWorkflow as error:
        raise UsageError(str(error)) from error
    group = config.load.groups[0]
    users = max(workflow.roles_min, group.users)
    profile = ClosedProfile.constant(users, MAX_TRY_S)
    once = attrs.evolve(group, mix={workflow.name: 1.0}, users=users, profile=profile)
    load = attrs.evolve(config.load, groups=(once,), warmup_s=0.0, iterations=1)
    people = attrs.evolve(config.users, count=users)
    output = attrs.evolve(config.output, history=False)
    return app.run(attrs.evolve(config, load=load, users=people, output=output), Looker(print_facts))


async def print_facts(told: Subscription) -> None:
    """Print what is told, to its end."""
    async for each in told:
        print_fact(each)


def print_fact(fact: Told) -> None:
    """One line for each call and for each execution, whatever a server has put into its texts."""
    match fact:
        case Call(workflow=workflow) if workflow:
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
