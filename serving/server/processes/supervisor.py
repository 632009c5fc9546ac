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
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from uvicorn.supervisors.multiprocess import SIGNALS, Multiprocess

from models.registry import export
from serving.server import shared_folder
from serving.server.processes.worker import Worker, server_config
from serving.server.settings import GRACE_S, Settings
from serving.server.shared_folder import LoadError, ReloadError, bundle_of, identity_of

BETWEEN_STARTS_S = 1.0
"""Wait before a worker is started in the place of one that ended."""
TICK_S = 0.1
"""Between two looks at signals and workers; uvicorn's workers look as often."""
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
        with TemporaryDirectory(prefix="silion-serve-") as folder:
            self._home = Path(folder)
            shared_folder.make_home(self._home)
            self._number = shared_folder.shared_number(self._home)
            os.environ[METRICS_VARIABLE] = str(self._home / shared_folder.METRICS)
            try:
                with suppress(_StoppedError):
                    self.init_processes()
                    self._on_ready()
                    while not self.should_exit.is_set():
                        self._answer_requests()
                        self.handle_signals()
                        self.keep_subprocess_alive()
            finally:
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
            raise ReloadError(f"{error}\nthe old model {was[: shared_folder.SHOWN]} goes on serving") from error
        now = identity_of(bundle_of(self._home, self._generation))
        return {
            "changed": changed,
            "model": now[: shared_folder.SHOWN],
            "was": was[: shared_folder.SHOWN],
            "generation": self._generation,
            "workers": len(self.workers),
        }

    def join_all(self) -> None:
        """Wait for the workers to answer what they have begun; kill what is left after that time, or at a second
        signal."""
        for number in ENDING:
            signal.signal(number, lambda *_: self._kill_all())
        until = time.monotonic() + self._settings.seconds + 2 * GRACE_S
        for worker in self.workers:
            worker.process.join(max(0.0, until - time.monotonic()))
        self._kill_all()
        super().join_all()

    def _kill_all(self) -> None:
        for worker in self.workers:
            worker.kill()

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

    def _load(self, workers: Sequence[Worker], generation: int) -> dict[Worker, LoadError]:
        """Have workers put a model beside the one that answers, all at the same time; gives the failures."""
        for worker in workers:
            worker.order("load", generation)
        failures, until = {}, time.monotonic() + LOADS_S
        for worker in workers:
            while not worker.parent_conn.poll(TICK_S):
                if any(number in ENDING for number in self.signal_queue):
                    raise _StoppedError
                if time.monotonic() > until:
                    worker.process.kill()
            if failure := worker.loaded():
                failures[worker] = failure
        return failures

    def _keep(self, generation: int) -> None:
        for worker in self.workers:
            worker.order("keep", generation)

    def _answer_requests(self) -> None:
        """Wait for workers that were asked to reload, and reload for them."""
        wait([worker.reload_requests for worker in self.workers], TICK_S)
        for requests in [worker.reload_requests for worker in self.workers]:
            with suppress(EOFError, OSError):  # the worker is gone: `keep_subprocess_alive` sees it
                if requests.poll():
                    requests.recv()
                    try:
                        requests.send(self.reload())
                    except ReloadError as error:
                        requests.send(str(error))

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
        mark_process_dead(worker.pid, str(self._home / shared_folder.METRICS))
        self._no_start_before = time.monotonic() + BETWEEN_STARTS_S
