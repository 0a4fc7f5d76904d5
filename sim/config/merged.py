"""What wins of all that was said, and the typed look at it that the builders of a run have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias, TypeVar

import attrs

from sim.config.grammar.shapes import ClosedProfile
from sim.config.layers import DEFAULT, GroupSettings, Layer, Saying, Setting
from sim.config.model import Load
from sim.config.option import Option, option_of, rows_of
from sim.config.options import DURATION, MIX, SHAPES, USERS, WORKLOAD, find
from sim.config.usage import UsageError

T = TypeVar("T")
Named: TypeAlias = "Option[Any] | attrs.Attribute[Any]"
"""An option, or the field of the model that it fills: `attrs.fields(Target).insecure`."""
_SHAPES = tuple(shape.name for shape in SHAPES)


@attrs.frozen
class Merged:
    """What holds, by option, and where it was said. Options are asked for by their rows, so that a name
    that does not exist is an error of types."""

    settings: Saying
    groups: tuple[GroupSettings, ...] = ()

    def __getitem__(self, option: Option[T]) -> T:
        """Its value. KeyError where another option has taken its place: see `get`."""
        if option.says_nothing and option.name not in self.settings:
            return option.default
        value: T = self.settings[option.name].value
        return value

    def get(self, option: Option[T]) -> T | None:
        """Its value; None where nothing was said and there is no default, or another took its place."""
        found = self.settings.get(option.name)
        return None if found is None else found.value

    def rows(self, part: type[Any]) -> dict[str, Any]:
        """The fields of a part of the model that are options' values: `Output(**merged.rows(Output))`."""
        return {field: self[option] for field, option in rows_of(part)}

    def origin(self, *names: Named) -> str:
        """Where the first of these that was said was said."""
        known = [_name(name) for name in names]
        return next((self.settings[name].origin for name in known if name in self.settings), known[0])

    def is_default(self, name: Named) -> bool:
        """Whether nobody said it."""
        return self.origin(name) in (DEFAULT, _name(name))

    def error(self, name: Named, problem: str) -> UsageError:
        """Something is wrong with what was said of this option."""
        return UsageError(f"{self.origin(name)}: {problem}")

    def forbid(self, names: Iterable[Named], because: str) -> None:
        """Raises UsageError when one of these is said; its default changes nothing, and is let through."""
        for name in names:
            option = find(_name(name))
            if self.get(option) not in (None, (), option.default):
                raise self.error(name, because)

    def over(self, settings: Saying) -> Merged:
        """The same, with `settings` in the place of what they concern."""
        mine = dict(self.settings)
        if MIX.name in settings or WORKLOAD.name in settings:
            mine.pop(MIX.name, None)
            mine.pop(WORKLOAD.name, None)
        return attrs.evolve(self, settings=mine | dict(settings))


def merge(layers: Iterable[Layer]) -> Merged:
    """The later wins, option by option; but one shape of load takes the place of all that is said of another.

    Groups take the place of the crowd that defaults name, and `iterations` that of a duration said before it.
    Raises UsageError when one source says two shapes.
    """
    merged: dict[str, Setting] = {}
    groups: tuple[GroupSettings, ...] = ()
    for layer in layers:
        check_shape(layer.settings)
        for name in _superseded(layer.settings):
            merged.pop(name, None)
        if layer.groups:
            merged.pop(USERS.name, None)
        merged.update(layer.settings)
        groups = layer.groups or groups
    return Merged(merged, groups)


def check_shape(said: Saying) -> None:
    """Raises UsageError when one source says two shapes of load, or two mixes."""
    shapes = [name for name in (*_SHAPES, DURATION.name) if name in said]
    if len(shapes) > 1:
        raise _conflict(said, shapes[0], shapes[1], "each says how long the load lasts; leave one out")
    if USERS.name in said and _is_closed(said):
        advice = "the shape says how many users there are; leave --users out"
        raise _conflict(said, USERS.name, shapes[0], advice)
    if MIX.name in said and WORKLOAD.name in said:
        advice = "each says which workflows are played; leave one out"
        raise _conflict(said, MIX.name, WORKLOAD.name, advice)


def _superseded(said: Saying) -> set[str]:
    """What this source takes the place of in those before it."""
    gone: set[str] = set()
    if DURATION.name in said:
        gone.update(_SHAPES)
    if option_of(attrs.fields(Load).iterations).name in said:
        gone.add(DURATION.name)
    if any(name in said for name in _SHAPES):
        gone.update(_SHAPES, (DURATION.name,))
        gone.update((USERS.name,) if _is_closed(said) else ())
    if MIX.name in said or WORKLOAD.name in said:
        gone.update((MIX.name, WORKLOAD.name))
    return gone


def _is_closed(said: Saying) -> bool:
    return any(isinstance(said[name].value, ClosedProfile) for name in _SHAPES if name in said)


def _conflict(said: Saying, first: str, second: str, advice: str) -> UsageError:
    return UsageError(f"{said[first].origin} and {said[second].origin}: {advice}")


def _name(name: Named) -> str:
    return name.name if isinstance(name, Option) else option_of(name).name
