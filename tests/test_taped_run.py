"""Runs against a stand-in that serves a recording."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.cli.main import execute
from tests.support.tapes import boards

FLOW = '''
from workflows import Role, Scene, has, workflow


@workflow(
    steps={
        "create_board": "deck_create_board",
        "list_boards": "deck_get_boards",
        "create_card": "deck_create_card",
        "share_board": "deck_share_board",
        "read_card": "deck_get_card",
        "update_card": "deck_update_card",
        "delete_board": "deck_delete_board",
    }
)
async def board_shared(scene: Scene, alice: Role, bob: Role) -> None:
    """Alice shares a board with Bob, who changes a card on it."""
    board = await alice.does("create_board", title=scene.title("Plan"), color="ff0000", expects=has("id"))
    scene.afterwards(alice.does("delete_board", board_id=board["id"]))
    card = await alice.does("create_card", board_id=board["id"], title="Milk")
    await alice.does("share_board", board_id=board["id"], participant=bob.uid)
    await bob.until("list_boards", lambda a: any(row["id"] == board["id"] for row in a.rows("boards")))
    seen = await bob.does("read_card", card_id=card["id"])
    assert seen["title"] == "Milk"
    await bob.does("update_card", card_id=card["id"], title="Bread", etag=seen["etag"])
    assert (await alice.does("read_card", card_id=card["id"]))["title"] == "Bread"
'''


@pytest.fixture
def flow(tmp_path: Path) -> tuple[str, ...]:
    tape, file = boards().write(tmp_path / "boards.jsonl"), tmp_path / "flow.py"
    file.write_text(FLOW)
    served = (
        "--standin-option",
        f"from={tape}",
        "--virtual",
        "--no-history",
        "--quiet",
        "--seed",
        "7",
        "--warmup",
        "0",
    )
    return (*served, "--workflows", str(file), "--mix", "board_shared=1")


def test_many_users_play_what_two_were_recorded_doing_and_none_is_in_the_others_way(
    flow: tuple[str, ...], tmp_path: Path
) -> None:
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for file in files:
        assert execute([*flow, "--users", "20", "--iterations", "60", "-o", str(file)]) == 0
    result = json.loads(files[0].read_text())
    assert result["workflows"]["board_shared"]["successful_executions"] == 60
    assert result["calls"]["failed"] == 0
    assert files[0].read_bytes() == files[1].read_bytes()


def test_tools_of_a_recording_are_called_without_a_story(flow: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    served = [*flow[:-4], "--duration", "5s", "--tools", "deck_get_boards=1", "-o", str(file)]
    assert execute(served) == 0
    assert set(json.loads(file.read_text())["tools"]) == {"deck_get_boards"}


@pytest.mark.parametrize(
    "argv",
    [
        ["--virtual", "--standin-option", "from={}"],
        ["--standin-option", "from={}"],
        ["standin", "--from", "{}"],
    ],
)
def test_a_file_that_is_no_recording_is_one_line(
    argv: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "flow.py"
    file.write_text(FLOW)
    assert execute([each.format(file) for each in argv]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].endswith(f"{file}: no recording (simulate record makes one)")
