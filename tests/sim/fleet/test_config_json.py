"""A configuration goes to a shard whole, and shows nothing of itself where it cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.secret import Secret
from sim.cli.configured import make_config, read_settings
from sim.fleet.config_json import BadConfig, config_from_json, config_to_json
from sim.fleet.cut import split
from tests.sim.fleet.support import some_config


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 5))
def test_every_part_of_every_run_is_the_same_after_json(seed: int, k: int) -> None:
    for part in split(some_config(Random(seed)), k):
        assert config_from_json(json.loads(json.dumps(config_to_json(part)))) == part


def test_all_that_can_be_said_of_a_run_is_the_same_after_json(tmp_path: Path) -> None:
    (tmp_path / "accounts").write_text("one\tsecret\n")
    (tmp_path / "known.json").write_text('{"get_card": [{"card_id": 7, "with": {"x": [1, null]}}]}')
    said = {
        "url": "https://mcp.example.org/mcp", "region": ("eu=60%:rtt=20ms",),
        "profile": "spike:base=5,peak=50",
        "mix": "note_share=3,baseline=1", "think": "lognormal:2s,0.6", "seed": "12", "iterations": "9",
        "threshold": ("errors: rate<1% abort after 30s", "note_share.create_note{region:eu}: p(95)<500ms"),
        "accounts": str(tmp_path / "accounts"), "report": ("text:-",), "auth": "basic",
        "file_size": "64KiB", "yes": True, "tools": "get_card=2", "arguments": str(tmp_path / "known.json"),
    }  # fmt: skip
    config = make_config(read_settings(said, {}))
    config = attrs.evolve(
        config,
        target=attrs.evolve(config.target, admin_password=Secret("adm1n"), nextcloud_url="https://c.example"),
    )
    back = config_from_json(json.loads(json.dumps(config_to_json(config))))
    assert back == config
    assert back.target.admin_password.reveal() == "adm1n"


def test_tools_without_a_story_and_what_they_are_called_with_are_the_same_after_json(tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    known.write_text('{"nc_contacts_list": [{"addressbook": "contacts", "deep": {"n": [1, 2.5, null]}}]}')
    said = {"tools": "nc_contacts_list=2,nc_notes_search_notes=1", "arguments": str(known)}
    config = make_config(read_settings(said, {}))
    back = config_from_json(json.loads(json.dumps(config_to_json(config))))
    assert back == config
    assert str(back.stories.arguments) == str(config.stories.arguments) != ""


def test_what_the_standin_is_to_be_is_the_same_after_json() -> None:
    config = make_config(
        read_settings(
            {
                "virtual": True,
                "standin_fault": ("lost_update:5%",),
                "server_model": "servers=2,nc_notes_get_note=exp:10ms",
            },
            {},
        )
    )
    back = config_from_json(json.loads(json.dumps(config_to_json(config))))
    assert back == config
    assert back.standin_options.options.faults == config.standin_options.options.faults
    assert back.standin_options.origin == config.standin_options.origin


def test_what_is_no_configuration_is_refused_without_being_shown() -> None:
    plain = config_to_json(some_config(Random(1)))
    plain["target"]["admin_password"] = "s3cret"
    plain["load"]["seed"] = "s3cret"
    with pytest.raises(BadConfig) as refused:
        config_from_json(plain)
    assert "s3cret" not in str(refused.value)
    assert "seed" in str(refused.value)
    assert refused.value.__cause__ is None
    with pytest.raises(BadConfig):
        config_from_json({})
