"""Files that a run reads, as texts that travel to its shards: the machines there need not have them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import attrs

from sim.config.accounts_file import read_accounts
from sim.config.model import Config

PRIVATE = 0o600


def files_of(config: Config) -> dict[str, str]:
    """The texts of files that a run reads, by their paths. Raises OSError and UnicodeDecodeError.

    Accounts are not among them: their passwords travel in the configuration, and never lie in another file.
    """
    paths = [*config.stories.files, *([config.target.ca_file] if config.target.ca_file else [])]
    return {str(path): path.read_text("utf-8") for path in paths}


def with_accounts(config: Config) -> Config:
    """The same, with what stands in its accounts file. Raises SetupError for one that will not do."""
    if config.users.accounts is None:
        return config
    listed = tuple(read_accounts(config.users.accounts)[: config.crowd])
    return attrs.evolve(config, users=attrs.evolve(config.users, listed=listed))


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
    )
