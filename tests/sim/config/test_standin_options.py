"""One table says how a stand-in can be, and every way to say it reads the same."""

from __future__ import annotations

import attrs
import click
import pytest

from sim.config.standin_options import COMMAND, read_standin_words, standin_options, standin_params
from sim.config.usage import UsageError
from sim.standin.behaviour import SECRETS, StandinOptions
from sim.standin.faults import FaultKind


def from_flags(*words: str) -> StandinOptions:
    command = click.Command(COMMAND, params=standin_params())
    return standin_options(command.make_context(COMMAND, list(words)).params, COMMAND)


def without_secrets(options: StandinOptions) -> dict[str, object]:
    return {name: value for name, value in attrs.asdict(options).items() if name not in SECRETS}


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        (["port=8080"], ["--port", "8080"]),
        (["token_ttl=3s"], ["--token-ttl", "3s"]),
        (["base_path=/nextcloud/"], ["--base-path", "nextcloud"]),
        (["basic"], ["--basic"]),
        (["basic=yes", "password-policy=no"], ["--basic", "--no-password-policy"]),
        (["creation_failures=5%"], ["--creation-failures", "0.05"]),
        (
            ["deny_consent_for=a", "deny_consent_for=b"],
            ["--deny-consent-for", "a", "--deny-consent-for", "b"],
        ),
        (["fault=cut:0.2", "fault_seed=7"], ["--fault", "cut:20%", "--fault-seed", "7"]),
    ],
)
def test_a_run_says_the_same_as_the_command(words: list[str], flags: list[str]) -> None:
    said = read_standin_words(words)
    assert without_secrets(said) == without_secrets(from_flags(*flags))
    assert without_secrets(said) != without_secrets(StandinOptions())


def test_what_is_said_twice_counts_as_it_was_said_last() -> None:
    assert read_standin_words(["port=1", "port=2"]).port == 2


def test_a_list_is_said_one_by_one() -> None:
    options = read_standin_words(["fault=cut:0.2", "fault=is_error:0.1"])
    assert [spec.kind for spec in options.faults] == [FaultKind.CUT, FaultKind.IS_ERROR]


def test_every_field_but_the_secrets_can_be_said_and_is_explained() -> None:
    fields = {field.name for field in attrs.fields(StandinOptions)} - SECRETS
    told = {param.name: param.help for param in standin_params() if isinstance(param, click.Option)}
    assert set(told) == fields and all(told.values())


@pytest.mark.parametrize("secret", sorted(SECRETS))
def test_secrets_are_no_words(secret: str) -> None:
    with pytest.raises(UsageError, match="no option"):
        read_standin_words([f"{secret}=x"])


@pytest.mark.parametrize(
    "word",
    ["port=-1", "work=fast", "creation_failures=1.5", "language=xx", "trash_bin=", "fault=x:1", "", "="],
)
def test_nonsense_is_refused_in_one_line_that_says_where(word: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_standin_words([word], "--standin-option")
    assert str(refused.value).startswith("--standin-option: ") and "\n" not in str(refused.value)


def test_said_nowhere_it_is_as_hard_as_a_real_one() -> None:
    usual = StandinOptions()
    assert usual.password_policy and usual.session_cookies and usual.trash_bin and usual.scripted_pages
    assert usual.well_known_redirect and usual.audience_bound and usual.email_login
    assert (usual.registrations_per_minute, usual.max_clients, usual.client_ttl_s) == (10, 100, 3600)
    assert usual.creation_failures > 0 and usual.creation_s > 0 and usual.brute_force_s > 0
    assert usual.language != "en"
