"""The stand-in as a process of its own: one ready line, then requests until it is told to end."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
from collections.abc import Callable
from typing import TextIO

import attrs
import uvicorn

from sim.standin.application import Standin
from sim.standin.behaviour import StandinOptions

CUT_SHORT = "ASGI callable returned without completing response"


@attrs.frozen
class Address:
    """Where Nextcloud lies, where the MCP endpoint does, and what opens `/standin/*` beside it."""

    url: str
    mcp_url: str
    lever_token: str = attrs.field(repr=False)


def serve(
    options: StandinOptions, announce: Callable[[Address], None], parent_pipe: TextIO | None = None
) -> None:
    """Serve until SIGINT or SIGTERM, or until `parent_pipe` ends (its writer has gone).

    `announce` is called once, when connections are accepted. Raises OSError when the address cannot be
    taken.
    """
    # A connection that is cut on purpose is no news.
    logging.getLogger("uvicorn.error").addFilter(lambda record: CUT_SHORT not in record.getMessage())
    is_v6 = ":" in options.host
    family = socket.AF_INET6 if is_v6 else socket.AF_INET
    listener = socket.create_server((options.host, options.port), family=family, backlog=2048)
    # Inherited by what it accepts: events are small, and must not wait for the acknowledgement of headers.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    port = listener.getsockname()[1]
    config = uvicorn.Config(
        Standin(options).application(),
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        lifespan="on",
        server_header=False,
        ssl_certfile=options.certificate or None,
        ssl_keyfile=options.key or None,
    )
    server = uvicorn.Server(config)
    if parent_pipe is not None:
        follow = threading.Thread(target=_end_with_parent, args=(parent_pipe, server), daemon=True)
        follow.start()
    host = f"[{options.host}]" if is_v6 else options.host
    server_url = f"{'https' if options.certificate else 'http'}://{host}:{port}"
    announce(Address(f"{server_url}{options.base_path}", f"{server_url}/mcp", options.lever_token))
    server.run(sockets=[listener])


def ready_line(address: Address) -> str:
    """What a parent process waits for on the stand-in's standard output: one line of JSON."""
    where = {"url": address.url, "mcp_url": address.mcp_url, "lever_token": address.lever_token}
    return json.dumps({"ready": True, **where, "pid": os.getpid()})


def _end_with_parent(pipe: TextIO, server: uvicorn.Server) -> None:
    pipe.read()
    server.should_exit = True
