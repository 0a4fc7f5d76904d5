"""An index of the history, made of its files alone: figures of hundreds of runs are there at once.

Whatever is wrong with it, it is made anew; where it cannot be written it lives in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import attrs

from sim.report.compare.comparability import ENDED_EARLY
from sim.report.compare.gauges import GATES, INFORMING, GaugeReading, gauge
from sim.report.history.run_store import RunStore
from sim.report.result import Result
from sim.report.result_json import BadResult

VERSION = 1
"""Of the tables; another one makes the index anew."""
WAIT_S = 5.0
"""For another process that writes to it."""
_TABLES = """
CREATE TABLE run(
  name TEXT PRIMARY KEY, size INTEGER, changed INTEGER, problem TEXT, began TEXT, label TEXT, seed INTEGER,
  target TEXT, clock TEXT, version TEXT, exit_code INTEGER, comparable TEXT, steered INTEGER, users INTEGER
);
CREATE TABLE value(
  run TEXT, metric TEXT, value REAL, count INTEGER, PRIMARY KEY(run, metric)
) WITHOUT ROWID;
"""


@attrs.frozen
class KeptRun:
    """What the index knows of a run.

    Attributes:
        problem: why it cannot be read, in one line; "" where it can, and only then the rest means anything.
        values: by metric.
    """

    name: str
    problem: str = ""
    began: str = ""
    label: str = ""
    seed: int = 0
    target: str = ""
    clock: str = ""
    version: str = ""
    exit_code: int = 0
    comparable: str = ""
    steered: bool = False
    users: int = 0
    values: Mapping[str, GaugeReading] = attrs.Factory(dict)

    @property
    def is_sound(self) -> bool:
        """Whether its figures are those of a whole run."""
        return not self.problem and not self.steered and self.exit_code not in ENDED_EARLY


def kept_runs(store: RunStore) -> list[KeptRun]:
    """All of the history, the oldest first. Raises OSError where its folder cannot be read."""
    present = _present(store)
    for place in (str(store.folder / "index.sqlite"), ":memory:"):
        with suppress(sqlite3.Error), _opened(place) as index:
            _refresh(index, store, present)
            return _all(index)
        if place != ":memory:":
            with suppress(OSError):
                Path(place).unlink(missing_ok=True)
    raise OSError("the history cannot be indexed")


def make_anew(store: RunStore) -> None:
    """Forget the index: the next one who asks makes it. Raises OSError."""
    (store.folder / "index.sqlite").unlink(missing_ok=True)


def read_run(store: RunStore, name: str) -> KeptRun:
    """From its file."""
    try:
        result = store.read(name)
    except (OSError, BadResult) as error:
        return KeptRun(name, problem=str(error) or "it cannot be read")
    return KeptRun(
        name=name,
        began=result.wall_clock.began,
        label=result.label,
        seed=result.seed,
        target=result.target,
        clock=result.clock,
        version=result.version,
        exit_code=result.exit_code,
        comparable=result.comparable,
        steered=result.steered,
        users=result.summary.total_users,
        values=dict(_readings(result)),
    )


def _readings(result: Result) -> Iterator[tuple[str, GaugeReading]]:
    for name in (*GATES, *INFORMING, *(f"{story}.p95" for story in result.sketches.executions)):
        reading = gauge(name).read(result)
        if reading is not None:
            yield name, reading


def _present(store: RunStore) -> dict[str, tuple[int, int]]:
    found = {}
    for name in store.names():
        with suppress(OSError):  # dropped by another process just now
            status = store.path(name).stat()
            found[name] = (status.st_size, status.st_mtime_ns)
    return found


@contextmanager
def _opened(place: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(place, timeout=WAIT_S, isolation_level=None)) as index:
        if place != ":memory:":
            with suppress(OSError):
                Path(place).chmod(0o600)
        index.execute("BEGIN IMMEDIATE")
        (version,) = index.execute("PRAGMA user_version").fetchone()
        if version != VERSION:
            for table in ("run", "value"):
                index.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in filter(str.strip, _TABLES.split(";")):
                index.execute(statement)
            index.execute(f"PRAGMA user_version = {VERSION}")
        yield index
        index.execute("COMMIT")


def _refresh(index: sqlite3.Connection, store: RunStore, present: Mapping[str, tuple[int, int]]) -> None:
    known = {name: (size, at) for name, size, at in index.execute("SELECT name, size, changed FROM run")}
    for name in [name for name in known if known[name] != present.get(name)]:
        index.execute("DELETE FROM run WHERE name = ?", (name,))
        index.execute("DELETE FROM value WHERE run = ?", (name,))
    for name in [name for name in present if known.get(name) != present[name]]:
        run = read_run(store, name)
        plain = attrs.astuple(run, recurse=False)
        row = (run.name, *present[name], *plain[1:-1])
        index.execute(f"INSERT INTO run VALUES({', '.join('?' * len(row))})", row)
        values = [(name, metric, each.value, each.count) for metric, each in run.values.items()]
        index.executemany("INSERT INTO value VALUES(?, ?, ?, ?)", values)


def _all(index: sqlite3.Connection) -> list[KeptRun]:
    values: dict[str, dict[str, GaugeReading]] = {}
    for run, metric, value, count in index.execute("SELECT run, metric, value, count FROM value"):
        values.setdefault(run, {})[metric] = GaugeReading(value, count)
    rows = index.execute("SELECT * FROM run ORDER BY name")
    return [
        attrs.evolve(KeptRun(name, *rest), steered=bool(rest[_STEERED]), values=values.get(name, {}))
        for name, _, _, *rest in rows
    ]


_STEERED = [field.name for field in attrs.fields(KeptRun)].index("steered") - 1
