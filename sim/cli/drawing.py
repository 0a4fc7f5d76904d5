"""`simulate profile`: the planned load as a picture of characters, and what it adds up to."""

from __future__ import annotations

from sim.config.build_load import Stories
from sim.config.grammar.duration import format_duration
from sim.config.grammar.shapes import ClosedProfile, OpenProfile, Profile
from sim.config.model import Group, Load

COLUMNS = 60
ROWS = 10
ASSUMED_CALL_S = 0.1
"""What a call is taken to last where the number of calls depends on it."""
_EIGHTHS = " ▁▂▃▄▅▆▇█"


def draw_load(load: Load, stories: Stories) -> str:
    """Each group's shape, its peak, and the workflows and calls to be expected."""
    parts = [_draw_group(group, stories, titled=len(load.groups) > 1) for group in load.groups]
    users = sum(group.users for group in load.groups)
    calls = sum(_calls(group, stories) for group in load.groups)
    total = f"All groups: {users} users, about {calls:,.0f} calls.\n" if len(parts) > 1 else ""
    assumed = format_duration(ASSUMED_CALL_S)
    note = f"(a call taken to last {assumed}; warm-up of {format_duration(load.warmup_s)} not counted)\n"
    return "\n".join(parts) + total + note


def draw_shape(profile: Profile) -> list[str]:
    """Lines of equal length: the level at the middle of each column, in eighths of a row."""
    width = profile.duration_s / COLUMNS
    levels = [_level(profile, (column + 0.5) * width) for column in range(COLUMNS)]
    peak = max(profile.peak, *levels) or 1
    heights = [round(level / peak * ROWS * 8) for level in levels]
    labels = {ROWS - 1: f"{profile.peak:g}", 0: "0"}
    lines = []
    for row in reversed(range(ROWS)):
        cells = "".join(_EIGHTHS[max(0, min(8, height - row * 8))] for height in heights)
        lines.append(f"{labels.get(row, ''):>9} │{cells}")
    return [
        *lines,
        f"{'':>9} └{'─' * COLUMNS}",
        f"{'':>11}0s{format_duration(profile.duration_s):>{COLUMNS - 2}}",
    ]


def _level(profile: Profile, at_s: float) -> float:
    return profile.users_at(at_s) if isinstance(profile, ClosedProfile) else profile.level_at(at_s)


def _draw_group(group: Group, stories: Stories, *, titled: bool) -> str:
    title = [f"Group {group.name}"] if titled else []
    profile = group.profile
    match profile:
        case ClosedProfile():
            facts = f"Peak {profile.peak} users on stage, {format_duration(profile.duration_s)}"
        case OpenProfile():
            spread = "Poisson" if profile.poisson else "even"
            facts = (
                f"Peak {profile.peak:g} arrivals a second ({spread}), {group.users} users at hand.\n"
                f"About {profile.expected:,.0f} arrivals in {format_duration(profile.duration_s)}"
            )
    calls = f"About {_calls(group, stories):,.0f} calls in {_executions(group, stories):,.0f} workflows."
    return "\n".join([*title, *draw_shape(profile), f"{facts}.", calls, ""])


def _executions(group: Group, stories: Stories) -> float:
    profile = group.profile
    if isinstance(profile, OpenProfile):
        return profile.expected
    turn_s = group.think.mean_s + _steps(group, stories) * ASSUMED_CALL_S
    return _user_seconds(profile) / turn_s


def _calls(group: Group, stories: Stories) -> float:
    return _executions(group, stories) * _steps(group, stories)


def _steps(group: Group, stories: Stories) -> float:
    """Calls of a workflow of this mix, on average."""
    total = sum(group.mix.values())
    return sum(weight * stories.steps[name] for name, weight in group.mix.items()) / total


def _user_seconds(profile: ClosedProfile) -> float:
    """The area under the line: what all users together spend on stage."""
    levels, stages = profile.levels, profile.stages
    return sum(stage.duration_s * (levels[i] + stage.target) / 2 for i, stage in enumerate(stages))
