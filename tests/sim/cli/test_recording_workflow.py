"""`simulate recording workflow`: what is written where, and what is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.cli.main import execute
from sim.recording.document import Recording, to_line
from sim.runtime.exit import ExitCode
from tests.recording.corpus import CORPUS
from tests.recording.corpus_office import share_and_read
from workflows.catalogue import load_file


def stored(recording: Recording, path: Path) -> Path:
    lines = (recording.head, *recording.people, *recording.tools, *recording.calls)
    path.write_bytes(b"".join(map(to_line, lines)))
    return path


def test_the_workflow_is_called_like_its_file_and_can_be_loaded(tmp_path: Path) -> None:
    recording = stored(share_and_read().recording(), tmp_path / "session.jsonl")
    target = tmp_path / "Hand over-2.py"
    assert execute(["recording", "workflow", str(recording), "-o", str(target)]) == ExitCode.OK
    [workflow] = load_file(target)
    assert (workflow.name, workflow.roles) == ("hand_over_2", ("alice", "bob"))


def test_without_a_file_it_is_printed_and_the_same_recording_gives_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for make in CORPUS:
        recording = stored(make().recording(), tmp_path / "session.jsonl")
        texts = []
        for _ in range(2):
            assert execute(["recording", "workflow", str(recording)]) == ExitCode.OK
            texts.append(capsys.readouterr().out)
        assert texts[0] == texts[1]
        assert "async def recorded(scene: Scene, " in texts[0]


def test_a_file_that_exists_is_replaced_only_when_that_is_said(tmp_path: Path) -> None:
    recording = stored(share_and_read().recording(), tmp_path / "session.jsonl")
    target = tmp_path / "flow.py"
    target.write_text("mine")
    words = ["recording", "workflow", str(recording), "-o", str(target)]
    assert execute(words) == ExitCode.USAGE
    assert target.read_text() == "mine"
    assert execute([*words, "--force"]) == ExitCode.OK
    assert "async def flow(" in target.read_text()


@pytest.mark.parametrize(
    ("content", "target", "says"),
    [
        (None, "flow.py", "session.jsonl: no such file"),
        (b"not a recording\n", "flow.py", "no recording"),
        (b"", "flow.py", "no recording"),
        ("head alone", "flow.py", "there is nothing to play"),
        ("whole", "flow.txt", "ends in .py"),
        ("whole", "none/flow.py", "no such file"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_writes_nothing(
    content: bytes | str | None, target: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, whole = tmp_path / "session.jsonl", share_and_read().recording()
    match content:
        case bytes():
            path.write_bytes(content)
        case "whole":
            stored(whole, path)
        case "head alone":
            path.write_bytes(to_line(whole.head))
    assert execute(["recording", "workflow", str(path), "-o", str(tmp_path / target)]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert not (tmp_path / target).exists()
