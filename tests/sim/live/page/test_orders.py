"""Commands of a page: only whole and known ones become any."""

from __future__ import annotations

import json

import pytest

from sim.live.page.orders import BadOrder, command_of
from sim.runtime.commands import ChangeLoad, MarkInstant, PauseLoad, StopRun

GOOD = [
    ({"do": "stop"}, StopRun()),
    ({"do": "stop", "now": True}, StopRun(now=True)),
    ({"do": "load", "wanted": 5}, ChangeLoad(5)),
    ({"do": "load", "wanted": 2.5, "over_s": 3, "group": "a"}, ChangeLoad(2.5, 3, "a")),
    ({"do": "pause", "on": False}, PauseLoad(on=False)),
    ({"do": "mark", "word": "deploy"}, MarkInstant("deploy")),
]


@pytest.mark.parametrize(("order", "command"), GOOD)
def test_each_order_is_its_command(order: object, command: object) -> None:
    assert command_of(json.dumps(order).encode()) == command


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"do":"leave"}',
        b'{"do":"stop","more":1}',
        b'{"do":"load"}',
        b'{"do":"load","wanted":"5"}',
        b'{"do":"load","wanted":-1}',
        b'{"do":"load","wanted":NaN}',
        b'{"do":"load","wanted":1e400}',
        b'{"do":"mark","word":""}',
        b'{"do":"pause"}',
        b"[" * 3000,
    ],
)
def test_anything_else_is_refused_in_one_line(body: bytes) -> None:
    with pytest.raises(BadOrder) as refused:
        command_of(body)
    assert "\n" not in str(refused.value)
