"""`python -m sim.standin`: the process that a run starts for itself.

Its options come as one JSON object in the environment variable `SIMULATE_STANDIN`, because the
administrator's password must not stand in an argument list.
"""

from __future__ import annotations

import json
import os
import signal
import sys

import cattrs

from sim.standin.behaviour import StandinOptions
from sim.standin.serve import ready_line, serve

VARIABLE = "SIMULATE_STANDIN"


def main() -> None:
    # A terminal's Ctrl-C is for the run, which ends this process by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    options = cattrs.structure(json.loads(os.environ.pop(VARIABLE, "{}")), StandinOptions)
    serve(options, lambda address: print(ready_line(address), flush=True), sys.stdin)


if __name__ == "__main__":
    main()
