"""How a virtual server gets worse by load: longer with each call, a lock, a leak, a jam."""

from __future__ import annotations

from random import Random

import trio

from sim.config.grammar.server_model import ServerModel

JAMMED = 8
"""So many times as long a call takes then."""
CLEARED = 4
"""A jam lasts until not more calls than these are there, or a tenth of those that brought it about."""


class Degradation:
    """Of one server; asked once for each call that begins."""

    def __init__(self, model: ServerModel) -> None:
        self._model = model
        self._served = 0
        self._is_jammed = False
        self._lock_free_at = 0.0

    @staticmethod
    def of(model: ServerModel) -> Degradation | None:
        """None where it is as good under any load."""
        worse = (model.slower, model.lock, model.leak, model.jam)
        return Degradation(model) if any(worse) else None

    def longer(self, service_s: float, there: int, random: Random) -> float:
        """What becomes of a service time where so many calls are there, this one included: seconds."""
        model = self._model
        seconds = service_s * (1 + model.slower * (there - 1) + model.leak * self._served)
        self._served += 1
        if model.jam:
            still = self._is_jammed and there > max(CLEARED, model.jam // 10)
            self._is_jammed = there > model.jam or still
            seconds *= JAMMED if self._is_jammed else 1
        return seconds + self._wait_for_lock(random)

    def _wait_for_lock(self, random: Random) -> float:
        """Until it has been held and given back, in the order in which they came."""
        if self._model.lock is None:
            return 0.0
        now = trio.current_time()
        self._lock_free_at = max(now, self._lock_free_at) + self._model.lock.sample(random)
        return self._lock_free_at - now
