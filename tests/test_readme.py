"""What the README and the pages for users say is so: workflows run as they stand there, options exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import pytest

from sim.cli.main import execute, root
from sim.config.grammar.presets import PRESETS
from sim.config.grammar.profile import preset_words
from sim.config.standin_options import standin_params
from sim.config.threshold_words import WORDS
from sim.runtime.exit import ExitCode
from tests.support.processes import running_standin, simulate

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text()
MANUAL = "\n".join(path.read_text() for path in sorted((ROOT / "docs").glob("*.md")))
OF_TESTS = {"--install-browser", "--soak", "--interop", "--release", "--no-browser"}
OF_OTHERS = {"--traces-output", "--headless", "--name", "--nthreads", "--memory-limit", "--no-dashboard"}
"""Of k6 and Locust, which pages stand this beside, and of the workers of Dask."""
OTHERS = re.compile(r"\b(dask|docker|helm|kubectl|podman|srun|ssh|git)\b")
"""Whoever is called in a line: its options are its own."""


def options_of(command: click.Command) -> set[str]:
    """All that a command and those below it take."""
    own = {word for param in command.params for word in (*param.opts, *param.secondary_opts)}
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return own.union({"--help", "--version"}, *map(options_of, below))


@pytest.mark.parametrize("page", ["README.md", "docs/own-workflows.md"])
def test_the_workflow_of_a_page_plays_as_it_stands_there(page: str, tmp_path: Path) -> None:
    (source,) = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "my_flows.py").write_text(source)
    with running_standin() as standin:
        arguments = ("try", "my_flows.py", "--url", f"{standin.url}/mcp", "--login", "http", "--quiet")
        played = simulate(arguments, standin.environment, tmp_path)
        assert played.returncode == ExitCode.OK, played.stderr
        *steps, end = played.stdout.splitlines()
        name = re.findall(r"^async def (\w+)", source, re.MULTILINE)[0]
        assert end == f"{name} succeeded"
        named = re.search(r"steps=\{(.*?)\}", source, re.DOTALL)
        assert named is not None
        assert [line.split()[1] for line in steps] == re.findall(r'"(\w+)": "nc_', named[1])
        assert standin.leftovers() == {}


def test_the_scenario_of_the_readme_plays_as_it_stands_there(tmp_path: Path) -> None:
    (source,) = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    (tmp_path / "friday.toml").write_text(source)
    arguments = ("--scenario", "friday.toml", "--virtual", "--seed", "7", "--output", "run.json")
    played = simulate(arguments, {}, tmp_path)
    assert played.returncode == ExitCode.OK, played.stdout + played.stderr
    report = json.loads((tmp_path / "run.json").read_text())
    assert set(report["groups"]) == set(re.findall(r'^name = "(\w+)"', source, re.MULTILINE))
    assert all(verdict["passed"] for verdict in report["thresholds"])


def test_the_readme_names_every_parameter_of_every_load_shape_with_its_default() -> None:
    rows = dict(re.findall(r"^  \| `(\w+)` \| (.*) \|$", TEXT, re.MULTILINE))
    assert set(rows) == set(PRESETS)
    for name, preset in PRESETS.items():
        assert set(re.findall(r"`(\w+)=", rows[name])) == set(preset_words(preset))


def test_every_option_that_the_readme_or_a_page_names_exists() -> None:
    known = options_of(root()) | {param.opts[0] for param in standin_params()} | OF_TESTS | OF_OTHERS
    ours = "\n".join(line for line in (TEXT + MANUAL).splitlines() if not OTHERS.search(line))
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", ours)) <= known


def test_the_readme_explains_every_exit_code() -> None:
    table = TEXT.partition("## Exit codes")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE)
    assert {int(code) for row in rows for code in row.split(",")} == set(ExitCode)


def test_every_threshold_that_the_readme_shows_can_be_judged(capsys: pytest.CaptureFixture[str]) -> None:
    shown = re.findall(r"--threshold '([^']+)'", TEXT)
    assert len(shown) >= 4
    words = [word for text in shown for word in ("--threshold", text)]
    assert execute(["--dry-run", "--users", "20", "--region", "eu=100%", *words]) == ExitCode.OK
    printed = capsys.readouterr().out
    assert all(text in printed for text in shown)


def test_the_readme_explains_every_word_that_a_threshold_may_name() -> None:
    table = TEXT.partition("## Thresholds")[2].partition("\n## ")[0]
    assert set(WORDS) <= set(re.findall(r"`(\w+)`", table))
