"""Settings as a scenario file that says the same."""

from __future__ import annotations

from typing import Any

from sim.config.merged import Merged
from sim.config.option import Option
from sim.config.option_types import TomlValue
from sim.config.options import OPTIONS, find


def as_toml(merged: Merged) -> str:
    """The settings as a scenario file, without secrets and what is no part of one."""
    lines = [
        f"{option.name} = {_toml(option, merged.settings[option.name].value)}"
        for option in OPTIONS
        if option.filed and option.name in merged.settings
    ]
    for group in merged.groups:
        lines += ["", "[[group]]", f"name = {quoted(group.name)}"]
        lines += [f"region = {quoted(group.region)}"] if group.region is not None else []
        lines += [f"{name} = {_toml(find(name), said.value)}" for name, said in group.settings.items()]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A TOML basic string (TOML 1.0, section String)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in escaped) + '"'


def _toml(option: Option[Any], value: Any) -> str:
    if option.many:
        return "[" + ", ".join(_scalar(option.type.show(item)) for item in value) + "]"
    return _scalar(option.type.show(value))


def _scalar(value: TomlValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else str(value)
