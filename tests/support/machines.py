"""A Dask cluster of real processes over TLS; its machines may be network namespaces, which can be cut off."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import attrs
import trustme

from tests.support.processes import ROOT

BRIDGE, NET = "shards-br", "10.213.77"
HERE = f"{NET}.1"
"""The address of this machine among those of `machines`."""


@attrs.define
class Member:
    """A process of a cluster, and those that it has started."""

    process: subprocess.Popen[str]

    @property
    def pid(self) -> int:
        return self.process.pid

    def children(self) -> list[int]:
        """Those who run shards, where this is a nanny."""
        found = []
        for status in Path("/proc").glob("[0-9]*/status"):
            with suppress(FileNotFoundError, ProcessLookupError):
                lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
                command = status.with_name("cmdline").read_bytes()
                if int(lines["PPid"]) == self.pid and b"spawn_main" in command:
                    found.append(int(status.parent.name))
        return found

    def end(self) -> None:
        for pid in (*self.children(), self.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, 9)
        self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()


@attrs.define
class Cluster:
    """`environment` holds what a client needs."""

    address: str
    environment: Mapping[str, str]
    scheduler: Member
    workers: list[Member]


@attrs.frozen
class Machine:
    """A network namespace, or this machine. `python_path`: where its programs look first."""

    name: str
    address: str
    python_path: str = ""

    @property
    def prefix(self) -> list[str]:
        """Runs a command there."""
        there = ["ip", "netns", "exec", self.name] if self.name else []
        return [*there, "env", f"PYTHONPATH={self.python_path}:{ROOT}"]

    def cut_off(self) -> None:
        """Packets are lost from now on, silently."""
        ip(f"link set {self.name}-out down")


THIS_ONE = Machine("", "127.0.0.1")


def certificates(folder: Path) -> dict[str, str]:
    """A private authority and one certificate for all, as Dask's configuration names them."""
    authority = trustme.CA()
    issued = authority.issue_cert("cluster.test", "127.0.0.1", HERE)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued.private_key_and_cert_chain_pem.write_to_path(folder / "cert.pem")
    names = {"CA_FILE": "ca.pem", **{f"{who}__CERT": "cert.pem" for who in ("SCHEDULER", "WORKER", "CLIENT")}}
    return {f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(folder / file) for name, file in names.items()}


@contextmanager
def running_cluster(
    folder: Path, machines: Sequence[Machine] = (THIS_ONE, THIS_ONE), host: str = "127.0.0.1"
) -> Iterator[Cluster]:
    """A scheduler on this machine, and a worker with a nanny on each of `machines`."""
    folder.mkdir(exist_ok=True)
    tls = certificates(folder)
    around = {
        **os.environ,
        **tls,
        "PYTHONPATH": str(ROOT),
        "XDG_STATE_HOME": str(folder / "state"),
        "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    }
    with ExitStack() as stack:

        def member(command: list[str], ready: str) -> tuple[Member, str]:
            process = subprocess.Popen(
                command, env=around, stderr=subprocess.PIPE, text=True, cwd=folder, start_new_session=True
            )
            found = Member(process)
            stack.callback(found.end)
            assert process.stderr is not None
            for line in process.stderr:
                if match := re.search(ready, line):
                    return found, match[0]
            raise AssertionError(f"{command} ended")

        listening = ["--host", host, "--protocol", "tls", "--port", "0", "--no-dashboard"]
        module = [sys.executable, "-m"]
        scheduler, address = member(
            [*module, "distributed.cli.dask_scheduler", *listening], rf"tls://{host}:\d+"
        )
        workers = [
            member(
                [
                    *machine.prefix,
                    *(*module, "distributed.cli.dask_worker", address, "--host", machine.address),
                    *("--nthreads", "1", "--memory-limit", "0", "--no-dashboard", "--nanny"),
                    *("--protocol", "tls", "--local-directory", str(folder / f"worker-{number}")),
                ],
                r"Registered to.*",
            )[0]
            for number, machine in enumerate(machines)
        ]
        yield Cluster(address, tls, scheduler, workers)


def can_make_machines() -> bool:
    """Whether this account may make network namespaces."""
    try:
        return subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@contextmanager
def machines(count: int) -> Iterator[list[Machine]]:
    """Namespaces, each with a network card of its own on one bridge with this one."""
    made = [Machine(f"shards-{number}", f"{NET}.{10 + number}") for number in range(1, count + 1)]
    with ExitStack() as stack:
        ip(f"link add {BRIDGE} type bridge")
        stack.callback(ip, f"link del {BRIDGE}")
        ip(f"addr add {HERE}/24 dev {BRIDGE}")
        ip(f"link set {BRIDGE} up")
        for machine in made:
            ip(f"netns add {machine.name}")
            stack.callback(ip, f"netns del {machine.name}")
            ip(f"link add {machine.name}-out type veth peer name eth0 netns {machine.name}")
            # With its namespace it goes only after a while.
            stack.callback(ip, f"link del {machine.name}-out")
            ip(f"link set {machine.name}-out master {BRIDGE}")
            ip(f"link set {machine.name}-out up")
            for command in (f"addr add {machine.address}/24 dev eth0", "link set eth0 up", "link set lo up"):
                ip(f"-n {machine.name} {command}")
        yield made


def ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True, capture_output=True)
