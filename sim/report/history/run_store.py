"""Finished runs as files: compressed, private, each put in its place in one go, and nobody's overwritten.

    runs/20261126T033015Z-42-1a2b3c4d.v2.json.gz    when it was kept, seed, configuration; schema
    runs/20261126T033015Z-42-1a2b3c4d.pinned        is never dropped
    baselines/main.json                             names of runs, which are never dropped either

What is killed half-way leaves a file whose name begins with a dot; it is nobody's, and goes after an hour.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sim.report.result import SCHEMA_VERSION, Result
from sim.report.result_json import BadResult, from_json, to_json
from sim.runtime.state_folder import PRIVATE_FOLDER, state_folder

MAX_BYTES = 512 * 2**20
"""Of one run, unpacked."""
MAX_NAME = 64
ABANDONED_S = 3600.0
_SUFFIX = re.compile(r"\.v(\d{1,6})\.json\.gz")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")


def history_folder() -> Path:
    """Where the history lies: in the user's state directory. Raises OSError where there is none."""
    return state_folder() / "history"


def is_name(text: str) -> bool:
    """Whether baselines and labels may be called so."""
    return _NAME.fullmatch(text) is not None


class RunStore:
    """The files of one folder. Any number of processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._runs, self._baselines = folder / "runs", folder / "baselines"

    def keep(self, result: Result, limit: int, now: Callable[[], float] = time.time) -> str:
        """Put it beside the others, and drop those that are too old; its name. Raises OSError.

        `limit`: how many of this release's schema, and of older ones, are kept beside pinned ones.
        """
        self._runs.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        at = datetime.fromtimestamp(now(), UTC).strftime("%Y%m%dT%H%M%SZ")
        stem = f"{at}-{result.seed}-{result.comparable[:8]}"
        suffix = f".v{SCHEMA_VERSION}.json.gz"
        content = gzip.compress(to_json(result).encode(), mtime=0)
        name = self._place(content, (stem, *(f"{stem}-{n}" for n in range(2, 10_000))), suffix)
        self._sweep(now)
        self.drop_old(limit)
        return name

    def names(self) -> list[str]:
        """Of all runs, the oldest first. Raises OSError."""
        return sorted(self._files())

    def path(self, name: str) -> Path:
        """Raises FileNotFoundError."""
        try:
            return self._files()[name]
        except KeyError:
            raise FileNotFoundError(f"no run {name!r} in the history") from None

    def read(self, name: str) -> Result:
        """Raises OSError, BadResult."""
        return from_json(unpacked(self.path(name)))

    def pin(self, name: str, *, pinned: bool) -> None:
        """Keep it for ever, or no longer. Raises OSError."""
        path = self.path(name)
        mark = path.with_name(f"{name}.pinned")
        if pinned:
            mark.touch(0o600)
        else:
            mark.unlink(missing_ok=True)

    def pinned(self) -> set[str]:
        """All that are never dropped. Raises OSError."""
        marked = {path.name.removesuffix(".pinned") for path in self._runs.glob("*.pinned")}
        return marked.union(*self.baselines().values())

    def drop_old(self, limit: int) -> None:
        """All but the last `limit` and the pinned ones. What a newer release has kept is left alone."""
        files = self._files()
        pinned = self.pinned()
        ours = [name for name in sorted(files) if schema_of(files[name]) <= SCHEMA_VERSION]
        for name in [name for name in ours if name not in pinned][:-limit]:
            with suppress(OSError):
                files[name].unlink(missing_ok=True)

    def set_baseline(self, name: str, runs: Sequence[str]) -> None:
        """Call these runs so from now on. Raises OSError; FileNotFoundError for one that is not there."""
        for run in runs:
            self.path(run)
        self._baselines.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        temporary = self._written(json.dumps({"runs": list(runs)}).encode(), self._baselines)
        temporary.replace(self._baselines / f"{name}.json")

    def remove_baseline(self, name: str) -> None:
        """Raises OSError."""
        (self._baselines / f"{name}.json").unlink()

    def baselines(self) -> dict[str, list[str]]:
        """Names of runs by name of the baseline. Raises OSError."""
        return {path.stem: list(_runs_in(path)) for path in sorted(self._baselines.glob("[!.]*.json"))}

    def _files(self) -> dict[str, Path]:
        paths = self._runs.glob("[!.]*.json.gz")
        return {_SUFFIX.sub("", path.name): path for path in paths if _SUFFIX.search(path.name)}

    def _place(self, content: bytes, stems: Iterable[str], suffix: str) -> str:
        """Under the first of these names that is free (link(2) never replaces anything)."""
        temporary = self._written(content, self._runs)
        try:
            for stem in stems:
                with suppress(FileExistsError):
                    os.link(temporary, self._runs / f"{stem}{suffix}")
                    return stem
            raise FileExistsError(f"no name is free for a run in {self._runs}")
        finally:
            temporary.unlink(missing_ok=True)

    def _written(self, content: bytes, folder: Path) -> Path:
        """A file that is on disk (0600, as mkstemp makes it), under a name that nobody reads."""
        handle, name = tempfile.mkstemp(prefix=".new-", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return Path(name)

    def _sweep(self, now: Callable[[], float]) -> None:
        """What somebody began to write who was killed."""
        for path in self._runs.glob(".new-*"):
            with suppress(OSError):
                if now() - path.stat().st_mtime > ABANDONED_S:
                    path.unlink(missing_ok=True)


def unpacked(path: Path) -> str:
    """The text of a run's file, compressed or not. Raises OSError; BadResult for what is no text."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise BadResult("too long for a result")
        return content.decode()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BadResult(f"damaged: {error}") from None
    except UnicodeDecodeError:
        raise BadResult("no text in UTF-8") from None


def schema_of(path: Path) -> int:
    """As its name says."""
    found = _SUFFIX.search(path.name)
    return int(found[1]) if found else 0


def _runs_in(path: Path) -> Iterator[str]:
    """Names in a baseline's file; of one that cannot be read none."""
    try:
        plain = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return
    runs = plain.get("runs") if isinstance(plain, dict) else None
    if isinstance(runs, list):
        yield from (run for run in runs if isinstance(run, str))
