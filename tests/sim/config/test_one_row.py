"""How to add an option: one row, tried on a copy of the program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PLACES = {
    # part of the model: (what asks for it, the class that it is a row of)
    "stories": "StoryOptions",
    "load": "Load",
    "target": "Target",
    "output": "Output",
    "users": "UserOptions",
}
ROW = '    patience_s: float = row(_S.STORIES, types.duration(), "How long to wait for a tool.", 7.0)\n'
SAID = """
import io, json, sys
from contextlib import redirect_stdout
from pathlib import Path
from sim.cli.configured import make_config, read_settings
from sim.cli.main import execute
from sim.config.usage import UsageError

def value(flags, environment):
    return getattr(make_config(read_settings(flags, environment)), sys.argv[1]).patience_s

def printed(*argv):
    out = io.StringIO()
    with redirect_stdout(out):
        assert execute(list(argv)) == 0
    return out.getvalue()

Path("file.toml").write_text('patience = "2s"')
try:
    read_settings({}, {"SIMULATE_PATENCE": "5s"})
except UsageError as error:
    misspelt = str(error)
print(json.dumps({
    "default": value({}, {}),
    "file": value({"scenario": "file.toml"}, {}),
    "environment": value({"scenario": "file.toml"}, {"SIMULATE_PATIENCE": "3s"}),
    "flag": value({"scenario": "file.toml", "patience": "4s"}, {"SIMULATE_PATIENCE": "3s"}),
    "help": "--patience DURATION" in printed("--help"),
    "dry run": 'patience = "5s"' in printed("--dry-run", "--patience", "5s"),
    "schema": json.loads(printed("schema"))["properties"]["patience"]["default"],
    "misspelt": misspelt,
}))
"""


@pytest.mark.parametrize(("part", "owner"), PLACES.items(), ids=PLACES)
def test_one_row_is_flag_variable_key_schema_help_and_a_field_of_the_run(
    part: str, owner: str, tmp_path: Path
) -> None:
    for floor in ("actors", "workflows", "sim"):
        shutil.copytree(ROOT / floor, tmp_path / floor, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    model = tmp_path / "sim/config/model.py"
    before, head, rest = model.read_text().partition(f"class {owner}:")
    # Behind its last field, which is before the next class or method.
    body, blank, after = rest.partition(
        "\n\n    @" if "\n\n    @" in rest.partition("\n\n\n")[0] else "\n\n\n"
    )
    model.write_text(f"{before}{head}{body}\n{ROW.rstrip()}{blank}{after}")
    done = subprocess.run(
        [sys.executable, "-c", SAID, part],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "default": 7.0,
        "file": 2.0,
        "environment": 3.0,
        "flag": 4.0,
        "help": True,
        "dry run": True,
        "schema": "7s",
        "misspelt": "SIMULATE_PATENCE: no such variable; did you mean SIMULATE_PATIENCE?",
    }
