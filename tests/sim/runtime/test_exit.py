"""Of everything that went wrong in a command, the worst makes its exit code."""

from __future__ import annotations

import signal
from typing import Any

import attrs
import pytest

from sim.runtime.exit import ExitCode, Trouble, exit_code

WRONGS: list[tuple[dict[str, Any], ExitCode]] = [
    ({"bug": True}, ExitCode.INTERNAL),
    ({"left_behind": True}, ExitCode.LEFT_BEHIND),
    ({"signal": signal.SIGINT}, ExitCode.INTERRUPTED),
    ({"failed": True}, ExitCode.SETUP_FAILED),
    ({"violated": True}, ExitCode.VIOLATIONS),
    ({"broken": True}, ExitCode.THRESHOLD),
    ({"fruitless": True}, ExitCode.SETUP_FAILED),
    ({"degraded": True}, ExitCode.INCONCLUSIVE),
    ({"unfinished": True}, ExitCode.INCONCLUSIVE),
    ({"not_written": True}, ExitCode.NOT_WRITTEN),
]
"""Each is worse than those that follow."""


def test_where_nothing_went_wrong_it_is_0() -> None:
    assert exit_code(Trouble()) is ExitCode.OK


def test_all_that_may_be_wrong_has_its_place() -> None:
    assert {name for wrong, _ in WRONGS for name in wrong} == {field.name for field in attrs.fields(Trouble)}


@pytest.mark.parametrize(("wrong", "code"), WRONGS, ids=str)
def test_each_has_its_own_code(wrong: dict[str, Any], code: ExitCode) -> None:
    assert exit_code(Trouble(**wrong)) is code


@pytest.mark.parametrize("first", range(len(WRONGS)))
def test_the_worst_of_several_counts(first: int) -> None:
    everything = {name: value for wrong, _ in WRONGS[first:] for name, value in wrong.items()}
    assert exit_code(Trouble(**everything)) is WRONGS[first][1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_has_the_code_that_a_shell_gives_it(number: signal.Signals) -> None:
    assert exit_code(Trouble(signal=number)) == 128 + number
