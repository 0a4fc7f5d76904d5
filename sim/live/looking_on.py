"""What is asked of a run, for who looks on; and the address of its page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import ip_address
from socket import socket

from actors.events import Phase
from sim.config.grammar.shapes import OpenProfile
from sim.config.model import Config, Output
from sim.config.usage import UsageError
from sim.live.nearness import limit_of
from sim.live.page.serving import CannotListen, listen
from sim.live.run_course import Outlook
from sim.measure.thresholds import Verdict


def address_of(output: Output) -> socket | None:
    """Takes the address of a page; None where none is wanted. Raises UsageError."""
    if not output.has_page:
        return None
    try:
        return listen(output.live_host, output.live_port or 0)
    except CannotListen as error:
        raise UsageError(f"--live-port: {output.live_host}:{output.live_port or 0}: {error}") from None


def may_steer(output: Output) -> bool:
    """A page that others can reach is to be looked at alone."""
    return ip_address(output.live_host).is_loopback


def planned_seconds(config: Config) -> dict[Phase, float]:
    """How long each phase is to last at most."""
    return {
        Phase.WARMUP: config.load.warmup_s,
        Phase.MEASURED: max(group.profile.duration_s for group in config.load.groups),
        Phase.GRACE: config.load.grace_s,
    }


def outlook(
    config: Config,
    target: str,
    address: str,
    verdicts: Callable[[], Sequence[Verdict]],
    signals: Callable[[], int],
) -> Outlook:
    """What the run is, and what is asked of it."""
    return Outlook(
        target=target,
        seed=config.load.seed,
        seconds=planned_seconds(config),
        is_open=all(isinstance(group.profile, OpenProfile) for group in config.load.groups),
        address=address,
        limits=lambda: [limit_of(verdict) for verdict in verdicts()],
        signals=signals,
    )
