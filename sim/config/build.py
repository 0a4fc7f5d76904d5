"""Settings → Config, with every check that needs more than one of them, before anything is created."""

from __future__ import annotations

import os
from pathlib import Path

from actors.login.trust import is_in_the_clear
from sim.config.build_load import ReadStories, build_load, check_roles
from sim.config.build_thresholds import build_thresholds
from sim.config.layers import Layer
from sim.config.merged import Said
from sim.config.model import (
    AuthMode,
    ClientKind,
    Config,
    Load,
    LoginDriver,
    LoginOptions,
    Output,
    StoryOptions,
    Target,
    UserOptions,
)

MAX_CREATIONS = 2
"""Users created at the same time where nothing is said."""

STDOUT = Path("-")
LEDGER_HEAD = b'{"run": {'
DEFAULT_MCP_URL = "http://localhost:8001/mcp"
TRAVELS_IN_THE_CLEAR = {
    "url": "every user's tokens (or passwords) and all that they read and write",
    "nextcloud_host": "the administrator's password and every user's",
    "login_origin": "every user's password",
}


def build_config(layer: Layer, read_stories: ReadStories) -> Config:
    """The run that these settings ask for. Raises UsageError."""
    said = Said(layer.settings)
    target = _target(said)
    _check_standin(said, target)
    login = _login(said, target)
    output = _output(said)
    stories = read_stories(said.many("workflows"))
    load = build_load(said, layer.groups, stories)
    check_roles(said, load, stories)
    return Config(
        target=target,
        login=login,
        users=_users(said, load),
        load=load,
        stories=_story_options(said),
        output=output,
        client=_client(said, target),
        protocol=said["protocol"],
        thresholds=build_thresholds(said, load, stories.step_names),
        standin_options=_standin_options(said),
        server_model=said["server_model"],
    )


def _target(said: Said) -> Target:
    common = {
        "ca_file": said["ca_file"],
        "insecure": said["insecure"],
        "assume_yes": bool(said["yes"]),
        "virtual": said["virtual"],
        "login_origins": said.many("login_origin"),
        "plain_http": said["plain_http"],
    }
    for name in ("url", "nextcloud_host", "login_origin"):
        _check_encrypted(said, name)
    if said["ca_file"] is not None and said["insecure"]:
        raise said.error("insecure", "certificates are not checked, so --ca-file has no use; leave one out")
    if said["virtual"]:
        said.forbid(("url", "accounts"), "a virtual run has no server but the stand-in in its own process")
        return Target(**common)
    host, password = said["nextcloud_host"], said["nextcloud_password"]
    if said["url"] is None and host is None:
        said.forbid(
            ("accounts",), "the built-in stand-in has no accounts yet; say --url, or set NEXTCLOUD_HOST"
        )
        return Target(**common)
    if said["accounts"] is None:
        _check_admin(said, host, password)
    return Target(
        mcp_url=said["url"] or DEFAULT_MCP_URL,
        nextcloud_url=host,
        admin=said["nextcloud_username"],
        **common,
        **({} if password is None else {"admin_password": password}),
    )


def _check_encrypted(said: Said, name: str) -> None:
    """Plain http to another host wants a word: everybody on the way reads what is sent."""
    urls = said.many(name) if name == "login_origin" else filter(None, (said[name],))
    for url in urls:
        if problem := why_in_the_clear(name, url, plain_http=said["plain_http"]):
            raise said.error(name, problem)


def why_in_the_clear(name: str, url: str, *, plain_http: bool) -> str:
    """Why what is sent to `url`, this option's value, is readable on the way; "" if not, or agreed."""
    if plain_http or not is_in_the_clear(url):
        return ""
    return (
        f"{url} is not encrypted, and not this machine: {TRAVELS_IN_THE_CLEAR[name]} "
        "would be readable on the way; use https, or say --plain-http"
    )


def _check_admin(said: Said, host: str | None, password: object) -> None:
    if host is None:
        raise said.error(
            "url",
            "which Nextcloud is behind it? Set NEXTCLOUD_HOST, NEXTCLOUD_USERNAME and NEXTCLOUD_PASSWORD, "
            "or name --accounts that exist",
        )
    if not password:
        raise said.error(
            "nextcloud_host",
            "users are created by its admin: set NEXTCLOUD_PASSWORD too (and NEXTCLOUD_USERNAME), "
            "or name --accounts that exist",
        )


def _check_standin(said: Said, target: Target) -> None:
    only = ("standin_fault", "standin_option")
    if not target.is_standin:
        said.forbid(only, "this is for the built-in stand-in, and the run has a server of its own")
    if not target.virtual:
        said.forbid(("server_model",), "this models the server of a virtual run; add --virtual")


def _client(said: Said, target: Target) -> ClientKind:
    client: ClientKind = said["client"]
    if client is ClientKind.SDK and not target.virtual:
        said.forbid(("region",), "the SDK's own client knows no distance; leave out --client sdk")
    return client


def _login(said: Said, target: Target) -> LoginOptions:
    driver = said["login"]
    if target.virtual:
        said.forbid(
            ("login", "headed", "browser", "auth", "client", "protocol"),
            "nobody logs in on the virtual clock",
        )
    if said["headed"] and (driver is LoginDriver.HTTP or said["auth"] is AuthMode.BASIC):
        raise said.error("headed", "there is no browser to show; leave it out, or say --login browser")
    if said["client_secret"] and said["client_id"] is None:
        raise said.error("client_secret", "whose secret is it? Say --client-id")
    if said["auth"] is AuthMode.BASIC:
        said.forbid(("client_id",), "there is no OAuth client with --auth basic")
    return LoginOptions(
        auth=said["auth"],
        # Whoever asks to see the browser wants one.
        driver=LoginDriver.BROWSER if said["headed"] else driver,
        browser=said["browser"],
        headed=said["headed"],
        client_id=said["client_id"],
        client_secret=said["client_secret"],
    )


def _output(said: Said) -> Output:
    if said["quiet"] and said["verbose"]:
        raise said.error("quiet", "not together with --verbose")
    for name, path in _written(said):
        if (name == "ledger" or path != STDOUT) and (problem := why_unwritable(path)):
            raise said.error(name, f"{str(path)!r}: {problem}")
    _check_apart(said)
    return Output(said["output"], said["quiet"], said["verbose"], said["ledger"], said.many("report"))


def _written(said: Said) -> list[tuple[str, Path]]:
    """Every file that is written, and which option names it."""
    single = [(name, said[name]) for name in ("ledger", "output") if said[name] is not None]
    return [*single, *(("report", file.path) for file in said.many("report"))]


def _check_apart(said: Said) -> None:
    """Nothing is written over what is read, over the list of what is to be removed, or over another."""
    read = [*said.many("workflows"), said["accounts"], said["scenario"], said["ca_file"]]
    before = [path for path in read if path is not None]
    for name, path in _written(said):
        if name != "ledger" and looks_like_a_ledger(path):
            raise said.error(name, f"{str(path)!r}: this is a ledger, which says what a run has to remove")
        for other in before:
            if path == other == STDOUT:
                raise said.error(name, "standard output is taken")
            if STDOUT not in (path, other) and is_same_file(path, other):
                raise said.error(name, f"{str(path)!r} and {str(other)!r} are the same file")
        before.append(path)


def is_same_file(one: Path, other: Path) -> bool:
    """Also by a link, and also when there is no such file yet."""
    try:
        return one.samefile(other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)


def looks_like_a_ledger(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(LEDGER_HEAD)) == LEDGER_HEAD
    except OSError:
        return False


def why_unwritable(path: Path) -> str:
    """Why this file cannot be written, "" when it can; it is not created to find out."""
    try:
        path = Path(os.path.realpath(path)) if path.is_symlink() and not path.exists() else path
        if path.is_dir():
            return "is a directory, not a file"
        if path.exists():
            return "" if os.access(path, os.W_OK) else "may not be written"
        if not path.parent.is_dir():
            return f"there is no directory {str(path.parent)!r}"
    except OSError as error:
        return (error.strerror or "cannot be written").lower()
    return (
        ""
        if os.access(path.parent, os.W_OK | os.X_OK)
        else f"directory {str(path.parent)!r} may not be written"
    )


def _users(said: Said, load: Load) -> UserOptions:
    return UserOptions(
        count=sum(group.users for group in load.groups),
        prefix=said["user_prefix"],
        accounts=said["accounts"],
        setup_concurrency=said["setup_concurrency"],
        cleanup=said["cleanup"],
        # Said, it counts for both; its default is too much for creations on a real server.
        creation_concurrency=min(
            said["setup_concurrency"],
            MAX_CREATIONS if said.origin("setup_concurrency") == "default" else said["setup_concurrency"],
        ),
        mail_domain=said["mail_domain"],
    )


def _story_options(said: Said) -> StoryOptions:
    return StoryOptions(
        files=said.many("workflows"),
        collaborators=said["collaborators"],
        file_size=said["file_size"],
        propagation_timeout_s=said["propagation_timeout"],
        skip_unsupported=said["skip_unsupported"],
        allow_violations=said["allow_violations"],
        fail_fast=said["fail_fast"],
    )


def _standin_options(said: Said) -> tuple[str, ...]:
    faults = (f"fault={fault}" for fault in said.many("standin_fault"))
    words = (*faults, *said.many("standin_option"))
    if words:
        from sim.config.standin_options import read_standin_words

        read_standin_words(words, said.origin("standin_option", "standin_fault"))
    return words
