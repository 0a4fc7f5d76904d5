"""Without faults there is nothing to report, however long the users play."""

from __future__ import annotations

from collections import Counter
from random import Random

import attrs
import pytest
import trio

from actors.events import Ending, Event, Execution
from tests.support.in_process import StoreConnector, users_on_stage
from workflows.catalogue import BUILT_IN
from workflows.director import Budget, Company, Director
from workflows.repertoire import Mix
from workflows.settings import Settings

USERS = 50
EXECUTIONS = (1_500, pytest.param(10_000, marks=pytest.mark.soak))


@attrs.define
class Verdicts:
    """Counts how executions ended, and keeps what was violated."""

    endings: Counter[str] = attrs.Factory(Counter)
    violations: list[object] = attrs.Factory(list)
    failures: Counter[str] = attrs.Factory(Counter)

    def __call__(self, fact: Event) -> None:
        if isinstance(fact, Execution):
            self.endings[fact.ending] += 1
            self.violations.extend(fact.violations)
            if fact.failure:
                self.failures[fact.failure] += 1


@pytest.mark.parametrize("executions", EXECUTIONS)
async def test_any_number_of_executions_by_fifty_users_shows_no_violation(
    executions: int, autojump_clock: object
) -> None:
    uids = [f"user_{n}" for n in range(USERS)]
    connector, verdicts, budget = StoreConnector(*uids), Verdicts(), Budget(executions)
    mix = Mix(dict.fromkeys(BUILT_IN, 1))
    company = Company(mix, lambda random: random.expovariate(2.0), Random(1))
    with trio.fail_after(100_000):
        async with (
            users_on_stage(connector, verdicts, *uids) as (roster, users),
            trio.open_nursery() as nursery,
        ):
            director = Director(nursery, roster, verdicts, Settings(), budget)
            for user in users:
                director.give_initiative(user, company)
            await budget.spent.wait()
            director.close()
            await director.wait_idle()
            nursery.cancel_scope.cancel()
    assert verdicts.violations == []
    assert verdicts.endings.total() == executions
    # Who loses every round of a fight for one note gives up, and says so.
    assert set(verdicts.failures) <= {f"concurrent_append_{i}: tool_error/412" for i in range(3)}
    assert verdicts.endings[Ending.SUCCEEDED] > 0.99 * executions
    assert connector.leftovers() == {}
