"""What everybody asks of a run: what it carries, where it is slow, if it is correct, and if to trust it.

Pure functions of the document. Console and page say what they say, in the same words.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator

import attrs

from sim.measure.figures import BASELINE
from sim.report.doubts import grave_doubts, slight_doubts
from sim.report.limits import first_broken, is_of_load, measured_rows, users_at
from sim.report.page import clock, duration, several
from sim.report.result import Result
from sim.report.result_capacity import CapacityResult
from sim.report.slow_spots import spots, step_spots


class Mood(enum.StrEnum):
    """How much attention it asks for."""

    GOOD = "good"
    PLAIN = "plain"
    CARE = "care"
    BAD = "bad"


@attrs.frozen
class ShortAnswer:
    """The answer to one of the four questions.

    Attributes:
        question: `Carries`, `Slow where`, `Correct`, `Trust`.
        short: what can be read from afar.
        text: what it rests on, in a sentence or two.
    """

    question: str
    short: str
    text: str
    mood: Mood


def four_answers(result: Result) -> tuple[ShortAnswer, ShortAnswer, ShortAnswer, ShortAnswer]:
    """In the order in which they are asked."""
    return carries(result), slow_where(result), correct(result), trust(result)


# --- what it carries


def carries(result: Result) -> ShortAnswer:
    """The highest load whose limits held; where none was set, how many there were."""
    load = _load_of(result)
    if result.capacity is not None:
        return _of_capacity(result.capacity)
    if result.breakpoint is not None:
        return _of_search(result)
    if not result.calls.successful:
        return ShortAnswer("Carries", "nothing", f"Not one operation succeeded, of {load}.", Mood.BAD)
    limits = [limit for limit in result.thresholds if is_of_load(limit)]
    broken = [limit for limit in limits if not limit.passed]
    unit = "arrivals/s" if is_open(result) else "users"
    held = [level for level in result.levels if level.held and level.unit == unit]
    if broken and held:
        best = max(held, key=lambda level: level.wanted)
        figures = f"{_per_s(best.throughput)}, p95 {duration(best.service.p95)}"
        return ShortAnswer(
            "Carries", _load(best.wanted, best.unit), f"{figures}. {_broke(result)}", Mood.CARE
        )
    if broken:
        return _not_carried(result)
    if not limits:
        return ShortAnswer(
            "Carries", load, f"{_flow(result)}. No limit was set that this could break.", Mood.PLAIN
        )
    all_of = "The one limit" if len(limits) == 1 else f"All {len(limits)} limits"
    return ShortAnswer("Carries", f"at least {load}", f"{_flow(result)}. {all_of} of load held.", Mood.GOOD)


def _of_capacity(found: CapacityResult) -> ShortAnswer:
    if found.held is None:
        return ShortAnswer("Carries", "no level held", f"{found.text}.", Mood.BAD)
    more = "at least " if found.at_least else ""
    short = f"{more}{_load(found.held, found.unit)}"
    rest = found.text.removeprefix(f"Carries {short}").lstrip()
    if rest.startswith("("):
        rest = rest.removeprefix("(").replace(")", "", 1)
    return ShortAnswer("Carries", short, f"{rest[:1].upper()}{rest[1:]}.", Mood.GOOD)


def _of_search(result: Result) -> ShortAnswer:
    found = result.breakpoint
    assert found is not None
    if found.held is None:
        return ShortAnswer("Carries", "no rate held", found.text, Mood.BAD)
    return ShortAnswer(
        "Carries", _load(found.held, "arrivals/s"), found.text, Mood.GOOD if found.broke else Mood.PLAIN
    )


def _not_carried(result: Result) -> ShortAnswer:
    """A limit broke; where it is known when, fewer than were there then."""
    there = users_at(result, _first_at(result))
    is_known = there > 1 and not is_open(result)
    short = f"fewer than {_load(there, 'users')}" if is_known else f"not {_load_of(result)}"
    return ShortAnswer("Carries", short, f"{_flow(result)}. {_broke(result)}", Mood.BAD)


def _broke(result: Result) -> str:
    broken = [limit.threshold for limit in result.thresholds if not limit.passed and is_of_load(limit)]
    at = _first_at(result)
    when = "" if at is None else f", first after {clock(at)}"
    more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
    return f"Broken: {broken[0]}{more}{when}."


def _first_at(result: Result) -> float | None:
    instants = [first_broken(result, limit) for limit in result.thresholds if is_of_load(limit)]
    return min((at for at in instants if at is not None), default=None)


def is_open(result: Result) -> bool:
    """Whether all that was played had arrived (open model), and no user began anything by themselves."""
    arrivals = result.arrivals
    if arrivals is None:
        return False
    executions = sum(story.total_executions for story in result.workflows.values())
    return arrivals.played + arrivals.interrupted >= executions


def peak_users(result: Result) -> int:
    """The most users that were on stage while measuring."""
    return max((row.users for row in measured_rows(result)), default=0) or result.summary.total_users


def _load_of(result: Result) -> str:
    """Users, or arrivals a second on average."""
    if result.arrivals is not None and is_open(result) and result.summary.duration:
        return _load(result.arrivals.due / result.summary.duration, "arrivals/s")
    return _load(peak_users(result), "users")


def _load(number: float, unit: str) -> str:
    if unit == "users":
        return several(round(number), "user")
    return f"{number:.4g} arrivals a second"


def several_of_load(number: float) -> str:
    """So many users."""
    return _load(number, "users")


def _flow(result: Result) -> str:
    calls = result.calls
    failed = f" ({calls.failed:,} of {calls.total:,} failed)" if calls.failed else ""
    return f"{_per_s(result.answered_per_s)}{failed}, p95 {duration(calls.latency.p95)}"


def _per_s(rate: float | None) -> str:
    return "nothing answered" if rate is None else f"{rate:.4g} operations a second"


# --- where it is slow


def slow_where(result: Result) -> ShortAnswer:
    """The step in which most of all waiting was, the tool, and the region."""
    steps = step_spots(result)
    if not steps:
        return ShortAnswer(
            "Slow where", "nothing was timed", "No operation succeeded while measuring.", Mood.PLAIN
        )
    worst = steps[0]
    parts = [f"{worst.share:.0%} of all waiting, p95 {duration(worst.p95)}, in {_workflow(worst.name)}"]
    if tools := spots(result.tools):
        parts.append(f"the tool with most of it is {tools[0].name} ({tools[0].share:.0%})")
    parts += _slower_region(result)
    return ShortAnswer("Slow where", worst.name.partition(".")[2], f"{'; '.join(parts)}.", Mood.PLAIN)


def _workflow(step: str) -> str:
    name = step.partition(".")[0]
    return "a user's own operations" if name == BASELINE else name


def _slower_region(result: Result) -> Iterator[str]:
    if len(result.regions) < 2:
        return
    timed = {
        name: calls.latency.p95 for name, calls in result.regions.items() if calls.latency.p95 is not None
    }
    if timed:
        slowest = max(timed, key=lambda name: (timed[name], name))
        yield f"slowest region {slowest} (p95 {duration(timed[slowest])})"


# --- whether it is correct


def correct(result: Result) -> ShortAnswer:
    """What users saw that they must not have seen, or how many checks of what kind held."""
    checks = sum(result.checks.values())
    counted = checks_counted(result)
    if result.violations:
        text = f"In {several(checks, 'check')}: {counted}." if checks else "Checks were not counted."
        return ShortAnswer("Correct", violations_text(result), text, Mood.BAD)
    if not checks:
        return ShortAnswer("Correct", "not checked", "No workflow compared what users saw.", Mood.CARE)
    met = sum(story.conflicts_retried for story in result.consistency.values())
    retried = f" {several(met, 'conflict')} came up, each retried as it should be." if met else ""
    return ShortAnswer("Correct", "yes", f"{several(checks, 'check')} held: {counted}.{retried}", Mood.GOOD)


def violations_text(result: Result) -> str:
    """`1 lost update, 3 stale reads`; "" where there were none."""
    kinds: dict[str, int] = {}
    for story in result.consistency.values():
        for kind, count in story.violations.items():
            kinds[kind] = kinds.get(kind, 0) + count
    return ", ".join(
        several(count, kind.removesuffix("s").replace("_", " ")) for kind, count in sorted(kinds.items())
    )


def checks_counted(result: Result) -> str:
    """`1,204 content, 402 outsider`."""
    return ", ".join(
        f"{count:,} of {kind.replace('_', ' ')}" for kind, count in sorted(result.checks.items())
    )


# --- whether to trust it


def trust(result: Result) -> ShortAnswer:
    """Whether the figures say something of the server, or of the simulator."""
    grave, slight = list(grave_doubts(result)), list(slight_doubts(result))
    if grave:
        return ShortAnswer("Trust", "no", sentences([*grave, *slight]), Mood.BAD)
    if slight:
        return ShortAnswer("Trust", "with care", sentences(slight), Mood.CARE)
    if result.clock == "virtual":
        return ShortAnswer(
            "Trust", "yes", "Virtual clock: a model of a server was measured, exactly.", Mood.GOOD
        )
    return ShortAnswer("Trust", "yes", sentences(list(_own_figures(result))), Mood.GOOD)


def _own_figures(result: Result) -> Iterator[str]:
    own = result.generator
    if own.cpu is not None:
        drives = f", of the {own.can_drive:,.0f} calls/s that one drives" if own.can_drive else ""
        yield f"own CPU {own.cpu:.0%} of a core{drives}"
    if own.lateness.p99 is not None:
        yield f"lateness p99 {duration(own.lateness.p99)}"
    yield "nothing dropped, no stall of the simulator"


def sentences(parts: list[str]) -> str:
    """One sentence of several parts."""
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""
