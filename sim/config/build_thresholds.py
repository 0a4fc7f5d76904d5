"""Thresholds that can be judged: their subject exists, and has what they ask of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import attrs

from sim.config.grammar.piece import nearest
from sim.config.grammar.shapes import OpenProfile
from sim.config.grammar.threshold import Threshold
from sim.config.merged import Merged
from sim.config.model import Load
from sim.config.options import THRESHOLD
from sim.config.threshold_words import WORDS
from sim.config.usage import UsageError


def build_thresholds(
    merged: Merged, load: Load, step_names: Mapping[str, Sequence[str]]
) -> tuple[Threshold, ...]:
    """Raises UsageError on a limit of something that this run cannot measure.

    Args:
        step_names: of each workflow; `{i}` in one stands for a number.
    """
    thresholds = tuple(plain_group(threshold, load) for threshold in merged[THRESHOLD])
    played = {name: step_names[name] for group in load.groups for name, weight in group.mix.items() if weight}
    for threshold in thresholds:
        if problem := problem_of(threshold, load, played):
            raise merged.error(THRESHOLD, f"{threshold.text!r}: {problem}")
    seeking = any(isinstance(g.profile, OpenProfile) and g.profile.breakpoint for g in load.groups)
    if seeking and not any(threshold.aborts for threshold in thresholds):
        raise UsageError(
            "--profile breakpoint: nothing can break; add a --threshold that ends with 'abort', "
            "as in 'errors: rate<1% abort'"
        )
    return thresholds


def plain_group(threshold: Threshold, load: Load) -> Threshold:
    """The only group there is, is everybody."""
    if len(load.groups) > 1 or threshold.metric.group != load.groups[0].name:
        return threshold
    return attrs.evolve(threshold, metric=attrs.evolve(threshold.metric, group=None))


def problem_of(threshold: Threshold, load: Load, played: Mapping[str, Sequence[str]]) -> str:
    """Why it cannot be judged, "" when it can."""
    metric = threshold.metric
    groups, regions = [group.name for group in load.groups], [region.name for region in load.regions]
    if problem := unknown("group", metric.group, groups) or unknown("region", metric.region, regions):
        return problem
    if metric.name in played:
        return unknown_step(metric.step, played[metric.name])
    if metric.name not in WORDS:
        return unknown("workflow in the mix and no word", metric.name, [*played, *WORDS])
    if metric.step is not None:
        return f"{metric.name} has no steps"
    word = WORDS[metric.name]
    if threshold.unit not in word.units:
        return f"{metric.name} has no {threshold.aggregate.value} in this unit ({word.example})"
    if not word.of_leaves and (metric.group or metric.region):
        return f"{metric.name} is not known by group or region"
    if word.of_arrivals and not any(isinstance(g.profile, OpenProfile) for g in load.groups):
        return f"{metric.name} counts arrivals, and users who start by themselves have none; say --arrivals"
    return ""


def unknown(what: str, name: str | None, known: Iterable[str]) -> str:
    names = list(known)
    if name is None or name in names:
        return ""
    return f"no {what} {name!r}; {nearest(name, names) if names else f'there are no {what}s'}"


def unknown_step(step: str | None, names: Sequence[str]) -> str:
    if step is None or any(is_step(step, name) for name in names):
        return ""
    return f"no step {step!r}; {nearest(step, names)}"


def is_step(step: str, name: str) -> bool:
    """Whether `step` is the step `name`, whose `{i}` stands for a number."""
    return re.fullmatch(re.escape(name).replace(re.escape("{i}"), r"\d+"), step) is not None
