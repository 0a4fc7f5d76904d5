"""`python -m tests.bench.locust_posts URL CALLS USERS`: POSTs by Locust's FastHttpUser; a line of JSON."""

# mypy: ignore-errors
# ruff: noqa: E402  (gevent has to change Python before anything else is imported)

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import json
import sys
import time

import gevent
from locust.contrib.fasthttp import FastHttpUser
from locust.env import Environment

BODY = (
    '{"jsonrpc":"2.0","id":1,"method":"tools/call",'
    '"params":{"name":"nc_notes_get_note","arguments":{"note_id":1}}}'
)
HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


def main() -> None:
    url, calls, users = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

    class Poster(FastHttpUser):
        host = url.removesuffix("/mcp")

    environment = Environment(user_classes=[Poster])

    def post(poster: Poster) -> None:
        for _ in range(calls // users):
            assert poster.client.post("/mcp", data=BODY, headers=HEADERS).status_code == 200

    posters = [Poster(environment) for _ in range(users)]
    cpu, begun = time.process_time(), time.perf_counter()
    gevent.joinall([gevent.spawn(post, poster) for poster in posters], raise_error=True)
    done = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - begun}
    print(json.dumps({**done, "calls": calls // users * users}))


if __name__ == "__main__":
    main()
