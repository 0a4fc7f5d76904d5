"""A load shape that somebody changes in mid-run: a pure function from one profile to the next."""

from __future__ import annotations

import attrs

from sim.config.grammar.shapes import ClosedProfile, Profile, Stage


def steered(profile: Profile, at_s: float, target: float, over_s: float) -> Profile:
    """`profile` until `at_s`; from there in `over_s` seconds straight to `target`, which then lasts.

    It ends when `profile` does: of a way that takes longer only the first part is gone. Raises ValueError
    where nothing is left of `profile`, and for a target that is none.
    """
    left_s = profile.duration_s - at_s
    if not (left_s > 0 <= at_s and over_s >= 0):
        raise ValueError("the profile is over")
    now = float(profile.users_at(at_s)) if isinstance(profile, ClosedProfile) else profile.level_at(at_s)
    # Of a jump that is made at this very instant nothing is left: the new way begins where the line is.
    before = [stage for stage, ends in zip(profile.stages, profile.starts_s[1:], strict=True) if ends <= at_s]
    cut = Stage(at_s - sum(stage.duration_s for stage in before), now)
    return attrs.evolve(profile, stages=(*before, cut, *_way(now, target, over_s, left_s)))


def _way(now: float, target: float, over_s: float, left_s: float) -> tuple[Stage, ...]:
    if over_s < left_s:
        return Stage(over_s, target), Stage(left_s - over_s, target)
    # Whole, since users are.
    return (Stage(left_s, round(now + (target - now) * left_s / over_s)),)
