"""Options of the project's own tests."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--release", help="with --interop: only this release of the real server, or 'latest'")
