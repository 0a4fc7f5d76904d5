"""`simulate cleanup` finishes what died, whatever else lies in its folder, and says what it left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors.secret import Secret
from sim.clean import command
from sim.clean.command import CleanupOptions
from sim.clean.ledger import open_ledger
from sim.clean.ledger_file import ledger_folder
from sim.runtime.exit import ExitCode
from tests.sim.clean.support import OTHER_MARK, email, head
from tests.support.fake_cloud import URL, FakeCloud, Row


@pytest.fixture
def cloud() -> FakeCloud:
    return FakeCloud()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = ledger_folder()
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def cleanup(cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ExitCode]:
    """The command, on the virtual clock, against the fake cloud."""

    def run(**more: Any) -> ExitCode:
        options = CleanupOptions(**({"host": URL, "admin": "admin", "admin_password": Secret("x")} | more))

        async def main(options: CleanupOptions) -> ExitCode:
            async with trio.open_nursery() as nursery:
                cloud.nursery = nursery
                with trio.fail_after(3600):
                    ended = await begin(options)
            return ended

        begin = command._run
        with monkeypatch.context() as patch:
            play = trio.run
            patch.setattr(command, "http_client", lambda *_: cloud.client())
            patch.setattr(
                trio, "run", lambda act, said: play(main, said, clock=MockClock(autojump_threshold=0))
            )
            return command.run(options)

    return run


@contextmanager
def alive(path: Path, *users: str, **more: Any) -> Iterator[None]:
    with open_ledger(head(**more), path) as ledger:
        for user in users:
            ledger.created("user", user)
        yield


def died(path: Path, *users: str, **more: Any) -> None:
    with alive(path, *users, **more):
        pass


def test_nothing_in_the_folder_keeps_another_ledger_from_being_worked_off(
    cloud: FakeCloud, folder: Path, cleanup: Callable[..., ExitCode], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a-corrupt.jsonl").write_text("{oops}\n")
    (folder / "b-binary.jsonl").write_bytes(bytes(range(256)))
    (folder / "c-newer.jsonl").write_text('{"run": {}, "version": 99}\n')
    (folder / "d-dangling.jsonl").symlink_to(folder / "nowhere")
    (folder / "e-folder.jsonl").mkdir()
    died(folder / "z.jsonl", "p_user_1")
    cloud.rows["p_user_1"] = Row(email("p_user_1"))
    assert cleanup() is ExitCode.LEFT_BEHIND
    assert cloud.rows == {}
    said = capsys.readouterr()
    for name in ("a-corrupt", "b-binary", "c-newer", "d-dangling", "e-folder"):
        assert sum(name in line for line in said.out.splitlines()) == 1
        assert name in said.err
    assert "Clean" not in said.out
    assert "Traceback" not in said.err


def test_the_ledger_of_a_run_stands_for_those_of_its_shards_also_where_it_has_gone_itself(
    cloud: FakeCloud, folder: Path, cleanup: Callable[..., ExitCode]
) -> None:
    users = {"run.copy-1": "p_user_1", "run.shard-2": "p_user_2", "run2.copy-1": "p_user_3"}
    for name, uid in users.items():
        died(folder / f"{name}.jsonl", uid)
        cloud.rows[uid] = Row(email(uid))
    assert cleanup(ledger=folder / "run.jsonl") is ExitCode.OK
    assert set(cloud.rows) == {"p_user_3"}
    assert [path.name for path in folder.iterdir()] == ["run2.copy-1.jsonl"]


def test_another_spelling_of_the_server_is_the_same_server(
    cloud: FakeCloud, folder: Path, cleanup: Callable[..., ExitCode], capsys: pytest.CaptureFixture[str]
) -> None:
    died(folder / "z.jsonl", "p_user_1", nextcloud_url="HTTP://Cloud.Test:80/index.php/")
    cloud.rows["p_user_1"] = Row(email("p_user_1"))
    assert cleanup() is ExitCode.OK
    assert cloud.rows == {}
    assert "Clean." in capsys.readouterr().out


def test_what_is_left_alone_is_said_and_nothing_is_called_clean_then(
    cloud: FakeCloud, folder: Path, cleanup: Callable[..., ExitCode], capsys: pytest.CaptureFixture[str]
) -> None:
    died(folder / "other.jsonl", "p_user_1", nextcloud_url="http://elsewhere.test")
    assert cleanup() is ExitCode.OK
    said = capsys.readouterr().out
    assert "elsewhere.test, left alone" in said
    assert "Clean" not in said
    assert cleanup(ledger=folder / "other.jsonl") is ExitCode.LEFT_BEHIND, "it was asked for by name"


def test_prefix_takes_only_marked_users_of_that_name_whom_no_living_run_holds(
    cloud: FakeCloud, folder: Path, cleanup: Callable[..., ExitCode], capsys: pytest.CaptureFixture[str]
) -> None:
    mine = {
        "LoadTest_user_1": Row(email("loadtest_user_1", OTHER_MARK)),
        "LoadTest_user_2": Row("loadtest_user_2@benchmark.local"),
        "LoadTest_user_7": Row("loadtest_user_7@mail.example"),
    }
    others = {
        "LoadTest_user_3": Row("loadtest_user_3@example.org"),
        "LoadTest_user_4": Row(None),
        "LoadTest_user_5_real": Row("loadtest_user_5_real@benchmark.local"),
        "LoadTest_user_6": Row(email("loadtest_user_6")),
        "myLoadTest_user_1": Row("myloadtest_user_1@benchmark.local"),
    }
    cloud.rows = {**mine, **others}
    with alive(folder / "living.jsonl", "loadtest_user_6", nextcloud_url=f"{URL}:80/"):
        assert cleanup(prefix="LoadTest", dry_run=True, mail_domain="mail.example") is ExitCode.OK
        assert set(cloud.rows) == {*mine, *others}
        assert cleanup(prefix="LoadTest", mail_domain="mail.example") is ExitCode.OK
    assert set(cloud.rows) == set(others)
    assert "LoadTest_user_6: a run that is still alive" in capsys.readouterr().out


def test_a_dead_ledger_does_not_take_the_nameless_user_of_a_living_run(
    cloud: FakeCloud, folder: Path, cleanup: Callable[..., ExitCode]
) -> None:
    with open_ledger(head(), folder / "dead.jsonl") as ledger:
        ledger.intend("user", "p_user_1")
    cloud.rows["p_user_1"] = Row(None)
    with alive(folder / "living.jsonl", "p_user_1"):
        assert cleanup() is ExitCode.LEFT_BEHIND
    assert "p_user_1" in cloud.rows


def test_a_dry_run_deletes_nothing_anywhere(
    cloud: FakeCloud, folder: Path, cleanup: Callable[..., ExitCode], capsys: pytest.CaptureFixture[str]
) -> None:
    died(folder / "dead.jsonl", "p_user_1")
    died(folder / "passing.jsonl", "p_user_2", passing=True)
    (folder / "empty.jsonl").touch()
    (folder / "gone.jsonl.oauth.secret").touch()
    precious = folder.parent / "precious.txt"
    precious.write_text("precious\n")
    cloud.rows["p_user_1"] = Row(email("p_user_1"))
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert cleanup(dry_run=True) is ExitCode.OK
    assert cleanup(dry_run=True, ledger=precious) is ExitCode.LEFT_BEHIND
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert precious.read_text() == "precious\n"
    assert "p_user_1" in cloud.rows
    assert "would remove user p_user_1" in capsys.readouterr().out
    assert cleanup() is ExitCode.OK
    assert list(folder.iterdir()) == [], "and in earnest it leaves nothing, secrets included"
    assert cloud.rows == {}


def test_each_thing_that_is_left_is_named_with_its_reason(
    cloud: FakeCloud, folder: Path, cleanup: Callable[..., ExitCode], capsys: pytest.CaptureFixture[str]
) -> None:
    died(folder / "dead.jsonl", "p_user_1", "p_user_2")
    cloud.rows = {name: Row(email(name)) for name in ("p_user_1", "p_user_2")}
    cloud.deaths = ["html"] * 99
    assert cleanup() is ExitCode.LEFT_BEHIND
    said = capsys.readouterr().err
    for name in cloud.rows:
        assert f"user {name} (deleting" in said or f"user {name} (HTTP 200" in said
    assert (folder / "dead.jsonl").exists()


def test_verbose_tells_of_each_thing(
    cloud: FakeCloud, folder: Path, cleanup: Callable[..., ExitCode], capsys: pytest.CaptureFixture[str]
) -> None:
    died(folder / "dead.jsonl", "p_user_1")
    cloud.rows = {"p_user_1": Row(email("p_user_1"))}
    assert cleanup(verbose=True) is ExitCode.OK
    assert "removed user p_user_1" in capsys.readouterr().out
