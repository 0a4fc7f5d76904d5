"""What a run was asked to do, as plain values, and the part of it that makes two runs comparable."""

from __future__ import annotations

import hashlib
import json
import math
from enum import Enum
from pathlib import Path
from typing import Any

import attrs

from actors.secret import Secret
from sim.config.model import Config

WHERE_ONLY: dict[str, tuple[str, ...] | None] = {
    "output": None,
    "thresholds": None,
    "users": None,
    "target": (
        *("mcp_url", "nextcloud_url", "admin", "admin_password", "ca_file", "insecure", "assume_yes"),
        *("login_origins", "plain_http"),
    ),
    "login": ("driver", "browser", "headed", "client_id", "client_secret"),
    "load": ("seed", "share", "shards", "cluster", "on_lost"),
    "stories": ("files", "allow_violations"),
}
"""What `comparable_key` passes over, by part of the configuration (None: all of it).

That is where results go; how a run is judged; whose accounts and which address: two servers may be compared;
how one logs in before the load; the seed, since runs with different seeds are repetitions of one
experiment; and by how many processes the same crowd was driven. All else is in it, so that an option that
is new makes runs differ until it is said here.
Of a given server it is known only that it is no stand-in. Numbers of users stand in `load`.
"""


def config_json(config: Config) -> dict[str, Any]:
    """The whole configuration as JSON values, without secrets, and without where results go."""
    plain: dict[str, Any] = plain_value(config)
    del plain["output"]
    # The parts of several processes are those of one run.
    del plain["load"]["share"]
    del plain["users"]["listed"]
    return plain


def comparable_key(config: Config) -> str:
    """sha256 over the part of the configuration that has to be equal for a comparison to mean anything.

    Over compact JSON with sorted keys, of all but `WHERE_ONLY`, the names of workflow files (without their
    folders), and whether the server is the built-in stand-in.
    """
    plain = plain_value(config)
    for part, names in WHERE_ONLY.items():
        if names is None:
            del plain[part]
        else:
            plain[part] = {name: value for name, value in plain[part].items() if name not in names}
    plain["stories"]["files"] = [path.name for path in config.stories.files]
    plain["target"]["is_standin"] = config.target.is_standin
    if not config.target.is_standin:
        # Of a server that somebody else runs these say nothing.
        plain.pop("server_model")
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def plain_value(value: Any) -> Any:
    """A configuration as JSON values, without secrets."""
    match value:
        case Secret():
            return None
        case Enum():
            return value.value
        case Path():
            return str(value)
        case dict():
            return {str(key): plain_value(inner) for key, inner in value.items()}
        case list() | tuple():
            return [plain_value(inner) for inner in value]
        case float() if not math.isfinite(value):
            return str(value)
        case str() | int() | float() | bool() | None:
            return value
        case _ if attrs.has(type(value)) and "__str__" not in vars(type(value)):
            # What has a text of its own (a profile, a distribution, a threshold) is that text.
            return {
                field.name: plain_value(getattr(value, field.name))
                for field in attrs.fields(type(value))
                if field.name != "admin_password"
            }
        case _:
            return str(value)
