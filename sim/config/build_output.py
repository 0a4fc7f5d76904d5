"""Where the results go, and that nothing is written over what is read."""

from __future__ import annotations

from pathlib import Path

import attrs

from sim.config.files import is_same_file, looks_like_a_ledger, why_unwritable
from sim.config.merged import Merged
from sim.config.model import Output, StoryOptions, Target, UserOptions
from sim.config.option import option_of
from sim.config.options import SCENARIO

STDOUT = Path("-")
_OUTPUT = attrs.fields(Output)
_READ = (
    option_of(attrs.fields(UserOptions).accounts),
    option_of(attrs.fields(Target).ca_file),
    SCENARIO,
)


def build_output(merged: Merged) -> Output:
    """Raises UsageError."""
    output = Output(**merged.rows(Output))
    if output.quiet and output.verbose:
        raise merged.error(_OUTPUT.quiet, "not together with --verbose")
    for name, path in ((_OUTPUT.json_file, output.json_file), (_OUTPUT.ledger, output.ledger)):
        if path is None or (name == _OUTPUT.json_file and path == STDOUT):
            continue
        if problem := why_unwritable(path):
            raise merged.error(name, f"{str(path)!r}: {problem}")
    _check_apart(merged, output)
    return output


def _check_apart(merged: Merged, output: Output) -> None:
    """Nothing is written over what is read, or over the list of what is to be removed."""
    results, ledger = output.json_file, output.ledger
    if results is not None and looks_like_a_ledger(results):
        problem = f"{str(results)!r}: this is a ledger, which says what a run has to remove"
        raise merged.error(_OUTPUT.json_file, problem)
    read = [*merged[option_of(attrs.fields(StoryOptions).files)], *(merged[option] for option in _READ)]
    for name, path, others in ((_OUTPUT.ledger, ledger, read), (_OUTPUT.json_file, results, [*read, ledger])):
        for other in others:
            if path is not None and other is not None and is_same_file(path, other):
                raise merged.error(name, f"{str(path)!r} and {str(other)!r} are the same file")
