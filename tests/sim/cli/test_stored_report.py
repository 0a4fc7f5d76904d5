"""`simulate report`: the name of the file to be written says the format, unless that is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.cli.main import execute
from sim.cli.report_command import format_of
from sim.report.result_json import to_json
from sim.runtime.exit import ExitCode
from tests.support.reports import busy_result


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stored") / "run.json"
    path.write_text(to_json(busy_result(5)))
    return path


@pytest.mark.parametrize(
    ("arguments", "begin"),
    [
        (("-o", "run.html"), "<!DOCTYPE html>"),
        (("-o", "RUN.HTML"), "<!DOCTYPE html>"),
        (("-o", "run.md"), "<!-- simulate:report -->"),
        (("-o", "again.json"), '{\n  "schema_version"'),
        (("-o", "run.txt", "--format", "html"), "<!DOCTYPE html>"),
    ],
)
def test_the_name_of_the_file_says_the_format_unless_that_is_said(
    stored: Path, arguments: tuple[str, ...], begin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert execute(["report", str(stored), *arguments]) == ExitCode.OK
    assert (tmp_path / arguments[1]).read_text("utf-8").startswith(begin)


@pytest.mark.parametrize("name", [None, "-", "run", "run.", "notes.pdf"])
def test_where_the_name_says_nothing_it_is_text(name: str | None) -> None:
    assert format_of(name) == "text"
