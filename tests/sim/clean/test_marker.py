"""What is ours is told by the run's own mark, however servers and people spell it."""

from __future__ import annotations

import pytest

from sim.clean.marker import is_marker, marker_email, new_mark, origin_of, place_of


def test_the_marker_of_a_run_is_its_own() -> None:
    one, other = new_mark(), new_mark()
    assert is_marker(marker_email("LoadTest_user_1", one).lower(), "LoadTest_user_1", one)
    assert not is_marker(marker_email("p_user_1", one), "p_user_1", other)
    assert is_marker(marker_email("p_user_1", one), "p_user_1"), "of any run"


@pytest.mark.parametrize(
    ("email", "is_ours"),
    [
        ("p_user_1@benchmark.local", True),
        ("P_USER_1@Benchmark.LOCAL", True),
        ("p_user_1+sim-0a1b2c3d@benchmark.local", True),
        ("p_user_1+holiday@benchmark.local", False),
        ("p_user_11@benchmark.local", False),
        ("p_user_1@benchmark.local.example.org", False),
        ("p_user_1+sim-0a1b2c3d@example.org", False),
        ("p_user_1@mail.example", True),
        ("", False),
    ],
)
def test_whose_an_address_is(email: str, is_ours: bool) -> None:
    assert is_marker(email, "p_user_1", domains=("mail.example",)) is is_ours


def test_an_address_without_a_mark_is_of_no_run_in_particular() -> None:
    assert not is_marker("p_user_1@benchmark.local", "p_user_1", "sim-0a1b2c3d")


@pytest.mark.parametrize(
    "spelling",
    ["https://cloud.example/nc", "HTTPS://Cloud.Example:443/nc/", "https://cloud.example./nc/index.php/"],
)
def test_every_spelling_of_a_server_is_one_place(spelling: str) -> None:
    assert place_of(spelling) == "https://cloud.example:443/nc"
    assert place_of("https://cloud.example") != place_of(spelling)
    assert place_of("http://cloud.example/nc") != place_of(spelling)


def test_what_is_no_address_has_no_origin() -> None:
    for text in ("", "nowhere", "http://", "http://[", "http://x:99999", "//x/y"):
        assert origin_of(text) == ""
