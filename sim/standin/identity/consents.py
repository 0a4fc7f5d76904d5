"""What users allowed clients. It outlives them: the oidc app keeps it by name, client and scope."""

from __future__ import annotations


class Consents:
    """By user id, client and scope string; a user of the same name is not asked again."""

    def __init__(self) -> None:
        self._scopes: dict[str, dict[str, str]] = {}

    def covers(self, uid: str, client_id: str, scope: str) -> bool:
        return self._scopes.get(uid, {}).get(client_id) == scope

    def keep(self, uid: str, client_id: str, scope: str) -> None:
        self._scopes.setdefault(uid, {})[client_id] = scope

    def forget_client(self, client_id: str) -> None:
        for own in self._scopes.values():
            own.pop(client_id, None)
