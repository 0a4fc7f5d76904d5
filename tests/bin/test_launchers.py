"""The launchers start from anywhere, make their environment once, and say clearly what they lack."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
OLD_PYTHON = """
import sys
sys.version_info = (3, 9, 2)
sys.path.insert(0, sys.argv[1])
import _environment
_environment.ensure(_environment.RUN)
"""
PROGRAM = "import os, sys; print(os.getpid(), sys.prefix, *sys.argv[1:]); raise SystemExit(7)"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A project with the real launchers, locks of nothing, and a program of one line."""
    root = tmp_path / "clone"
    shutil.copytree(ROOT / "bin", root / "bin", ignore=shutil.ignore_patterns("__pycache__"))
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (root / lock).write_text(f"# {lock}\n")
    (root / "sim").mkdir()
    (root / "sim" / "__main__.py").write_text(PROGRAM)
    return root


def start(
    path: Path, *arguments: str, cwd: Path | None = None, more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(path), *arguments],
        cwd=cwd,
        env={**os.environ, **(more or {})},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def pretend_installed(root: Path, lock: str) -> None:
    """An environment with its stamp, which costs nothing to make."""
    python = root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    text = (root / lock).read_bytes() + str(sys.version_info[:2]).encode()
    (root / ".venv" / "installed-from").write_text(hashlib.sha256(text).hexdigest())


def test_the_first_start_makes_the_environment_and_the_second_one_finds_it(clone: Path) -> None:
    first = start(clone / "bin" / "simulate", "--users", "3")
    assert first.returncode == 7, first.stderr
    # Where that takes long, it is told from time to time.
    told = [line for line in first.stderr.splitlines() if "still installing" not in line]
    assert len(told) == 1
    assert first.stderr.startswith("simulate: first use: installing requirements.lock into ")
    assert first.stdout.split()[1:] == [str(clone / ".venv"), "--users", "3"]
    second = start(clone / "bin" / "simulate")
    assert (second.returncode, second.stderr) == (7, "")


def test_an_environment_without_its_stamp_is_made_anew(clone: Path) -> None:
    pretend_installed(clone, "requirements.lock")
    (clone / ".venv" / "installed-from").unlink()
    (clone / ".venv" / "half-made").touch()
    assert start(clone / "bin" / "simulate").returncode == 7
    assert not (clone / ".venv" / "half-made").exists()


def test_a_changed_lock_is_installed(clone: Path) -> None:
    pretend_installed(clone, "requirements.lock")
    (clone / "requirements.lock").write_text("# another\n")
    assert "first use" in start(clone / "bin" / "simulate").stderr


def test_the_environment_of_the_tests_serves_runs_too(clone: Path) -> None:
    pretend_installed(clone, "requirements-dev.lock")
    assert start(clone / "bin" / "simulate").stderr == ""


def test_it_starts_through_a_symlink_from_a_folder_whose_files_hide_nothing(
    clone: Path, tmp_path: Path
) -> None:
    pretend_installed(clone, "requirements.lock")
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "sim").mkdir(parents=True)
    (elsewhere / "sim" / "__main__.py").write_text("raise SystemExit('the wrong one')")
    (elsewhere / "hashlib.py").write_text("raise SystemExit('the wrong one')")
    (elsewhere / "run").symlink_to(clone / "bin" / "simulate")
    assert start(elsewhere / "run", cwd=elsewhere).returncode == 7


def test_the_program_takes_the_place_of_the_launcher_so_that_a_signal_comes_once(clone: Path) -> None:
    pretend_installed(clone, "requirements.lock")
    with subprocess.Popen(
        [sys.executable, str(clone / "bin" / "simulate")], stdout=subprocess.PIPE, text=True
    ) as process:
        said, _ = process.communicate(timeout=240)
    assert said.split()[0] == str(process.pid)


def test_pips_error_is_shown_and_the_next_start_tries_again(clone: Path) -> None:
    (clone / "requirements.lock").write_text("./not-there.whl --hash=sha256:" + "0" * 64 + "\n")
    for _ in range(2):
        refused = start(clone / "bin" / "simulate")
        assert refused.returncode == 3
        assert "not-there.whl" in refused.stderr
        assert "simulate: pip could not install requirements.lock" in refused.stderr
        assert refused.stdout == ""


def test_two_first_starts_at_once_make_one_environment(clone: Path) -> None:
    command = [sys.executable, str(clone / "bin" / "simulate")]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    ends = [(*process.communicate(timeout=240), process.returncode) for process in processes]
    assert [code for _, _, code in ends] == [7, 7]
    assert sorted(said.count("first use") for _, said, _ in ends) == [0, 1]


def test_a_run_keeps_the_floor_under_its_feet_while_another_environment_is_made(clone: Path) -> None:
    """A lazy import in the middle of a run finds what was there when it began."""
    (clone / "sim" / "__main__.py").write_text(
        "import os, sys, pathlib; print('started', flush=True); sys.stdin.readline();"
        "print((pathlib.Path(os.environ['PYTHONPATH']) / '.venv/of-the-old-one').exists())"
    )
    pretend_installed(clone, "requirements.lock")
    (clone / ".venv" / "of-the-old-one").touch()
    command = [sys.executable, str(clone / "bin" / "simulate")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None and running.stdin is not None
        assert running.stdout.readline() == "started\n"
        (clone / "requirements.lock").write_text("# another\n")
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as other:
            assert other.stderr is not None
            while "is in use by a run" not in other.stderr.readline():
                assert other.poll() is None
            running.stdin.write("\n")
            running.stdin.flush()
            assert running.stdout.readline() == "True\n"
            running.wait(60)
            other.communicate(timeout=240)
            assert other.returncode == 0
    assert not (clone / ".venv" / "of-the-old-one").exists()


def test_when_nothing_can_be_installed_the_old_environment_stays(clone: Path) -> None:
    pretend_installed(clone, "requirements.lock")
    (clone / "requirements-dev.lock").write_text("./not-there.whl --hash=sha256:" + "0" * 64 + "\n")
    assert start(clone / "bin" / "test").returncode == 3
    assert start(clone / "bin" / "simulate").returncode == 7
    assert [path.name for path in clone.glob(".venv.[no]*")] == []


def test_the_scripts_of_the_environment_name_the_folder_that_they_stand_in(clone: Path) -> None:
    assert start(clone / "bin" / "simulate").returncode == 7
    for script in (clone / ".venv" / "bin").iterdir():
        assert script.is_symlink() or b".venv.new" not in script.read_bytes(), script


def test_nothing_is_installed_into_the_system_unasked(clone: Path, tmp_path: Path) -> None:
    pretend_installed(clone, "requirements-dev.lock")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("apt-get", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        tool = tools / name
        tool.write_text(f"#!/bin/sh\necho $0 $* >> {tmp_path}/called\nexit 1\n")
        tool.chmod(0o755)
    more = {"PATH": f"{tools}:/usr/bin:/bin", "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "none")}
    refused = start(clone / "bin" / "test", more=more)
    assert refused.returncode == 3
    assert "--install-browser" in refused.stderr and "--no-browser" in refused.stderr
    assert "apt-get" not in (tmp_path / "called").read_text()


def test_an_old_python_is_told_which_one_is_needed(clone: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-c", OLD_PYTHON, str(clone / "bin")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert refused.returncode == 3
    assert "Python 3.11 or newer is needed" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--soak"], ["-m", "soak", "-n", "2", "--dist", "worksteal"]),
        (["--bench"], ["-m", "bench", "-n", "0", "--dist", "worksteal"]),
        (["--interop", "-x"], ["-m", "interop", "-n", "2", "--dist", "worksteal", "-x"]),
        (
            ["--no-browser", "-m", "slow", "tests/sim"],
            [
                "-m",
                "(not soak and not interop and not bench and not browser) and (slow)",
                "-n",
                "2",
                "--dist",
                "worksteal",
                "tests/sim",
            ],
        ),
    ],
)
def test_the_test_command_chooses_tests_by_marker(
    clone: Path, arguments: list[str], expected: list[str]
) -> None:
    pretend_installed(clone, "requirements-dev.lock")
    # Found before the real one: the root comes first on the path.
    (clone / "pytest.py").write_text("import sys; print(sys.argv[1:])")
    assert start(clone / "bin" / "test", *arguments).stdout.strip() == str(expected)
