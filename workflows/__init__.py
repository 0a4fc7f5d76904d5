"""The stories that simulated users play together, and the director who plays them.

A workflow of one's own needs only what is exported here.
"""

from workflows.base import Workflow, workflow
from workflows.expect import content_is, has, lists
from workflows.failures import ExpectationFailed, StepFailed
from workflows.lines import Lines
from workflows.role import EDIT, MAY_RESHARE, READ_ONLY, Role
from workflows.run import Run

__all__ = [
    "EDIT",
    "MAY_RESHARE",
    "READ_ONLY",
    "ExpectationFailed",
    "Lines",
    "Role",
    "Run",
    "StepFailed",
    "Workflow",
    "content_is",
    "has",
    "lists",
    "workflow",
]
