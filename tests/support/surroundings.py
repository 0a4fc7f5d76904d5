"""`python -m tests.support.surroundings`: a process that says what it finds around itself, and ends as told.

The first argument is what it ends with: a number, `wait` (for a signal), or `raise`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any


def found() -> dict[str, Any]:
    """What a process has of those who start it, and of how Python begins."""
    streams: list[Any] = [sys.stdin, sys.stdout, sys.stderr]
    return {
        "arguments": sys.argv,
        "folder": str(Path.cwd()),
        "environment": dict(os.environ),
        "modules are looked for": sys.path[0],
        "descriptors": sorted(
            int(each.name) for each in Path("/proc/self/fd").iterdir() if each.exists() or int(each.name) < 3
        ),
        "handlers": {number.name: str(signal.getsignal(number)) for number in signal.Signals},
        "masked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        "threads": [each.name for each in threading.enumerate()],
        "leads": [os.getsid(0) == os.getpid(), os.getpgrp() == os.getpid()],
        "session": os.getsid(0) if os.getsid(0) != os.getpid() else None,
        "streams": [
            [s.name, s.mode, s.encoding, s.errors, s.isatty(), s.line_buffering, s.newlines, s.write_through]
            for s in streams
        ],
        "originals": [sys.__stdin__ is sys.stdin, sys.__stdout__ is sys.stdout, sys.__stderr__ is sys.stderr],
        "main": [sys.modules["__main__"].__name__, sys.modules["__main__"].__file__],
        "package": sys.modules["__main__"].__package__,
    }


def main() -> None:
    print(json.dumps(found()), flush=True)
    match sys.argv[1]:
        case "wait":
            # In short turns: a signal may come just before one.
            while True:
                time.sleep(0.05)
        case "raise":
            raise ValueError("as it was told")
        case code:
            sys.exit(int(code))


if __name__ == "__main__":
    main()
