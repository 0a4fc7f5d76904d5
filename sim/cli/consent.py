"""Before anything is done to a host that is not this one: say what, and ask."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TextIO
from urllib.parse import urlsplit

from sim.config.model import Config
from sim.config.usage import UsageError

YES = ("y", "yes")


def ask(config: Config, answers: TextIO, questions: TextIO) -> None:
    """Returns when the run may go on. Raises UsageError when nobody can be asked, or the answer is no."""
    hosts = strange_hosts(config)
    if not hosts or config.target.assume_yes:
        return
    plan = describe(config, hosts)
    if not answers.isatty():
        raise UsageError(f"{plan}; nobody is there to agree to it: add --yes if you mean it")
    print(f"simulate: {plan}.", file=questions)
    print("Go on? [y/N] ", end="", file=questions, flush=True)
    if answers.readline().strip().lower() not in YES:
        raise UsageError("nothing was done")


def strange_hosts(config: Config) -> tuple[str, ...]:
    """Hosts of the target that are not loopback, each once."""
    urls = (config.target.mcp_url, config.target.nextcloud_url)
    hosts = dict.fromkeys(urlsplit(url).hostname or "" for url in urls if url is not None)
    return tuple(host for host in hosts if not is_loopback(host))


def is_loopback(host: str) -> bool:
    """`localhost` and its subdomains (RFC 6761, 6.3), 127.0.0.0/8 and ::1."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def describe(config: Config, hosts: tuple[str, ...]) -> str:
    """What the run will do there, in one line."""
    users, target = config.users, config.target
    who = (
        f"{users.count} existing accounts of {users.accounts}"
        if users.accounts is not None
        else f"{users.count} users {users.prefix}_user_1… created, and removed again, as {target.admin!r}"
    )
    if users.accounts is None and not users.cleanup:
        who = f"{users.count} users {users.prefix}_user_1… created as {target.admin!r}, and left there"
    return f"this loads {' and '.join(hosts)}, with {who}"
