"""`simulate`: the main job, and the commands beside it."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

import click

from sim import __version__
from sim.cli import run_command
from sim.cli.baseline_command import baseline_command
from sim.cli.capacity_command import capacity_command
from sim.cli.cleanup_command import cleanup_command
from sim.cli.compare_command import compare_command
from sim.cli.doctor_command import doctor_command
from sim.cli.history_command import history_command
from sim.cli.home import see_to_a_home
from sim.cli.parser import WIDTH, GroupedGroup, table_options
from sim.cli.profile_command import profile_command
from sim.cli.record_command import record_command
from sim.cli.recording_command import recording_command
from sim.cli.repeat_command import repeat_command
from sim.cli.report_command import report_command
from sim.cli.schema_command import schema_command
from sim.cli.serve_command import serve_command
from sim.cli.standin_command import standin_command
from sim.cli.tools_command import tools_command
from sim.cli.try_command import try_command
from sim.cli.workflows_command import workflows_command
from sim.config.grammar.piece import nearest
from sim.config.options import OPTIONS
from sim.config.usage import UsageError
from sim.runtime import signals
from sim.runtime.channel import Channel, install
from sim.runtime.exit import ExitCode

COMMANDS = (
    capacity_command,
    cleanup_command,
    standin_command,
    profile_command,
    doctor_command,
    tools_command,
    report_command,
    compare_command,
    repeat_command,
    history_command,
    baseline_command,
    serve_command,
    schema_command,
    workflows_command,
    try_command,
    record_command,
    recording_command,
)
"""All but the main job."""
UNREAD_S = 15.0
"""How long the reader of standard output may take nothing before the process ends all the same."""
UNHEARD_S = 3.0
"""The same for standard error."""
SUMMARY = (
    "Drive a crowd of simulated Nextcloud users against a Nextcloud MCP server, report, and leave nothing "
    "behind. Without --url and NEXTCLOUD_HOST it runs against a built-in stand-in."
)
EPILOGUE = (
    "Every option is also SIMULATE_NAME in the environment, and a key of a --scenario file; flags win. "
    "The admin account comes from NEXTCLOUD_HOST, NEXTCLOUD_USERNAME and NEXTCLOUD_PASSWORD."
)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """The entry point: ends the process with an `ExitCode`."""
    signals.start()
    out, err = install()
    try:
        code = execute(sys.argv[1:] if argv is None else list(argv))
    except Exception:
        traceback.print_exc()
        err.tell("simulate: an internal error, please report it with the lines above\n")
        code = ExitCode.INTERNAL
    sys.exit(take_leave(code, out, err))


def take_leave(code: int, out: Channel, err: Channel) -> int:
    """Wait within bounds until what was told is read, or a signal ends that; the exit code."""
    signals.begin_telling()
    with suppress(signals.Left):
        out.flush(UNREAD_S)
        if is_lost(out):
            assert isinstance(out.problem, OSError)
            err.tell(f"simulate: standard output cannot be written to: {out.problem.strerror}\n")
            code = code or (ExitCode.OK if out.is_spare else ExitCode.NOT_WRITTEN)
        err.flush(UNHEARD_S)
        signals.leave()
    signals.leave()
    return code


def is_lost(channel: Channel) -> bool:
    """Whether what was told is lost, though not because its reader had enough of it (`| head`)."""
    return isinstance(channel.problem, OSError) and channel.problem.errno not in (errno.EPIPE, errno.EBADF)


def execute(argv: list[str]) -> int:
    """Do what `argv` says; the exit code. What is wrong with it is one line on stderr, and code 2."""
    try:
        see_to_a_home()
        result = root().main(args=argv, prog_name="simulate", standalone_mode=False)
    except UsageError as error:
        return _refuse(str(error))
    except click.ClickException as error:
        return _refuse(_in_one_line(error))
    except (KeyboardInterrupt, click.Abort):
        return ExitCode.INTERRUPTED
    return int(result or 0)


def root() -> click.Group:
    """The whole command."""
    return GroupedGroup(
        "simulate",
        callback=_simulate,
        params=[version_option(), *table_options()],
        commands=[make() for make in COMMANDS],
        invoke_without_command=True,
        subcommand_metavar="[COMMAND]",
        context_settings={"max_content_width": WIDTH, "help_option_names": ["-h", "--help"]},
        help=SUMMARY,
        epilog=EPILOGUE,
    )


def version_option() -> click.Option:
    """`--version`, as most commands have it."""

    def show(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
        if wanted:
            click.echo(f"simulate {__version__}")
            ctx.exit()

    return click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help="Show the version and stop.",
    )


@click.pass_context
def _simulate(ctx: click.Context, /, **flags: Any) -> int | None:
    if ctx.invoked_subcommand is None:
        return run_command.run(flags)
    said = [name for name, value in flags.items() if value not in (None, ())]
    if said:
        switch = "--" + said[0].replace("_", "-")
        raise UsageError(f"{switch}: say it after the command ({ctx.invoked_subcommand})")
    return None


def _refuse(problem: str) -> ExitCode:
    click.echo(f"simulate: {problem}", err=True)
    return ExitCode.USAGE


def _in_one_line(error: click.ClickException) -> str:
    match error:
        case click.NoSuchOption():
            return _no_such_option(error)
        case click.exceptions.NoSuchCommand() as missing:
            return f"no command {missing.command_name!r}; {nearest(missing.command_name, root().commands)}"
        case click.BadOptionUsage():
            return _bad_use(error)
        case _:
            return " ".join(error.format_message().split())


def _bad_use(error: click.BadOptionUsage) -> str:
    if "requires an argument" in error.message:
        return f"{error.option_name}: no value after it"
    return f"{error.option_name}: takes no value" if "does not take" in error.message else error.message


def _no_such_option(error: click.NoSuchOption) -> str:
    secrets = {option.switch: option for option in OPTIONS if option.secret}
    if error.option_name in secrets:
        return _by_environment(error.option_name, secrets[error.option_name].environment)
    if error.option_name in ("--password", "--admin-password"):
        return _by_environment(error.option_name, "NEXTCLOUD_PASSWORD")
    known = error.ctx.command.get_params(error.ctx) if error.ctx else []
    switches = [
        switch for param in known for switch in (*param.opts, *param.secondary_opts) if len(switch) > 2
    ]
    hint = nearest(error.option_name, switches)
    return f"no option {error.option_name}; {hint if hint.startswith('did') else 'see --help'}"


def _by_environment(switch: str, variable: str) -> str:
    return f"{switch}: every process list would show it; set {variable} in the environment"
