"""The pages for people: what they link to is there, and they say what the program does."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from tests.support.house import ROOT, arrows, modules

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
README_MAX_LINES = 500


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_links_to_all_that_is_for_those_who_carry_on() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert len(readme.splitlines()) < README_MAX_LINES
    for name in ("architecture.md", "glossary.md", "how-to.md", "decisions/", "examples"):
        assert f"docs/{name}" in readme
    for name in ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"):
        assert f"({name})" in readme


def test_the_architecture_tells_of_every_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rooms = {room.removeprefix("sim.") for room in arrows(modules())} - {"bin", "exit", "__main__"}
    assert {room for room in rooms if f"`{room}`" not in page and f"`{room}/`" not in page} == set()


def test_every_decision_is_listed_and_says_what_it_costs_and_what_would_change_it() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text("utf-8")
    decisions = sorted(folder.glob("[0-9]*.md"))
    assert len(decisions) >= 7
    for path in decisions:
        text = path.read_text("utf-8")
        assert f"({path.name})" in index
        assert all(f"**{word}" in text for word in ("Decided.", "Why.", "What would change it."))


def test_whoever_installs_it_gets_the_types() -> None:
    for package in ("actors", "workflows", "sim"):
        assert (ROOT / package / "py.typed").exists()


def test_what_is_checked_here_is_checked_in_public() -> None:
    public = (ROOT / ".github" / "workflows" / "test.yml").read_text("utf-8")
    assert all(f'"3.{minor}"' in public for minor in (11, 12, 13, 14))
    assert "bin/test --no-browser" in public
    for caller in (public, (ROOT / ".ci" / "run").read_text("utf-8")):
        assert "bin/check" in caller
    check = ROOT / "bin" / "check"
    assert check.stat().st_mode & stat.S_IXUSR
    assert all(f"-m {tool}" in check.read_text("utf-8") for tool in ("ruff", "flake8", "mypy"))
