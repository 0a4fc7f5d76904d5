"""The kinds of things that can be removed: a module each, which offers it as `THING`."""

from __future__ import annotations

import importlib
import pkgutil

from sim.clean.thing import Thing


def all_things() -> dict[str, Thing]:
    """Every kind of thing, by its word in the ledger."""
    modules = (
        importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)
    )
    things: list[Thing] = [module.THING for module in modules]
    return {thing.kind: thing for thing in things}
