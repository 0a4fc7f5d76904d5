"""The end of a run for the history: it is kept, or one line says why not."""

from __future__ import annotations

import sqlite3
from contextlib import suppress

from sim.report.history.run_index import kept_runs
from sim.report.history.run_store import RunStore, history_folder
from sim.report.result import Result


def keep_run(result: Result, limit: int) -> str:
    """Keep it with the last `limit` others; "", or what prevented that: no disk and no right raises."""
    try:
        store = RunStore(history_folder())
        store.keep(result, limit)
    except OSError as error:
        return f"the run could not be kept in the history: {error.strerror or error} (--no-history)"
    # Only so that the next who looks need not: whatever is wrong with the index is mended then.
    with suppress(OSError, sqlite3.Error):
        kept_runs(store)
    return ""
