"""What an option is, and rows: options that fill one field of the run's frozen model.

A row is a field of a part of `sim.config.model.Config`: its name, its type and its default are the option's.
So mypy holds a row to the type that its words are read as, and what asks for it to a name that exists.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Any, Generic, NotRequired, TypedDict, TypeVar, Unpack, cast, overload

import attrs

from sim.config import option_types as types
from sim.config.option_types import OptionType

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
ENVIRONMENT_PREFIX = "SIMULATE_"
_OPTION = "option"


class Section(enum.StrEnum):
    """Headings of the help."""

    LOAD = "Load"
    STORIES = "Workflows"
    TARGET = "Servers"
    LOGIN = "Users and their login"
    LIMITS = "Limits and results"
    VIRTUAL = "Virtual time and the built-in stand-in"


@attrs.frozen
class Option(Generic[T_co]):
    """One thing that can be said about a run; `T_co` is the type of its value.

    Attributes:
        name: the key in scenario files; with dashes the flag, in capitals the environment variable.
        type: how one text of it is read; the value of an option with `many` is a tuple of these.
        default: a value, not a text; None, or (): nothing.
        many: may be said several times; its value is a tuple.
        joined: may be said several times; the texts are read as one, with commas between them.
        short: a one-letter flag, and a second name where the flag has one.
        variable: name of the environment variable where it is not SIMULATE_{NAME}.
        flag: may be said on the command line. Secrets may not: every process list would show them.
        filed: may be said in a scenario file.
        grouped: may be said for one group of users there.
        negated: there is a `--no-` flag.
    """

    name: str
    section: Section
    type: OptionType[Any]
    help: str
    default: T_co
    many: bool = False
    joined: bool = False
    short: str = ""
    variable: str = ""
    flag: bool = True
    filed: bool = True
    grouped: bool = False
    negated: bool = False

    @property
    def switch(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def environment(self) -> str:
        return self.variable or ENVIRONMENT_PREFIX + self.name.upper()

    @property
    def secret(self) -> bool:
        return self.type is types.SECRET

    @property
    def says_nothing(self) -> bool:
        """Whether it has no default."""
        return self.default is None or self.default == ()


class Marks(TypedDict):
    """What may be said of an option beside its type, help and default; see `Option`."""

    joined: NotRequired[bool]
    short: NotRequired[str]
    variable: NotRequired[str]
    flag: NotRequired[bool]
    filed: NotRequired[bool]
    grouped: NotRequired[bool]
    negated: NotRequired[bool]


@overload
def option(
    name: str, section: Section, type: OptionType[T], help: str, default: T, **marks: Unpack[Marks]
) -> Option[T]: ...
@overload
def option(
    name: str, section: Section, type: OptionType[T], help: str, default: None = None, **marks: Unpack[Marks]
) -> Option[T | None]: ...
def option(
    name: str, section: Section, type: OptionType[Any], help: str, default: Any = None, **marks: Unpack[Marks]
) -> Option[Any]:
    """An option that a builder makes something of, together with others."""
    return Option(name, section, type, help, default, **marks)


def options(
    name: str, section: Section, type: OptionType[T], help: str, **marks: Unpack[Marks]
) -> Option[tuple[T, ...]]:
    """The same, said several times."""
    return Option(name, section, type, help, (), many=True, **marks)


@overload
def row(
    section: Section, type: OptionType[T], help: str, default: T, *, name: str = "", **marks: Unpack[Marks]
) -> T: ...
@overload
def row(
    section: Section,
    type: OptionType[T],
    help: str,
    default: None = None,
    *,
    name: str = "",
    **marks: Unpack[Marks],
) -> T | None: ...
def row(
    section: Section,
    type: OptionType[Any],
    help: str,
    default: Any = None,
    *,
    name: str = "",
    **marks: Unpack[Marks],
) -> Any:
    """A field of the model that one option fills. Without a name it has the field's, less `_s`."""
    return _field(Option(name, section, type, help, default, **marks))


def rows(
    section: Section, type: OptionType[T], help: str, *, name: str, **marks: Unpack[Marks]
) -> tuple[T, ...]:
    """The same, said several times."""
    return cast("tuple[T, ...]", _field(options(name, section, type, help, **marks)))


def _field(option: Option[Any]) -> Any:
    return attrs.field(default=option.default, metadata={_OPTION: option})


def option_of(attribute: attrs.Attribute[T]) -> Option[T]:
    """The option that fills this field: `option_of(attrs.fields(Target).insecure)`. Raises KeyError."""
    found: Option[T] = attribute.metadata[_OPTION]
    return found if found.name else attrs.evolve(found, name=attribute.name.removesuffix("_s"))


def rows_of(part: type[Any]) -> Iterator[tuple[str, Option[Any]]]:
    """The fields of a part of the model that an option fills, with that option."""
    return ((f.name, option_of(f)) for f in attrs.fields(part) if _OPTION in f.metadata)
