"""A share that a story makes, and takes back before what was shared goes.

Nextcloud keeps the share of a file that went to the trash bin, and where the bin is emptied no API shows it
any more: its row stays until the server's own job for orphans. So what was shared is taken back first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from actors.answer import Answer, Json
from actors.messages import Done, Step
from workflows.moves import Move
from workflows.scene import Scene

UNSHARE = "nc_share_delete"


class NewShare:
    """A share of one user, from its creation to its end. `ask` has a step made by that user.

    Args:
        open_shares: the ids of those that the user made and has not taken back; the story may do so itself.
    """

    def __init__(
        self,
        scene: Scene,
        ask: Callable[[Step], Awaitable[Done]],
        message: Step,
        removal: tuple[str, int | None],
        open_shares: list[Json],
    ) -> None:
        self._scene = scene
        self._ask = ask
        self._message = message
        self._removal = removal
        self._open = open_shares

    async def create(self) -> Done:
        """Share, and note with the scene that it is to be taken back."""
        done = await self._ask(self._message)
        share_id = Answer(done.value)["id"]
        self._open.append(share_id)
        name, number = self._removal
        removal = self._scene.step(name, number, {"share_id": share_id})

        async def take_back() -> Done:
            return await self._ask(removal) if share_id in self._open else done

        self._scene.afterwards(Move(removal.name, take_back))
        return done
