"""Passwords for users that are created: such as any policy takes."""

from __future__ import annotations

import secrets
import string

from actors.secret import Secret

PASSWORD_LENGTH = 32
SPECIAL_SIGNS = "-_.!*~"
"""Neither letters nor digits for password policies, and harmless in forms, URLs and Basic credentials."""

PASSWORD_KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, SPECIAL_SIGNS)
PASSWORD_SIGNS = "".join(PASSWORD_KINDS)


def new_password(least_length: int = 0) -> Secret:
    """Random, with a letter of each case, a digit and a special sign, as password policies want them."""
    length = max(PASSWORD_LENGTH, least_length)
    while True:
        text = "".join(secrets.choice(PASSWORD_SIGNS) for _ in range(length))
        if all(any(sign in kind for sign in text) for kind in PASSWORD_KINDS):
            return Secret(text)
