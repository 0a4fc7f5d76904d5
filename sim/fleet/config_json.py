"""A configuration as JSON, whole, and back: with its secrets, so it travels under TLS alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import cattrs

from actors.secret import Secret
from sim.config.grammar.shapes import ClosedProfile, OpenProfile, Profile
from sim.config.model import Config
from sim.config.standin_words import StandinWords

OPEN = "arrivals"
CLOSED = "users"


class BadConfig(ValueError):
    """It is none; the text, which shows nothing of it, says where."""


def config_to_json(config: Config) -> dict[str, Any]:
    """Plain values, as JSON has them; secrets are in the clear."""
    plain: dict[str, Any] = json.loads(json.dumps(_converter().unstructure(config)))
    return plain


def config_from_json(document: Mapping[str, Any]) -> Config:
    """What `config_to_json` was given. Raises BadConfig."""
    try:
        return _converter().structure(document, Config)
    except (cattrs.BaseValidationError, ValueError, TypeError, KeyError) as error:
        # Not chained: values would stand in it, and some are secrets.
        places = cattrs.transform_error(
            error, path="config", format_exception=lambda *_: "not as it should be"
        )
        raise BadConfig("; ".join(places[:3])) from None


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_unstructure_hook(Secret, Secret.reveal)
    converter.register_structure_hook(Secret, lambda value, _: Secret(str(value)))
    converter.register_unstructure_hook(Path, str)
    converter.register_structure_hook(Path, lambda value, _: Path(str(value)))
    converter.register_unstructure_hook(
        StandinWords, lambda words: {"words": [*words], "origin": words.origin}
    )
    converter.register_structure_hook(
        StandinWords, lambda value, _: StandinWords(map(str, value["words"]), str(value["origin"]))
    )

    def profile_to_json(profile: Profile) -> dict[str, Any]:
        name = OPEN if isinstance(profile, OpenProfile) else CLOSED
        plain = {field.name: getattr(profile, field.name) for field in attrs.fields(type(profile))}
        return {name: converter.unstructure(plain)}

    def profile_from_json(value: dict[str, Any], _: Any) -> Profile:
        ((name, plain),) = value.items()
        if name == OPEN:
            return converter.structure(plain, OpenProfile)
        return converter.structure(plain, ClosedProfile)

    converter.register_unstructure_hook_func(
        lambda kind: kind in (Profile, OpenProfile, ClosedProfile), profile_to_json
    )
    converter.register_structure_hook_func(lambda kind: kind == Profile, profile_from_json)
    return converter
