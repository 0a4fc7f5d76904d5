"""A run's set-up and removal against a fake cloud."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import httpx

from actors.login.app_passwords import Devices
from actors.ports import Accounts
from sim.clean.ledger import Ledger
from sim.clean.ledger_text import LedgerHead
from sim.clean.thing import Means
from sim.config.model import Config, LoginOptions, Output, StoryOptions, Target, UserOptions
from sim.config.model import Load as LoadOptions
from tests.support.fake_cloud import URL

MARK = "sim-0a1b2c3d"
OTHER_MARK = "sim-99999999"


def head(**more: Any) -> LedgerHead:
    said = {
        "mark": MARK,
        "nextcloud_url": URL,
        "admin": "admin",
        "prefix": "p",
        "mail_domain": "benchmark.local",
    }
    return LedgerHead(**(said | more))


def config(count: int = 3) -> Config:
    return Config(
        target=Target(),
        login=LoginOptions(),
        users=UserOptions(count=count, prefix="p"),
        load=LoadOptions(groups=()),
        stories=StoryOptions(),
        output=Output(),
    )


def means(ledger: Ledger, accounts: Accounts | None, http: httpx.AsyncClient, **more: Any) -> Means:
    return Means(ledger, accounts, http, Devices(ssl.create_default_context(), URL), **more)


def email(uid: str, mark: str = MARK) -> str:
    return f"{uid}+{mark}@benchmark.local"


def names(path: Path) -> str:
    return path.read_text() if path.exists() else ""
