"""What becomes of single things in a recording: looks, meetings, removals, names, pauses, failures."""

from __future__ import annotations

import time
from pathlib import Path

import attrs
import msgspec
import pytest

from actors.events import Ending
from sim.recording.document import Gap, RecordedQuestion, Recording
from sim.recording.story.story_text import workflow_text
from tests.recording.corpus_tools import FILES, NOTES, SHARES
from tests.recording.replaying import replay
from tests.recording.tape import Tape, in_json

JOBS = (
    "jobs_create_job(title)",
    "jobs_get_job(job_id:int)!",
    "jobs_list_jobs()!",
    "jobs_delete_job(job_id:int)",
)


def text_of(tape: Tape) -> str:
    """The function alone."""
    return workflow_text(tape.recording(), "recorded").partition("async def ")[2]


def a_job(tape: Tape) -> tuple[str, object]:
    who, job, title = tape.person("alice"), tape.of_server(40), tape.made("Backup")
    tape.call(who, "jobs_create_job", {"title": title}, {"id": job, "title": title})
    return who, job


def test_a_look_that_was_repeated_until_a_word_changed_is_one_that_waits_for_it() -> None:
    tape = Tape(*JOBS)
    who, job = a_job(tape)
    for state in ("running", "running", "done"):
        tape.call(who, "jobs_get_job", {"job_id": job}, {"id": job, "state": state})
    text = text_of(tape)
    assert 'lambda seen: seen.get("state") == "done"' in text
    assert text.count('"get_job"') == 1


@pytest.mark.parametrize(("name", "is_look"), [("jobs_check_job", True), ("jobs_get_job", False)])
def test_what_the_server_says_of_its_tool_goes_before_its_name(name: str, is_look: bool) -> None:
    tape = Tape(JOBS[0], f"{name}(job_id:int){'!' * is_look}")
    who, job = a_job(tape)
    for state in ("running", "running", "done"):
        tape.call(who, name, {"job_id": job}, {"id": job, "state": state})
    assert ("until(" in text_of(tape)) is is_look


def test_a_look_that_was_repeated_until_rows_came_waits_for_the_row() -> None:
    tape = Tape(*JOBS)
    who, job = a_job(tape)
    for rows in ([], [], [{"id": job}]):
        tape.call(who, "jobs_list_jobs", {}, {"jobs": rows})
    assert 'lambda seen: any(row.get("id") == job["id"] for row in seen.rows("jobs"))' in text_of(tape)


async def test_not_found_until_it_was_there_means_not_yet(autojump_clock: object, tmp_path: Path) -> None:
    tape = Tape(*JOBS)
    who, job = a_job(tape)
    for error in ("Job 40 not found", "Job 40 not found", ""):
        answer = None if error else {"id": job, "state": "done"}
        tape.call(who, "jobs_get_job", {"job_id": job}, answer, error=error)
    played = await replay(tape, "patient", tmp_path)
    assert "absence_is_a_miss=True" in played.text
    assert (played.execution.ending, played.problems, played.left) == (Ending.SUCCEEDED, [], [])


def test_a_look_that_always_showed_the_same_is_made_once_and_that_is_said() -> None:
    tape = Tape(*JOBS)
    who, job = a_job(tape)
    for _ in range(30):
        tape.call(who, "jobs_get_job", {"job_id": job}, {"id": job, "state": "idle"})
    text = text_of(tape)
    assert text.count("jobs_get_job") + text.count('"get_job"') == 1
    assert "# They looked 30 times, and always saw the same." in text


def test_what_was_not_answered_yet_is_not_where_a_value_came_from() -> None:
    tape = Tape(*JOBS)
    a, b = tape.person("alice"), tape.person("bob")
    tape.call(a, "jobs_list_jobs", {}, {"jobs": [{"id": 4711}]}, took=5.0)
    tape.call(b, "jobs_get_job", {"job_id": 4711}, {"id": 4711}, gap=-4.0)
    text = text_of(tape)
    assert "job_id=4711" in text
    assert "# No answer gave job_id (4711): it has to be there." in text


def test_calls_of_one_person_are_never_at_the_same_time() -> None:
    tape = Tape(*JOBS)
    a, b = tape.person("alice"), tape.person("bob")
    for who in (a, a, b):
        tape.call(who, "jobs_list_jobs", {"page": len(tape.said)}, {"jobs": []}, gap=-0.1, took=1.0)
    text = text_of(tape)
    assert text.count("scene.together") == 1
    assert text.index("await alice.does") < text.index("scene.together")


@pytest.mark.parametrize("is_last", [True, False])
async def test_what_was_removed_is_removed_once_however_the_story_ends(
    autojump_clock: object, is_last: bool, tmp_path: Path
) -> None:
    tape = Tape(*JOBS)
    who, job = a_job(tape)
    tape.call(who, "jobs_delete_job", {"job_id": job}, {"success": True})
    if not is_last:
        tape.call(who, "jobs_get_job", {"job_id": job}, None, error="Job 40 not found")
    played = await replay(tape, "tidy", tmp_path)
    assert (played.execution.ending, played.problems, played.left) == (Ending.SUCCEEDED, [], [])
    assert ("delete_job_move" in played.text) == (not is_last)
    assert played.text.count('.does("delete_job"') == 1
    assert "scene.afterwards(" in played.text


def test_what_no_tool_removes_is_said() -> None:
    tape = Tape(*JOBS[:3])
    a_job(tape)
    assert "# What jobs_create_job makes stays: no tool was offered that removes it." in text_of(tape)


def test_who_is_only_named_gets_a_role_and_a_group_gets_none() -> None:
    for more, shared_with in (({}, "ghost.uid"), ({"share_type": 1}, '"ghost"')):
        tape = Tape(*FILES, *SHARES)
        a = tape.person("alice")
        path = tape.of_server("/there before.txt")
        tape.call(a, "nc_webdav_list_directory", {"path": ""}, {"files": [{"path": path}]})
        arguments = {"path": path, "share_with": "ghost", "permissions": 1, **more}
        tape.call(a, "nc_share_create", arguments, {"result": in_json({"id": 9, "share_with": "ghost"})})
        text = text_of(tape)
        assert f"share_with={shared_with}" in text
        assert ("ghost: Role" in text) == (not more)


def test_who_bears_no_name_is_known_by_what_the_server_calls_them() -> None:
    tape = Tape(*NOTES, *SHARES)
    a, b = tape.person("alice"), tape.person("bob")
    number, sid, title = tape.of_server(300), tape.of_server(400), tape.made("Known")
    tape.call(
        a,
        "nc_notes_create_note",
        {"title": title, "content": "x", "category": ""},
        {"id": number, "title": title},
    )
    row = {"id": sid, "uid_owner": "alice", "share_with": "bob", "path": "/Notes/Known.md"}
    arguments = {"path": "/Notes/Known.md", "share_with": "bob", "permissions": 1}
    tape.call(a, "nc_share_create", arguments, {"result": in_json(row)})
    tape.call(b, "nc_share_list", {"shared_with_me": True}, {"result": in_json([row])})
    nameless = tuple(msgspec.structs.replace(person, name=None) for person in tape.recording().people)
    text = workflow_text(attrs.evolve(tape.recording(), people=nameless), "recorded")
    assert "person_1: Role, person_2: Role)" in text
    assert "share_with=person_2.uid" in text


def test_a_call_that_failed_by_its_own_fault_is_left_out_and_that_is_said() -> None:
    tape = Tape(*JOBS)
    who, job = a_job(tape)
    tape.call(who, "jobs_get_job", {"job": job}, None, error="1 validation error: job_id missing")
    tape.call(who, "jobs_get_job", {"job_id": job}, {"id": job})
    text = workflow_text(tape.recording(), "recorded")
    assert "# alice called jobs_get_job, which failed (tool_error): left out." in text
    assert text.count("alice.does(") == 3  # made, looked at, removed


def test_how_people_let_the_server_in_is_no_part_of_what_they_do() -> None:
    tape = Tape(*JOBS, "nc_auth_provision_access()", "nc_auth_check_status()!")
    who, job = a_job(tape)
    tape.call(who, "nc_auth_provision_access", {}, {"status": "login_required", "login_url": "https://x/y"})
    tape.call(who, "nc_auth_check_status", {}, {"status": "provisioned"})
    tape.call(who, "jobs_get_job", {"job_id": job}, {"id": job})
    recording = tape.recording()
    numbers = {call.name: call.n for call in recording.calls}
    questions = [
        RecordedQuestion(1.0, "p1", numbers[name], "elicitation/create")
        for name in ("nc_auth_provision_access", "jobs_get_job")
    ]
    text = workflow_text(attrs.evolve(recording, asked=tuple(questions)), "recorded")
    assert '"nc_auth' not in text
    assert "# Left out, since the set-up does it: nc_auth_check_status, nc_auth_provision_access." in text
    assert "# The server asked once (elicitation/create)" in text
    without = [call for call in recording.calls if not call.name.startswith("nc_auth")]
    known = workflow_text(attrs.evolve(recording, calls=tuple(without)), "recorded")
    assert text.partition("async def")[2] == known.partition("async def")[2]


def test_people_think_as_long_as_they_did_and_a_break_is_no_thinking() -> None:
    tape = Tape(*JOBS)
    who, job = a_job(tape)
    for gap in (0.5, 2.0, 4.0, 8.0, 4.0, 90_000.0):
        tape.call(who, "jobs_get_job", {"job_id": job}, {"id": job, "gap": gap}, gap=gap)
    assert "scene.thinks(median_s=4, sigma=1)" in text_of(tape)
    quick = Tape(*JOBS)
    a_job(quick)
    quick.call(who, "jobs_list_jobs", {}, {"jobs": []}, gap=0.001)
    assert "thinks" not in text_of(quick)


def test_titles_bear_the_mark_of_a_run_and_names_in_addresses_have_no_blanks() -> None:
    tape = Tape("books_create_book(name, display_name)", "books_delete_book(name)")
    who, name, shown = tape.person("alice"), tape.made("work-book"), tape.made("Work")
    tape.call(who, "books_create_book", {"name": name, "display_name": shown}, {"book": {"name": name}})
    text = text_of(tape)
    assert 'name = scene.title("work-book").replace(" ", "-")' in text
    assert 'display_name = scene.title("Work")' in text


def test_an_empty_recording_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to play"):
        workflow_text(Recording(Tape().recording().head), "recorded")


def test_what_people_and_servers_did_that_no_workflow_can_is_said() -> None:
    tape = Tape(*JOBS)
    a_job(tape)
    whole = tape.recording()
    prompt = msgspec.structs.replace(whole.calls[0], n=9, at=9.0, method="prompts/get", name="weekly")
    asked = RecordedQuestion(1.0, "p1", 1, "elicitation/create", {"message": "Sure?"})
    told = attrs.evolve(
        whole, calls=(*whole.calls, prompt), asked=(asked,) * 3, gaps=(Gap(2.0, "disk full"),), is_whole=False
    )
    text = workflow_text(told, "recorded")
    for remark in (
        "# The recording was cut off",
        "# Not recorded: disk full",
        "# The server asked 3 times (elicitation/create)",
        "weekly, 1 times.",
    ):
        assert remark in text


def test_a_day_of_work_is_written_in_a_time_that_grows_with_its_calls() -> None:
    def seconds(calls: int) -> float:
        tape = Tape(*JOBS)
        who = tape.person("alice")
        for n in range(calls // 2):
            job, title = tape.of_server(10_000 + n), tape.made(f"Job {n}")
            tape.call(who, "jobs_create_job", {"title": title}, {"id": job, "title": title})
            tape.call(who, "jobs_get_job", {"job_id": job}, {"id": job, "title": title})
        recording = tape.recording()
        return min(cpu_s(recording) for _ in range(3))

    def cpu_s(recording: Recording) -> float:
        before = time.process_time()
        workflow_text(recording, "long_day")
        return time.process_time() - before

    # Six times the calls: what grows with their square would take 36 times as long.
    assert seconds(1200) < 18 * seconds(200)


@pytest.mark.parametrize(
    ("day", "is_named"),
    [
        ("2026-11-26", True),
        ("2026-12-24T18:00:00+01:00", True),
        ("2026-11-25T08:00:00Z", True),
        ("1969-07-20", False),
        ("2026-13-45", False),
        ("9999-12-31T23:59:59-23:59", False),
        ("18:00", False),
        ("at 2026-11-26", False),
    ],
)
def test_dates_near_the_recording_are_said_to_pass(day: str, is_named: bool) -> None:
    tape = Tape("diary_add_entry(entry:dict)")
    tape.call(tape.person("alice"), "diary_add_entry", {"entry": {"due": day}}, {"success": True})
    text = workflow_text(tape.recording(), "recorded")
    assert (
        f"pass: due of diary_add_entry ({day})." in " ".join(text.replace("\n# ", " ").split())
    ) is is_named


def test_texts_that_are_read_again_cost_time_that_grows_with_their_number() -> None:
    def cpu_s(notes: int) -> float:
        tape = Tape(*NOTES)
        who = tape.person("alice")
        for n in range(notes):
            note, title, text = tape.of_server(10_000 + n), tape.made(f"Note {n}"), f"text {n}"
            given = {"title": title, "content": text, "category": ""}
            tape.call(who, "nc_notes_create_note", given, {"id": note, "title": title})
            tape.call(who, "nc_notes_get_note", {"note_id": note}, {"id": note, "content": text})
        recording, before = tape.recording(), time.process_time()
        assert "content_is" in workflow_text(recording, "long_day")
        return time.process_time() - before

    assert min(cpu_s(240) for _ in range(2)) < 18 * min(cpu_s(40) for _ in range(3))
