"""Files that a run reads, as texts that travel to its shards: the machines there need not have them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import attrs

from sim.config.accounts_file import read_accounts
from sim.config.model import Config

PRIVATE = 0o600


def files_of(whole: Config, number: int, shards: int) -> dict[str, str]:
    """The texts of all files that the `number`-th of so many shards reads, by their paths.

    Of accounts each shard gets its own alone. Raises SetupError for an accounts file that will not do,
    OSError and UnicodeDecodeError.
    """
    paths = [*whole.stories.files, *([whole.target.ca_file] if whole.target.ca_file else [])]
    texts = {str(path): path.read_text("utf-8") for path in paths}
    accounts = whole.users.accounts
    if accounts is not None:
        dealt = [
            each
            for at, each in enumerate(read_accounts(accounts)[: whole.crowd])
            if at % shards == number - 1
        ]
        texts[str(accounts)] = "".join(f"{login}\t{password.reveal()}\n" for login, password in dealt)
    return texts


def with_files(config: Config, files: Mapping[str, str], folder: Path) -> Config:
    """The same, with its files in `folder`; those that did not travel are where they are. Raises OSError."""
    moved: dict[Path, Path] = {}
    for number, (path, text) in enumerate(files.items()):
        place = folder / str(number) / Path(path).name
        place.parent.mkdir()
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        moved[Path(path)] = place

    def at(path: Path | None) -> Path | None:
        return None if path is None else moved.get(path, path)

    return attrs.evolve(
        config,
        stories=attrs.evolve(
            config.stories, files=tuple(moved.get(each, each) for each in config.stories.files)
        ),
        target=attrs.evolve(config.target, ca_file=at(config.target.ca_file)),
        users=attrs.evolve(config.users, accounts=at(config.users.accounts)),
    )
