"""The stand-in's own command line, made from the fields of its options: `--port 8080 --token-ttl 3s`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args, get_origin, get_type_hints

import attrs
import click

from sim.grammar.duration import parse_duration
from sim.grammar.number import parse_count
from sim.grammar.piece import GrammarError, nearest
from sim.options.errors import UsageError
from sim.options.faults import parse_fault
from sim.standin.faults.spec import FaultSpec
from sim.standin.options import StandinOptions

MAX_PORT = 65_535
PASSWORD = "admin_password"  # noqa: S105 (the name of a field)
_HELP = re.compile(r"^        ([a-z_, ]+): (.*?)(?=^        [a-z_, ]+: |\Z)", re.MULTILINE | re.DOTALL)


def read_standin_words(words: Sequence[str], origin: str = "--standin-option") -> StandinOptions:
    """Its options from the words of a command line. Raises UsageError, which begins with `origin`."""
    command = click.Command(origin, params=standin_params(), add_help_option=False)
    try:
        return standin_options(command.make_context(origin, list(words)).params, origin)
    except click.NoSuchOption as error:
        known = [param.opts[0] for param in standin_params()]
        hint = nearest(error.option_name, known)
        raise UsageError(f"{origin}: no option {error.option_name}; {hint}") from None
    except click.ClickException as error:
        raise UsageError(f"{origin}: {' '.join(error.format_message().split())}") from None


def standin_options(texts: Mapping[str, Any], origin: str, password: str | None = None) -> StandinOptions:
    """Its options from a text, several texts or a boolean by field. Raises UsageError.

    The password of its administrator comes apart from them: every process list would show it.
    """
    said = {name: text for name, text in texts.items() if text not in (None, ())}
    values: dict[str, Any] = {name: _read(name, text, origin) for name, text in said.items()}
    if password is not None:
        values[PASSWORD] = password
    try:
        return StandinOptions(**values)
    except ValueError as error:
        raise UsageError(f"{origin}: {' '.join(str(error).split())}") from None


def standin_params() -> list[click.Parameter]:
    """A click option for each field."""
    helps = _helps()
    return [_param(field.name, kind, helps.get(field.name, "")) for field, kind in _fields()]


def _fields() -> list[tuple[Any, Any]]:
    hints = get_type_hints(StandinOptions)
    return [(field, hints[field.name]) for field in attrs.fields(StandinOptions) if field.name != PASSWORD]


def _param(name: str, kind: Any, help_text: str) -> click.Parameter:
    switch = "--" + _shorn(name, kind).replace("_", "-")
    if kind is bool:
        return click.Option([name, switch], is_flag=True, flag_value=True, default=None, help=help_text)
    many = _is_many(kind)
    return click.Option([name, switch], type=str, multiple=many, metavar=_metavar(name, kind), help=help_text)


def _shorn(name: str, kind: Any) -> str:
    """Units are said with the value, and a list is said one by one: `token_ttl_s` → `token_ttl`."""
    if name.endswith("_s"):
        return name[:-2]
    return name[:-1] if _is_many(kind) and name.endswith("s") else name


def _metavar(name: str, kind: Any) -> str:
    if name.endswith("_s"):
        return "DURATION"
    return "N" if int in (kind, *get_args(kind)) else "TEXT"


def _is_many(kind: Any) -> bool:
    return get_origin(kind) in (tuple, frozenset)


def _read(name: str, value: Any, origin: str) -> Any:
    kind = get_type_hints(StandinOptions)[name]
    if isinstance(value, bool):
        return value
    try:
        if kind == tuple[FaultSpec, ...]:
            return tuple(parse_fault(text) for text in value)
        if _is_many(kind):
            collect: Callable[[Any], Any] = get_origin(kind)
            return collect(value)
        if name.endswith("_s"):
            return parse_duration(value)
        if name == "port":
            return parse_count(value, "a port", 0, MAX_PORT)
        return parse_count(value, "a number") if int in (kind, *get_args(kind)) else value
    except GrammarError as error:
        raise UsageError(f"{origin}: --{_shorn(name, kind).replace('_', '-')} {error}") from None


def _helps() -> dict[str, str]:
    """What the docstring says of each field."""
    found = {}
    for names, text in _HELP.findall(StandinOptions.__doc__ or ""):
        for name in names.split(","):
            found[name.strip()] = " ".join(text.split())
    return found
