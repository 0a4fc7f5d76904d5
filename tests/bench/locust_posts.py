"""`python -m tests.bench.locust_posts URL USERS`: POSTs by Locust's FastHttpUser, which nobody looks into.

Each line that it reads is a number of requests; it makes as many, and answers with a line of JSON. Users are
driven without Locust's own runner and statistics: its client and gevent, and nothing else.
"""

# mypy: ignore-errors
# ruff: noqa: E402  (gevent has to change Python before anything else is imported)

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import json
import resource
import sys
import time

import gevent
from gevent.fileobject import FileObjectThread
from locust.contrib.fasthttp import FastHttpUser
from locust.env import Environment

from tests.bench.requests import BODY, HEADERS, token

TEXT = json.dumps(BODY)


def main() -> None:
    url, users = sys.argv[1], int(sys.argv[2])

    class Poster(FastHttpUser):
        host = url.removesuffix("/mcp")
        insecure = True

    environment = Environment(user_classes=[Poster])

    def post(number: int, poster: Poster, requests: int) -> None:
        headers = {**HEADERS, "Authorization": f"Bearer {token(f'user_{number}')}"}
        for _ in range(requests // users):
            assert poster.client.post("/mcp", data=TEXT, headers=headers).status_code == 200

    posters = [Poster(environment) for _ in range(users)]
    for line in FileObjectThread(sys.stdin, "r"):
        cpu, requests = time.process_time(), int(line)
        tasks = [gevent.spawn(post, number, poster, requests) for number, poster in enumerate(posters)]
        gevent.joinall(tasks, raise_error=True)
        spent = time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        made = {"calls": requests // users * users, "cpu_s": spent, "peak_kib": peak}
        print(json.dumps(made), flush=True)


if __name__ == "__main__":
    main()
