"""One process that answers: uvicorn's worker, which also holds models and loads another when the supervisor says so."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pipe, resource_tracker
from pathlib import Path
from typing import Any

from uvicorn import Config
from uvicorn.supervisors.multiprocess import Process

from serving.server.processes.connection import protocol_of
from serving.server.settings import GRACE_S, Settings
from serving.server.shared_folder import LoadError, ReloadError, bundle_of, scratch_of, shared_number

KEEP_ALIVE_S = 30
"""Seconds that an idle connection stays open."""
BETWEEN_PINGS_S = 0.5
ANSWERS_PING_S = 4
"""A worker that does not answer its supervisor for so long has stopped."""
LOADS_S = 120.0
"""A worker that has not loaded a model after so long is ended; also what it may take to begin."""
RELOADS_S = 240.0
"""A client that asks for a reload is answered after so long, whatever its supervisor does."""
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
        f"{__name__.removesuffix('processes.worker')}app:create_app",
        workers=settings.workers,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_level="error",  # a warning is a line for whoever sends what is no request
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

    Attributes
    ----------
    has_begun : bool
        Whether the process has said anything yet.
    keeps : int
        Generation it was told to answer as; 0 for none.
    heard_at, asked_at : float, float or None
        When it last said something, and when it was asked for a sign of life that has not come.
    loading : dict of int to float
        When it was told to load a generation, where it has not said what came of it.
    outcomes : dict of int to LoadError or None
        What came of loading a generation; None where it is held.
    """

    def __init__(self, config: Config, listen: socket.socket, home: Path, settings: Settings) -> None:
        super().__init__(config, [listen])
        self._home, self._settings = home, settings
        self.reload_requests, self._supervisor = Pipe()
        self.has_begun, self.keeps, self.heard_at = False, 0, time.monotonic()
        self.asked_at: float | None = None
        self.loading: dict[int, float] = {}
        self.outcomes: dict[int, LoadError | None] = {}

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

    def order(self, action: str, generation: int) -> None:
        """Send an order; where nobody listens any more nothing happens, as `fate` tells it.

        Parameters
        ----------
        action : {"load", "keep"}
            Put a model beside those that are held, or let go of all others and answer.
        generation : int
            Of the model.
        """
        if action == "load":
            self.loading[generation] = time.monotonic()
        else:
            self.keeps = generation
        with contextlib.suppress(OSError):
            self.parent_conn.send((action, generation))

    def watch(self) -> None:
        """Take what the worker has said, and ask it for a sign of life where it has said nothing for a while."""
        with contextlib.suppress(EOFError, OSError):
            while self.parent_conn.poll():
                self._take(self.parent_conn.recv())
            now = time.monotonic()
            if self.asked_at is None and now - self.heard_at > BETWEEN_PINGS_S:
                self.parent_conn.send("ping")
                self.asked_at = now

    def _take(self, message: tuple[int, tuple[str, str] | None] | bool) -> None:
        self.heard_at, self.asked_at, self.has_begun = time.monotonic(), None, True
        if not isinstance(message, bool):
            generation, failure = message
            self.outcomes[generation] = LoadError(*failure) if failure else None
            self.loading.pop(generation, None)

    def excuse(self) -> None:
        """Begin to wait anew: the supervisor itself did not run for a while."""
        self.asked_at = None if self.asked_at is None else time.monotonic()

    def fate(self) -> str | None:
        """Return what became of the process, in words; None where it lives and answers."""
        if not self.process.is_alive():
            return f"ended with {self.exitcode}"
        now = time.monotonic()
        if self.has_begun and self.asked_at is not None and now - self.asked_at > ANSWERS_PING_S:
            return f"did not answer for {ANSWERS_PING_S} s"
        if any(now - began > LOADS_S for began in self.loading.values()):
            return f"did not load the model within {LOADS_S:.0f} s"
        return None

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

        scratch = scratch_of(self._home, os.getpid())
        scratch.mkdir()
        tempfile.tempdir = str(scratch)  # nothing is left behind by a worker that is killed at an upload
        self._models, self._asking = Generations(shared_number(self._home)), threading.Lock()
        self._saying, self._orders, self._answers = threading.Lock(), ThreadPoolExecutor(1), threading.Event()
        self.config.app = create_app(self._models, self._settings, self._reload)
        self.config.http = protocol_of(self._settings)
        threading.Thread(target=self.always_pong, daemon=True).start()
        try:
            self._answers.wait()
            if not self.server.should_exit:  # else the supervisor has gone before there was a model
                signal.signal(signal.SIGTERM, lambda *_: None)  # what uvicorn raises again when it has drained
                self.server.run(sockets)
        finally:
            self._orders.shutdown(wait=False, cancel_futures=True)
            if sys.stdin:
                sys.stdin.close()  # uvicorn opens it for debuggers

    def pong(self) -> None:
        """Take the next thing that the supervisor says: orders are done in their order, beside the answers to pings."""
        match self.child_conn.recv():
            case ("load", generation):
                self._orders.submit(self._load, generation)
            case ("keep", generation):
                self._orders.submit(self._keep, generation)
            case _:  # a ping
                self._tell(self.server.started)

    def always_pong(self) -> None:
        """Do what the supervisor says, until it is gone."""
        with contextlib.suppress(EOFError, OSError):
            super().always_pong()
        self.server.should_exit = True
        self._answers.set()

    def _tell(self, message: tuple[int, tuple[str, str] | None] | bool) -> None:
        with self._saying, contextlib.suppress(OSError):
            self.child_conn.send(message)

    def _keep(self, generation: int) -> None:
        self._models.keep_only(generation)
        if not self._answers.is_set():
            gc.collect()
            gc.freeze()  # to look through what stays for garbage took 0.1 s and more, in which nobody was answered
            self._answers.set()

    def _load(self, generation: int) -> None:
        """Put a model beside those that are held; tells the supervisor, with words and kind of the error if any."""
        from serving.server.generations import load_model

        failure = None
        try:
            self._models.add(load_model(bundle_of(self._home, generation), generation))
        except Exception as error:  # whatever a broken model does, the old one goes on: the supervisor is told
            failure = str(error), type(error).__name__
        self._tell((generation, failure))

    async def _reload(self) -> dict[str, Any]:
        return await asyncio.to_thread(self._ask_for_reload)

    def _ask_for_reload(self) -> dict[str, Any]:
        try:
            with self._asking:
                while self._supervisor.poll():  # what was answered too late to whoever asked before
                    self._supervisor.recv()
                self._supervisor.send("reload")
                late = (
                    f"the supervisor did not answer within {RELOADS_S:.0f} s; its log tells what becomes of the reload"
                )
                answer: dict[str, Any] | str = self._supervisor.recv() if self._supervisor.poll(RELOADS_S) else late
        except (EOFError, OSError):
            answer = "the server is ending: nothing was reloaded"
        if isinstance(answer, str):
            raise ReloadError(answer)
        return answer
