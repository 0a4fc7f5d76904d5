"""The real server package, in virtual environments of its own, on top of our stand-in as its Nextcloud."""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
import signal
import socket
import subprocess
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import httpx

from tests.support.processes import ROOT, StandinServer

PACKAGE = "nextcloud-mcp-server"
ENVIRONMENTS = ROOT / ".interop"
"""Made once, and kept between runs."""
START_S = 120.0
UNDECLARED = {"0.68.1": ("importlib_metadata", "greenlet")}
"""What a release imports and does not ask for; its dependencies brought it along when it was made."""


@attrs.frozen
class Case:
    """A release in one of its modes.

    Attributes:
        release: a version, or "latest".
        mode: `oauth` (releases that hand tokens through), `login_flow` or `multi_user_basic`.
    """

    release: str
    mode: str

    def __str__(self) -> str:
        return f"{self.release}-{self.mode}"


def install(release: str) -> Path:
    """The environment's command for this release, installed where it is missing. Raises when it cannot be."""
    home = ENVIRONMENTS / release
    ENVIRONMENTS.mkdir(exist_ok=True)
    with (ENVIRONMENTS / f"{release}.lock").open("w") as lock:
        # Tests may run in several processes.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "complete").exists() or release == "latest":
            make_environment(home, release)
    return home / "bin" / PACKAGE


def make_environment(home: Path, release: str) -> None:
    venv.create(home, with_pip=True, clear=release != "latest")
    wanted = PACKAGE if release == "latest" else f"{PACKAGE}=={release}"
    packages = [wanted, *UNDECLARED.get(release, ())]
    pip = [home / "bin" / "python", "-m", "pip", "install", "--quiet", "--upgrade", *packages]
    subprocess.run(pip, check=True, timeout=1800)
    (home / "complete").touch()


@contextmanager
def real_server(case: Case, standin: StandinServer, scratch: Path) -> Iterator[str]:
    """The URL of the MCP endpoint of a server that runs while the block lasts."""
    command = install(case.release)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = scratch / f"{case}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [command, *arguments(case, port)],
            env={**plain_environment(), **settings(case, standin.url, url, scratch)},
            cwd=scratch,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        wait_until_up(process, url, log)
        yield f"{url}/mcp"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def arguments(case: Case, port: int) -> list[str]:
    return ["run", "--port", str(port), *(["--oauth"] if case.mode == "oauth" else [])]


def settings(case: Case, nextcloud: str, url: str, scratch: Path) -> dict[str, str]:
    """What the server is told; encrypted where it keeps tokens, and nothing beyond this machine."""
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    common = {
        "NEXTCLOUD_HOST": nextcloud,
        "NEXTCLOUD_MCP_SERVER_URL": url,
        "NEXTCLOUD_PUBLIC_ISSUER_URL": nextcloud,
        "NEXTCLOUD_VERIFY_SSL": "false",
        "METRICS_ENABLED": "false",
        "TOKEN_ENCRYPTION_KEY": key,
        "TOKEN_STORAGE_DB": str(scratch / f"tokens-{case}.db"),
    }
    return common if case.mode == "oauth" else {**common, "MCP_DEPLOYMENT_MODE": case.mode}


def plain_environment() -> dict[str, str]:
    """Ours, without what would point the server elsewhere."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("NEXTCLOUD_", "PYTHON"))}


def wait_until_up(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            httpx.get(f"{url}/health/live", timeout=2)
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"the server did not start:\n{log.read_text(errors='replace')[-4000:]}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port
