"""What is asked first of a run, and what is to be seen last: what failed and why, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sim.exit import ExitCode
from sim.measure.sketch import Quantiles
from sim.measure.summary import StoryFigures, Summary
from sim.report.page import Page, duration, several
from sim.report.run_info import RunInfo

REASONS_SHOWN = 3
NOT_STARTED = {
    "dropped": "no user was free within --max-lag",
    "postponed": "too few users were on stage for them",
}
MEANINGS = {
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


def troubles(summary: Summary, info: RunInfo) -> list[str]:
    """What was not as it should be, each in one line with its reason; nothing of a run that went well."""
    lines = [line for name, story in summary.stories.items() if (line := of_story(name, story, summary))]
    for name, story in summary.stories.items():
        if story.violations:
            kinds = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in story.violations.items())
            lines.append(f"{name}: {kinds}")
    interrupted = {name: story.interrupted for name, story in summary.stories.items() if story.interrupted}
    if interrupted:
        lines.append(
            f"Cut off by the end of the run: {listed(interrupted)} (a longer --grace lets them finish)"
        )
    for why, workflows in summary.not_started.items():
        reason = f" ({NOT_STARTED[why]})" if why in NOT_STARTED else ""
        lines.append(f"{why.capitalize()}: {listed(workflows)}{reason}")
    if unanswered := summary.calls.total - summary.calls.answered - summary.calls.interrupted:
        lines.append(f"{several(unanswered, 'operation')} of {summary.calls.total:,} got no answer")
    lines += [line for line in (worst_span(summary), own_stalls(summary)) if line]
    return lines


def of_story(name: str, story: StoryFigures, summary: Summary) -> str:
    """How often a workflow failed, where and why; "" where it did not."""
    if not story.failed and (story.succeeded or not story.total):
        return ""
    ended = story.succeeded + story.failed
    how_often = (
        f"{name}: {story.failed:,} of {several(ended, 'execution')} failed"
        if story.succeeded
        else f"{name}: not one of {several(story.total, 'execution')} succeeded"
    )
    reasons = sorted(story.failures.items(), key=lambda item: -item[1])
    shown = [f"{reason}{_example(reason, summary)} ({count:,})" for reason, count in reasons[:REASONS_SHOWN]]
    more = [f"{several(len(reasons) - REASONS_SHOWN, 'more reason')}"] if len(reasons) > REASONS_SHOWN else []
    return f"{how_often}: {'; '.join([*shown, *more])}" if shown else how_often


def _example(reason: str, summary: Summary) -> str:
    """The first text of this kind of failure, from whatever phase: the last call may lie in the grace."""
    for kind, texts in summary.outcome_examples.items():
        if kind in reason and texts and texts[0] not in reason:
            return f", {texts[0]!r}"
    return ""


def worst_span(summary: Summary) -> str:
    """The short span that most failures fell into, where there is one."""
    burst = summary.burst
    if burst is None:
        return ""
    share = f"{burst.failures:,} of {burst.of:,} failed operations"
    return f"{share} fell between {duration(burst.from_s)} and {duration(burst.to_s)} after the start"


def own_stalls(summary: Summary) -> str:
    """How long the simulator itself stood still, and what that cost."""
    stalls = summary.stalls
    if not stalls.count:
        return ""
    text = (
        f"The simulator itself stood still for {duration(stalls.seconds)} in all (at the longest "
        f"{duration(stalls.longest_s)}), which is no fault of the server's"
    )
    return (
        f"{text}; {several(summary.kept_out, 'latency', 'latencies')} left out" if summary.kept_out else text
    )


def checks_text(summary: Summary) -> str:
    """How many checks of which kind were made, and that they held; "" where there were none."""
    if not summary.checks or summary.violations:
        return ""
    kinds = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in sorted(summary.checks.items()))
    return f"Every check held: {kinds}."


def close(page: Page, summary: Summary, info: RunInfo) -> None:
    """The whole run in a few lines, below everything: what is still on the screen at the end."""
    figures = summary.calls
    page.rule("SUMMARY")
    code = ExitCode(info.exit_code)
    good = "green" if code is ExitCode.OK else "bold red"
    page.line(f"Exit code {int(code)}: {MEANINGS.get(code, code.name)}. {info.stopped.capitalize()}.", good)
    executions = sum(story.total for story in summary.stories.values())
    failed = sum(story.failed for story in summary.stories.values())
    page.line(
        f"{several(executions, 'workflow')}, {failed:,} failed; {several(figures.total, 'operation')}, "
        f"{figures.failed:,} failed, {rate(summary)}"
    )
    page.line(f"Service time {latency(figures.service)}")
    if verdicts := verdict_line(info):
        page.line(verdicts)
    for line in troubles(summary, info)[:REASONS_SHOWN]:
        page.line(f"! {line}")
    page.line(checks_line(summary))


def checks_line(summary: Summary) -> str:
    """What is known of consistency, in one line."""
    if summary.violations:
        return f"{several(summary.violations, 'violation')} of consistency"
    return checks_text(summary) or "No violation was seen."


def verdict_line(info: RunInfo) -> str:
    if info.breakpoint is not None:
        return f"Breakpoint: {info.breakpoint}"
    if not info.verdicts:
        return ""
    broken = [str(verdict) for verdict in info.verdicts if not verdict.held]
    held = len(info.verdicts) - len(broken)
    return f"{held} of {several(len(info.verdicts), 'threshold')} held" + "".join(
        f"; FAIL {b}" for b in broken
    )


def rate(summary: Summary) -> str:
    """Answered operations a second: a refused connection is fast, and no work."""
    answered = summary.answered_per_s
    return "none answered" if answered is None else f"{answered:.1f} answered a second"


def latency(figures: Quantiles) -> str:
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
