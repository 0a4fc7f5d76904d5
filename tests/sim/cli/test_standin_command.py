"""`simulate standin`: where it is, and with which account, is said so that a shell can take it over."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.processes import environment
from tests.support.warm import WarmPopen

HOSTS = ["127.0.0.1", "::1"]


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.parametrize("host", HOSTS)
def test_what_it_says_is_enough_to_use_it(host: str, tmp_path: Path) -> None:
    if host == "::1" and not has_ipv6():
        pytest.skip("no IPv6 here")
    around = environment({}, tmp_path)
    around.pop("NEXTCLOUD_PASSWORD", None)
    command = [sys.executable, "-m", "sim", "standin", "--host", host]
    with WarmPopen(command, cwd=tmp_path, env=around, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = {}
            while "NEXTCLOUD_PASSWORD" not in said:
                words = process.stdout.readline().partition("#")[0].strip().removeprefix("export ")
                name, _, value = words.partition("=")
                said[name] = value
            url = f"{said['NEXTCLOUD_HOST']}/ocs/v2.php/cloud/users?format=json"
            account = (said["NEXTCLOUD_USERNAME"], said["NEXTCLOUD_PASSWORD"])
            answer = httpx.get(url, auth=account, headers={"OCS-APIRequest": "true"}, trust_env=False)
            assert answer.status_code == 200, os.fsdecode(answer.content)
        finally:
            process.kill()
