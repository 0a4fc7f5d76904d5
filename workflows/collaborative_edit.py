"""Several users edit one note at the same time; every acknowledged addition must survive, once."""

from __future__ import annotations

from actors.answer import Finding, excerpt
from actors.measurement import ViolationKind
from workflows.base import workflow
from workflows.expect import content_is, has, lines_doubled, lines_missing
from workflows.failures import StepFailed
from workflows.role import EDIT, Role
from workflows.run import Run

MOST_TRIES = 8
"""How often a user tries to get an addition past the others before he gives up."""


@workflow(
    steps={
        "create_note": "nc_notes_create_note",
        "share_note_{i}": "nc_share_create",
        "concurrent_read_{i}": "nc_notes_get_note",
        "concurrent_append_{i}": "nc_notes_append_content",
        "reread_{i}": "nc_notes_get_note",
        "verify_final_state": "nc_notes_get_note",
        "delete_note": "nc_notes_delete_note",
    }
)
async def collaborative_edit(run: Run, owner: Role, *collaborators: Role) -> None:
    """Everybody reads a shared note at once, everybody appends to it at once, nothing may be lost."""
    title = run.title("Common note")
    text = f"# {title}\n"
    note = await owner.does("create_note", title=title, content=text, category="", expects=has("id", "title"))
    run.afterwards(owner.does("delete_note", note_id=note["id"]))
    path = await owner.path_of(note)
    for i, member in enumerate(collaborators, 1):
        await owner.does("share_note_{i}", number=i, path=path, share_with=member.uid, permissions=EDIT)

    everybody = tuple(enumerate((owner, *collaborators)))
    await run.together(
        *(
            member.does("concurrent_read_{i}", number=i, note_id=note["id"], expects=content_is(text))
            for i, member in everybody
        )
    )
    additions = [Addition(run, member, i, note["id"]) for i, member in everybody]
    try:
        await run.together(*(addition.append() for addition in additions))
    finally:
        # What was acknowledged must stand there also when somebody else's addition failed.
        await verify(run, owner, note["id"], additions)  # noqa: ASYNC102 (cancelled means: at once)


class Addition:
    """One line that one user adds. It is `acknowledged`, or its fate is `unknown`, or it was refused."""

    def __init__(self, run: Run, member: Role, number: int, note_id: int) -> None:
        self.line = f"addition {run.number}-{number} by {member.uid}"
        self.acknowledged = False
        self.unknown = False
        self.member = member
        self._run = run
        self._number = number
        self._note_id = note_id

    async def append(self) -> None:
        """Append the line as a real client does: on a conflict, read again and try again, boundedly.

        An append whose answer never came is not repeated: it may have been carried out. Raises
        StepFailed when the server refuses it, or after `MOST_TRIES` conflicts.
        """
        for attempt in range(1, MOST_TRIES + 1):
            try:
                await self.member.does(
                    "concurrent_append_{i}", number=self._number, note_id=self._note_id, content=self.line
                )
            except StepFailed as failure:
                self.unknown = not failure.error.answered
                if self.unknown or not failure.is_conflict or attempt == MOST_TRIES:
                    raise
                self._run.note_conflict()
                await self.member.does("reread_{i}", number=self._number, note_id=self._note_id)
            else:
                self.acknowledged = True
                return


async def verify(run: Run, owner: Role, note_id: int, additions: list[Addition]) -> None:
    """The owner reads the end. What he misses at first and sees later was stale, not lost."""
    acknowledged = [addition.line for addition in additions if addition.acknowledged]
    first = await owner.does("verify_final_state", note_id=note_id, expects=has("content"))
    text = first.text("content")
    doubled = lines_doubled(text, (addition.line for addition in additions))
    run.expect(
        owner.uid,
        "verify_final_state",
        (Finding(ViolationKind.DUPLICATE, f"once: {line}", excerpt(text, 300)) for line in doubled),
    )
    if missing := lines_missing(text, acknowledged):
        await owner.until(
            "verify_final_state",
            lambda later: not lines_missing(later.text("content"), missing),
            interval="",
            never=ViolationKind.LOST_UPDATE,
            note_id=note_id,
        )
        late = (Finding(ViolationKind.STALE_READ, line, excerpt(text, 300)) for line in missing)
        run.expect(owner.uid, "verify_final_state", late)
