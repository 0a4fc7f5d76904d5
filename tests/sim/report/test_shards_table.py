"""A run that several processes drove says so in every format, and names who was lost."""

from __future__ import annotations

import csv
import io
import json

import attrs
import pytest

from sim.report.build_figures import unknown_operations
from sim.report.doubts import slight_doubts
from sim.report.formats import FORMATS
from sim.report.headline import troubles
from sim.report.result import Result
from sim.report.result_json import from_json, to_json
from sim.report.result_shards import ShardResult
from tests.support.reports import busy_result

LOST = "its process has ended (killed) | <b>\x1b[2J"
SHARDS = (
    ShardResult(1, "north", 10, 900, 0.001, 0.42),
    ShardResult(2, "south|<i>", 9, 321, 0.3, None, LOST, 3),
)


@pytest.fixture(scope="module")
def alone() -> Result:
    return busy_result()


@pytest.fixture(scope="module")
def together(alone: Result) -> Result:
    return from_json(to_json(attrs.evolve(alone, shards=SHARDS)))


def test_json_gives_the_shards_back(together: Result) -> None:
    assert together.shards[0] == SHARDS[0]
    assert json.loads(to_json(together))["shards"][1]["calls"] == 321


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_each_format_has_a_row_for_each_shard_and_none_where_there_is_one_alone(
    name: str, alone: Result, together: Result
) -> None:
    shown, usual = FORMATS[name].render(together), FORMATS[name].render(alone)
    assert "north" in shown
    assert "321" in shown
    assert "LOST" in shown
    assert "\x1b" not in shown
    assert name == "text" or "<i>" not in shown
    assert "north" not in usual
    assert ">Shards<" not in usual
    assert "SHARDS" not in usual


def test_a_lost_shard_is_among_what_was_not_as_it_should_be(alone: Result, together: Result) -> None:
    (line,) = set(troubles(together)) - set(troubles(alone))
    assert line.startswith("Shard 2 of 2 on south|<i> was lost: its process has ended")
    assert "a part of the users was lost on the way" in list(slight_doubts(together))


def test_shards_that_did_not_begin_at_one_instant_are_a_doubt(alone: Result) -> None:
    def skewed(by_s: float) -> list[str]:
        shards = (SHARDS[0], attrs.evolve(SHARDS[0], shard=2, start_skew=by_s))
        return [each for each in slight_doubts(attrs.evolve(alone, shards=shards)) if "one instant" in each]

    assert skewed(0.3)
    assert not skewed(0.05)


def test_what_a_call_costs_is_what_all_shards_used_for_it() -> None:
    one, other = (ShardResult(number, "north", 5, 10, 0.0, 0.5) for number in (1, 2))
    alone = busy_result(generator_cpu=0.5).generator
    together = busy_result(generator_cpu=0.5, shards=(one, other)).generator
    assert alone.cpu_per_call
    assert alone.can_drive
    assert together.cpu == alone.cpu
    assert together.cpu_per_call == pytest.approx(2 * alone.cpu_per_call)
    assert together.can_drive == pytest.approx(alone.can_drive / 2)
    silent = busy_result(generator_cpu=0.5, shards=(one, attrs.evolve(other, cpu=None))).generator
    assert silent.cpu_per_call is None


UNKNOWN = unknown_operations("shard 2 was lost: =its process has ended")


@pytest.fixture(scope="module")
def without_one(alone: Result) -> Result:
    """A user is lost, beside those who are known."""
    return from_json(to_json(attrs.evolve(alone, users={"lost_user_7": UNKNOWN, **alone.users})))


def test_of_a_lost_user_nothing_is_said_but_that_they_are_lost(alone: Result, without_one: Result) -> None:
    assert without_one.users["lost_user_7"] == UNKNOWN
    told = json.loads(to_json(without_one))["users"]["lost_user_7"]
    assert {told[name] for name in told if name.endswith("_operations")} == {None}
    assert told["lost"] == UNKNOWN.lost
    rows = {row["user"]: row for row in csv.DictReader(io.StringIO(FORMATS["csv-users"].render(without_one)))}
    lost = rows.pop("lost_user_7")
    assert {value for name, value in lost.items() if name not in ("user", "lost")} == {""}
    assert lost["lost"] == UNKNOWN.lost
    assert {row["lost"] for row in rows.values()} == {""}
    for name in ("text", "html"):
        shown = FORMATS[name].render(without_one)
        (line,) = [each for each in shown.replace("<tr", "\n<tr").splitlines() if "lost_user_7" in each]
        assert ">lost<" in line or " lost " in line
        assert not any(digit in line.replace("lost_user_7", "") for digit in "123456789")
