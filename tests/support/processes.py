"""Real processes for tests: a stand-in that runs by itself, and `simulate` in a terminal of its own.

Their imports are spared, see `tests.support.warm`.
"""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import ssl
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx

from tests.support.warm import ROOT as ROOT
from tests.support.warm import WarmPopen, take_terminal

ADMIN_PASSWORD = "a-password-for-the-admin-of-the-tests"
LEVER_TOKEN = "what-opens-the-levers-of-the-tests"
BYSTANDERS = {
    "loadtest_user_1_real": "real@example.org",
    "loadtest_user_x": "x@example.org",
    "loadtest_user_7": "seven@example.org",
}
"""Users who look like ours and are not: they must survive everything."""


@attrs.frozen
class StandinServer:
    """A stand-in in a process of its own."""

    url: str
    pid: int
    ca_file: str = ""
    mcp_url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return {
            "NEXTCLOUD_HOST": self.url,
            "NEXTCLOUD_USERNAME": "admin",
            "NEXTCLOUD_PASSWORD": ADMIN_PASSWORD,
        }

    @property
    def _trust(self) -> ssl.SSLContext | bool:
        return ssl.create_default_context(cafile=self.ca_file) if self.ca_file else True

    def get(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._lever("GET", path).json()
        return answer

    def _lever(self, method: str, path: str, body: object = None) -> httpx.Response:
        url, headers = f"{self.mcp_url.removesuffix('/mcp')}{path}", {"X-Standin-Lever": LEVER_TOKEN}
        answer = httpx.request(method, url, json=body, headers=headers, timeout=60, verify=self._trust)
        assert answer.status_code == 200, answer.text
        return answer

    def inject(self, *faults: Mapping[str, Any], seed: int = 1) -> None:
        """Commit these faults from now on, and begin a new list of what was committed."""
        self._lever("POST", "/standin/faults", {"faults": faults, "seed": seed})

    def maintain(self, is_on: bool) -> None:
        """Put Nextcloud into maintenance mode, or take it out of it."""
        self._lever("POST", "/standin/maintenance", {"on": is_on})

    def add_bystanders(self) -> None:
        for uid, email in BYSTANDERS.items():
            self.add_user(uid, email, "Long-enough-passw0rd")

    def add_user(self, uid: str, email: str, password: str) -> None:
        form = {"userid": uid, "password": password, "email": email}
        headers = {"OCS-APIRequest": "true"}
        auth = ("admin", ADMIN_PASSWORD)
        url = f"{self.url}/ocs/v2.php/cloud/users"
        answer = httpx.post(url, data=form, headers=headers, auth=auth, timeout=60)
        assert answer.status_code == 200, answer.text

    def leftovers(self) -> dict[str, Any]:
        """What is there beside the bystanders, without what is empty."""
        holdings = self.get("/standin/holdings")
        holdings["users"] = sorted(set(holdings["users"]) - set(BYSTANDERS))
        # The administrator's own visit to the login page is no thing of the run's.
        holdings["logins"] = [one for one in holdings["logins"] if one["uid"] != "admin"]
        return {key: value for key, value in holdings.items() if value}


@contextmanager
def running_standin(ca_file: str = "", **options: Any) -> Iterator[StandinServer]:
    """A stand-in on a free port, with `StandinOptions` by name; it ends with the block.

    Args:
        ca_file: of the authority behind its certificate, where it has one.
    """
    settings = json.dumps({"admin_password": ADMIN_PASSWORD, "lever_token": LEVER_TOKEN, **options})
    process = WarmPopen(
        [sys.executable, "-m", "sim.standin"],
        cwd=ROOT,
        env={**os.environ, "SIMULATE_STANDIN": settings, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield StandinServer(ready["url"], process.pid, ca_file, ready["mcp_url"])
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def environment(more: Mapping[str, str], state: Path) -> dict[str, str]:
    """For a `simulate` whose ledgers lie below `state`."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(state), **more}


def simulate(
    arguments: Sequence[str], more: Mapping[str, str], state: Path, timeout_s: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run `simulate` to its end, its output in pipes."""
    with WarmPopen(
        [sys.executable, "-m", "sim", *arguments],
        cwd=state,
        env=environment(more, state),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=timeout_s)
        finally:
            process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


class Terminal:
    """`simulate` in a pseudo-terminal of its own, so that Ctrl-C reaches the whole process group.

    Args:
        popen: how it is started.
        size: rows and columns.

    Attributes:
        attributes: of the terminal, before anybody could change them.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        more: Mapping[str, str],
        state: Path,
        popen: type[subprocess.Popen[Any]] = WarmPopen,
        size: tuple[int, int] = (0, 0),
    ) -> None:
        self.screen, inside = pty.openpty()
        termios.tcsetwinsize(self.screen, size)
        self.attributes = termios.tcgetattr(self.screen)
        self.process = popen(
            [sys.executable, "-m", "sim", *arguments],
            cwd=state,
            env=environment(more, state),
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
            preexec_fn=take_terminal,
        )
        os.close(inside)
        self.pid = self.process.pid
        self.text = ""

    def read_until(self, words: str, timeout_s: float = 60) -> None:
        """Read the screen until `words` stand on it. Fails when the process ends before."""
        deadline = time.monotonic() + timeout_s
        while words not in self.text:
            assert time.monotonic() < deadline, f"no {words!r} in:\n{self.text}"
            assert self._read(0.5), f"ended before {words!r}:\n{self.text}"

    def watch(self, seconds: float) -> None:
        """Read the screen for so long, or until the process ends."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._read(max(0.0, deadline - time.monotonic())):
            pass

    def press_ctrl_c(self) -> None:
        os.write(self.screen, b"\x03")

    def kill(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout_s: float = 90) -> int:
        """Read to the end; the exit code, negative for a signal."""
        deadline = time.monotonic() + timeout_s
        while self._read(1.0):
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                raise AssertionError(f"it did not end:\n{self.text}")
        os.close(self.screen)
        return self.process.wait()

    def _read(self, timeout_s: float) -> bool:
        """Read what there is; False at the end."""
        ready, _, _ = select.select([self.screen], [], [], timeout_s)
        if not ready:
            return True
        try:
            chunk = os.read(self.screen, 65536)
        except OSError:
            return False
        self.text += chunk.decode(errors="replace")
        return bool(chunk)
