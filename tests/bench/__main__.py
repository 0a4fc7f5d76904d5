"""Benchmarks: `python -m tests.bench [--smoke] [PART ...]` prints one table of figures for this machine.

CPU time is that of the process that is measured (user and system). Servers run in processes of their
own and do not count. Without a part it takes all of them, one after the other.
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module

from rich.console import Console
from rich.table import Table

PARTS = {
    "clients": "tests.bench.clients",
    "whole": "tests.bench.whole_run",
    "long": "tests.bench.long_run",
    "scale": "tests.bench.scale",
    "memory": "tests.bench.memory_growth",
    "virtual": "tests.bench.virtual_time",
    "measure": "tests.bench.measuring",
    "compare": "tests.bench.comparing",
    "live": "tests.bench.looked_on",
    "fleet": "tests.bench.merged_windows",
    "shards": "tests.bench.fleet_of_shards",
    "record": "tests.bench.recorded",
}
"""The module of each part. It offers `figures()` and, only to show that it runs, `small_figures()`."""


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all when absent")
    parser.add_argument("--smoke", action="store_true", help="a hundredth of the work: only that it runs")
    said = parser.parse_args()
    if unknown := set(said.parts) - PARTS.keys():
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    table = Table("part", "figure", "value", title=f"{sys.platform}, Python {sys.version.split()[0]}")
    for part in said.parts or PARTS:
        begun = time.perf_counter()
        module = import_module(PARTS[part])
        for name, value in module.small_figures() if said.smoke else module.figures():
            table.add_row(part, name, value)
            print(f"{name}: {value}", file=sys.stderr, flush=True)
        print(f"({part}: {time.perf_counter() - begun:.0f} s)", file=sys.stderr, flush=True)
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
