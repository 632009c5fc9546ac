"""The process that people start: it holds the port, keeps workers alive, and changes the model in all of them at once.

It is uvicorn's supervisor of several workers. What uvicorn does not do is here: a model is loaded in two steps. First
every worker loads the new model beside the old one. Only when all have done so does the number in shared memory change,
which every worker reads at the beginning of each request: no worker answers as the new model before all can. What fails
in the first step changes nothing.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from threading import Thread
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
PAUSE_S = 1.0
"""Between two looks: after longer the supervisor itself did not run, and a worker's silence says nothing."""
COPIES_S = 60.0
"""A model that MLflow has not given after so long is not waited for."""
METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Tells the workers where to keep their counts, see `serving.server.metrics`."""
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Tell the libraries of a worker to compute on one thread, unless the operator says otherwise: the products of a few
requests are so small that threads which wait for each other took half of the processor."""
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
        self._generation = self._tried = 0
        self._no_start_before, self._watched_at = 0.0, time.monotonic()
        self._is_reloading = self._is_switching = False

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
        shared_folder.sweep_homes(Path(gettempdir()))
        with TemporaryDirectory(prefix=f"{shared_folder.HOME}{os.getpid()}-") as folder:
            self._home = Path(folder)
            shared_folder.make_home(self._home)
            self._number = shared_folder.shared_number(self._home)
            os.environ[METRICS_VARIABLE] = str(self._home / shared_folder.METRICS)
            for name in ONE_THREAD:
                os.environ.setdefault(name, "1")
            try:
                with suppress(_StoppedError):
                    self.init_processes()
                    self._on_ready()
                    while not self.should_exit.is_set():
                        self._watch()
                        self._answer_requests()
                        self.handle_signals()
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
        """Replace workers that ended or do not answer, by others that answer once they hold the model of now."""
        for worker in self.workers:
            if fate := worker.fate():
                self._remove(worker)
                self._say(f"a worker {fate}; another takes its place")
        if time.monotonic() >= self._no_start_before and not self.should_exit.is_set():
            for _ in range(self.processes_num - len(self.processes)):
                self._start()
        for worker in [] if self._is_switching or not self._generation else self.workers:
            if worker.keeps:
                continue
            if self._generation not in {*worker.loading, *worker.outcomes}:
                worker.order("load", self._generation)
            elif self._generation in worker.outcomes:
                self._admit(worker, worker.outcomes[self._generation])

    def _admit(self, worker: Worker, failure: LoadError | None) -> None:
        """Let a new worker answer, or take it out where it could not load the model."""
        if failure:
            self._remove(worker)
            self._say(f"no worker can be started, another try follows: {failure}")
        else:
            worker.order("keep", self._generation)

    def _watch(self) -> None:
        """Hear all workers for a moment, and replace those that do not answer."""
        wait([end for worker in self.workers for end in (worker.parent_conn, worker.reload_requests)], TICK_S)
        now = time.monotonic()
        for worker in self.workers:
            if now - self._watched_at > PAUSE_S:
                worker.excuse()
            worker.watch()
        self._watched_at = now
        self.keep_subprocess_alive()
        if any(number in ENDING for number in self.signal_queue) and self._is_reloading:
            raise _StoppedError

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
        self._tried += 1  # no number twice: what a worker says of a model that failed is not taken for the next one's
        new, old = self._tried, self._generation
        folder = bundle_of(self._home, new)
        self._is_reloading = True
        try:
            self._copy(folder)
            if identity_of(folder) == was:
                shutil.rmtree(folder)
                return False
            self._hear_all()
            self._is_switching = True
            loading = [worker for worker in self.workers if worker.keeps == old]
            half = len(loading) // 2 if old else 0  # while some load, the others answer
            for group in (loading[:half], loading[half:]):
                self._load(group, new)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            if old:
                self._keep([worker for worker in self.workers if worker.keeps], old)
            raise
        finally:
            self._is_reloading = self._is_switching = False
        self._number[0] = self._generation = new
        self._keep([worker for worker in self.workers if new in worker.outcomes], new)
        if old:
            shutil.rmtree(bundle_of(self._home, old), ignore_errors=True)
        return True

    def _copy(self, folder: Path) -> None:
        """Copy the model that the reference names, in a thread: who answers is watched meanwhile."""
        aside = self._home / f"copy-{secrets.token_hex(4)}"
        outcome: Future[Path] = Future()

        def copy() -> None:
            try:
                outcome.set_result(export(self._reference, aside))
            except BaseException as error:
                outcome.set_exception(error)

        Thread(target=copy, daemon=True).start()
        until = time.monotonic() + COPIES_S
        while not outcome.done():
            self._watch()
            if time.monotonic() > until:
                raise ReloadError(f"the model did not come within {COPIES_S:.0f} s; see whether its store answers")
        outcome.result().rename(folder)

    def _hear_all(self) -> None:
        """Wait until every worker that has begun has shown that it lives; the others have been replaced."""
        began = time.monotonic()
        while any(worker.has_begun and worker.heard_at < began for worker in self.workers):
            self._watch()

    def _load(self, workers: Sequence[Worker], generation: int) -> None:
        """Have workers put a model beside the one that answers, all at the same time; the first failure is raised."""
        for worker in workers:
            worker.order("load", generation)
        for worker in workers:
            while generation not in worker.outcomes:
                if worker not in self.workers:
                    raise LoadError("a worker ended before it had loaded the model", "RuntimeError")
                self._watch()
            if failure := worker.outcomes[generation]:
                raise failure

    def _keep(self, workers: Sequence[Worker], generation: int) -> None:
        for worker in workers:
            worker.order("keep", generation)

    def _answer_requests(self) -> None:
        """Reload for workers that were asked to."""
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
        """Take out a worker with its temporary files, killed where it still runs; of its counts only the requests it
        was at are forgotten."""
        from prometheus_client.multiprocess import mark_process_dead

        worker.kill()
        worker.join()
        self.processes.remove(worker)
        shutil.rmtree(shared_folder.scratch_of(self._home, worker.pid or 0), ignore_errors=True)
        mark_process_dead(worker.pid, str(self._home / shared_folder.METRICS))
        self._no_start_before = time.monotonic() + BETWEEN_STARTS_S
