"""The command `silion serve`: answers by HTTP until it is stopped."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from cli.options import Commands, add_command, add_options
from reporting.console import DONE


def add_parser(commands: Commands) -> None:
    """Add `serve` to the commands of `silion`.

    Parameters
    ----------
    commands : Commands
        Those of the main parser.
    """
    parser = add_command(
        commands,
        "serve",
        "Answer by HTTP on this machine: a page for people, an API for programs.",
        "silion serve --port 8000",
        "With SILION_TOKEN in the environment only requests that bear this token are answered, and "
        "POST /admin/reload is open to them; without it whoever reaches the address may ask, and nobody reload.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on; 0 takes any free one (default 8000)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes that answer (default 1)")
    parser.add_argument("--seconds", type=float, default=30.0, help="most time for one answer (default 30)")
    parser.add_argument(
        "--max-designs", type=int, default=10_000, help="most designs of one request or file (default 10000)"
    )
    parser.add_argument("--max-body-mb", type=float, default=16.0, help="most megabytes of one request (default 16)")
    parser.add_argument("--lab", metavar="NAME", help="laboratory whose measurements move the answers (`silion lab`)")
    add_options(parser, "model")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Answer by HTTP until SIGTERM or Ctrl-C; SIGHUP, as `POST /admin/reload`, loads the present champion.

    Parameters
    ----------
    arguments : Namespace
        As `add_parser` declares them.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    ValueError, OSError
        Settings, address or model that cannot be used.
    """

    from models.saved.labs import read_lab
    from serving.server.processes.listen import is_local, listening_socket
    from serving.server.processes.supervisor import Supervisor
    from serving.server.settings import MEGABYTE, Settings, token_of_environment

    settings = Settings(
        token=token_of_environment(),
        max_designs=arguments.max_designs,
        max_body_bytes=arguments.max_body_mb * MEGABYTE,
        seconds=arguments.seconds,
        workers=arguments.workers,
        lab=arguments.lab,
    )
    if arguments.lab:
        read_lab(arguments.lab)  # one that cannot be used is refused now, not by every answer
    listen = listening_socket(arguments.host, arguments.port)
    if settings.token is None and not is_local(listen):
        print("note: whoever reaches this address may ask; set SILION_TOKEN, or serve behind a proxy", file=sys.stderr)
    settings = replace(settings, local_names=settings.token is None and is_local(listen))
    address = f"http://{arguments.host}:{listen.getsockname()[1]}"

    def ready() -> None:
        print(f"{address}/  (the API: {address}/docs; stop with Ctrl-C)", flush=True)

    def say(message: str) -> None:
        print(f"silion: {message}", file=sys.stderr, flush=True)

    Supervisor(listen, arguments.model, settings, ready, say).run()
    return DONE
