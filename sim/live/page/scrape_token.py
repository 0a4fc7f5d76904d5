"""The token of whoever reads `/metrics` again and again: from a file, where Prometheus reads it too."""

from __future__ import annotations

from pathlib import Path

from actors.secret import Secret
from sim.config.usage import UsageError

MIN_CHARACTERS = 16
MAX_FILE_BYTES = 4096


def scrape_token(path: Path | None) -> Secret | None:
    """What stands in the file, without the blanks around it; None where there is no such file to be read.

    Raises UsageError; its text has nothing of the token.
    """
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            found = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"--metrics-token-file: {str(path)!r}: {(error.strerror or '').lower()}") from None
    token = found.strip()
    if len(found) > MAX_FILE_BYTES or not all(0x21 <= each <= 0x7E for each in token):
        # As credentials are written in a header (RFC 6750, 2.1, has even fewer characters).
        raise UsageError(f"--metrics-token-file: {str(path)!r}: is no token: a word of plain characters")
    if len(token) < MIN_CHARACTERS:
        raise UsageError(
            f"--metrics-token-file: {str(path)!r}: a token needs {MIN_CHARACTERS} characters at least: "
            "openssl rand -hex 16"
        )
    return Secret(token.decode())
