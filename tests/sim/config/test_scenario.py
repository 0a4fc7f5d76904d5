"""Scenario files: what they say, what is refused, what wins, and that a dry run can be fed back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sim.cli.configured import make_config, read_settings
from sim.cli.main import execute
from sim.config.grammar.shapes import ClosedProfile, OpenProfile
from sim.config.model import Casting, Config
from sim.config.usage import UsageError

SHARING_FRIDAY = """
duration = "5m"
warmup = 10
threshold = ["note_share{group:editors}: p(95)<500ms"]
region = ["eu=60%:rtt=20ms", "ap=40%:rtt=220ms"]

[[group]]
name = "editors"
stage = ["30s:20", "2m:20"]
mix = "collaborative_edit=1"
think = "exp:2s"
region = "ap"

[[group]]
name = "readers"
users = 30
workload = "sharing"

[[group]]
name = "arrivals"
arrivals = "1m:5/s"
users = 8
"""


def config_of(flags: dict[str, object], environment: dict[str, str] | None = None) -> Config:
    return make_config(read_settings(flags, environment or {}))


def scenario(tmp_path: Path, text: str) -> str:
    path = tmp_path / "friday.toml"
    path.write_text(text)
    return str(path)


def test_groups_have_their_own_shape_mix_pauses_and_region(tmp_path: Path) -> None:
    config = config_of({"scenario": scenario(tmp_path, SHARING_FRIDAY)})
    editors, readers, arrivals = config.load.groups
    assert (editors.users, editors.mix, str(editors.think), editors.region) == (
        20,
        {"collaborative_edit": 1.0},
        "exp:2s",
        "ap",
    )
    assert readers.profile == ClosedProfile.constant(30, 300.0)
    assert readers.mix == {"note_share": 70, "file_share": 30}
    assert isinstance(arrivals.profile, OpenProfile)
    assert config.users.count == 58
    assert config.load.warmup_s == 10


def test_a_workflow_needs_its_users_within_the_group_that_leads_it_unless_all_are_cast(
    tmp_path: Path,
) -> None:
    one = "[[group]]\nname='{}'\nusers={}\nmix='note_share=1'\n{}\n"
    config = config_of(
        {"scenario": scenario(tmp_path, one.format("a", 2, "") + one.format("b", 1, "cast='all'"))}
    )
    assert [group.cast for group in config.load.groups] == [Casting.GROUP, Casting.ALL]
    with pytest.raises(UsageError, match=r"group 'b' has 1 users, .* needs 2, .* or cast = .all."):
        config_of({"scenario": scenario(tmp_path, one.format("a", 2, "") + one.format("b", 1, ""))})


BAD = [
    ("userz = 5", "friday.toml: userz: no such key; did you mean 'users'?"),
    ('users = "x"', "friday.toml: users 'x'"),
    ("users = true", "friday.toml: users: True: needs a text"),
    ("users = 2.5", "whole number"),
    ("users = -3", "negative"),
    ("duration = nan", "friday.toml: duration 'nan'"),
    ('duration = "5 parsecs"', "friday.toml: duration '5 parsecs'"),
    ("cleanup = 1", "needs true or false"),
    ("region = [5]", "a list of texts is needed"),
    ("stage = []", "a list of texts is needed"),
    ("think = []", "needs a text"),
    ("nextcloud_password = 'x'", "no such key"),
    ("yes = true", "no such key"),
    ("users = ", "friday.toml: Invalid value"),
    ("users = 5\nusers = 6", "Cannot overwrite"),
    ("group = 5", "groups are written as [[group]]"),
    ("[[group]]\nname='a'", "friday.toml: group[0]: no users, stage, arrivals or profile"),
    ("[[group]]\nusers=3", "friday.toml: group[0]: no name"),
    (
        "[[group]]\nname='a'\nusers=3\nthimk='5s'",
        "friday.toml: group[0].thimk: no such key; did you mean 'think'?",
    ),
    ("[[group]]\nname='a'\nusers=3\nthink='exp:'", "friday.toml: group[0].think 'exp:': no duration given"),
    ("[[group]]\nname='a'\nusers=3\nregion='eu'", "group[0].region: no region 'eu'"),
    (
        "[[group]]\nname='a'\nusers=3\n[[group]]\nname='a'\nusers=3",
        "group[1].name 'a': another group has this name",
    ),
    ("[[group]]\nname='a b'\nusers=3", "'a b' is no name of a group"),
    ("[[group]]\nname='a'\nusers=3\nstage='5s:3'", "the shape says how many users there are"),
    ("users=9\n[[group]]\nname='a'\nusers=3", "the groups of"),
    ("stage='5s:3'\nduration=5", "leave one out"),
]


@pytest.mark.parametrize(("text", "said"), BAD, ids=[text for text, _ in BAD])
def test_a_bad_file_is_refused_with_its_name_the_key_and_the_nearest_one(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["--scenario", scenario(tmp_path, text)]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_flags_win_over_the_environment_which_wins_over_the_file_which_wins_over_defaults(
    tmp_path: Path,
) -> None:
    path = scenario(tmp_path, "users = 5\nwarmup = 6\ngrace = 7\n")
    config = config_of(
        {"scenario": path, "users": "50"},
        {"SIMULATE_USERS": "500", "SIMULATE_WARMUP": "60", "SIMULATE_QUIET": "yes"},
    )
    assert config.users.count == 50
    assert config.load.warmup_s == 60
    assert config.load.grace_s == 7
    assert config.load.call_timeout_s == 30
    assert config.output.quiet


def test_a_shape_takes_the_place_of_what_weaker_sources_say_of_another(tmp_path: Path) -> None:
    path = scenario(tmp_path, "stage = '30s:50'\nmix = 'baseline=1'\n")
    config = config_of({"scenario": path, "duration": "9", "users": "4", "workload": "sharing"})
    assert config.load.groups[0].profile == ClosedProfile.constant(4, 9.0)
    assert config.load.groups[0].mix == {"note_share": 70, "file_share": 30}


def test_without_words_a_run_is_as_the_older_tool_had_it() -> None:
    config = config_of({})
    assert config.target.is_standin
    assert config.users.count == 2
    assert config.users.prefix == "loadtest"
    assert config.load.groups[0].profile == ClosedProfile.constant(2, 30.0)
    assert config.load.warmup_s == 5
    assert str(config.load.groups[0].think) == "50ms"


def test_a_host_without_a_url_means_the_usual_one() -> None:
    config = config_of({}, {"NEXTCLOUD_HOST": "http://localhost:8080/", "NEXTCLOUD_PASSWORD": "hush"})
    assert config.target.mcp_url == "http://localhost:8001/mcp"
    assert config.target.nextcloud_url == "http://localhost:8080"
    assert config.target.admin_password.reveal() == "hush"
    assert "hush" not in repr(config)


def test_accounts_that_exist_need_no_admin(tmp_path: Path) -> None:
    path = tmp_path / "accounts"
    path.write_text("alice secret\n")
    config = config_of({"url": "http://127.0.0.1:8001/mcp", "accounts": str(path)})
    assert config.target.nextcloud_url is None


def test_a_server_that_was_assumed_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assumed = "# The MCP server is taken to be http://localhost:8001/mcp"
    monkeypatch.setenv("NEXTCLOUD_HOST", "http://localhost:8080")
    monkeypatch.setenv("NEXTCLOUD_PASSWORD", "hush")
    assert execute(["--dry-run"]) == 0
    assert capsys.readouterr().out.startswith(assumed)
    assert execute(["--dry-run", "--url", "http://localhost:8002/mcp"]) == 0
    assert assumed not in capsys.readouterr().out


def test_a_threshold_on_what_was_dropped_needs_arrivals(tmp_path: Path) -> None:
    limit = {"threshold": ("dropped: count==0",)}
    assert config_of({"arrivals": "9s:5/s", **limit}).thresholds
    one = "[[group]]\nname='a'\nusers=3\n[[group]]\nname='b'\nusers=3\narrivals='9s:5/s'\n"
    assert config_of({"scenario": scenario(tmp_path, one), **limit}).thresholds
    with pytest.raises(UsageError, match="--arrivals"):
        config_of(limit)


def test_a_seed_is_drawn_when_none_is_said() -> None:
    assert len({config_of({}).load.seed for _ in range(4)}) > 1
    assert config_of({"seed": "7"}).load.seed == 7


def test_who_asks_to_see_the_browser_gets_one() -> None:
    assert config_of({"headed": True}).login.driver == "browser"


def test_iterations_end_a_run_instead_of_its_default_duration() -> None:
    assert config_of({"iterations": "100"}).load.groups[0].profile.duration_s == 86_400
    assert config_of({"iterations": "100", "duration": "5"}).load.groups[0].profile.duration_s == 5


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["--stage", "10s:20", "--stage", "5s:0", "--think", "lognormal:2s,0.6"],
        ["--arrivals", "2m:20/s", "--pacing", "even", "--region", "eu=60%:rtt=20ms,loss=0.5%"],
        ["--profile", "breakpoint:to=50/s", "--threshold", "errors: rate<1% abort"],
        ["--virtual", "--server-model", "servers=2,service=lognormal:30ms,0.5,x=exp:1ms"],
        ["--mix", "note_share=3,baseline=1", "--no-cleanup", "--file-size", "64KiB", "--iterations", "5"],
        ["--scenario"],
    ],
    ids=" ".join,
)
def test_what_a_dry_run_prints_can_be_fed_back(
    argv: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if argv == ["--scenario"]:
        argv = ["--scenario", scenario(tmp_path, SHARING_FRIDAY)]
    assert execute([*argv, "--dry-run"]) == 0
    first = capsys.readouterr().out
    again = tmp_path / "again.toml"
    again.write_text(first)
    assert execute(["--scenario", str(again), "--dry-run"]) == 0
    assert capsys.readouterr().out == first


def test_a_dry_run_prints_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEXTCLOUD_HOST", "http://localhost:8080")
    monkeypatch.setenv("NEXTCLOUD_PASSWORD", "hush1")
    monkeypatch.setenv("SIMULATE_CLIENT_SECRET", "hush2")
    assert execute(["--dry-run", "--client-id", "me"]) == 0
    out = capsys.readouterr().out
    assert 'client_id = "me"' in out
    assert "hush" not in out


def test_the_schema_knows_every_key_that_the_reader_knows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    with pytest.raises(UsageError) as refused:
        config_of({"scenario": scenario(tmp_path, "qqqq = 1")})
    known = re.findall(r"[a-z_]+", str(refused.value).partition("there are: ")[2])
    assert sorted(schema["properties"]) == sorted(known)
    assert "nextcloud_password" not in known
    assert schema["additionalProperties"] is False


def test_a_breakpoint_run_knows_what_it_seeks() -> None:
    config = config_of({"profile": "breakpoint:to=50/s", "threshold": ("errors: rate<1% abort",)})
    profile = config.load.groups[0].profile
    assert isinstance(profile, OpenProfile) and profile.breakpoint
    assert config.thresholds[0].aborts


def test_a_mark_of_byte_order_at_the_beginning_is_no_part_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbfusers = 5\r\nworkload = 'baseline'\r\n")
    assert execute(["--scenario", str(path), "--dry-run"]) == 0
