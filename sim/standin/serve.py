"""The stand-in as a process of its own: one ready line, then requests until it is told to end."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import socket
import ssl
import threading
from collections.abc import Callable
from typing import TextIO

import attrs
import uvicorn

from sim.standin.application import Standin
from sim.standin.behaviour import StandinOptions
from sim.standin.null_connection import NullConnection

CUT_SHORT = "ASGI callable returned without completing response"
BACKLOG = 4096
MAX_CONNECTIONS = 65_536


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
    allow_many_connections()
    standin, listener = Standin(options), listen(options.host, options.port)
    server = uvicorn.Server(uvicorn_config(standin))
    if parent_pipe is not None:
        follow = threading.Thread(target=_end_with_parent, args=(parent_pipe, server), daemon=True)
        follow.start()
    null_listener = listen(options.host, 0) if options.null_mcp else None
    url, mcp_url = url_of(options, listener), url_of(options, null_listener or listener)
    announce(Address(f"{url}{options.base_path}", f"{mcp_url}/mcp", options.lever_token))
    if null_listener is None:
        server.run(sockets=[listener])
    else:
        asyncio.run(_serve_both(server, listener, standin, null_listener))


async def _serve_both(
    server: uvicorn.Server, listener: socket.socket, standin: Standin, null_listener: socket.socket
) -> None:
    endpoint, tls = standin.null_endpoint(), tls_of(standin.options)
    null_server = await asyncio.get_running_loop().create_server(
        lambda: NullConnection(endpoint.answer), sock=null_listener, ssl=tls, backlog=BACKLOG
    )
    try:
        await server.serve(sockets=[listener])
    finally:
        # Who is connected ends with the loop; nothing here waits for them.
        null_server.close()


def listen(host: str, port: int) -> socket.socket:
    """A socket that accepts connections. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    # Inherited by what it accepts: events are small, and must not wait for the acknowledgement of headers.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def url_of(options: StandinOptions, listener: socket.socket) -> str:
    """Its address, without a path."""
    host = f"[{options.host}]" if ":" in options.host else options.host
    return f"{'https' if options.certificate else 'http'}://{host}:{listener.getsockname()[1]}"


def tls_of(options: StandinOptions) -> ssl.SSLContext | None:
    """For https, where there is a certificate."""
    if not options.certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key or None)
    return context


def uvicorn_config(standin: Standin) -> uvicorn.Config:
    """How the web side is served."""
    options = standin.options
    return uvicorn.Config(
        standin.application(),
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        lifespan="on",
        server_header=False,
        ssl_certfile=options.certificate or None,
        ssl_keyfile=options.key or None,
    )


def allow_many_connections() -> None:
    """Each user has one, and the usual limit of open files is made for a person at a terminal."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, MAX_CONNECTIONS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def ready_line(address: Address) -> str:
    """What a parent process waits for on the stand-in's standard output: one line of JSON."""
    where = {"url": address.url, "mcp_url": address.mcp_url, "lever_token": address.lever_token}
    return json.dumps({"ready": True, **where, "pid": os.getpid()})


def _end_with_parent(pipe: TextIO, server: uvicorn.Server) -> None:
    pipe.read()
    server.should_exit = True
