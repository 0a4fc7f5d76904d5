"""What a server says again of a secret is not told on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.errors import CallError, Outcome
from actors.secret import MIN_TOLD, VEIL, veiled
from actors.text import MAX_TEXT_LENGTH

SECRETS = st.text(alphabet="abcDEF0123456789._-", min_size=20, max_size=400)


@given(SECRETS, st.text(max_size=50), st.text(max_size=50))
def test_neither_a_secret_nor_its_beginning_is_left(secret: str, before: str, after: str) -> None:
    shown = veiled(f"{before}{secret}{after}", secret)
    assert secret[: MIN_TOLD + 1] not in shown
    assert VEIL in shown


@given(SECRETS)
def test_also_where_the_text_was_cut_within_it(secret: str) -> None:
    error = CallError(Outcome.TOOL_ERROR, "x" * (MAX_TEXT_LENGTH - 15) + secret)
    error.veil(secret)
    assert secret[: MIN_TOLD + 1] not in str(error)


def test_other_words_stay() -> None:
    assert veiled("no such note", "a-secret-of-twenty-ch") == "no such note"
    assert veiled("no such note", "") == "no such note"
