"""What a page asks for, from JSON to a command."""

from __future__ import annotations

from typing import Annotated, assert_never

import msgspec

from sim.runtime.commands import ChangeLoad, Command, MarkInstant, PauseLoad, StopRun

MAX_BYTES = 4096
Amount = Annotated[float, msgspec.Meta(ge=0, le=1e9)]


class StopOrder(msgspec.Struct, tag="stop", tag_field="do", forbid_unknown_fields=True):
    now: bool = False


class LoadOrder(msgspec.Struct, tag="load", tag_field="do", forbid_unknown_fields=True):
    wanted: Amount
    over_s: Amount = 0.0
    group: Annotated[str, msgspec.Meta(max_length=200)] = ""


class PauseOrder(msgspec.Struct, tag="pause", tag_field="do", forbid_unknown_fields=True):
    on: bool


class MarkOrder(msgspec.Struct, tag="mark", tag_field="do", forbid_unknown_fields=True):
    word: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


Order = StopOrder | LoadOrder | PauseOrder | MarkOrder
_DECODER = msgspec.json.Decoder(Order)


class BadOrder(ValueError):
    """It is none; the text says why, in one line."""


def command_of(body: bytes) -> Command:
    """Raises BadOrder."""
    try:
        order = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadOrder(str(error)) from None
    match order:
        case StopOrder():
            return StopRun(order.now)
        case LoadOrder():
            return ChangeLoad(order.wanted, order.over_s, order.group)
        case PauseOrder():
            return PauseLoad(order.on)
        case MarkOrder():
            return MarkInstant(order.word)
        case other:
            assert_never(other)
