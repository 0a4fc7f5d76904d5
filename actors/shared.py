"""What all users of a run share."""

from __future__ import annotations

import math

import attrs

from actors.events import Emit
from actors.loose_calls import LooseCalls
from actors.ports import Connector
from actors.shelter import Shelter


@attrs.frozen
class Shared:
    """What all users of a run share.

    Attributes:
        connector: opens their sessions.
        record: takes what they measure.
        shelter: lets what they have sent come to its answer.
        call_bound_s: the longest that a call is awaited under it; sessions keep time-outs of their own,
            so it matters only where one does not.
        loose: calls that may have changed something, and whose answer never came.
    """

    connector: Connector
    record: Emit
    shelter: Shelter = attrs.field(factory=Shelter)
    call_bound_s: float = math.inf
    loose: LooseCalls = attrs.field(factory=LooseCalls)
