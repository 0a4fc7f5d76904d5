"""What is asked first of a run, and what is to be seen last: what failed and why, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sim.config.grammar.threshold import Unit, format_bound
from sim.report.page import Page, duration, several
from sim.report.result import Result
from sim.report.result_end import ThresholdResult
from sim.report.result_figures import Times, WorkflowCounts, was_only_cut_off
from sim.report.shards_table import lost_shards
from sim.runtime.exit import ExitCode

REASONS_SHOWN = 3
NOT_STARTED = {
    "dropped": "no user was free within --max-lag",
    "postponed": "too few users were on stage for them",
}
MEANINGS: dict[int, str] = {
    ExitCode.OK: "all is well",
    ExitCode.INTERNAL: "an internal error",
    ExitCode.SETUP_FAILED: "the run, or a workflow, had no success",
    ExitCode.LEFT_BEHIND: "something was left behind",
    ExitCode.VIOLATIONS: "users saw what they must not see, or did not see what they must",
    ExitCode.NOT_WRITTEN: "the results could not be written where they were to go",
    ExitCode.THRESHOLD: "a threshold did not hold",
    ExitCode.HUNG_UP: "the terminal has gone",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.TERMINATED: "terminated",
}


def troubles(result: Result) -> list[str]:
    """What was not as it should be, each in one line with its reason; nothing of a run that went well."""
    lines = [line for name, story in result.workflows.items() if (line := of_story(name, story, result))]
    if not lines and result.calls.total and not any(e.get("succeeded") for e in result.executions.values()):
        lines.append("Not one workflow came to a good end (a longer --duration or --grace lets them finish)")
    for name, found in result.consistency.items():
        if found.violations:
            kinds = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in found.violations.items())
            lines.append(f"{name}: {kinds}")
    cut_off = {name: n for name, story in result.workflows.items() if (n := story.interrupted_executions)}
    if cut_off:
        lines.append(f"Cut off by the end of the run: {listed(cut_off)} (a longer --grace lets them finish)")
    for why, workflows in result.not_started.items():
        reason = f" ({NOT_STARTED[why]})" if why in NOT_STARTED else ""
        lines.append(f"{why.capitalize()}: {listed(workflows)}{reason}")
    if unanswered := result.calls.total - result.calls.answered - result.calls.interrupted:
        lines.append(f"{several(unanswered, 'operation')} of {result.calls.total:,} got no answer")
    lines += [line for line in (worst_span(result), own_stalls(result)) if line]
    lines += lost_shards(result)
    return lines


def of_story(name: str, story: WorkflowCounts, result: Result) -> str:
    """How often a workflow failed, where and why; "" where it did not."""
    failed, succeeded = story.failed_executions, story.successful_executions
    if story.is_unknown:
        cut_off = several(story.total_executions, "execution")
        return f"{name}: nothing is known of it, the end of the run cut off all there was ({cut_off})"
    if not failed:
        return ""
    how_often = (
        f"{name}: {failed:,} of {several(succeeded + failed, 'execution')} failed"
        if succeeded
        else f"{name}: not one of {several(story.total_executions, 'execution')} succeeded"
    )
    reasons = sorted(story.failures.items(), key=lambda item: -item[1])
    shown, said = [], ""
    for reason, count in reasons[:REASONS_SHOWN]:
        example = _example(name, reason, result)
        shown.append(f"{reason}{f', {example!r}' if example not in ('', said) else ''} ({count:,})")
        said = example or said
    if story.interrupted_executions and not succeeded:
        shown.append(f"cut off by the end of the run ({story.interrupted_executions:,})")
    more = [f"{several(len(reasons) - REASONS_SHOWN, 'more reason')}"] if len(reasons) > REASONS_SHOWN else []
    return f"{how_often}: {'; '.join([*shown, *more])}" if shown else how_often


def _example(name: str, reason: str, result: Result) -> str:
    """What was said there, in whatever phase (the last call may lie in the grace), or anywhere, where nothing
    else was said of that kind; "" where that is not known.
    """
    for kinds in result.failures.values():
        for kind, failures in kinds.items():
            for each in failures.examples if kind in reason else ():
                if each.workflow == name and reason.startswith(f"{each.step}: ") and each.text not in reason:
                    return each.text
    for kind, texts in result.error_examples.items():
        if kind in reason and len(texts) == 1 and texts[0] not in reason:
            return texts[0]
    return ""


def worst_span(result: Result) -> str:
    """The short span that most failures fell into, where there is one."""
    burst = result.burst
    if burst is None:
        return ""
    share = f"{burst.failures:,} of {burst.of:,} failed operations"
    return f"{share} fell between {duration(burst.begun)} and {duration(burst.ended)} after the start"


def own_stalls(result: Result) -> str:
    """How long the simulator itself stood still, and what that cost."""
    stalls, kept_out = result.generator.stalls, result.kept_out
    if not stalls.count:
        return ""
    text = (
        f"The simulator itself stood still for {duration(stalls.seconds)} in all (at the longest "
        f"{duration(stalls.longest)}), which is no fault of the server's"
    )
    return f"{text}; {several(kept_out, 'latency', 'latencies')} left out" if kept_out else text


def checks_text(result: Result) -> str:
    """How many checks of which kind were made, and that they held; "" where there were none."""
    if not result.checks or result.violations:
        return ""
    kinds = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in sorted(result.checks.items()))
    return f"Every check held: {kinds}."


def close(page: Page, result: Result) -> None:
    """The whole run in a few lines, below everything: what is still on the screen at the end."""
    page.rule("SUMMARY")
    page.line(ending(result), "green" if result.exit_code == ExitCode.OK else "bold red")
    for line in in_short(result):
        page.line(line)


def ending(result: Result) -> str:
    """The exit code, what it means, and why the run ended."""
    code = result.exit_code
    why = f"{result.stopped[:1].upper()}{result.stopped[1:]}"
    meaning = MEANINGS.get(code, "of another release")
    if code == ExitCode.INCONCLUSIVE and any(shard.lost for shard in result.shards):
        meaning = "a shard was lost, and with it a part of the load"
    elif code == ExitCode.INCONCLUSIVE and (unknown := what_is_unknown(result)):
        meaning = f"{unknown[:1].lower()}{unknown[1:]}"
    return f"Exit code {code}: {meaning}. {why}."


def what_is_unknown(result: Result) -> str:
    """Which workflows never came to their end, in words; "" where there are none."""
    names = [name for name, story in result.workflows.items() if story.is_unknown]
    if names:
        return f"Nothing is known of {', '.join(names)}, which the end of the run cut off"
    if was_only_cut_off(result.executions):
        return "Not one workflow came to its end before the run did"
    return ""


def in_short(result: Result) -> list[str]:
    """The whole run in a few lines."""
    figures, stories = result.calls, result.workflows.values()
    workflows = several(sum(story.total_executions for story in stories), "workflow")
    failed = sum(story.failed_executions for story in stories)
    operations = f"{several(figures.total, 'operation')}, {figures.failed:,} failed, {rate(result)}"
    return [
        f"{workflows}, {failed:,} failed; {operations}",
        f"Service time {latency(figures.latency)}",
        what_matters_most(result),
    ]


def what_matters_most(result: Result) -> str:
    """What was seen wrong, else what a search found, or which limits broke, or what failed, or what held."""
    if result.violations:
        return checks_line(result)
    if result.capacity is not None:
        return f"Capacity: {result.capacity.text}"
    if result.breakpoint is not None or not all(limit.passed for limit in result.thresholds):
        return verdict_line(result)
    wrong = troubles(result)
    return f"! {wrong[0]}" if wrong else verdict_line(result) or checks_line(result)


def checks_line(result: Result) -> str:
    """What is known of consistency, in one line."""
    if result.violations:
        return f"{several(result.violations, 'violation')} of consistency"
    return checks_text(result) or "No violation was seen."


def verdict_line(result: Result) -> str:
    """How many thresholds held, and those that did not; "" where there were none."""
    if result.breakpoint is not None:
        return f"Breakpoint: {result.breakpoint.text}"
    if not result.thresholds:
        return ""
    broken = [threshold_text(each) for each in result.thresholds if not each.passed]
    held = len(result.thresholds) - len(broken)
    return f"{held} of {several(len(result.thresholds), 'threshold')} held" + "".join(
        f"; FAIL {each}" for each in broken
    )


def threshold_text(limit: ThresholdResult) -> str:
    """The threshold, and what was measured."""
    measured = "nothing was measured" if limit.measured is None else amount(limit.measured, limit.unit)
    return f"{limit.threshold}: {measured}" + (f" ({limit.note})" if limit.note else "")


def amount(value: float, unit: str) -> str:
    """A value in the words of the bound that it is compared with."""
    return format_bound(value, Unit(unit)) if unit in set(Unit) else f"{value:.4g} {unit}".strip()


def rate(result: Result) -> str:
    """Answered operations a second: a refused connection is fast, and no work."""
    answered = result.answered_per_s
    return "none answered" if answered is None else f"{answered:.1f} answered a second"


def latency(figures: Times) -> str:
    """`min 1ms, p50 2ms, …`."""
    pairs: Sequence[tuple[str, float | None]] = (
        ("min", figures.min),
        ("p50", figures.median),
        ("p95", figures.p95),
        ("p99", figures.p99),
        ("max", figures.max),
    )
    return ", ".join(f"{name} {duration(value)}" for name, value in pairs)


def listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
