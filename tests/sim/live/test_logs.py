"""What libraries log is told when it was asked for, through the progress, and else not at all."""

from __future__ import annotations

import logging

import pytest

from sim.live.logs import logged

NAMES = ("mcp.client", "httpx", "some.library")


@pytest.mark.parametrize("name", NAMES)
def test_warnings_reach_standard_error_only_when_asked_for(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # pytest's own handlers would keep `logging` from falling back to standard error.
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    for verbose in (False, True):
        with logged(verbose):
            try:
                raise ValueError("odd")
            except ValueError:
                logging.getLogger(name).exception("invalid notification\n%s", "\x1b[2J")
        said = capsys.readouterr().err
        assert bool(said) == verbose
        assert said.count("\n") == verbose
        assert "\x1b" not in said and "Traceback" not in said
    assert logging.getLogger().handlers == []


def test_a_record_that_cannot_be_formatted_is_no_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    with logged(verbose=True):
        logging.getLogger("some.library").warning("%d", "not a number")
    assert "some.library: %d" in capsys.readouterr().err
