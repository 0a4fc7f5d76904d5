"""Where the results go, and that nothing is written over what is read."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import attrs

from sim.config.files import is_same_file, looks_like_a_ledger, why_unwritable
from sim.config.merged import Merged, Named
from sim.config.model import Output, StoryOptions, Target, UserOptions
from sim.config.option import option_of
from sim.config.options import ARGUMENTS, SCENARIO

STDOUT = Path("-")
_OUTPUT = attrs.fields(Output)
_READ = (
    option_of(attrs.fields(UserOptions).accounts),
    option_of(attrs.fields(Target).ca_file),
    SCENARIO,
    ARGUMENTS,
)


def build_output(merged: Merged) -> Output:
    """Raises UsageError."""
    output = Output(**merged.rows(Output))
    if output.quiet and output.verbose:
        raise merged.error(_OUTPUT.quiet, "not together with --verbose")
    for name, path in _written(output):
        if (name == _OUTPUT.ledger or path != STDOUT) and (problem := why_unwritable(path)):
            raise merged.error(name, f"{str(path)!r}: {problem}")
    _check_apart(merged, output)
    _check_page(merged, output)
    return output


def _check_page(merged: Merged, output: Output) -> None:
    """A page needs time that goes by; beyond this machine it needs a word."""
    if not output.has_page:
        return
    target = attrs.fields(Target)
    if merged[option_of(target.virtual)]:
        raise merged.error(_OUTPUT.live, "not with --virtual: an hour is over there before a page is open")
    if not ip_address(output.live_host).is_loopback and not merged[option_of(target.assume_yes)]:
        raise merged.error(_OUTPUT.live_host, "others can see the run there: add --yes if you mean it")


def _written(output: Output) -> list[tuple[Named, Path]]:
    """Every file that is written, and which option names it."""
    single = ((_OUTPUT.ledger, output.ledger), (_OUTPUT.json_file, output.json_file))
    named: list[tuple[Named, Path]] = [(name, path) for name, path in single if path is not None]
    return [*named, *((_OUTPUT.reports, file.path) for file in output.reports)]


def _check_apart(merged: Merged, output: Output) -> None:
    """Nothing is written over what is read, over the list of what is to be removed, or over another."""
    read = [*merged[option_of(attrs.fields(StoryOptions).files)], *(merged[option] for option in _READ)]
    before = [path for path in read if path is not None]
    for name, path in _written(output):
        if name != _OUTPUT.ledger and looks_like_a_ledger(path):
            problem = f"{str(path)!r}: this is a ledger, which says what a run has to remove"
            raise merged.error(name, problem)
        for other in before:
            if path == other == STDOUT:
                raise merged.error(name, "standard output is taken")
            if STDOUT not in (path, other) and is_same_file(path, other):
                raise merged.error(name, f"{str(path)!r} and {str(other)!r} are the same file")
        before.append(path)
