"""How a story that waits for itself is told."""

from __future__ import annotations

import trio

from workflows.scene import Scene


def waits_longer_than(scene: Scene, seconds: float) -> bool:
    """Whether nobody in it has been asked anything for so long."""
    return not scene.asked and trio.current_time() - scene.last_finished > seconds


def describe_wait(scene: Scene) -> str:
    """Who waits, for what, since when."""
    cast = ", ".join(user.uid for user in scene.cast)
    idle_s = trio.current_time() - scene.last_finished
    step, uid = scene.last_step
    after = f"after {step} by {uid}" if step else "from the start"
    return (
        f"{scene.workflow.name}, execution {scene.number}: {cast} wait for each other {after}, "
        f"and nobody has been asked anything for {idle_s:.0f} s"
    )
