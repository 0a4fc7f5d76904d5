"""Messages between a coordinator and its shards are plain JSON, and checked as they are read."""

from __future__ import annotations

import json

import pytest

from sim.fleet.shard_messages import (
    BadMessage,
    Beat,
    Begin,
    Figures,
    FromShard,
    GivenClient,
    Happened,
    LedgerLine,
    Probe,
    Probed,
    Ready,
    ShardDone,
    ShardFailed,
    StartAt,
    StopNow,
    ToShard,
    Written,
    from_shard,
    to_json,
    to_shard,
)

DOWN: tuple[ToShard, ...] = (
    Begin("m4rk", 2, 4, {"seed": 1}, {"a.csv": "u,p"}, GivenClient("id", "client_secret_post", "s3cret")),
    StartAt(1.5e9),
    StopNow(2),
    Beat(7, 1.5),
    Written(3),
    Probe(1),
)
UP: tuple[FromShard, ...] = (
    Ready(1, "host"),
    Probed(1, 1, 1.5e9),
    LedgerLine(1, 3, '{"intended": ["user", "u"]}'),
    Figures(1, {"version": 1}),
    Happened(1, {"is": "Note"}),
    ShardDone(1, {}, 4, ["user u"]),
    ShardFailed(1, "no"),
)


@pytest.mark.parametrize("message", DOWN, ids=lambda each: type(each).__name__)
def test_what_is_told_to_a_shard_comes_back_out_of_json(message: ToShard) -> None:
    assert to_shard(json.loads(json.dumps(to_json(message)))) == message


@pytest.mark.parametrize("message", UP, ids=lambda each: type(each).__name__)
def test_what_a_shard_tells_comes_back_out_of_json(message: FromShard) -> None:
    assert from_shard(json.loads(json.dumps(to_json(message)))) == message


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {"is": "Beat"},
        {"is": "Beat", "n": -1},
        {"is": "Beat", "n": True},
        {"is": "Beat", "n": 1, "more": 1},
        {"is": "StopNow", "level": 4},
        {"is": "Nothing\x1b[2J"},
        {"is": "Ready", "shard": 1},
    ],
)
def test_what_is_no_message_to_a_shard_is_refused_in_one_harmless_line(document: object) -> None:
    with pytest.raises(BadMessage) as refused:
        to_shard(document)
    assert str(refused.value).isprintable()


def test_secrets_are_in_no_text_of_a_message() -> None:
    begin = DOWN[0]
    assert "s3cret" not in repr(begin)
    assert "s3cret" not in repr(GivenClient("id", "client_secret_post", "s3cret"))
