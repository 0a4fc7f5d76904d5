"""The stories that simulated users play together, and the director who plays them.

A workflow of one's own needs only what is exported here.
"""

from actors.answer import Answer
from actors.events import ViolationKind
from workflows.base import Workflow, workflow
from workflows.expect import content_is, has, lists, shows
from workflows.failures import ExpectationFailed, StepFailed
from workflows.lines import Lines
from workflows.role import Role
from workflows.scene import Scene
from workflows.sharing import EDIT, EDIT_FOLDER, MAY_RESHARE, MAY_RESHARE_FOLDER, READ_ONLY, grants
from workflows.texts import Text

Run = Scene
"""What `Scene` was called in files written for 0.1."""

__all__ = [
    "EDIT",
    "EDIT_FOLDER",
    "MAY_RESHARE",
    "MAY_RESHARE_FOLDER",
    "READ_ONLY",
    "Answer",
    "ExpectationFailed",
    "Lines",
    "Role",
    "Run",
    "Scene",
    "StepFailed",
    "Text",
    "ViolationKind",
    "Workflow",
    "content_is",
    "grants",
    "has",
    "lists",
    "shows",
    "workflow",
]
