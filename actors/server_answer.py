"""What a tool or a resource answered, as far as it matters here."""

from __future__ import annotations

import msgspec

from actors.answer import Json


class ServerAnswer(msgspec.Struct, frozen=True, gc=False):
    """The answer to a `tools/call` or a `resources/read` that a server gave by the protocol.

    Attributes:
        texts: of its blocks or parts that are texts.
        structured: what it says besides in a structure; None where it does not.
        is_error: whether the tool says that it failed.
    """

    texts: list[str]
    structured: Json = None
    is_error: bool = False
