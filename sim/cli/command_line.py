"""The words that repeat a run: what was said on the command line, without destinations and secrets."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

from sim.config.option import Option
from sim.config.options import OPTIONS

DESTINATIONS = (
    *("output", "report", "ledger", "quiet", "verbose", "dry_run", "yes", "seed"),
    *("history", "history_limit", "label"),
)
"""What changes nothing of the load. The seed is said in any case."""
_SECRET = re.compile(r"(?i)((?:password|secret|token)\w*=)(?=.).*")


def repeated_command(flags: Mapping[str, Any], seed: int) -> tuple[str, ...]:
    """`simulate`, and each option as it was said. What looks like a secret is left out of its value.

    What the environment and a scenario file say besides is not repeated: it is in the configuration.
    """
    words = ["simulate"]
    for option in OPTIONS:
        if option.name not in DESTINATIONS and not option.secret:
            words += _words(option, flags.get(option.name))
    return (*words, "--seed", str(seed))


def said_words(flags: Mapping[str, Any], without: Container[str]) -> list[str]:
    """Each option as it was said, for another process that is to read it; all but these."""
    return [
        word
        for option in OPTIONS
        if option.name not in without and not option.secret
        for word in _exactly(option, flags.get(option.name))
    ]


def _words(option: Option[Any], said: Any) -> Iterator[str]:
    return (_SECRET.sub(r"\1…", word) for word in _exactly(option, said))


def _exactly(option: Option[Any], said: Any) -> Iterator[str]:
    if said is None or said == ():
        return
    if option.type.is_flag:
        yield option.switch if said else f"--no-{option.switch[2:]}"
        return
    for text in said if isinstance(said, tuple | list) else (said,):
        yield option.switch
        yield str(text)
