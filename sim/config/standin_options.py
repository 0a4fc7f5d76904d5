"""The stand-in's own options, made from the fields of its table: `--port 8080 --token-ttl 3s`.

A run says the same to the stand-in of its own as `--standin-option token_ttl=3s`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin, get_type_hints

import attrs
import click

from sim.config.grammar.duration import parse_duration
from sim.config.grammar.fault import parse_fault, parse_probability
from sim.config.grammar.number import parse_count
from sim.config.grammar.piece import GrammarError, Piece, nearest
from sim.config.usage import UsageError
from sim.standin.behaviour import SECRETS, StandinOptions, helps
from sim.standin.faults.spec import FaultSpec

__all__ = ["COMMAND", "StandinOptions", "read_standin_words", "standin_options", "standin_params"]

COMMAND = "standin"
"""Where what it is told comes from flags."""
YES, NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0")
MAX_PORT = 65_535


def read_standin_words(words: Sequence[str], origin: str = "--standin-option") -> StandinOptions:
    """Its options from `NAME=VALUE` each; a name alone says yes. Raises UsageError.

    Args:
        origin: what the error's text begins with.
    """
    names = {_shorn(name, kind): (name, kind) for name, kind in _fields()}
    said: dict[str, Any] = {}
    for word in words:
        short, equals, value = word.partition("=")
        short = short.strip().removeprefix("--").replace("-", "_")
        if short not in names:
            raise UsageError(f"{origin}: no option {short!r}; {nearest(short, list(names))}")
        name, kind = names[short]
        if not equals and kind is not bool:
            raise UsageError(f"{origin}: {short} wants a value: {short}={_metavar(name, kind)}")
        if _is_many(kind):
            said[name] = (*said.get(name, ()), value.strip())
        else:
            said[name] = value.strip() if equals else True
    return standin_options(said, origin)


def standin_options(
    texts: Mapping[str, Any], origin: str, password: str | None = None, lever_token: str = ""
) -> StandinOptions:
    """Its options from a text, several texts or a boolean by field. Raises UsageError.

    Its secrets come apart from them: every process list would show them.
    """
    values: dict[str, Any] = {
        name: _read(name, text, origin) for name, text in texts.items() if text not in (None, ())
    }
    if password is not None:
        values["admin_password"] = password
    if lever_token:
        values["lever_token"] = lever_token
    try:
        return StandinOptions(**values)
    except ValueError as error:
        # Validators of attrs tell more than a person wants to read; their words come first.
        told = str(error.args[0] if error.args else error)
        raise UsageError(f"{origin}: {' '.join(told.split())}") from None


def standin_params() -> list[click.Parameter]:
    """A click option for each field."""
    told = helps()
    return [_param(name, kind, told[name]) for name, kind in _fields()]


def _fields() -> Iterator[tuple[str, Any]]:
    hints = get_type_hints(StandinOptions)
    return ((f.name, hints[f.name]) for f in attrs.fields(StandinOptions) if f.name not in SECRETS)


def _param(name: str, kind: Any, help_text: str) -> click.Parameter:
    switch = _shorn(name, kind).replace("_", "-")
    default = getattr(attrs.fields(StandinOptions), name).default
    if kind is bool:
        # Said only where it changes something; both ways, since some are on by themselves.
        shown = f"{help_text} On by default." if default else help_text
        return click.Option([name, f"--{switch}/--no-{switch}"], default=None, help=shown)
    many = _is_many(kind)
    shown = help_text if many or default in ("", 0) else f"{help_text} By default {_said(name, default)}."
    metavar = _metavar(name, kind)
    return click.Option([name, f"--{switch}"], type=str, multiple=many, metavar=metavar, help=shown)


def _said(name: str, value: Any) -> str:
    """A default as it would be said."""
    if name.endswith("_s"):
        return f"{value:g}s" if value >= 1 else f"{value * 1000:g}ms"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _shorn(name: str, kind: Any) -> str:
    """Units are said with the value, a list is said one by one, and words of Python's are none of ours:
    `token_ttl_s` → `token_ttl`, `from_` → `from`."""
    name = name.rstrip("_")
    if name.endswith("_s"):
        return name[:-2]
    return name[:-1] if _is_many(kind) and name.endswith("s") else name


def _metavar(name: str, kind: Any) -> str:
    if name.endswith("_s"):
        return "DURATION"
    if kind is bool:
        return "yes|no"
    return {int: "N", float: "SHARE"}.get(kind, "FILE" if name == "from_" else "TEXT")


def _is_many(kind: Any) -> bool:
    return get_origin(kind) in (tuple, frozenset)


def _read(name: str, value: Any, origin: str) -> Any:
    kind = get_type_hints(StandinOptions)[name]
    if isinstance(value, bool):
        return value
    try:
        return _typed(name, kind, value)
    except GrammarError as error:
        short = _shorn(name, kind)
        shown = f"--{short.replace('_', '-')}" if origin == COMMAND else short
        raise UsageError(f"{origin}: {shown} {error}") from None


def _typed(name: str, kind: Any, value: Any) -> Any:
    """The value behind a text, or behind several. Raises GrammarError."""
    if kind == tuple[FaultSpec, ...]:
        return tuple(parse_fault(text) for text in value)
    if _is_many(kind):
        collect: Callable[[Any], Any] = get_origin(kind)
        return collect(value)
    if name.endswith("_s"):
        return parse_duration(value)
    if kind is bool:
        return _yes_or_no(value)
    if name == "port":
        return parse_count(value, "a port", 0, MAX_PORT)
    if int in (kind, *get_args(kind)):
        return parse_count(value, "a number")
    return parse_probability(Piece.of(value)) if kind is float else value


def _yes_or_no(text: str) -> bool:
    word = text.lower()
    if word not in (*YES, *NO):
        raise Piece.of(text).error("neither yes nor no")
    return word in YES
