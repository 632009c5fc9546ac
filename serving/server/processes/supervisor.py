"""The process that people start: it holds the port, keeps workers alive, and changes the model in all of them at once.

It is uvicorn's supervisor of several workers. What uvicorn does not do is here: a model is loaded in two steps. First
every worker loads the new model beside the old one. Only when all have done so does the number in shared memory change,
which every worker reads at the beginning of each request: no worker answers as the new model before all can. What fails
in the first step changes nothing.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from uvicorn.supervisors.multiprocess import SIGNALS, Multiprocess

from models.registry import export
from serving.server.processes.worker import Worker, server_config
from serving.server.settings import GRACE_S, Settings
from serving.server.shared_folder import (
    METRICS,
    SHOWN,
    LoadError,
    ReloadError,
    bundle_of,
    identity_of,
    make_home,
    shared_number,
)

BETWEEN_STARTS_S = 1.0
"""Wait before a worker is started in the place of one that ended."""
BETWEEN_PINGS_S = 1.0
LOADS_S = 120.0
"""A worker that has not loaded a model after so long is ended."""
METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Tells the workers where to keep their counts, see `serving.server.metrics`."""
ENDING = (signal.SIGTERM, signal.SIGINT)


class _StoppedError(Exception):
    """A signal to end came while workers were loading."""


class Supervisor(Multiprocess):
    """Workers that share a listening socket.

    Parameters
    ----------
    listen : socket
        Bound and listening; closed when the server ends.
    reference : str or None
        Of the model, as `silion models export` takes it; asked again at each reload. The champion where None.
    settings : Settings
        Limits, and the number of workers.
    on_ready : callable
        Called once all workers answer.
    say : callable
        Tells the operator, in one line, what happens later.
    """

    def __init__(
        self,
        listen: socket.socket,
        reference: str | None,
        settings: Settings,
        on_ready: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(server_config(settings), [listen])
        for number in set(SIGNALS) - {*ENDING, signal.SIGHUP}:  # uvicorn would take them all
            signal.signal(number, signal.SIG_DFL)
        self._listen, self._reference, self._settings = listen, reference, settings
        self._on_ready, self._say = on_ready, say
        self._generation = 0
        self._no_start_before = 0.0

    @property
    def workers(self) -> list[Worker]:
        """The running workers."""
        return [process for process in self.processes if isinstance(process, Worker)]

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then let requests that have begun finish.

        Raises
        ------
        ModelNotFoundError, BundleError, ReloadError
            There is no model to begin with, or it cannot be used.
        """
        with TemporaryDirectory(prefix="silion-serve-") as folder, _signals_as_bytes() as self._signalled:
            self._home = Path(folder)
            make_home(self._home)
            self._number = shared_number(self._home)
            os.environ[METRICS_VARIABLE] = str(self._home / METRICS)
            try:
                with suppress(_StoppedError):
                    self.init_processes()
                    self._on_ready()
                    while not self.should_exit.is_set():
                        self._answer_requests()
                        self.handle_signals()
                        self.keep_subprocess_alive()
            finally:
                self.signal_queue.clear()
                self._listen.close()
                self.terminate_all()
                self.join_all()

    def init_processes(self) -> None:
        """Start the workers, and have them load the first model.

        Raises
        ------
        ModelNotFoundError, BundleError, ReloadError
            There is no model to begin with, or it cannot be used.
        """
        for _ in range(self.processes_num):
            self._start()
        try:
            self._switch(None)
        except LoadError as error:
            from models.bundle import BundleError  # what a bundle is takes a second to import

            raise (BundleError(str(error)) if error.kind == BundleError.__name__ else error) from None

    def keep_subprocess_alive(self) -> None:
        """Replace workers that ended or do not answer, by others with the model that answers now."""
        for worker in self.workers:
            if worker.is_alive(self.config.timeout_worker_healthcheck):
                continue
            self._remove(worker)
            self._say(f"a worker ended with {worker.exitcode}; another takes its place")
        missing = self.processes_num - len(self.processes)
        if not missing or self.should_exit.is_set() or time.monotonic() < self._no_start_before:
            return
        started = [self._start() for _ in range(missing)]
        failures = self._load(started, self._generation)
        for worker in started:
            if failure := failures.get(worker):
                self._remove(worker)
                self._say(f"no worker can be started, another try follows: {failure}")
            else:
                worker.order("keep", self._generation)

    def handle_hup(self) -> None:
        """Reload, and tell the operator."""
        try:
            answer = self.reload()
        except ReloadError as error:
            self._say(f"not reloaded: {error}")
        else:
            self._say(f"{'reloaded' if answer['changed'] else 'unchanged'}: model {answer['model']}")

    def reload(self) -> dict[str, Any]:
        """Serve the model that the reference names now, in all workers at once.

        Returns
        -------
        dict
            What `POST /admin/reload` answers, see `serving.server.schemas.ReloadReply`.

        Raises
        ------
        ReloadError
            It cannot be used: the old one goes on.
        """
        was = identity_of(bundle_of(self._home, self._generation))
        try:
            changed = self._switch(was)
        except (ValueError, OSError) as error:
            raise ReloadError(f"{error}\nthe old model {was[:SHOWN]} goes on serving") from error
        now = identity_of(bundle_of(self._home, self._generation))
        return {
            "changed": changed,
            "model": now[:SHOWN],
            "was": was[:SHOWN],
            "generation": self._generation,
            "workers": len(self.workers),
        }

    def join_all(self) -> None:
        """Wait for the workers to answer what they have begun; kill what is left after that time, or at a second
        signal."""
        until = time.monotonic() + self._settings.seconds + 2 * GRACE_S
        while not self._shall_end() and (left := until - time.monotonic()) > 0:
            running = [worker.process.sentinel for worker in self.workers if worker.process.is_alive()]
            if not running:
                break
            self._wait(running, left)
        for worker in self.workers:
            worker.kill()
            worker.join()

    def _switch(self, was: str | None) -> bool:
        """Copy the model, have all workers load it, then change the number; False where it is the model that serves."""
        new, old = self._generation + 1, self._generation
        folder = bundle_of(self._home, new)
        try:
            export(self._reference, folder)
            if identity_of(folder) == was:
                shutil.rmtree(folder)
                return False
            for failure in self._load(self.workers, new).values():
                raise failure
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            if old:
                self._keep(old)
            raise
        self._number[0] = self._generation = new
        self._keep(new)
        if old:
            shutil.rmtree(bundle_of(self._home, old), ignore_errors=True)
        return True

    def _load(self, workers: Iterable[Worker], generation: int) -> dict[Worker, LoadError]:
        """Have workers put a model beside the one that answers, all at the same time; gives the failures."""
        loading = {worker.parent_conn: worker for worker in workers}
        failures, until = {}, time.monotonic() + LOADS_S
        for worker in loading.values():
            worker.order("load", generation)
        while loading:
            for ready in self._wait(loading, max(0.1, until - time.monotonic())):
                worker = loading.pop(ready)
                if failure := worker.loaded():
                    failures[worker] = failure
            if self._shall_end():
                raise _StoppedError
            if time.monotonic() > until:  # stopped, or without end: they are told of as any that ended
                for worker in loading.values():
                    worker.process.kill()
        return failures

    def _keep(self, generation: int) -> None:
        for worker in self.workers:
            worker.order("keep", generation)

    def _answer_requests(self) -> None:
        """Wait for a signal, a death or the next ping, and reload for the workers that were asked to."""
        asking = {worker.reload_requests: worker for worker in self.workers}
        for ready in self._wait([*asking, *(worker.process.sentinel for worker in self.workers)], BETWEEN_PINGS_S):
            if ready not in asking:
                continue
            with suppress(EOFError, OSError):  # the worker is gone: `keep_subprocess_alive` sees it
                ready.recv()
                try:
                    ready.send(self.reload())
                except ReloadError as error:
                    ready.send(str(error))

    def _wait(self, on: Iterable[Connection | int], seconds: float | None = None) -> list[Any]:
        """Wait until one of them is ready or a signal comes; gives those that are."""
        ready = wait([*on, self._signalled], seconds)
        if self._signalled in ready:
            ready.remove(self._signalled)
            self._signalled.recv(1024)
        return ready

    def _shall_end(self) -> bool:
        """Whether a signal to end waits to be handled."""
        return any(number in ENDING for number in self.signal_queue)

    def _start(self) -> Worker:
        worker = Worker(self.config, self._listen, self._home, self._settings)
        worker.start()
        self.processes.append(worker)
        return worker

    def _remove(self, worker: Worker) -> None:
        """Take out a worker, killed where it still runs; of its counts only the requests it was at are forgotten."""
        from prometheus_client.multiprocess import mark_process_dead

        worker.kill()
        worker.join()
        self.processes.remove(worker)
        mark_process_dead(worker.pid, str(self._home / METRICS))
        self._no_start_before = time.monotonic() + BETWEEN_STARTS_S


@contextmanager
def _signals_as_bytes() -> Iterator[socket.socket]:
    """Have every signal write a byte to a socket, so that whoever waits for sockets wakes up."""
    ours, written = socket.socketpair()
    with ours, written:
        written.setblocking(False)
        before = signal.set_wakeup_fd(written.fileno(), warn_on_full_buffer=False)
        try:
            yield ours
        finally:
            signal.set_wakeup_fd(before)
