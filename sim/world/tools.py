"""Which of the chosen workflows a server has the tools for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from actors.errors import SetupError
from sim.config.model import Config
from workflows.base import Workflow


def chosen(config: Config, workflows: Mapping[str, Workflow]) -> dict[str, Workflow]:
    """The workflows that some group plays, in the order of its mix."""
    names = [name for group in config.load.groups for name, weight in group.mix.items() if weight]
    return {name: workflows[name] for name in dict.fromkeys(names)}


def usable(
    config: Config,
    workflows: Mapping[str, Workflow],
    offered: frozenset[str],
    server: str,
    say: Callable[[str], None],
) -> dict[str, Workflow]:
    """Those of the chosen ones whose tools are all `offered` by `server`.

    Raises SetupError, which names what is missing, unless such workflows are to be left out.
    """
    wanted = chosen(config, workflows)
    missing = {name: w.tools - offered for name, w in wanted.items() if w.tools - offered}
    if not missing:
        return wanted
    if not config.stories.skip_unsupported:
        names = "; ".join(f"{name} needs {', '.join(sorted(tools))}" for name, tools in missing.items())
        raise SetupError(f"{server} lacks tools: {names} (--skip-unsupported leaves these workflows out)")
    say(f"  left out, for want of tools: {', '.join(missing)}")
    return {name: workflow for name, workflow in wanted.items() if name not in missing}
