"""Who plays what in one execution."""

from __future__ import annotations

from workflows.role import Role
from workflows.scene import Scene


async def tell(scene: Scene) -> None:
    """Tell the story of `scene` to those who are cast: roles first, then extras, as far as there are any."""
    workflow, cast = scene.workflow, scene.cast
    players = len(cast) - workflow.count_extras(len(cast), scene.settings.collaborators)
    roles = [Role(scene, user) for user in cast[:players]]
    outsiders = [Role(scene, user, is_outsider=True) for user in cast[players:]]
    extras = dict(zip(workflow.extras, outsiders, strict=False))
    await workflow.story(scene, *roles, **extras)
