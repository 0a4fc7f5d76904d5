"""`--shards` and `--cluster`: what is asked for becomes a run of several shards, or is refused."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial

import attrs

from sim import app
from sim.app.coordinator import run_fleet
from sim.app.virtual_shards import open_inside, open_virtual_fleet
from sim.config.model import Config, OnLost
from sim.config.option_types import AUTO_SHARDS
from sim.config.usage import UsageError
from sim.fleet.cut import check_casts, max_shards
from sim.fleet.dask_cluster import ExistingCluster, LocalProcesses, Wanted
from sim.fleet.dask_engine import open_dask_engine
from sim.runtime.exit import ExitCode


def run_in_shards(config: Config, casts: Mapping[str, int]) -> ExitCode:
    """Raises UsageError for what cannot be done by several processes.

    Args:
        casts: with how many users each workflow is played at most, by its name.
    """
    check(config)
    wanted = wanted_by(config, casts)
    if isinstance(wanted, LocalProcesses) and wanted.count == 1:
        return app.run(attrs.evolve(config, load=attrs.evolve(config.load, shards=1)))
    if config.target.virtual:
        assert isinstance(wanted, LocalProcesses)
        return run_fleet(config, partial(open_inside, wanted.count), opens=open_virtual_fleet)
    stops_on_loss = config.load.on_lost is OnLost.STOP
    return run_fleet(config, partial(open_dask_engine, wanted), stops_on_loss=stops_on_loss)


def check(config: Config) -> None:
    """Raises UsageError."""
    switch = "--cluster" if config.load.cluster is not None else "--shards"
    if config.target.virtual and config.load.cluster is not None:
        raise UsageError("--cluster: virtual time is that of one process; leave out one of the two")
    if config.sought is not None:
        raise UsageError(f"{switch}: a search calls users up in one process; leave it out")
    if any(group.profile.breakpoint for group in config.load.groups):
        raise UsageError(f"{switch}: a search for the rate that holds is made by one process; leave it out")
    if config.load.cluster is not None and config.target.is_standin:
        raise UsageError(
            "--cluster: its machines cannot reach the built-in stand-in of this one; say --url, or start "
            "simulate standin where they can"
        )


def wanted_by(config: Config, casts: Mapping[str, int]) -> Wanted:
    """How many, and where; `auto`, and a cluster: as many as there are, and as there are users for."""
    load, most = config.load, max_shards(config, casts)
    if load.shards > 1:
        check_casts(config, load.shards, casts)
    if load.cluster is not None:
        return ExistingCluster(load.cluster, load.shards if load.shards > 1 else None, most)
    if load.shards == AUTO_SHARDS:
        return LocalProcesses(min(most, len(os.sched_getaffinity(0))))
    return LocalProcesses(load.shards)
