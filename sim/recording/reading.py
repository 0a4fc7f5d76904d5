"""Files that somebody hands over as recordings, read within bounds."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from actors.text import harmless

MAX_BYTES = 1 << 30
"""Of a file: all of it is held in memory."""


class BadRecording(ValueError):
    """This is no recording that can be read. `str()` is one harmless line: where, what, what to do."""


def read_file(path: Path) -> bytes:
    """All of it. Raises BadRecording."""
    name = harmless(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "cannot be read"
        raise BadRecording(f"{name}: {reason.lower()}") from None
    if len(content) > MAX_BYTES:
        raise BadRecording(f"{name}: longer than {MAX_BYTES >> 20} MiB")
    return content


def public(url: str) -> str:
    """An address as others may see it: who asked, and what for, are nobody's business. Raises ValueError."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
