"""The table of options: what is asked for by a name exists, and has the type that it says."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any

import attrs
import pytest

from sim.cli.configured import make_config, read_settings
from sim.config.layers import Setting
from sim.config.merged import Merged
from sim.config.model import Config, Load, StandinWords, StoryOptions, Target
from sim.config.option import option_of, rows_of
from sim.config.options import OPTIONS, PARTS, STAGE, USERS, find
from sim.config.usage import UsageError

ROWS = [(part, field) for part in PARTS for field, _ in rows_of(part)]


def test_no_two_options_have_one_name_switch_or_variable() -> None:
    for of in (lambda o: o.name, lambda o: o.switch, lambda o: o.environment):
        assert len({of(option) for option in OPTIONS}) == len(OPTIONS)
    letters = [option.short for option in OPTIONS if option.short]
    assert len(set(letters)) == len(letters)


def test_every_part_of_a_run_may_have_rows() -> None:
    parts = {kind for kind in typing.get_type_hints(Config).values() if attrs.has(kind)}
    assert {part for part in (*parts, Config) if list(rows_of(part))} <= set(PARTS)


@pytest.mark.parametrize(("part", "field"), ROWS, ids=[f"{part.__name__}.{field}" for part, field in ROWS])
def test_what_nobody_says_is_the_field_as_its_class_has_it(part: type[Any], field: str) -> None:
    option = dict(rows_of(part))[field]
    assert getattr(attrs.fields(part), field).default == option.default
    merged = Merged({} if option.says_nothing else {option.name: Setting(option.default, "default")})
    assert merged[option] == option.default


@pytest.mark.parametrize("option", OPTIONS, ids=[option.name for option in OPTIONS])
def test_a_default_reads_back_as_the_same_value(option: Any) -> None:
    if option.says_nothing or option.secret:
        return
    shown = option.type.show(option.default)
    assert option.type.parse(str(shown)) == option.default


def test_a_name_that_there_is_not_is_an_error_wherever_it_is_asked_for() -> None:
    with pytest.raises(KeyError):
        find("typo")
    with pytest.raises(AttributeError):
        _ = attrs.fields(StoryOptions).typo  # type: ignore[attr-defined]
    with pytest.raises(KeyError):
        option_of(attrs.fields(Load).groups)


def test_a_crowd_that_a_shape_has_taken_the_place_of_is_asked_for_in_vain() -> None:
    merged = read_settings({"stage": ("5s:3",)}, {})
    assert merged[STAGE] is not None
    assert merged.get(USERS) is None
    with pytest.raises(KeyError):
        _ = merged[USERS]


def test_an_error_names_where_the_option_was_said(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("insecure = true")
    insecure = attrs.fields(Target).insecure
    for flags, around, origin in (
        ({"insecure": True}, {}, "--insecure: no"),
        ({}, {"SIMULATE_INSECURE": "yes"}, "SIMULATE_INSECURE: no"),
        ({"scenario": str(path)}, {}, f"{path}: insecure: no"),
    ):
        assert str(read_settings(flags, around).error(insecure, "no")) == origin


def test_the_words_for_the_stand_in_are_read_once_and_before_the_run() -> None:
    config = make_config(
        read_settings({"standin_option": ("token_ttl=3s",), "standin_fault": ("cut:0.2",)}, {})
    )
    assert tuple(config.standin_options) == ("fault=cut:0.2", "token_ttl=3s")
    assert config.standin_options.options is config.standin_options.options
    assert config.standin_options.options.token_ttl_s == 3
    assert StandinWords().options.token_ttl_s == 900
    with pytest.raises(UsageError, match=r"^SIMULATE_STANDIN_OPTION: no option 'x'"):
        make_config(read_settings({}, {"SIMULATE_STANDIN_OPTION": "x=1"}))
