"""What was said, where, and what wins: defaults, then file, then environment, then flags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import attrs

from sim.config import option_types as kinds
from sim.config.grammar.piece import GrammarError
from sim.config.grammar.shapes import ClosedProfile
from sim.config.options import ENVIRONMENT_PREFIX, OPTIONS, Option
from sim.config.usage import UsageError

SHAPES = ("stage", "arrivals", "profile")
"""Options that say the whole shape of the load. One of them stands for `duration` too."""
_LIST_SEPARATOR = ";"
INTERNAL = ("SIMULATE_STANDIN",)
"""What our own processes tell each other."""


@attrs.frozen
class Setting:
    """A value, and where it was said (`--users`, `SIMULATE_USERS`, `friday.toml: users`, `default`)."""

    value: Any
    origin: str


Settings = Mapping[str, Setting]


@attrs.frozen
class GroupSettings:
    """What a file says of one group; what it leaves out is as for the whole run."""

    name: str
    origin: str
    settings: Settings
    region: str | None = None


@attrs.frozen
class Layer:
    """All that one source says."""

    settings: Settings
    groups: tuple[GroupSettings, ...] = ()


def read_value(option: Option, texts: Sequence[str], origin: str) -> Setting:
    """What these texts say. Raises UsageError that names the origin and points into the text."""
    try:
        if option.many:
            return Setting(tuple(option.kind.parse(text) for text in texts), origin)
        return Setting(option.kind.parse(",".join(texts) if option.joined else texts[-1]), origin)
    except GrammarError as error:
        raise UsageError(f"{origin} {error}") from None


def defaults(draw_seed: Callable[[], int]) -> Layer:
    """What holds when nothing is said. A seed is drawn, so that it can be printed and used again."""
    settings = {o.name: Setting(o.default, "default") for o in OPTIONS if o.default is not None}
    settings["seed"] = Setting(draw_seed(), "random")
    return Layer(settings)


def from_environment(environment: Mapping[str, str]) -> Layer:
    """`SIMULATE_{OPTION}` and Nextcloud's own; several values are separated by `;`. Empty is unset.

    Raises UsageError.
    """
    settings = {}
    check_names(environment)
    for option in OPTIONS:
        text = environment.get(option.environment, "")
        if text:
            texts = text.split(_LIST_SEPARATOR) if option.many else [text]
            settings[option.name] = read_value(option, texts, option.environment)
    return Layer(settings)


def check_names(environment: Mapping[str, str]) -> None:
    """Raises UsageError on a `SIMULATE_…` that is no option: misspelt, it would have no effect, silently."""
    known = [option.environment for option in OPTIONS]
    for name, text in sorted(environment.items()):
        if name.startswith(ENVIRONMENT_PREFIX) and text and name not in (*known, *INTERNAL):
            # All begin alike, which would make any two of them similar.
            words = [variable.removeprefix(ENVIRONMENT_PREFIX) for variable in known]
            near = get_close_matches(name.removeprefix(ENVIRONMENT_PREFIX), words, n=1)
            hint = f"did you mean {ENVIRONMENT_PREFIX}{near[0]}?" if near else "see simulate --help"
            raise UsageError(f"{name}: no such variable; {hint}")


def from_flags(flags: Mapping[str, Any], options: Iterable[Option] = OPTIONS) -> Layer:
    """What the command line's parser found by option: a text, several, a boolean; None where it was silent.

    Raises UsageError.
    """
    settings = {}
    for option in options:
        said = flags.get(option.name)
        if said is None or said == ():
            continue
        if isinstance(said, bool):
            switch = option.switch if said else option.switch.replace("--", "--no-", 1)
            settings[option.name] = Setting(said, switch)
        else:
            texts = [said] if isinstance(said, str) else list(said)
            settings[option.name] = read_value(option, texts, option.switch)
    return Layer(settings)


def merge(layers: Iterable[Layer]) -> Layer:
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
            merged.pop("users", None)
        merged.update(layer.settings)
        groups = layer.groups or groups
    return Layer(merged, groups)


def check_shape(said: Settings) -> None:
    """Raises UsageError when one source says two shapes of load, or two mixes."""
    shapes = [name for name in (*SHAPES, "duration") if name in said]
    if len(shapes) > 1:
        raise _conflict(said, shapes[0], shapes[1], "each says how long the load lasts; leave one out")
    if "users" in said and _is_closed(said):
        shape = shapes[0]
        raise _conflict(said, "users", shape, "the shape says how many users there are; leave --users out")
    if "mix" in said and "workload" in said:
        raise _conflict(said, "mix", "workload", "each says which workflows are played; leave one out")


def _superseded(said: Settings) -> set[str]:
    """What this source takes the place of in those before it."""
    gone: set[str] = set()
    if "duration" in said:
        gone.update(SHAPES)
    if "iterations" in said:
        gone.add("duration")
    if any(name in said for name in SHAPES):
        gone.update(SHAPES, ("duration",))
        gone.update(("users",) if _is_closed(said) else ())
    if "mix" in said or "workload" in said:
        gone.update(("mix", "workload"))
    return gone


def _is_closed(said: Settings) -> bool:
    return any(isinstance(said[name].value, ClosedProfile) for name in SHAPES if name in said)


def _conflict(said: Settings, first: str, second: str, advice: str) -> UsageError:
    return UsageError(f"{said[first].origin} and {said[second].origin}: {advice}")


def as_toml(layer: Layer) -> str:
    """The settings as a scenario file that says the same, without secrets and what is no part of one."""
    lines = [
        f"{option.name} = {_toml(option, layer.settings[option.name].value)}"
        for option in OPTIONS
        if option.filed and option.name in layer.settings
    ]
    for group in layer.groups:
        lines += ["", "[[group]]", f"name = {quoted(group.name)}"]
        lines += [f"region = {quoted(group.region)}"] if group.region is not None else []
        by_name = {option.name: option for option in OPTIONS}
        lines += [f"{name} = {_toml(by_name[name], said.value)}" for name, said in group.settings.items()]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A TOML basic string (TOML 1.0, section String)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in escaped) + '"'


def _toml(option: Option, value: Any) -> str:
    if option.many:
        return "[" + ", ".join(_scalar(option.kind.show(item)) for item in value) + "]"
    return _scalar(option.kind.show(value))


def _scalar(value: kinds.TomlValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else str(value)
