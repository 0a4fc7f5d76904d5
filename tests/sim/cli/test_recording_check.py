"""What `simulate recording check` says of workflows that are still fixed to their recording."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.errors import Outcome
from actors.events import Call, Ending, Execution
from sim.cli.flow_check import PlayedFlow, findings, leftovers
from sim.cli.flow_literals import read_source
from sim.cli.main import execute
from tests.support.tapes import boards
from workflows.catalogue import load_file

HEAD = '''"""Boards."""

from workflows import Role, Scene, workflow

BOARD = 7


@workflow(
    steps={
        "create_board": "deck_create_board",
        "delete_board": "deck_delete_board",
        "share_board": "deck_share_board",
        "create_card": "deck_create_card",
        "list_cards": "deck_get_cards",
        "create_note": "nc_notes_create_note",
        "delete_note": "nc_notes_delete_note",
        "read_{i}": "nc_webdav_read_file",
    }
)
async def flow(scene: Scene, alice: Role, bob: Role) -> None:
'''
MADE = '    board = await alice.does("create_board", title=scene.title("Plan"), color="ff0000")\n'
TIDY = '    scene.afterwards(alice.does("delete_board", board_id=board["id"]))\n'
FIRST_LINE = HEAD.count("\n") + 1


def checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], body: str, *more: str
) -> tuple[int, list[str]]:
    file, tape = tmp_path / "flow.py", boards().write(tmp_path / "boards.jsonl")
    file.write_text(f"{HEAD}{body}")
    code = execute(
        ["recording", "check", str(file), "--standin-option", f"from={tape}", "--seed", "5", *more]
    )
    return code, capsys.readouterr().out.splitlines()


def test_a_workflow_that_is_free_of_its_recording_is_said_to_be_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = checked(tmp_path, capsys, MADE + TIDY)
    assert code == 0
    assert said == [
        "flow: played 6 times by two casts, 6 times well",
        "nothing in it is fixed to the recording, nothing collides, nothing is left over",
    ]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            '    await alice.does("list_cards", board_id=7)\n',
            f"flow.py:{FIRST_LINE}: board_id=7 is fixed to the recording: list_cards did not find it",
        ),
        (
            '    await alice.does("list_cards", board_id=BOARD)\n',
            "flow.py:5: board_id=7 is fixed to the recording: list_cards did not find it",
        ),
        (
            '    await alice.does("list_cards", more={"board_id": 7})\n',
            f"flow.py:{FIRST_LINE}: board_id=7 is fixed to the recording: list_cards did not find it",
        ),
        (
            '    await alice.does("create_card",\n        title="Milk",\n        board_id=7)\n',
            f"flow.py:{FIRST_LINE + 2}: board_id=7 is fixed to the recording: create_card did not find it",
        ),
        (
            '    await bob.does("read_{i}", number=2, path="/Plan.md")\n',
            f"flow.py:{FIRST_LINE}: path='/Plan.md' is fixed to the recording: read_2 did not find it",
        ),
        (
            '    numbers = [3 + 4]\n    await alice.does("list_cards", board_id=numbers[0])\n',
            f"flow.py:{FIRST_LINE + 1}: list_cards did not find what it was given: ",
        ),
    ],
)
def test_a_literal_that_is_not_there_for_others_is_named_with_its_line(
    body: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = checked(tmp_path, capsys, body)
    assert code == 5
    assert said[0] == "flow: played 6 times by two casts, 0 times well"
    assert len(said) == 2
    assert said[1].startswith(told)
    assert said[1].endswith("(6 times)")


def test_what_is_not_removed_is_named_with_the_step_that_made_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    note = '    await bob.does("create_note", title=scene.title("N"), content="x", category="")\n'
    code, said = checked(tmp_path, capsys, MADE + note)
    assert code == 5
    second, first = sorted(said[1:])
    assert first.startswith(
        f"flow.py:{FIRST_LINE + 1}: left over of what create_note made: /Notes/N virtual "
    )
    assert second.startswith(f"flow.py:{FIRST_LINE}: left over of what create_board made: ")
    assert first.endswith(" and 5 more")


def test_a_removal_that_fails_is_a_leftover_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    late = '    scene.afterwards(alice.does("delete_board", board_id=7))\n'
    _, said = checked(tmp_path, capsys, MADE + late)
    assert (
        f"flow.py:{FIRST_LINE + 1}: board_id=7 is fixed to the recording: delete_board did not find it"
        in said[1]
    )
    assert any("left over of what create_board made" in line for line in said)


def failed(step: str, tool: str, **how: object) -> Call:
    seen: dict[str, object] = {"outcome": Outcome.TOOL_ERROR, **how}
    return Call("flow", step, tool, "u1", 1, started=0.0, finished=0.1, **seen)  # type: ignore[arg-type]


def test_a_name_that_is_taken_is_in_the_way_of_others(tmp_path: Path) -> None:
    file = tmp_path / "flow.py"
    file.write_text(f'{HEAD}    await alice.does("create_board", title="Plan", color="red")\n')
    source = read_source(file, load_file(file)[-1].steps)
    arguments = {"title": "Plan", "color": "blue"}
    for how in ({"status": 409, "text": "conflict"}, {"text": "A board of this name already exists"}):
        played = PlayedFlow([failed("create_board", "deck_create_board", arguments=arguments, **how)] * 2)
        text = f"title='Plan' is in the way of others: create_board: {how['text']} (2 times)"
        assert findings(played, source) == [f"flow.py:{FIRST_LINE}: {text}"]


def test_an_execution_that_failed_otherwise_is_told_and_a_failure_that_was_expected_is_not(
    tmp_path: Path,
) -> None:
    file = tmp_path / "flow.py"
    file.write_text(f'{HEAD}    await alice.does("list_cards", board_id=1)\n')
    source = read_source(file, load_file(file)[-1].steps)
    calls = [failed("list_cards", "deck_get_cards", status=404, is_expected=True, arguments={"board_id": 1})]
    executions = [
        Execution("flow", 1, ("u1",), Ending.FAILED, 0.0, 1.0, failure="list_cards: wrong_contents"),
        Execution("flow", 2, ("u1",), Ending.SUCCEEDED, 0.0, 1.0),
    ]
    assert findings(PlayedFlow(calls, executions), source) == [
        f"flow.py:{FIRST_LINE}: list_cards: wrong_contents"
    ]


def test_where_nobody_can_look_what_has_no_removal_is_perhaps_left(tmp_path: Path) -> None:
    file = tmp_path / "flow.py"
    file.write_text(f"{HEAD.replace('delete_board', 'archive_board')}{MADE}    await bob.uid\n")
    workflow = load_file(file)[-1]
    source = read_source(file, workflow.steps)
    played = PlayedFlow([failed("create_board", "deck_create_board", outcome=Outcome.OK)])
    made = "create_board (deck_create_board)"
    assert list(leftovers(played, workflow, source)) == [
        f"flow.py:{FIRST_LINE}: perhaps left over: no step removes what {made} makes"
    ]
    sound = read_source(file, load_file(file)[-1].steps)
    assert list(leftovers(PlayedFlow(), workflow, sound)) == []


def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "flow.py"
    file.write_text("x = (")
    for argv in (["recording", "check", str(file)], ["recording", "check", str(tmp_path / "no.py")]):
        assert execute(argv) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
