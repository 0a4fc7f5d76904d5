"""The file with a token for `/metrics`: read before anything is done, and never told."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.config.usage import UsageError
from sim.live.page.scrape_token import scrape_token

GOOD = "0123456789abcdef"


def test_what_stands_in_the_file_is_the_token_whatever_blanks_are_around_it(tmp_path: Path) -> None:
    file = tmp_path / "token"
    for text in (GOOD, f"{GOOD}\n", f"  {GOOD}\r\n\n"):
        file.write_text(text)
        found = scrape_token(file)
        assert found is not None
        assert found.reveal() == GOOD
    assert scrape_token(None) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"hunter2", b"0123456789 abcdef", b"0123456789\nabcdefgh", b"\xff" * 20, b"x" * 5000],
    ids=["nothing", "a blank", "short", "two words", "two lines", "no text", "endless"],
)
def test_what_is_no_token_is_refused_in_one_line_that_does_not_tell_it(
    content: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"--metrics-token-file: .*token") as refused:
        scrape_token(file)
    assert "\n" not in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_file_that_is_gone_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        scrape_token(tmp_path / "gone")
