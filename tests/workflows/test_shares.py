"""A story takes back what it shared before it deletes it: Nextcloud keeps a deleted file's share, unseen."""

from __future__ import annotations

from typing import Any

import pytest

from actors.events import Ending
from tests.support.in_process import Facts, StoreConnector
from tests.support.stories import play_once
from workflows import READ_ONLY, Role, Scene, content_is, workflow
from workflows.base import Workflow
from workflows.catalogue import BUILT_IN

UIDS = ("alice", "bob", "carol", "dave")


def shares_that_outlive_their_file(connector: StoreConnector) -> int:
    accounts = connector.standin.store.accounts.values()
    return sum(one.orphans + sum(entry.shares for entry in one.trash.values()) for one in accounts)


@pytest.mark.parametrize("story", BUILT_IN, ids=lambda story: story.name)
async def test_no_story_deletes_what_is_still_shared(story: Workflow, autojump_clock: object) -> None:
    connector = StoreConnector(*UIDS[: story.cast_size(4, 3)])
    execution = await play_once(story, connector, Facts(), collaborators=3)
    assert (execution.ending, execution.leftovers) == (Ending.SUCCEEDED, 0)
    assert shares_that_outlive_their_file(connector) == 0


SHARING = [story for story in BUILT_IN if "nc_share_create" in story.tools]


@pytest.mark.parametrize("story", SHARING, ids=lambda story: story.name)
async def test_nor_does_one_that_fails_once_it_has_shared(story: Workflow, autojump_clock: object) -> None:
    def spoil(uid: str, tool: str, arguments: Any, answer: Any) -> Any:
        if connector.standin.store.shares and tool in ("nc_notes_get_note", "nc_webdav_read_file"):
            answer.structured["content"] = "something else"
        return answer

    connector = StoreConnector(*UIDS[: story.cast_size(4, 3)], tamper=spoil)
    execution = await play_once(story, connector, Facts(), collaborators=3, propagation_timeout_s=1.0)
    assert execution.ending is Ending.FAILED
    assert shares_that_outlive_their_file(connector) == 0


STEPS = {
    "write": "nc_notes_create_note",
    "share": "nc_share_create",
    "read": "nc_notes_get_note",
    "unshare": "nc_share_delete",
    "delete_note": "nc_notes_delete_note",
}


async def test_what_the_story_took_back_itself_is_not_taken_back_again(autojump_clock: object) -> None:
    async def story(scene: Scene, owner: Role, reader: Role) -> None:
        note = await owner.creates_note("write", title=scene.title("T"), content="x")
        share = await owner.shares(
            "share", path=await owner.path_of(note), share_with=reader.uid, permissions=READ_ONLY
        )
        await reader.until("read", expects=content_is("x"), absence_is_a_miss=True, note_id=note["id"])
        await owner.does("unshare", share_id=share["id"])

    connector, facts = StoreConnector(*UIDS[:2]), Facts()
    execution = await play_once(workflow(steps=STEPS)(story), connector, facts)
    assert execution.ending is Ending.SUCCEEDED
    assert [call.step for call in facts.calls] == ["write", "notes_settings", *list(STEPS)[1:]]
