"""Which of the chosen workflows a server has the tools for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from actors.errors import SetupError
from actors.offered_tool import OfferedTool
from sim.config.model import Config
from workflows.base import Workflow
from workflows.tool_mix import TOOL_MIX, NotCallable, planned


def chosen(config: Config, workflows: Mapping[str, Workflow]) -> dict[str, Workflow]:
    """The workflows that some group plays, in the order of its mix."""
    names = [name for group in config.load.groups for name, weight in group.mix.items() if weight]
    return {name: workflows[name] for name in dict.fromkeys(names)}


def usable(
    config: Config,
    workflows: Mapping[str, Workflow],
    offered: Mapping[str, OfferedTool],
    server: str,
    say: Callable[[str], None],
) -> dict[str, Workflow]:
    """Those of the chosen ones whose tools are all `offered` by `server`.

    Raises SetupError, which names what is missing, unless such workflows are to be left out; tools of a mix
    that cannot be called are named whatever is said.
    """
    wanted = chosen(config, {**workflows, **tool_mix(config, offered, server)})
    lacking = {name: w.tools - offered.keys() for name, w in wanted.items()}
    missing = {name: tools for name, tools in lacking.items() if tools}
    if not missing:
        return wanted
    if not config.stories.skip_unsupported:
        names = "; ".join(f"{name} needs {', '.join(sorted(tools))}" for name, tools in missing.items())
        raise SetupError(f"{server} lacks tools: {names} (--skip-unsupported leaves these workflows out)")
    say(f"  left out, for want of tools: {', '.join(missing)}")
    return {name: workflow for name, workflow in wanted.items() if name not in missing}


def tool_mix(config: Config, offered: Mapping[str, OfferedTool], server: str) -> dict[str, Workflow]:
    """The workflow that is made of tools, where some are asked for. Raises SetupError."""
    told = config.stories
    if told.tools is None:
        return {}
    try:
        mix = planned(told.tools, offered, told.arguments.by_tool, may_write=told.tools_may_write)
    except NotCallable as error:
        raise SetupError(f"--tools, at {server}: {error}") from None
    return {TOOL_MIX: mix}
