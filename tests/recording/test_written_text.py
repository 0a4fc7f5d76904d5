"""Whatever was recorded, the text is Python that the linter, the formatter and the type checker take."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.recording.document import Head, RecordedCall, RecordedPerson, Recording
from sim.recording.story.code_nodes import MAX_COLUMNS, columns, comment, literal
from sim.recording.story.story_text import NothingToPlay, workflow_text
from tests.recording.corpus import CORPUS
from tests.recording.hostile import Foe
from tests.support.house import ROOT
from workflows.catalogue import load_file

FOES = 30
HEAD = Head(1, "simulate 0.1.0", "https://x.example/mcp", "2026-11-26T08:00:00Z")
ALICE = RecordedPerson(0.0, "p1", "alice")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
TOOL_NAMES = (
    st.sampled_from(["nc_notes_create_note", "nc_notes_get_note", "a_delete_b", "a_create_b"]) | st.text()
)
calls = st.builds(
    RecordedCall,
    at=st.floats(0, 1e6),
    took=st.floats(0, 100),
    who=st.sampled_from(["p1", "p2", "?"]),
    n=st.integers(1, 10**6),
    method=st.sampled_from(["tools/call", "resources/read", "prompts/get"]),
    name=TOOL_NAMES,
    arguments=st.dictionaries(st.text(), json_values, max_size=5),
    result=st.none()
    | st.fixed_dictionaries({"structuredContent": json_values})
    | st.dictionaries(st.text(), json_values),
    outcome=st.sampled_from(["ok", "ok", "ok", "tool_error", "cut"]),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus and the foes, written down."""
    found = tmp_path_factory.mktemp("written")
    for make in CORPUS:
        (found / f"{make.__name__}.py").write_text(workflow_text(make().recording(), make.__name__), "utf-8")
    for seed in range(FOES):
        (found / f"foe_{seed}.py").write_text(workflow_text(Foe(seed).recording(), f"foe_{seed}"), "utf-8")
    return found


def run_ruff(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ruff", *words, "--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_linter_has_nothing_to_say(folder: Path) -> None:
    said = run_ruff("check", "--output-format", "concise", str(folder))
    assert (said.returncode, said.stderr) == (0, ""), said.stdout


def test_the_formatter_would_write_it_so(folder: Path) -> None:
    said = run_ruff("format", "--diff", str(folder))
    assert said.returncode == 0, said.stdout


@pytest.mark.soak
def test_the_type_checker_finds_nothing(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), str(folder)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout


def test_each_can_be_loaded_and_holds_no_secret(folder: Path) -> None:
    for path in sorted(folder.glob("*.py")):
        assert "<hidden>" not in path.read_text("utf-8")
        [workflow] = load_file(path)
        assert workflow.name == path.stem


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(calls, max_size=5))
def test_any_recording_becomes_python_and_the_same_one_the_same_bytes(each: list[RecordedCall]) -> None:
    recording = Recording(HEAD, (ALICE,), (), tuple(each))
    try:
        text = workflow_text(recording, "any")
    except NothingToPlay:
        assert not any(call.outcome == "ok" and call.result for call in each if call.method == "tools/call")
        return
    compile(text, "any.py", "exec")
    text.encode()
    assert workflow_text(recording, "any") == text


@given(st.text(max_size=300))
def test_a_literal_is_the_text_and_a_comment_is_one(text: str) -> None:
    assert eval(literal(text)) == text
    assert all(line.startswith("  # ") and columns(line) <= MAX_COLUMNS for line in comment(text, "  "))


def a_call(n: int, name: str, arguments: dict[str, object], answer: object, at: float = 0.0) -> RecordedCall:
    result = {"structuredContent": answer, "content": []}
    return RecordedCall(at or float(n), 0.1, "p1", n, "tools/call", name, arguments, result, None, "ok", 200)


def test_a_secret_is_a_comment_and_a_clear_failure() -> None:
    made = a_call(
        1, "create_account", {"name": "Ann", "password": "<hidden>", "url": "https://x/?t=<hidden>"}, {}
    )
    text = workflow_text(Recording(HEAD, (ALICE,), (), (made,)), "signs_up")
    assert 'password=left_out("password of create_account")' in text
    assert 'url=left_out("url of create_account")' in text
    assert "<hidden>" not in text
    with pytest.raises(ValueError, match="password of create_account: a secret"):
        scope: dict[str, object] = {}
        exec(text.split("@workflow")[0], scope)
        scope["left_out"]("password of create_account")  # type: ignore[operator]


def test_a_secret_that_names_a_thing_is_carried_from_the_answer_that_gave_it() -> None:
    made = a_call(1, "create_room", {"name": "Lounge"}, {"token": "<hidden 1>", "pin": "<hidden>"})
    known = a_call(2, "enter_room", {"token": "<hidden 1>"}, {"people": 2})
    unknown = a_call(3, "enter_room", {"token": "<hidden 2>"}, {"people": 2})
    text = workflow_text(Recording(HEAD, (ALICE,), (), (made, known, unknown)), "meets")
    assert 'token=room["token"]' in text
    assert 'token=left_out("token of enter_room")' in text
    assert "<hidden" not in text


def test_long_texts_and_answers_are_bounded_in_the_file_and_in_time() -> None:
    rows = [{"id": n, "title": f"row {n}", "text": "x" * 80} for n in range(100_000)]
    listed = a_call(1, "nc_list_things", {}, {"rows": rows})
    got = a_call(2, "nc_get_thing", {"thing_id": 77, "body": "y" * 10_000_000}, {"id": 77})
    before = time.process_time()
    text = workflow_text(Recording(HEAD, (ALICE,), (), (listed, got)), "long")
    assert len(text) < 5_000
    assert ") * 25000" in text
    assert time.process_time() - before < 20
    compile(text, "long.py", "exec")
