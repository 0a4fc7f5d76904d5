"""Rows that are over, as bytes: there are thousands, and a row of objects takes seven times as much."""

from __future__ import annotations

from array import array
from collections import Counter

import attrs
import msgspec

from sim.measure.points import Points
from sim.measure.row_parts import PartOfRow
from sim.measure.sketch import Sketch
from sim.measure.timeline_row import ROW_COMPRESSION, Row

SKETCH = 1
"""What is no plain value, by the number that msgpack marks it with."""

FIELDS = tuple(field.name for field in attrs.fields(Row))
REGIONS, GROUPS = FIELDS.index("regions"), FIELDS.index("groups")


def packed(row: Row) -> bytes:
    """A row as bytes, of which `unpacked` makes an equal one."""
    return _ENCODER.encode([getattr(row, name) for name in FIELDS])


def unpacked(packed_row: bytes) -> Row:
    """The row that `packed` was given."""
    values = _DECODER.decode(packed_row)
    row = Row(*values)
    for counts in ("violations", "not_started", "outcomes", "bins"):
        setattr(row, counts, Counter(getattr(row, counts)))
    row.regions = {name: PartOfRow(**part) for name, part in values[REGIONS].items()}
    row.groups = {name: PartOfRow(**part) for name, part in values[GROUPS].items()}
    lower, upper = row.seen_after
    row.seen_after = lower, upper
    return row


def _plain(value: object) -> msgspec.msgpack.Ext:
    match value:
        case Sketch() if not value.count:
            return msgspec.msgpack.Ext(SKETCH, b"")
        case Sketch():
            points = Points.sorted(value.weighted())
            weights = [int(weight) for weight in points.weights]
            kept = value.min, value.max, value.total, list(points.means), weights
            return msgspec.msgpack.Ext(SKETCH, _ENCODER.encode(kept))
        case _:
            raise NotImplementedError(f"a row has no {type(value).__name__}")


def _sketch(_: int, data: memoryview) -> object:
    if not data:
        return Sketch()
    least, most, total, means, weights = _DECODER.decode(data)
    points = Points(array("d", means), array("d", weights))
    return Sketch.of_points(points, least, most, total, compression=ROW_COMPRESSION)


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_plain)
_DECODER = msgspec.msgpack.Decoder(ext_hook=_sketch)
