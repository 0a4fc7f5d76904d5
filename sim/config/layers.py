"""What each source says, and where: defaults, environment, flags. Scenario files are read next door."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import attrs

from sim.config.grammar.piece import GrammarError
from sim.config.option import ENVIRONMENT_PREFIX, Option
from sim.config.options import OPTIONS, SEED
from sim.config.usage import UsageError

DEFAULT = "default"
"""Origin of what nobody said."""
_LIST_SEPARATOR = ";"
INTERNAL = ("SIMULATE_STANDIN",)
"""What our own processes tell each other."""


@attrs.frozen
class Setting:
    """A value, and where it was said (`--users`, `SIMULATE_USERS`, `friday.toml: users`, `default`)."""

    value: Any
    origin: str


Saying = Mapping[str, Setting]
"""What a source says, by the names of options."""


@attrs.frozen
class GroupSettings:
    """What a file says of one group; what it leaves out is as for the whole run."""

    name: str
    origin: str
    settings: Saying
    region: str | None = None


@attrs.frozen
class Layer:
    """All that one source says."""

    settings: Saying
    groups: tuple[GroupSettings, ...] = ()


def read_value(option: Option[Any], texts: Sequence[str], origin: str) -> Setting:
    """What these texts say. Raises UsageError that names the origin and points into the text."""
    try:
        if option.many:
            return Setting(tuple(option.type.parse(text) for text in texts), origin)
        return Setting(option.type.parse(",".join(texts) if option.joined else texts[-1]), origin)
    except GrammarError as error:
        raise UsageError(f"{origin} {error}") from None


def defaults(draw_seed: Callable[[], int]) -> Layer:
    """What holds when nothing is said. A seed is drawn, so that it can be printed and used again."""
    settings = {o.name: Setting(o.default, DEFAULT) for o in OPTIONS if not o.says_nothing}
    settings[SEED.name] = Setting(draw_seed(), "random")
    return Layer(settings)


def from_environment(environment: Mapping[str, str], options: Iterable[Option[Any]] = OPTIONS) -> Layer:
    """`SIMULATE_{OPTION}` and Nextcloud's own; several values are separated by `;`. Empty is unset.

    Raises UsageError.
    """
    settings = {}
    check_names(environment)
    for option in options:
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


def from_flags(flags: Mapping[str, Any], options: Iterable[Option[Any]] = OPTIONS) -> Layer:
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
