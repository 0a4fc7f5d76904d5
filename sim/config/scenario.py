"""Scenario files: TOML that says what flags can say, and several groups of users besides.

```toml
users = 50
duration = "5m"
region = ["eu=60%:rtt=20ms", "ap=40%:rtt=220ms"]

[[group]]
name = "editors"
stage = "30s:20,2m:20"
mix = "collaborative_edit=1"
think = "exp:2s"
region = "ap"
```

Workflows that a user leads are cast within their group; `cast = "all"` casts them from everybody on stage.
Keys are the names of the options, with underscores; relative file names are taken from where `simulate` runs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sim.config.grammar.piece import GrammarError, nearest, parse_name
from sim.config.layers import GroupSettings, Layer, Setting, read_value
from sim.config.merged import check_shape
from sim.config.option import Option
from sim.config.options import OPTIONS, SHAPES, USERS
from sim.config.usage import UsageError

_GROUP_ONLY = ("name", "region")
_CROWD = (USERS, *SHAPES)
"""One of them says how many there are."""


def read_scenario(path: Path) -> Layer:
    """Raises UsageError: file, key, what is wrong, and the nearest name that there is."""
    try:
        document = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"--scenario {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"--scenario {path}: {' '.join(str(error).split())}") from error
    tables = document.pop("group", [])
    filed = {option.name: option for option in OPTIONS if option.filed}
    settings = _read_table(document, f"{path}", "", filed, ("group",))
    return Layer(settings, _read_groups(tables, path))


def _read_groups(tables: object, path: Path) -> tuple[GroupSettings, ...]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{path}: group: groups are written as [[group]]")
    groups: list[GroupSettings] = []
    for index, table in enumerate(tables):
        group = _read_group(table, path, f"group[{index}]")
        if any(group.name == other.name for other in groups):
            raise UsageError(f"{group.origin}.name {group.name!r}: another group has this name")
        groups.append(group)
    return tuple(groups)


def _read_group(table: dict[str, Any], path: Path, place: str) -> GroupSettings:
    origin = f"{path}: {place}"
    grouped = {option.name: option for option in OPTIONS if option.grouped}
    settings = _read_table(
        {key: value for key, value in table.items() if key not in _GROUP_ONLY},
        str(path),
        f"{place}.",
        grouped,
        _GROUP_ONLY,
    )
    check_shape(settings)
    if not any(option.name in settings for option in _CROWD):
        raise UsageError(f"{origin}: no users, stage, arrivals or profile in it")
    region = _name(table["region"], f"{origin}.region", "a region") if "region" in table else None
    if "name" not in table:
        raise UsageError(f"{origin}: no name in it")
    return GroupSettings(_name(table["name"], f"{origin}.name", "a group"), origin, settings, region)


def _read_table(
    table: dict[str, Any], path: str, place: str, options: dict[str, Option[Any]], others: Iterable[str]
) -> dict[str, Setting]:
    settings = {}
    for key, value in table.items():
        origin = f"{path}: {place}{key}"
        if key not in options:
            raise UsageError(f"{origin}: no such key; {nearest(key, [*options, *others])}")
        settings[key] = _read_value(options[key], value, origin)
    return settings


def _read_value(option: Option[Any], value: object, origin: str) -> Setting:
    """A value as TOML has it: a text, a number, a boolean, or a list, as the option is."""
    if isinstance(value, list) and (option.many or option.joined):
        if not all(isinstance(item, str) for item in value) or (option.joined and not value):
            raise UsageError(f"{origin}: {value!r:.60}: a list of texts is needed here")
        return read_value(option, value, origin)
    is_flag = option.type.is_flag
    if isinstance(value, bool) and is_flag:
        return Setting(value, origin)
    if isinstance(value, str) and not is_flag:
        return read_value(option, [value], origin)
    if isinstance(value, int | float) and not isinstance(value, bool) and option.type.takes_numbers:
        return read_value(option, [str(value)], origin)
    needed = "true or false" if is_flag else f"a text ({option.help})"
    raise UsageError(f"{origin}: {value!r:.60}: needs {needed}")


def _name(value: object, origin: str, what: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{origin}: {value!r:.60}: needs a text")
    try:
        return parse_name(value, what)
    except GrammarError as error:
        raise UsageError(f"{origin} {error}") from None
