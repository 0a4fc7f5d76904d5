"""What all users of a run share."""

from __future__ import annotations

import attrs

from actors.events import Emit
from actors.loose_calls import LooseCalls
from actors.many_calls import LookAround, ManyCalls
from actors.ports import Connector
from actors.shelter import Shelter


@attrs.frozen
class Shared:
    """What all users of a run share.

    Attributes:
        connector: opens their sessions.
        record: takes what they measure.
        shelter: lets what they have sent come to its answer.
        look_around: keeps the longest that a call is awaited. Sessions that are not told of it keep
            time-outs of their own.
        loose: calls that may have changed something, and whose answer never came.
    """

    connector: Connector
    record: Emit
    shelter: Shelter = attrs.field(factory=Shelter)
    look_around: LookAround = attrs.field(factory=LookAround)
    loose: LooseCalls = attrs.field(factory=LooseCalls)

    def many_calls(self) -> ManyCalls:
        """A block for calls of one user."""
        return ManyCalls(self.shelter, self.look_around)
