"""A run on a terminal, at a glance: a pure function of its course, as wide and as high as there is room.

What is fine is dim, what is broken red. Texts of servers are made harmless, and never read as markup.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from math import fsum

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from actors.events import Ending, Phase
from actors.text import harmless
from sim.live.fitting import GAP, Column, columns_of, cut, fitted, labelled
from sim.live.run_course import Course, Limit, Outlook
from sim.live.strokes import bar, milliseconds, minutes, share, sparkline

MIN_COLUMNS, MIN_ROWS = 40, 12
"""Of a terminal on which it can be shown."""
MAX_COLUMNS = 140
LABEL = 9
MAX_LIMITS = 5
BAR = 10
MAX_STEP = 22
MIN_TARGET = 10
"""Characters of what is driven, else it is not named."""
SEED_COLUMNS = 100
"""From so many on the seed is repeated: it stands above, where the run began."""
SATURATED = 0.8
"""Share of a core from which on the simulator itself may be what is slow."""
SILENT_S = 3.0
"""So long without an answer is said."""
STOPPING = ("Ctrl-C: stop in order", "stopping   Ctrl-C: cut work off", "cutting off   Ctrl-C: leave")


def frame(
    course: Course, outlook: Outlook, judged: Sequence[Limit], now: float, size: tuple[int, int]
) -> list[Text]:
    """Lines for a terminal of so many columns and rows; none is wider, and there are not more."""
    width, height = min(size[0], MAX_COLUMNS) - 1, size[1] - 1
    head = [
        title(course, outlook, now, width),
        users(course, outlook, width),
        calls(course, now, width),
        service(course, width),
    ]
    foot = [*correctness(course, width), *errors(course, width), own(course, width)]
    foot += [labelled("live", Text(outlook.address), LABEL)] if outlook.address else []
    foot.append(Text(STOPPING[min(outlook.signals(), len(STOPPING) - 1)], style="dim"))
    room = height - len(head) - len(foot)
    shown_limits = limits(judged, width)[: max(0, min(MAX_LIMITS, room - 3))]
    room -= len(shown_limits) + bool(shown_limits)
    table = workflows(course, width, room - 1)
    middle = [*_apart(table), *_apart(shown_limits)]
    return [*head, *middle, *foot][:height]


def drawn(lines: Sequence[Text], width: int) -> list[tuple[str, int]]:
    """Each as characters and colours, with the columns that it takes up."""
    text = io.StringIO()
    console = Console(
        file=text,
        width=max(1, width),
        force_terminal=True,
        color_system="standard",
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
    console.print(Text("\n").join(lines), no_wrap=True, overflow="ellipsis", crop=True)
    return [(one, line.cell_len) for one, line in zip(text.getvalue().split("\n"), lines, strict=False)]


def title(course: Course, outlook: Outlook, now: float, width: int) -> Text:
    """What is driven, in which phase it is, and how much time is left."""
    passed, planned = max(0.0, now - course.phase_at), outlook.seconds.get(course.phase, 0.0)
    time = f"{course.phase.value} {minutes(passed)}" + (f" of {minutes(planned)}" if planned else "")
    left = f"{minutes(max(0.0, planned - passed))} left" if planned else ""
    seed = f"seed {outlook.seed}" if width >= SEED_COLUMNS else ""
    name = Text("simulate", style="bold")
    right = fitted([Text(time, style="bold"), left, seed], width - name.cell_len - GAP)
    room = width - name.cell_len - right.cell_len - 2 * GAP
    if room >= MIN_TARGET:
        name.append(" " * GAP).append_text(cut(harmless(outlook.target), room - 1))
    return name.append(" " * max(GAP, width - name.cell_len - right.cell_len)).append_text(right)


def users(course: Course, outlook: Outlook, width: int) -> Text:
    """Wanted and there."""
    there, wanted = course.there, course.wanted
    if outlook.is_open:
        parts: list[Text | str] = [Text(f"{there:,} on stage"), f"{wanted:,.4g} arrivals a second wanted"]
    else:
        full = bar(there / wanted if wanted else 0.0, min(24, max(8, width // 4)))
        style = "" if there >= wanted else "yellow"
        parts = [Text(full, style="dim"), Text(f"{there:,} on stage", style=style), f"{wanted:,.4g} wanted"]
    missed = [f"{count:,} {why.value}" for why, count in course.not_started.items() if count]
    return labelled(
        "users", fitted([*parts, *(Text(each, style="yellow") for each in missed)], width - LABEL), LABEL
    )


def calls(course: Course, now: float, width: int) -> Text:
    """How many, how fast, how many went wrong; and when nothing comes back any more."""
    silent_s = now - course.answered_at
    is_silent = silent_s >= SILENT_S and course.phase in (Phase.WARMUP, Phase.MEASURED, Phase.GRACE)
    wrong = (
        f"errors {course.errors:,} ({share(course.errors, course.calls)}%)" if course.errors else "no errors"
    )
    parts = [
        Text(f"{course.calls:,}"),
        Text(f"{course.rate:,.1f}/s", style="bold"),
        Text(f"no answer for {silent_s:.0f}s", style="bold red") if is_silent else Text(),
        Text(wrong, style="red" if course.errors else "dim"),
        Text(f"conflicts {course.conflicts:,}" if course.conflicts else ""),
    ]
    line = labelled("calls", fitted(parts, width - LABEL), LABEL)
    room = min(30, width - line.cell_len - 3)
    return line.append("   ").append(sparkline(course.rates, room), style="cyan") if room >= 8 else line


def service(course: Course, width: int) -> Text:
    """Of lately, in milliseconds; and how late the simulator itself was."""
    times, due = course.service, course.response
    late_s = max((each.late_s for each in course.latest), default=0.0)
    quantiles = "  ".join(f"p{q} {milliseconds(times.quantile(q / 100))}" for q in (50, 95, 99))
    parts: list[Text | str] = [
        f"{quantiles} ms",
        f"response p95 {milliseconds(due.quantile(0.95))} ms" if due.count else "",
        Text(f"lateness {milliseconds(late_s)} ms" if late_s else "", style="dim"),
    ]
    return labelled("service", fitted(parts, width - LABEL), LABEL)


def workflows(course: Course, width: int, room: int) -> list[Text]:
    """A row each, the busiest first where there is not room for all; with the step they wait for most."""
    if room < 2 or not course.stories:
        return []
    named = sorted(course.stories.items(), key=lambda item: -item[1].endings.total())
    more = len(named) - (room - 1)
    named = named[: room - 2] if more > 0 else named
    names = [name for name, _ in sorted(named)]
    cells = [workflow_cells(course, name) for name in names]
    columns = [
        Column(head, tuple(row[place] for row in cells), rank, left)
        for place, (head, rank, left) in enumerate(HEADS)
    ]
    table = columns_of("workflow", [harmless(name) for name in names], columns, width)
    return (
        [*table, Text(f"… and {len(course.stories) - len(names)} more", style="dim")] if more > 0 else table
    )


HEADS = (
    ("runs", 1, False),
    ("ok %", 2, False),
    ("/s", 5, False),
    ("p50 ms", 4, False),
    ("p95 ms", 0, False),
    ("waits for", 3, True),
    ("p95 of late", 6, True),
)
"""Titles, ranks, and whether what stands below begins at the left."""


def workflow_cells(course: Course, name: str) -> tuple[Text, ...]:
    """In the order of `HEADS`."""
    story = course.stories[name]
    durations, per_s, waiting = course.lately(name)
    good, bad = story.endings[Ending.SUCCEEDED], story.endings[Ending.FAILED]
    total = fsum(waiting.values())
    step = max(waiting, key=lambda each: waiting[each], default="")
    where = f"{harmless(step, MAX_STEP)} {share(waiting[step], total)}%" if step and total else "–"
    return (
        Text(f"{story.endings.total():,}"),
        Text(share(good, good + bad), style="red" if bad else "dim"),
        Text(f"{per_s:.1f}", style="dim"),
        Text(milliseconds(durations.quantile(0.5))),
        Text(milliseconds(durations.quantile(0.95)), style="bold"),
        Text(where),
        Text(sparkline(story.p95s, 16).ljust(16), style="cyan"),
    )


def limits(found: Sequence[Limit], width: int) -> list[Text]:
    """What is broken, or near to it, first."""
    ordered = sorted(found, key=lambda each: (each.held is not False, -(each.near or 0.0)))
    measured_width = max((cell_len(each.measured) for each in ordered), default=0)
    room = width - LABEL - measured_width - 2 - 2 * GAP - BAR
    text_width = min(room, max((cell_len(each.text) for each in ordered), default=0))
    lines = []
    for place, each in enumerate(ordered):
        sign, style = {True: ("✔", "dim"), False: ("✘", "bold red"), None: ("·", "dim")}[each.held]
        text = cut(f"{sign} {each.text}", text_width + 2, style)
        text.append(" " * (text_width + 2 + GAP - text.cell_len))
        text.append(each.measured.rjust(measured_width), style="bold red" if each.held is False else "")
        if each.near is not None:
            text.append(" " * GAP + bar(each.near, BAR), style=style)
        lines.append(labelled("" if place else "limits", text, LABEL))
    return lines


def correctness(course: Course, width: int) -> list[Text]:
    """Violations with the last one, or that there was none."""
    if not course.broken:
        return [labelled("correct", Text("no violation seen", style="dim"), LABEL)]
    named = ((count, kind.replace("_", " ")) for kind, count in course.broken.items())
    found = ", ".join(f"{count:,} {kind if count > 1 else kind.removesuffix('s')}" for count, kind in named)
    return [
        labelled("WRONG", cut(found, width - LABEL, "bold red"), LABEL),
        labelled("", cut(harmless(course.last_violation), width - LABEL), LABEL),
    ]


def errors(course: Course, width: int) -> list[Text]:
    """Kinds with their numbers, and the last text."""
    if not course.kinds:
        return []
    kinds = ", ".join(f"{count:,} × {kind}" for kind, count in course.kinds.most_common())
    return [
        labelled("errors", cut(harmless(kinds), width - LABEL, "red"), LABEL),
        labelled("", cut(harmless(course.last_error), width - LABEL), LABEL),
    ]


def own(course: Course, width: int) -> Text:
    """The simulator's own load: whether it is the limit, and not the server."""
    window = course.window
    used = window.generator if window else None
    if window is None or used is None or not window.seconds:
        return labelled("self", Text("virtual time", style="dim"), LABEL)
    load = used.cpu_s / window.seconds
    stalled = f"stood still for {1000 * window.stalled_s:.0f} ms" if window.stalled_s else ""
    is_limit = load > SATURATED
    parts = [
        Text(f"CPU {100 * load:.0f}% of a core", style="bold red" if is_limit else "dim"),
        Text(f"memory {used.rss_bytes / 2**20:.0f} MiB", style="dim"),
        Text(stalled, style="yellow"),
        Text("it may be the limit, not the server" if is_limit else "", style="bold red"),
    ]
    return labelled("self", fitted(parts, width - LABEL), LABEL)


def _apart(lines: list[Text]) -> list[Text]:
    return [Text(), *lines] if lines else []
