"""What may be said of users' names and addresses."""

from __future__ import annotations

import pytest

from sim.config.grammar.piece import GrammarError
from sim.config.option_types import parse_mail_domain, parse_prefix


@pytest.mark.parametrize("prefix", ["a@b", "..", "a..b", ".a", "a/b", "a b", "a+b", "", "a" * 49])
def test_a_prefix_that_means_something_elsewhere_is_refused(prefix: str) -> None:
    with pytest.raises(GrammarError):
        parse_prefix(prefix)


def test_usual_prefixes_and_domains_are_taken() -> None:
    assert parse_prefix("Load-Test_1.x") == "Load-Test_1.x"
    assert parse_mail_domain("Mail.Example") == "mail.example"
    for bad in ("", "a@b", "a b", "-a", "a..b", "a" * 191):
        with pytest.raises(GrammarError):
            parse_mail_domain(bad)
