"""One process that answers: uvicorn's worker, which also holds models and loads another when the supervisor says so."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
import threading
from multiprocessing import Pipe, resource_tracker
from pathlib import Path
from typing import Any

from uvicorn import Config
from uvicorn.supervisors.multiprocess import Process

from serving.server.settings import GRACE_S, Settings
from serving.server.shared_folder import LoadError, ReloadError, bundle_of, shared_number

KEEP_ALIVE_S = 30
"""Seconds that an idle connection stays open."""
ANSWERS_PING_S = 15
"""A worker that does not answer its supervisor for so long has stopped."""
SUPERVISORS = (signal.SIGINT, signal.SIGHUP)
"""Signals that a terminal sends to every process of the server: the supervisor alone acts on them."""
SUPERVISORS_ENDS = ("parent_conn", "reload_requests", "process")
"""Attributes that stay with the supervisor: a worker that held them would never hear that the supervisor is gone."""


def server_config(settings: Settings) -> Config:
    """Return uvicorn's configuration of a server; each worker puts its own app into it.

    Parameters
    ----------
    settings : Settings
        Limits of the server.
    """
    return Config(
        "serving.server.app:create_app",
        workers=settings.workers,
        loop="asyncio",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(settings.seconds + GRACE_S),
        timeout_worker_healthcheck=ANSWERS_PING_S,
    )


class Worker(Process):
    """A worker as its supervisor holds it, and, in `target`, as it is in its own process.

    uvicorn's pipe carries the supervisor's orders beside its pings; `reload_requests` carries what a client asked of
    the worker and only the supervisor can do.

    Parameters
    ----------
    config : Config
        Of `server_config`.
    listen : socket
        That all workers share.
    home : Path
        Folder that the processes of the server share.
    settings : Settings
        Limits of the server.
    """

    def __init__(self, config: Config, listen: socket.socket, home: Path, settings: Settings) -> None:
        super().__init__(config, [listen])
        self._home, self._settings = home, settings
        self.reload_requests, self._supervisor = Pipe()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in SUPERVISORS_ENDS}

    def start(self) -> None:
        """Start the process; it answers nobody until it was told to keep a model."""
        resource_tracker.ensure_running()  # Python's own, which unblocks signals when it begins
        signal.pthread_sigmask(signal.SIG_BLOCK, SUPERVISORS)  # a process begins with the mask of who starts it
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SUPERVISORS)
        self.child_conn.close()
        self._supervisor.close()

    def order(self, what: str, generation: int) -> None:
        """Send an order; where nobody listens any more nothing happens, as `loaded` tells it.

        Parameters
        ----------
        what : {"load", "keep"}
            Put a model beside those that are held, or let go of all others.
        generation : int
            Of the model.
        """
        with contextlib.suppress(OSError):
            self.parent_conn.send((what, generation))

    def loaded(self) -> LoadError | None:
        """Read the outcome of an order to load; None where the model is held."""
        try:
            failure = self.parent_conn.recv()
        except (EOFError, OSError):
            failure = ("a worker ended before it had loaded the model", "RuntimeError")
        return LoadError(*failure) if failure else None

    def terminate(self) -> None:
        """Have the process end once its requests are answered; a reload that is asked for is none of them."""
        super().terminate()
        self.reload_requests.close()

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until a signal comes or the supervisor is gone; requests that have begun are answered.

        Parameters
        ----------
        sockets : list of socket
            To listen on.
        """
        from serving.server.app import create_app  # models and all; the supervisor is spared them
        from serving.server.generations import Generations

        self._models, self._asking, self._keeps_one = Generations(shared_number(self._home)), threading.Lock(), False
        self.config.app = create_app(self._models, self._settings, self._reload)
        try:
            while not self._keeps_one:
                self.pong()
            signal.signal(signal.SIGTERM, lambda *_: None)  # what uvicorn raises again when it has drained
            super().target(sockets)
        except EOFError:
            pass  # the supervisor has gone before there was a model
        finally:
            if sys.stdin:
                sys.stdin.close()  # uvicorn opens it for debuggers

    def pong(self) -> None:
        """Do the next thing that the supervisor says."""
        match self.child_conn.recv():
            case ("load", generation):
                self.child_conn.send(self._load(generation))
            case ("keep", generation):
                self._models.keep_only(generation)
                self._keeps_one = True
            case _:  # uvicorn's ping
                self.child_conn.send(self.server.started)

    def always_pong(self) -> None:
        """Do what the supervisor says, until it is gone."""
        with contextlib.suppress(EOFError, OSError):
            super().always_pong()
        self.server.should_exit = True

    def _load(self, generation: int) -> tuple[str, str] | None:
        """Put a model beside those that are held; gives words and kind of the error where that cannot be."""
        from serving.server.generations import load_model

        try:
            self._models.add(load_model(bundle_of(self._home, generation), generation))
        except Exception as error:  # whatever a broken model does, the old one goes on: the supervisor is told
            return str(error), type(error).__name__
        return None

    async def _reload(self) -> dict[str, Any]:
        return await asyncio.to_thread(self._ask_for_reload)

    def _ask_for_reload(self) -> dict[str, Any]:
        try:
            with self._asking:
                self._supervisor.send("reload")
                answer: dict[str, Any] | str = self._supervisor.recv()
        except (EOFError, OSError):
            answer = "the server is ending: nothing was reloaded"
        if isinstance(answer, str):
            raise ReloadError(answer)
        return answer
