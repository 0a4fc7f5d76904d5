"""What is wrong on the command line is one line that points at the place, and code 2."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from sim.cli.main import execute

BAD = [
    # (argv, what the line must say)
    ("--users -1", "--users '-1': a number cannot be negative"),
    ("--users 0", "--users '0': a number must be at least 1"),
    ("--users 2.5", "whole number"),
    ("--users ٣", "--users '٣'"),
    ("--users ''", "no number given"),
    ("--users 99999999", "too large"),
    ("--users", "--users: no value"),
    ("--usres 5", "did you mean '--users'?"),
    ("--duration 0", "longer than 0"),
    ("--duration nan", "'nan'"),
    ("--duration inf", "'inf'"),
    ("--duration 1e3", "'1e3'"),
    ("--duration -5s", "cannot be negative"),
    ("--duration 5s5s", "(at character 3)"),
    ("--duration 5m3", "no unit after '3' (us, ms, s, m, h or d) (at character 3)"),
    ("--duration 999d", "too long"),
    ("--duration 5x", "'5x' is no duration"),
    ("--stage 30:", "--stage '30:': no number of users after ':' (at character 4)"),
    ("--stage 30s", "no ':' and number of users"),
    ("--stage 30s:-5", "cannot be negative (at character 5)"),
    ("--stage 30s:5,,10s:3", "no stage given (it reads DURATION:TARGET) (at character 7)"),
    ("--stage 30s:5/s", "'5/s' is no number"),
    ("--stage 0s:5", "take no time"),
    ("--stage 10s:0", "every target is 0"),
    ("--stage 10s:99999999", "too large (at most 1000000) (at character 5)"),
    ("--stage 10s:2 --stage 5q:3", "(at character 7)"),
    ("--stage ''", "no stage given"),
    ("--arrivals 2m:20", "has no unit"),
    ("--arrivals 2m:20/d", "'d' is no unit of a rate of arrivals"),
    ("--arrivals 2m:20/", "no unit after '/'"),
    ("--arrivals 1s:1/h", "less than one arrival"),
    ("--arrivals 2m:9999999/s", "too large"),
    ("--profile spkie:base=5,peak=50", "did you mean 'spike'?"),
    ("--profile spike:base=5", "spike needs 'peak=' (at character 13)"),
    ("--profile spike:base=5,paek=50", "did you mean 'peak'? (at character 14)"),
    ("--profile spike:base=5,base=6,peak=7", "stands here twice (at character 14)"),
    ("--profile spike:base=5,peak=", "no value after 'peak='"),
    ("--profile spike:base=5/s,peak=7", "'7' has no unit"),
    ("--profile steps:to=5,times=0", "at least 1"),
    ("--profile constant", "constant needs 'at='"),
    ("--profile breakpoint:to=50/s", "nothing can break"),
    ("--profile breakpoint:to=50", "has no unit"),
    ("--tools ''", "no name of a tool"),
    ("--tools a=1,,b=1", "no name of a tool (at character 5)"),
    ("--tools a=1,a=2", "'a' stands here twice (at character 5)"),
    ("--tools a=", "no value after 'a='"),
    ("--tools a=x", "'x' is no number"),
    ("--tools a=0", "no tool has a weight above zero"),
    ("--tools 'a b=1'", "'a b' is no name of a tool"),
    ("--tools-may-write", "this is for --tools, and none are said"),
    ("--arguments /dev/null", "this is for --tools, and none are said"),
    ("--tools a --arguments /nowhere", "no such file"),
    ("--tools a --threshold 'tools.b: p(95)<1s'", "no step 'b'"),
    ("--standin-fault bogus:1", "'bogus' is no fault; there are: stale_read, lost_update"),
    ("--standin-fault cuts:1", "did you mean 'cut'?"),
    ("--standin-fault cut", "no probability (it reads cut:0.1)"),
    ("--standin-fault cut:", "no probability"),
    ("--standin-fault cut:2", "too large (at most 1) (at character 5)"),
    ("--standin-fault cut:120%", "above 100% (at character 5)"),
    ("--standin-fault cut:0.1:3s", "takes nothing after its probability (at character 9)"),
    ("--standin-fault hang:0.1:x", "(at character 10)"),
    ("--standin-fault latency:1:exp:3s", "latency is a duration or lognormal"),
    ("--think exp:", "no duration given (at character 5)"),
    ("--think exp:0", "longer than 0"),
    ("--think gauss:2s", "'gauss' is no distribution"),
    ("--think uniform:3s-1s", "the lower bound is above the upper one"),
    ("--think uniform:3s", "no '-' in it"),
    ("--think lognormal:2s", "no ',' in it"),
    ("--think lognormal:2s,99", "sigma is too large"),
    ("--think lognormal:2s,nan", "'nan' is no number for sigma (at character 14)"),
    ("--region eu", "no share of the users"),
    ("--region eu=60", "'60' has no '%'"),
    ("--region eu=160%", "above 100%"),
    ("--region eu=60%:rtt=fast", "'fast' is no rtt"),
    ("--region eu=60%:rttt=20ms", "did you mean 'rtt'? (at character 8)"),
    ("--region eu=60%:rtt=20ms,jitter=30ms", "jitter is larger than rtt"),
    ("--region eu=60%:loss=100%", "nothing would ever arrive"),
    ("--region eu=60% --region eu=10%", "region 'eu' stands here twice"),
    ("--region eu=60% --region ap=50%", "add up to 110%"),
    ("--region =60%", "no name of a region"),
    ("--threshold 'p(95)<5'", "no ':' after what is measured"),
    ("--threshold 'note_share: p(95)'", "no comparison"),
    ("--threshold 'note_share:'", "no limit after ':'"),
    ("--threshold 'note_share: p(195)<1s'", "between 0 and 100 (at character 15)"),
    ("--threshold 'note_share: p95<1s'", "'p95' is no aggregate"),
    ("--threshold 'errors: rate<5'", "'5' bounds no rate"),
    ("--threshold 'errors: rate<'", "no bound after the comparison"),
    ("--threshold 'errors: rate<1% abort after x'", "'x' is no duration"),
    ("--threshold 'note_share{zone:eu}: med<1s'", "'zone:eu' is no selector"),
    ("--threshold 'note_share{region:eu: med<1s'", "never closed by"),
    ("--threshold 'note_share{region:eu}: med<1s'", "no region 'eu'"),
    ("--threshold 'note_share{group:x}: med<1s'", "no group 'x'"),
    ("--threshold 'note_shar: med<1s'", "did you mean 'note_share'?"),
    ("--threshold 'lost_update: count==0'", "did you mean 'lost_updates'?"),
    ("--mix baseline=1 --threshold 'note_share: med<1s'", "no workflow in the mix"),
    ("--threshold 'note_share.share_not: med<1s'", "no step 'share_not'; did you mean"),
    ("--threshold 'errors.share: rate<1%'", "errors has no steps"),
    ("--threshold 'errors: p(95)<1s'", "errors has no p in this unit (errors: rate<1%)"),
    ("--threshold 'lateness: rate<1%'", "lateness has no rate in this unit"),
    ("--region eu=100% --threshold 'dropped{region:eu}: count==0'", "not known by group or region"),
    ("--threshold 'dropped: count==0'", "users who start by themselves have none; say --arrivals"),
    ("--stage 9s:5 --threshold 'dropped: rate<1% abort'", "say --arrivals"),
    ("--profile breakpoint:to=50/s --threshold 'errors: rate<1%'", "nothing can break"),
    ("--threshold 'calls: p(95)<500'", "did you mean 500ms or 500s? (at character 14)"),
    ("--threshold 'calls: max<1s abort after 30'", "did you mean 30ms or 30s?"),
    ("--region eu=100%:rtt=20", "did you mean 20ms or 20s?"),
    ("--think exp:2", "did you mean 2ms or 2s?"),
    ("--standin-fault stale_read:1:3", "did you mean 3ms or 3s?"),
    ("--profile spike:", "spike takes base=, peak=, before=, rise=, for=; spike needs 'base=' and 'peak='"),
    ("--output no/such/run.json", "there is no directory"),
    ("--output same --ledger same", "are the same file"),
    ("standin --port 99999", "standin: --port '99999': a port is too large"),
    ("--mix note_share", "is no WORKFLOW=VALUE"),
    ("--mix note_share=0", "no workflow has a weight above zero"),
    ("--mix note_shar=1", "did you mean 'note_share'?"),
    ("--mix note_share=1 --workload baseline", "leave one out"),
    ("--file-size 4XB", "'XB' is no unit of a size"),
    ("--file-size 1.5", "no whole number of bytes"),
    ("--file-size -1", "negative"),
    ("--workload mxied", "did you mean 'mixed'?"),
    ("--pacing random", "'random' is no pacing"),
    ("--seed -1", "negative"),
    ("--iterations 0", "at least 1"),
    ("--call-timeout 0", "longer than 0"),
    ("--max-lag 0", "longer than 0"),
    ("--setup-concurrency 0", "at least 1"),
    ("--url example.org/mcp", "it starts with http:// or https://"),
    ("--url ftp://example.org", "it starts with http:// or https://"),
    ("--url http://", "no valid URL"),
    ("--url http://h:99999/", "no valid URL"),
    ("--url http://h/mcp?x=1", "(at character 13)"),
    ("--url http://127.0.0.1:8001/mcp", "Set NEXTCLOUD_HOST"),
    ("--user-prefix 'a b'", "not usable in a Nextcloud user name"),
    ("--user-prefix ''", "not usable in a Nextcloud user name"),
    ("--user-prefix " + "x" * 60, "at most 48"),
    ("--headed --login http", "no browser to show"),
    ("--browser lynx", "'lynx' is no browser"),
    ("--users 1", "--users 1: workflow 'note_share' needs 2 users"),
    ("--stage 30s:1", "--stage 1: workflow 'note_share' needs 2 users"),
    ("--users 5 --stage 30s:5", "leave --users out"),
    ("--duration 5 --stage 30s:5", "leave one out"),
    ("--stage 30s:5 --arrivals 30s:5/s", "leave one out"),
    ("--output /", "is a directory"),
    ("--output /no/such/dir/run.json", "there is no directory '/no/such/dir'"),
    ("--ledger /no/such/dir/ledger", "--ledger: '/no/such/dir/ledger'"),
    ("--accounts /no/such/file", "no such file or directory"),
    ("--scenario /no/such/file", "no such file or directory"),
    ("--workflows /no/such/file.py", "no such file or directory"),
    ("--ca-file /", "is a directory"),
    ("--quiet --verbose", "not together"),
    ("--virtual --url http://127.0.0.1/mcp", "virtual run has no server"),
    ("--virtual --login http", "nobody logs in"),
    ("--server-model servers=0 --virtual", "at least 1"),
    ("--server-model servers=2", "add --virtual"),
    ("--server-model service=exp:x --virtual", "'x' is no duration"),
    ("--standin-option prot=1", "no option 'prot'; did you mean 'port'?"),
    ("--standin-option port", "port wants a value: port=N"),
    ("--standin-option port=x", "port 'x': 'x' is no number"),
    ("--standin-option basic=perhaps", "basic 'perhaps': neither yes nor no"),
    ("--standin-option creation_failures=2", "creation_failures '2'"),
    ("--standin-option language=nl", "--standin-option: 'language' must be in"),
    ("--standin-option admin_password=x", "no option 'admin_password'"),
    ("--client tls", "'tls' is no client"),
    ("--cleanup=no", "--cleanup: takes no value"),
    ("clenup", "did you mean 'cleanup'?"),
    ("--users 5 cleanup", "say it after the command (cleanup)"),
    ("cleanup", "Set NEXTCLOUD_HOST"),
    ("cleanup -v", "Set NEXTCLOUD_HOST"),
    ("cleanup --prefix 'a/b'", "not usable in a Nextcloud user name"),
    ("profile --stage 5s", "--stage '5s'"),
    ("standin --token-ttl x", "standin: --token-ttl 'x'"),
    ("schema now", "unexpected extra argument"),
]


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NEXTCLOUD_HOST", "NEXTCLOUD_USERNAME", "NEXTCLOUD_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


def refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line with which it was refused."""
    code = execute(argv)
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert err.startswith("simulate: ")
    assert err.count("\n") == 1 and err.endswith("\n")
    assert err[:-1].isprintable()
    return err[:-1]


@pytest.mark.parametrize(("line", "said"), BAD, ids=[line for line, _ in BAD])
def test_a_bad_text_is_refused_in_one_line_that_points_at_the_place(
    line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said.lower() in refused(shlex.split(line), capsys).lower()


@pytest.mark.parametrize(
    "argv", [["--client-secret=hush"], ["--client-secret", "hush"], ["--password", "hush"]]
)
def test_a_secret_in_the_arguments_is_refused_and_not_repeated(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(argv, capsys)
    assert "in the environment" in line
    assert "hush" not in line


@pytest.mark.parametrize(
    "url", ["http://me:hush@example.org/mcp", "me:hush@example.org", "http://[me:hush@h/"]
)
def test_a_password_in_a_url_is_refused_and_not_repeated(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(["--url", url], capsys)
    assert "credentials do not belong" in line
    assert "hush" not in line


def test_a_host_without_its_admins_password_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEXTCLOUD_HOST", "http://127.0.0.1:8080")
    assert "NEXTCLOUD_PASSWORD" in refused([], capsys)


def test_a_bad_word_in_the_environment_is_named_by_its_variable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMULATE_STAGE", "30:")
    assert "SIMULATE_STAGE '30:': no number of users" in refused([], capsys)


def test_a_stranger_host_is_not_loaded_unasked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEXTCLOUD_HOST", "https://cloud.example.org")
    monkeypatch.setenv("NEXTCLOUD_PASSWORD", "hush")
    line = refused(["--url", "https://mcp.example.org/mcp", "--users", "7"], capsys)
    for fact in ("mcp.example.org", "cloud.example.org", "7 users", "loadtest_user_1", "'admin'", "--yes"):
        assert fact in line
    assert "hush" not in line


def test_an_output_path_is_checked_without_being_written(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    assert execute(["--dry-run", "--output", str(path)]) == 0
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "hint"), [("SIMULATE_USER", "SIMULATE_USERS?"), ("SIMULATE_FROBNICATE", "--help")]
)
def test_a_misspelt_variable_is_not_passed_over(
    name: str, hint: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "5")
    line = refused([], capsys)
    assert name in line and hint in line


@pytest.mark.parametrize("argv", [[], ["doctor"]])
@pytest.mark.parametrize("name", ["NEXTCLOUD_PASSWORD", "NEXTCLOUD_USERNAME"])
def test_an_account_without_a_host_does_not_drive_the_stand_in(
    name: str, argv: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "hush")
    line = refused(argv, capsys)
    assert name in line and "NEXTCLOUD_HOST" in line and "hush" not in line


def test_a_file_of_workflows_that_cannot_be_read_as_python_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "flows.py"
    path.write_text("def (\n")
    assert "SyntaxError" in refused(["--workflows", str(path)], capsys)
