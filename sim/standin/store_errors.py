"""What Nextcloud says no with: an HTTP status and a text."""

from __future__ import annotations


class StoreError(Exception):
    """A request that the store refuses.

    Attributes:
        status: the HTTP status that Nextcloud answers in this case.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def not_found(what: str) -> StoreError:
    return StoreError(404, f"{what} could not be located")


def forbidden(what: str) -> StoreError:
    return StoreError(403, f"No permission to {what}")


def conflict(text: str) -> StoreError:
    return StoreError(409, text)


def changed_meanwhile(what: str) -> StoreError:
    return StoreError(412, f"An If-Match header was specified, but none matched the ETag of {what}")
