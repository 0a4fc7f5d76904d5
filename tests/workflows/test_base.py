"""What a workflow is: a story as an async function, with roles read from its parameters."""

from __future__ import annotations

import signal
from pathlib import Path
from random import Random
from typing import Any

import pytest

import workflows
from workflows import loading
from workflows.base import BadWorkflow, workflow
from workflows.catalogue import BUILT_IN, NoSuchWorkflow, catalogue, choose, load_file
from workflows.repertoire import Mix

STEPS = {"look": "nc_notes_search_notes", "ask": "nc://capabilities"}

GOOD = '''
from workflows.base import workflow

@workflow(steps={"look": "nc_notes_search_notes"})
async def mine(run, alice, *readers):
    """What mine does.

    And more.
    """
'''


def test_roles_crowd_tools_and_summary_come_from_the_function() -> None:
    @workflow(steps=STEPS)
    async def story(run: Any, alice: Any, bob: Any, *readers: Any) -> None:
        """The first line.

        And more.
        """

    assert (story.name, story.roles, story.crowd) == ("story", ("alice", "bob"), "readers")
    assert story.summary == "The first line."
    assert story.tools == {"nc_notes_search_notes"}
    assert story.roles_min == 3


@pytest.mark.parametrize(
    ("on_stage", "collaborators", "size"), [(1, 5, 2), (2, 5, 2), (4, 5, 4), (9, 5, 5), (9, 1, 2), (9, 0, 2)]
)
def test_a_crowd_grows_with_the_stage_up_to_the_given_number(
    on_stage: int, collaborators: int, size: int
) -> None:
    @workflow(steps=STEPS)
    async def story(run: Any, alice: Any, *readers: Any) -> None: ...

    assert story.cast_size(on_stage, collaborators) == size


def test_without_a_crowd_the_cast_is_the_roles() -> None:
    @workflow(steps=STEPS)
    async def story(run: Any, alice: Any, bob: Any) -> None: ...

    assert {story.cast_size(on_stage, 9) for on_stage in (1, 2, 99)} == {2}


@pytest.mark.parametrize(
    ("on_stage", "collaborators", "size", "extras"),
    [(1, 3, 2, 0), (2, 3, 2, 0), (3, 3, 3, 0), (4, 3, 4, 1), (9, 3, 4, 1), (3, 2, 3, 1), (9, 0, 3, 1)],
)
def test_an_extra_is_cast_on_top_where_the_stage_has_a_user_to_spare(
    on_stage: int, collaborators: int, size: int, extras: int
) -> None:
    @workflow(steps=STEPS)
    async def story(run: Any, alice: Any, *readers: Any, outsider: Any = None) -> None: ...

    assert story.extras == ("outsider",)
    assert story.cast_size(on_stage, collaborators) == size
    assert story.count_extras(size, collaborators) == extras


def plain(run: Any, alice: Any) -> None: ...
async def no_roles(run: Any) -> None: ...
async def keyword_role(run: Any, *, alice: Any) -> None: ...
async def only_a_crowd(run: Any, *readers: Any) -> None: ...
async def extra_that_must_be_there(run: Any, alice: Any, *, outsider: Any = 1) -> None: ...


@pytest.mark.parametrize(
    ("story", "steps", "text"),
    [
        (plain, STEPS, "workflow plain: write it as 'async def'"),
        (no_roles, STEPS, "workflow no_roles: its parameters are"),
        (keyword_role, STEPS, "workflow keyword_role: its parameters are"),
        (only_a_crowd, STEPS, "workflow only_a_crowd: its parameters are"),
        (extra_that_must_be_there, STEPS, "workflow extra_that_must_be_there: its parameters are"),
        (no_roles, ["create_note"], "workflow no_roles: steps are names and tools"),
        (no_roles, {"create_note": None}, "workflow no_roles: steps are names and tools"),
        (no_roles, {}, "workflow no_roles: name its steps"),
    ],
)
def test_a_function_that_cannot_be_played_is_refused_by_name(story: Any, steps: Any, text: str) -> None:
    with pytest.raises(BadWorkflow, match=text):
        workflow(steps=steps)(story)


def test_a_file_of_ones_own_adds_to_the_catalogue_and_wins(tmp_path: Path) -> None:
    mine, again = tmp_path / "mine.py", tmp_path / "again.py"
    mine.write_text(GOOD)
    again.write_text(GOOD.replace("What mine does.", "Another.").replace("mine(", "baseline("))
    found = catalogue([mine, again])
    assert found["mine"].summary == "What mine does."
    assert found["baseline"].summary == "Another."
    assert set(found) == {workflow.name for workflow in BUILT_IN} | {"mine"}


def test_what_a_file_imports_is_not_its_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("from workflows.baseline import baseline\n" + GOOD)
    assert [workflow.name for workflow in load_file(path)] == ["mine"]


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("mine.txt", GOOD, r"mine\.txt: not a Python file"),
        ("mine.py", "x = 1\n", r"mine\.py: no workflow in it"),
        ("mine.py", "x = 1\ny = (\n", r"mine\.py:2: SyntaxError"),
        ("mine.py", "x = 1\n\ny = 1 / 0\n", r"mine\.py:3: ZeroDivisionError"),
        ("mine.py", GOOD.replace("async def", "def"), r"mine\.py: workflow mine: write it as 'async def'"),
        ("mine.py", "x = '\0'\n", r"mine\.py: \w*Error: .*null byte"),
        ("mine.py", "import sys\nsys.exit(0)\n", r"mine\.py:2: it ends the program when it is imported"),
        ("mine.py", "raise SystemExit('a\\nb')\n", r"mine\.py:1: it ends the program"),
        ("mine.py", "raise ValueError('a\\nb \\x1b[2J')\n", r"mine\.py:1: ValueError: a b"),
        ("mine.py", "class E(BaseException): pass\n\nraise E\n", r"mine\.py:3: E$"),
        ("mine.py", "import no_such_package\n", r"mine\.py:1: ModuleNotFoundError"),
        ("mine.py", "def f(): f()\nf()\n", r"mine\.py:1: RecursionError"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line_with_the_place(
    tmp_path: Path, name: str, content: str, text: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(BadWorkflow, match=text) as caught:
        load_file(path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "loop",
    ["while True: pass", "while True:\n  try:\n    while True: pass\n  except Exception: pass"],
    ids=["plain", "that catches"],
)
def test_a_file_that_does_not_come_to_an_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loop: str
) -> None:
    monkeypatch.setattr(loading, "MAX_IMPORT_S", 0.2)
    path = tmp_path / "mine.py"
    path.write_text(loop)
    with pytest.raises(BadWorkflow, match=r"mine\.py:\d: not imported within 0\.2 s"):
        load_file(path)
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL


def test_what_a_file_prints_does_not_come_between_the_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(f"print('hello')\n{GOOD}")
    assert len(load_file(path)) == 1
    assert capsys.readouterr() == ("", "hello\n")


def test_two_files_of_one_name_and_their_dataclasses_are_kept_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        text = f"import dataclasses\n@dataclasses.dataclass\nclass D:\n    x: 'int' = 1\n{GOOD}"
        (tmp_path / folder / "mine.py").write_text(text.replace("mine(", f"{folder}("))
    found = catalogue([tmp_path / "a" / "mine.py", tmp_path / "b" / "mine.py"])
    assert {"a", "b"} <= set(found)


@pytest.mark.parametrize(
    ("loaded", "text"),
    [
        (ImportError("no\nsuch"), "entry point 'theirs' .their.mod:x.: ImportError: no such"),
        (SystemExit(3), "entry point 'theirs' .their.mod:x.: it ends the program"),
        ("no workflow", "entry point 'theirs' .their.mod:x. is no workflow"),
    ],
)
def test_an_installed_package_that_cannot_be_loaded_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, loaded: Any, text: str
) -> None:
    class Entry:
        name, value = "theirs", "their.mod:x"

        def load(self) -> Any:
            if isinstance(loaded, BaseException):
                raise loaded
            return loaded

    monkeypatch.setattr("workflows.catalogue.entry_points", lambda group: [Entry()])
    with pytest.raises(BadWorkflow, match=text):
        catalogue()


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadWorkflow, match="No such file"):
        load_file(tmp_path / "none.py")


def test_a_name_that_nobody_has_is_answered_with_the_nearest() -> None:
    known = catalogue()
    with pytest.raises(NoSuchWorkflow, match="no workflow 'note_shar'; did you mean 'note_share'"):
        choose(known, {"note_shar": 1})
    with pytest.raises(NoSuchWorkflow, match="there are: baseline, note_share"):
        choose(known, {"zzz": 1})
    assert choose(known, {"note_share": 2, "baseline": 1}) == {known["note_share"]: 2, known["baseline"]: 1}


def test_a_mix_leaves_out_what_has_no_weight_and_needs_something() -> None:
    first, second, *_ = BUILT_IN
    mix = Mix({first: 0.0, second: 0.5})
    assert mix.workflows == (second,)
    assert {mix.draw(Random(seed)) for seed in range(50)} == {second}
    with pytest.raises(ValueError, match="at least one workflow"):
        Mix({first: 0.0})


@pytest.mark.parametrize("story", BUILT_IN, ids=lambda story: story.name)
def test_every_built_in_workflow_says_what_it_is(story: Any) -> None:
    assert story.summary.endswith(".")
    assert story.tools


def test_a_file_that_was_written_for_0_1_is_read_as_before(tmp_path: Path) -> None:
    """There `Scene` was called `Run`, and the first parameter bears whatever name its author gave it."""
    (tmp_path / "old.py").write_text(
        "from workflows import Role, Run, workflow\n"
        "@workflow(steps={'look': 'nc_notes_search_notes'})\n"
        "async def old(run: Run, alice: Role) -> None:\n"
        "    await alice.does('look', query=run.settings.mark)\n"
    )
    [read] = load_file(tmp_path / "old.py")
    assert read.roles == ("alice",)
    assert workflows.Run is workflows.Scene
