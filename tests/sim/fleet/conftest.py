"""What every test of shards is in."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _environment_as_before() -> Iterator[None]:
    """Dask's nannies leave what they set for their workers in the environment of the process they run in."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)
