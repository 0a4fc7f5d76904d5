"""What Nextcloud's password policy wants of a new password."""

from __future__ import annotations

MIN_LENGTH = 10


def objection(password: str, uid: str) -> str:
    """Why `password` is not good enough for the account `uid`, "" when it is."""
    rules = (
        (len(password) >= MIN_LENGTH, f"Password needs to be at least {MIN_LENGTH} characters long."),
        (
            any(c.islower() for c in password) and any(c.isupper() for c in password),
            "Password needs to contain at least one lower and one upper case character.",
        ),
        (any(c.isdigit() for c in password), "Password needs to contain at least one numeric character."),
        (
            any(not c.isalnum() for c in password),
            "Password needs to contain at least one special character.",
        ),
        (not uid or uid.lower() not in password.lower(), "Password must not contain the account name."),
    )
    return next((text for holds, text in rules if not holds), "")
