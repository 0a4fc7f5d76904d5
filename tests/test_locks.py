"""The locks hold what pyproject.toml asks for. Looked at without a network."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)")


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(lock: str) -> dict[str, str]:
    lines = (PINNED.match(line) for line in (ROOT / lock).read_text().splitlines())
    return {canonicalize_name(found[1]): found[2] for found in lines if found}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_dependency_is_locked_at_a_version_it_allows(lock: str) -> None:
    wanted = [*project()["project"]["dependencies"]]
    if lock == "requirements-dev.lock":
        wanted += project()["dependency-groups"]["dev"]
    locked = pins(lock)
    for requirement in map(Requirement, wanted):
        version = locked.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not in {lock}"
        assert requirement.specifier.contains(version), f"{lock} has {version} for {requirement}"


def test_the_lock_of_the_tests_holds_all_of_the_lock_of_runs() -> None:
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_version_has_its_hashes(lock: str) -> None:
    blocks = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / lock).read_text())
    bare = [block.split()[0] for block in blocks if PINNED.match(block) and "--hash=sha256:" not in block]
    assert bare == []
