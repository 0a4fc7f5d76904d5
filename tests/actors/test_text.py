"""What a server wrote is shown, and does nothing else."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from actors.text import harmless


@given(st.text(alphabet=st.characters(), max_size=2000), st.integers(min_value=2, max_value=400))
def test_whatever_comes_becomes_one_short_line_that_any_terminal_and_file_can_take(text, length):
    shown = harmless(text, length)
    assert len(shown) <= length
    assert shown == shown.strip()
    assert all(unicodedata.category(sign) not in ("Cc", "Cs", "Zl", "Zp") for sign in shown)
    shown.encode("utf-8")


@given(st.text(alphabet=st.characters(categories=["Lu", "Ll", "Nd"]), max_size=100))
def test_words_stay_as_they_are(text):
    assert harmless(text, 100) == text


def test_what_was_taken_out_leaves_a_trace():
    assert harmless("a\x1b[31mb") == "a\N{REPLACEMENT CHARACTER}[31mb"
    assert harmless("one\r\n\ttwo") == "one two"
    assert harmless("x" * 10_000, 10) == "x" * 9 + "…"


@given(st.text(alphabet=" ab\t", max_size=30))
def test_white_space_of_any_length_is_one_blank(text):
    assert harmless(text) == " ".join(text.split())
