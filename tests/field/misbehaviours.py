"""All misbehaviours: the tables, one after the other."""

from __future__ import annotations

from tests.field.end import Misbehaviour
from tests.field.mcp_misbehaviours import CALL_ROWS, SESSION_ROWS
from tests.field.nextcloud_misbehaviours import CONTENT_ROWS, LOGIN_ROWS, USER_ROWS

MISBEHAVIOURS: tuple[Misbehaviour, ...] = (
    *USER_ROWS, *LOGIN_ROWS, *CONTENT_ROWS, *CALL_ROWS, *SESSION_ROWS
)  # fmt: skip
