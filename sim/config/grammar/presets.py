"""The load shapes that people ask for by name. Levels are users, or arrivals a second; times are seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sim.config.grammar.shapes import Stage

Preset = Callable[..., tuple[Stage, ...]]


def constant(*, at: float, duration_s: float = 60.0) -> tuple[Stage, ...]:
    """The same level from first to last: `at`."""
    return _run((0.0, at), (duration_s, at))


def ramp(*, to: float, start: float = 0.0, duration_s: float = 60.0) -> tuple[Stage, ...]:
    """A straight line from `start` to `to`."""
    return _run((0.0, start), (duration_s, to))


def steps(*, to: float, start: float = 0.0, count: int = 5, hold_s: float = 60.0) -> tuple[Stage, ...]:
    """`count` equal steps up from `start` to `to`, each held for `hold_s`.

    The levels are start + (to − start)·i/count, i = 1…count; whole numbers where both ends are.
    """
    whole = start == int(start) and to == int(to)
    levels = [start + (to - start) * i / count for i in range(1, count + 1)]
    heights = [float(int(level + 0.5)) if whole else level for level in levels]
    return _run(*(point for height in heights for point in ((0.0, height), (hold_s, height))))


def spike(
    *, base: float, peak: float, before_s: float = 30.0, rise_s: float = 5.0, duration_s: float = 30.0
) -> tuple[Stage, ...]:
    """`base`, in `rise_s` up to `peak` for `duration_s`, as fast down again, and `base` as before."""
    held = ((0.0, base), (before_s, base))
    return _run(*held, (rise_s, peak), (duration_s, peak), (rise_s, base), (before_s, base))


def wave(*, low: float, high: float, period_s: float = 60.0, count: int = 5) -> tuple[Stage, ...]:
    """`count` triangles: in half a period from `low` up to `high`, in the other half down again."""
    return _run((0.0, low), *([(period_s / 2, high), (period_s / 2, low)] * count))


def soak(
    *, at: float, rise_s: float = 60.0, duration_s: float = 3600.0, fall_s: float = 60.0
) -> tuple[Stage, ...]:
    """Up to `at`, held for long, down to nothing: leaks and tokens that expire show here."""
    return _run((rise_s, at), (duration_s, at), (fall_s, 0.0))


def breakpoint_(*, to: float, start: float = 1.0, duration_s: float = 600.0) -> tuple[Stage, ...]:
    """A straight line of arrivals from `start` to `to`; the run stops where a threshold breaks."""
    return _run((0.0, start), (duration_s, to))


PRESETS: dict[str, Preset] = {
    "constant": constant,
    "ramp": ramp,
    "steps": steps,
    "spike": spike,
    "wave": wave,
    "soak": soak,
    "breakpoint": breakpoint_,
}


def _run(*points: tuple[float, float]) -> tuple[Stage, ...]:
    return tuple(Stage(duration_s, target) for duration_s, target in _without_idle(points))


def _without_idle(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Jumps to where one is already are left out."""
    kept: list[tuple[float, float]] = []
    level = 0.0
    for duration_s, target in points:
        if duration_s or target != level:
            kept.append((duration_s, target))
        level = target
    return kept
