"""The composition root: builds a run from its configuration, and takes it down again.

The nesting is the order of stopping, read from the inside: stage, directors, actors, adapters,
ledger, signals. The report comes last.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import UTC, datetime

import attrs
import trio

from actors.accounts import OcsAccounts
from actors.errors import SetupError
from actors.events import Record
from actors.login.app_passwords import Devices
from actors.ports import Person
from actors.secret import Secret
from sim.clean.end import CleanupEnd
from sim.clean.ledger import Ledger, open_ledger
from sim.clean.ledger_text import LedgerHead
from sim.clean.marker import new_mark
from sim.clean.remover import CleanupResult, Remover, remaining
from sim.clean.thing import Means
from sim.config.model import Config, Target
from sim.exit import ExitCode
from sim.live.console import Progress
from sim.live.logs import logged
from sim.load.engine import Load
from sim.measure.recorder import Recorder
from sim.measure.summary import summarize
from sim.measure.thresholds import Verdict, judge
from sim.report.build import RunFacts, build_result
from sim.report.publish import complain, publish
from sim.runtime.clock import run_virtual
from sim.runtime.file_limit import raise_file_limit
from sim.runtime.signals import Outside, keep_for_a_run
from sim.runtime.stop import Interrupt, open_interrupt
from sim.world.auth_checks import login_text, needs_provisioning
from sim.world.http import clear_text_warnings, http_client, tls_context, trust_of
from sim.world.login_driver import open_driver
from sim.world.people import people_of, regrouped
from sim.world.prepare import Place, Setup, in_background
from sim.world.servers import make_connector, open_target
from sim.world.tools import usable
from workflows.base import Workflow
from workflows.catalogue import catalogue


@attrs.define
class Ending:
    """What is known of a run's end, gathered as it comes.

    Attributes:
        problem: why the set-up failed, "" when it did not.
        bug: what nobody expected, and ended the run.
        cleanup: None: nothing was to be removed, or it was not tried.
        kept: whether users were kept because that was asked for.
    """

    problem: str = ""
    bug: Exception | None = None
    signal: signal.Signals | None = None
    cleanup: CleanupResult | None = None
    ledger_path: str = ""
    kept: bool = False

    @property
    def clean(self) -> CleanupEnd:
        return CleanupEnd(self.cleanup, self.ledger_path, self.kept)


def run(config: Config, watch: Record | None = None) -> ExitCode:
    """One run, from its checks to its report. Bugs raise; everything expected is an exit code."""
    return carry_out(Simulation(config, watch), config)


def carry_out(simulation: Simulation, config: Config) -> ExitCode:
    """`simulation` on the clock that it is for; it takes over the signals of the process."""
    with keep_for_a_run() as simulation.outside, logged(config.output.verbose):
        if config.target.virtual:
            return run_virtual(simulation.run, config.load.seed)
        return trio.run(simulation.run)


class Simulation:
    """One run and what is known of it.

    Args:
        watch: told every fact as it comes, beside the recorder.
    """

    def __init__(self, config: Config, watch: Record | None = None) -> None:
        self._config = config
        self._progress = Progress(config.output.quiet)
        self._watch = watch or (self._progress.log if config.output.verbose else None)
        self._ending = Ending()
        self._login_text = "nobody logged in"
        self._load: Load | None = None
        self._recorder: Recorder
        self._people: dict[str, list[Person]] = {}
        self._mark = ""
        self._steps: dict[str, tuple[str, ...]] = {}
        self._began = datetime.now(UTC).isoformat(timespec="seconds")
        self.outside = Outside()

    async def run(self) -> ExitCode:
        """Set up, drive, clean up, report."""
        self._recorder = Recorder(self._watch)
        async with open_interrupt(self._progress.say) as interrupt:
            for number in self.outside.take():
                interrupt.take(number)
            try:
                await self._run(interrupt)
            except (SetupError, ExceptionGroup) as error:
                # Nurseries on its way may have wrapped it in groups.
                problem = expected_in(error)
                self._ending.problem = "" if problem is None else str(problem)
                self._ending.bug = error if problem is None else None
            except Exception as error:
                self._ending.bug = error
        self._ending.signal = interrupt.signal
        code = self._report()
        if self._ending.bug is not None:
            raise self._ending.bug
        return code

    async def _run(self, interrupt: Interrupt) -> None:
        workflows = catalogue(self._config.stories.files)
        self._steps = {name: tuple(workflow.steps) for name, workflow in workflows.items()}
        mark = self._mark = "" if self._config.target.virtual else new_mark()
        self._people = people_of(self._config, mark)
        if self._config.target.virtual:
            await self._run_virtual(workflows, interrupt)
            return
        raise_file_limit(sum(len(group) for group in self._people.values()))
        async with open_target(self._config.target, self._config.standin_options) as target:
            head = LedgerHead(
                mark=mark,
                nextcloud_url=target.nextcloud_url or "",
                admin=target.admin,
                prefix=self._config.users.prefix,
                accounts=str(self._config.users.accounts or ""),
                passing=self._config.target.is_standin,
                mail_domain=self._config.users.mail_domain,
                mcp_url=target.mcp_url or "",
            )
            with open_ledger(head, self._config.output.ledger) as ledger:
                self._ending.ledger_path = str(ledger.path)
                async with in_background(self._progress.watch_silence):
                    await self._with_adapters(target, ledger, workflows, interrupt)

    async def _run_virtual(self, workflows: dict[str, Workflow], interrupt: Interrupt) -> None:
        from sim.world.virtual.run import LOGIN, VirtualWorld

        def begin(load: Load) -> None:
            self._load = load

        self._login_text, self._began = LOGIN, ""
        world = VirtualWorld(self._config, self._recorder, self._progress)
        with interrupt.work:
            await world.play(self._people, workflows, interrupt, begin)

    async def _with_adapters(
        self, target: Target, ledger: Ledger, workflows: dict[str, Workflow], interrupt: Interrupt
    ) -> None:
        config = self._config
        tls = tls_context(target.ca_file, target.insecure)
        if target.insecure:
            self._progress.say("WARNING: certificates are not checked: whoever is in between reads passwords")
        mcp_url, nextcloud_url = target.mcp_url or "", target.nextcloud_url or ""
        concurrency, trust = config.users.setup_concurrency, trust_of(target)
        for warning in clear_text_warnings(target):
            self._progress.say(warning)
        async with (
            http_client(nextcloud_url, tls, max(8, concurrency)) as http,
            open_driver(config, trust, tls, self._progress.say) as (driver, why),
        ):
            say = self._progress.say
            admin = OcsAccounts(http, target.admin, target.admin_password, say)
            accounts = None if config.users.accounts else admin
            connector = make_connector(config, mcp_url, tls)
            devices = Devices(tls, nextcloud_url, trust)
            place = Place(mcp_url, nextcloud_url, accounts, http, driver, why, connector, devices, trust)
            setup = Setup(config, place, ledger, self._recorder, self._progress, interrupt.shelter)
            try:
                with interrupt.work:
                    await self._work(place, setup, ledger, workflows, interrupt)
            except* SetupError as problems:
                # Nurseries on its way have wrapped it in groups.
                self._ending.problem = str(expected_in(problems))
            finally:
                # Signals count on: the third one leaves the clean-up too.
                means = Means(ledger, accounts, http, devices, self._passwords(), say=say)
                remover = Remover(means, concurrency, self._count_removed, self._unanswered)
                await self._clean_up(remover, ledger)  # noqa: ASYNC102

    async def _work(
        self,
        place: Place,
        setup: Setup,
        ledger: Ledger,
        workflows: dict[str, Workflow],
        interrupt: Interrupt,
    ) -> None:
        people = await self._identified(setup)
        plan = await setup.check(people)
        login = (await setup.register(plan))(self._recorder)
        # What the server offers is seen by one of the users: the admin's password is for Nextcloud alone.
        first = await setup.create(people[:1], first=True)
        credentials = await setup.log_in(login, first, first=True)
        offered = await setup.tools_of(first[0], credentials)
        stories, must_grant = self._fits(workflows, place.mcp_url, self._progress.say, offered)
        others = await setup.create(people[1:]) if people[1:] else []
        if others:
            credentials |= await setup.log_in(login, others)
        people = [*first, *others]
        self._people = regrouped(self._people, people)
        self._login_text = login_text(plan, place.why_driver, must_grant)
        if plan is None:
            await setup.check_differ(people, credentials)
        async with in_background(login.keep_fresh):
            if must_grant:
                await setup.provision(people, credentials)
            setup.note_marks(people)
            self._load = Load(self._config, place.connector, self._recorder, stories, ledger.head.mark)
            await self._load.run(setup, self._people, credentials, interrupt, self._progress)

    async def _identified(self, setup: Setup) -> list[Person]:
        """Everybody, with the user ids that their log-in names stand for."""
        people = await setup.identify([person for group in self._people.values() for person in group])
        self._people = regrouped(self._people, people)
        return people

    def _fits(
        self,
        workflows: dict[str, Workflow],
        mcp_url: str,
        say: Callable[[str], None],
        offered: frozenset[str],
    ) -> tuple[dict[str, Workflow], bool]:
        """The workflows for which the tools are there, and whether users have to grant access first.

        Raises SetupError where this server is not for this run.
        """
        stories = usable(self._config, workflows, offered, mcp_url, say)
        return stories, needs_provisioning(self._config.login.auth, offered, mcp_url)

    async def _clean_up(self, remover: Remover, ledger: Ledger) -> None:
        """Runs also when the work was cancelled or broke; only the third signal gets past it."""
        if not self._config.users.cleanup:
            self._ending.kept = True
            return
        if ledger.entries:
            self._progress.say(f"Removing {len(ledger.entries)} things")
        try:
            self._ending.cleanup = await remover.remove_all()
            for note in self._ending.cleanup.notes:
                self._progress.say(f"  {note}")
        finally:
            if self._ending.cleanup is None:
                self._ending.cleanup = CleanupResult(0, remaining(ledger))

    def _passwords(self) -> dict[str, Secret]:
        return {person.login: person.password for group in self._people.values() for person in group}

    def _unanswered(self) -> tuple[str, ...]:
        return tuple(self._load.unanswered) if self._load is not None else ()

    def _count_removed(self, done: int, of: int) -> None:
        self._progress.count("removed", done, of)

    def _report(self) -> ExitCode:
        """The results first, then what a person reads; neither takes the other down."""
        result = build_result(self._config, summarize(self._recorder), self._facts())
        end, code = self._ending.clean, ExitCode(result.exit_code)
        if self._load is not None:
            code = publish(result, self._config.output, self._progress.say)
        elif end.is_clean:
            self._progress.say(end.text)
        if self._ending.problem:
            complain(self._ending.problem)
        if self._load is None and not end.is_clean:
            complain(end.text)
        return code

    def _verdicts(self) -> tuple[Verdict, ...]:
        if self._load is not None:
            return self._load.limits.verdicts()
        return tuple(judge(threshold, self._recorder) for threshold in self._config.thresholds)

    def _facts(self) -> RunFacts:
        load, ending = self._load, self._ending
        return RunFacts(
            target=self._target_text(),
            clock="virtual" if self._config.target.virtual else "wall",
            login=self._login_text,
            users=sum(len(group) for group in self._people.values()),
            stopped=ending.problem or (load.stopped if load else "stopped while setting up"),
            cleanup=ending.clean,
            protocols=dict(load.protocols) if load else {},
            steps=self._steps,
            began=self._began,
            run_id=self._mark,
            command=self._config.output.command,
            generator_cpu=load.generator_cpu if load else None,
            verdicts=self._verdicts(),
            breakpoint=load.limits.breakpoint if load else None,
            was_broken=load is not None and load.limits.stopped_it,
            problem=ending.problem,
            has_bug=ending.bug is not None,
            signal=ending.signal,
        )

    def _target_text(self) -> str:
        target = self._config.target
        if target.virtual:
            return "the built-in stand-in, in this process"
        if target.is_standin:
            return "the built-in stand-in for Nextcloud and its MCP server"
        return f"{target.mcp_url} (Nextcloud {target.nextcloud_url or 'not named'})"


def expected_in(error: BaseException) -> SetupError | None:
    """The first SetupError in a group of groups that holds nothing else; None where there is more."""
    if isinstance(error, SetupError):
        return error
    if not isinstance(error, BaseExceptionGroup):
        return None
    found = [expected_in(inner) for inner in error.exceptions]
    return found[0] if all(found) else None
