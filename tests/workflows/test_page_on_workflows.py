"""What the page on workflows of one's own says: its snippet plays, its table has the tools as they are."""

from __future__ import annotations

import inspect
import re
import textwrap
from pathlib import Path
from typing import Any

import workflows
import workflows.catalogue
from actors.events import Ending
from sim.standin.application import Standin
from sim.standin.behaviour import StandinOptions
from tests.support.in_process import Facts, StoreConnector
from tests.support.stories import play_once
from workflows import EDIT, Role, Scene, content_is, workflow

SECTION = (Path(__file__).resolve().parents[2] / "docs" / "own-workflows.md").read_text()
TOOLS = {
    "write_file": "nc_webdav_write_file",
    "share_file": "nc_share_create",
    "list_shares": "nc_share_list",
    "read_file": "nc_webdav_read_file",
    "write_again": "nc_webdav_write_file",
    "unshare": "nc_share_delete",
    "delete_file": "nc_webdav_delete_resource",
}


async def test_the_hand_off_of_a_file_plays_as_it_stands_there(autojump_clock: object) -> None:
    (snippet,) = re.findall(r"\n\n((?:    .*\n|\n)*?    path = f\"/(?:.*\n)(?:    .*\n)*)", SECTION)
    source = "async def hand_off(scene, giver, taker):\n" + textwrap.indent(textwrap.dedent(snippet), "    ")
    names: dict[str, Any] = {"EDIT": EDIT, "content_is": content_is}
    exec(compile(source, "own-workflows.md", "exec"), names)
    connector, facts = StoreConnector("alice", "bob"), Facts()
    execution = await play_once(workflow(steps=TOOLS)(names["hand_off"]), connector, facts)
    assert (execution.ending, execution.failure) == (Ending.SUCCEEDED, "")
    assert [call.step for call in facts.calls] == [*TOOLS]
    assert connector.leftovers() == {}


def test_the_table_of_tools_names_those_that_there_are_with_what_they_need() -> None:
    known = Standin(StandinOptions()).toolbox
    rows = re.findall(r"^\| (`n.*?) \| (.*?) \| (.*?) \|$", SECTION, re.MULTILINE)
    named = set()
    for tools, takes, _ in rows:
        words = set(re.findall(r"\w+", takes))
        for tool in re.findall(r"`([\w:/]+)`", tools):
            if "://" in tool:
                assert tool in known.resources
                continue
            assert known.tools[tool].required <= words, tool
            named.add(tool)
    assert {tool for story in workflows.catalogue.BUILT_IN for tool in story.tools} <= named


def test_every_verb_that_the_table_names_is_a_verb_of_a_role() -> None:
    verbs = re.findall(r"^\| `(\w+)\(step", SECTION, re.MULTILINE)
    public = {name for name, _ in inspect.getmembers(Role, inspect.isfunction) if not name.startswith("_")}
    assert set(verbs) == public - {"ask", "path_of"}
    assert all(hasattr(Scene, name) for name in re.findall(r"`(?:raise )?scene\.(\w+)\(", SECTION))
    assert all(name in workflows.__all__ for name in re.findall(r"`([A-Z]+_?[A-Z]+(?:_[A-Z]+)*)`", SECTION))
