"""A locustfile whose task checks what it gets: a note's life, encoded, decoded and compared.

`locust --headless -f locust_checking.py --host URL -u USERS -r USERS`, with the number of requests in
`BENCH_REQUESTS`. After so many it stops, and prints a line of JSON: what the load alone has cost.
"""

# mypy: ignore-errors

from __future__ import annotations

import itertools
import json
import os
import resource
import time

import gevent
from locust import FastHttpUser, events, task

from tests.bench.requests import HEADERS, token

NUMBERS = itertools.count()
REQUESTS = int(os.environ["BENCH_REQUESTS"])
BEGUN = {}


@events.spawning_complete.add_listener
def begin(user_count, **_):
    BEGUN["cpu"], BEGUN["requests"] = time.process_time(), None


@events.quitting.add_listener
def end(environment, **_):
    made = environment.stats.total.num_requests - BEGUN["requests"]
    spent = BEGUN["end"] - BEGUN["cpu"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"calls": made, "cpu_s": spent, "peak_kib": peak}), flush=True)


class Checking(FastHttpUser):
    """One user: writes a note, reads it, appends to it, reads it again, removes it."""

    def on_start(self):
        self.numbers = itertools.count(1)
        self.headers = {**HEADERS, "Authorization": f"Bearer {token(f'user_{next(NUMBERS)}')}"}

    def call(self, tool, **arguments):
        number = next(self.numbers)
        params = {"name": tool, "arguments": arguments}
        message = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}
        with self.client.post(
            "/mcp", data=json.dumps(message), headers=self.headers, name=tool, catch_response=True
        ) as response:
            answer = json.loads(response.text)
            if answer["id"] != number or answer["result"]["isError"]:
                response.failure("no good answer")
            self.count()
            return answer["result"]["structuredContent"]

    def count(self):
        total = self.environment.stats.total.num_requests
        if BEGUN.get("requests", 0) is None:
            BEGUN["requests"] = total
        elif "requests" in BEGUN and "end" not in BEGUN and total - BEGUN["requests"] >= REQUESTS:
            BEGUN["end"] = time.process_time()
            gevent.spawn(self.environment.runner.quit)  # it waits for the users, this one among them

    @task
    def life_of_a_note(self):
        content = "# Minutes\n\nA line of them.\n" * 10
        note = self.call("nc_notes_create_note", title="Minutes", content=content, category="")
        if self.call("nc_notes_get_note", note_id=note["id"])["content"] != content:
            raise AssertionError("another content")
        self.call("nc_notes_append_content", note_id=note["id"], content="More.")
        if not self.call("nc_notes_get_note", note_id=note["id"])["content"].endswith("More."):
            raise AssertionError("another content")
        self.call("nc_notes_delete_note", note_id=note["id"])
