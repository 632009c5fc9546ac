"""Portions answered by the workers of a dask cluster: rows go out, what is finished comes back as it is done.

Nothing but Silion and its packages has to be where a worker runs: rows and model are sent. What is in flight is
bounded by the number of workers, a worker that dies costs the portions it held, and the bytes are those of one machine.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from functools import partial
from multiprocessing import resource_tracker
from typing import Any, TypeAlias

import pandas as pd
from dask import config
from dask.system import CPU_COUNT
from distributed import Client, Future, KilledWorker, LocalCluster, Security, wait
from distributed.comm import connect
from distributed.utils import silence_logging_cmgr

from features.tables.chunks import Portion, PortionReader
from models.predictor import Predictor
from reporting.console import STOPPED
from serving.predict.checkpoint import surroundings
from serving.predict.cluster_worker import (
    RESUME,
    ClusterError,
    ModelOnWorker,
    answer_sent,
    check_surroundings,
    unpacked,
)
from serving.predict.portion import Answer, Options

LOCAL = "local"
SCHEMES = ("tcp://", "tls://")
AHEAD = 2
"""Portions a worker's thread has: one in work, one that waits for it."""
TRIES = 3
"""Times that a portion which fails is tried."""
ANSWER_S = 10.0
"""Seconds a scheduler has to answer."""
WORKERS_S = 60.0
"""Seconds without a worker after which the work ends."""
LOOK_S = 2.0
"""Seconds between two looks at the workers while nothing is done."""
SPAWN_ENVIRON = "distributed.nanny.pre-spawn-environ"
KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": 1 << 30, "MALLOC_MMAP_THRESHOLD_": 1 << 25}
"""How glibc treats freed memory: dask's own settings give it back after each chunk, which costs a third of the time."""
UNWATCHED = {
    "distributed.worker.profile.enabled": False,  # it looks at the work a hundred times a second
    "distributed.admin.tick.interval": "1s",  # 20 ms of its own
    "distributed.admin.system-monitor.interval": "5s",  # half a second of its own
}
"""What dask watches for a dashboard that nobody looks at."""
Task: TypeAlias = tuple[int, str, Callable[[], tuple[Any, ...]]]
"""Number, what it is in messages, and what gives the function and its arguments once it is sent."""


@contextmanager
def crew(address: str, predictor: Predictor) -> Iterator[Crew]:
    """Give workers that answer with this model; what they still do when the block ends is cancelled.

    Parameters
    ----------
    address : str
        `local` for one process per core of this machine, gone when the block ends, or `tcp://host:port` (or `tls://`)
        of a scheduler.
    predictor : Predictor
        The model.

    Raises
    ------
    ValueError
        The address is none.
    ClusterError
        No scheduler answers there, it has no workers, or they are not those of this Silion.
    """
    if address != LOCAL and not address.startswith(SCHEMES):
        raise ValueError(f"--cluster: got {address!r}, expected {LOCAL} or the address of a scheduler, tcp://host:port")
    with ExitStack() as stack:
        # what goes wrong is said in our words, once
        stack.enter_context(silence_logging_cmgr(logging.CRITICAL))
        # rows travel inside their task, so that the scheduler can give them to another worker
        stack.enter_context(config.set({"distributed.admin.large-graph-warning-threshold": "1 GiB"}))
        client = stack.enter_context(_local() if address == LOCAL else _connected(address))
        model = ModelOnWorker(predictor)
        _check_workers(client, address)
        client.register_plugin(model, name=model.name)
        workers = Crew(client, address, model.name)
        stack.callback(workers.cancel)
        yield workers


@contextmanager
def _local() -> Iterator[Client]:
    """Single-threaded worker processes on all cores; encrypted, so that no other user of this machine gets in."""
    settings = {
        "distributed.scheduler.allowed-failures": TRIES - 1,
        "distributed.worker.memory.target": False,  # nothing is spilled to disk
        "distributed.worker.memory.spill": False,
        **UNWATCHED,
        SPAWN_ENVIRON: config.get(SPAWN_ENVIRON) | KEEP_MEMORY,
    }
    with tempfile.TemporaryDirectory() as scratch, config.set(settings):
        with _leaving_interrupts():
            cluster = LocalCluster(
                n_workers=CPU_COUNT,
                threads_per_worker=1,
                host="tls://127.0.0.1",
                security=True,
                dashboard_address="127.0.0.1:0",
                local_directory=scratch,
                silence_logs=logging.CRITICAL,
            )
        with cluster, Client(cluster) as client:
            yield client


@contextmanager
def _leaving_interrupts() -> Iterator[None]:
    """Ctrl-C on a terminal reaches every process of it: those started here inherit that it is not theirs."""
    resource_tracker.ensure_running()  # it would let them through again when started later
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    try:
        asyncio.run(_greet(address))
        client = Client(address, timeout=ANSWER_S, name="silion")
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"{address}: no dask scheduler answered within {ANSWER_S:g} s ({error or 'no greeting'}); start one "
            f"with `dask scheduler`, check address, port and firewall, or use --cluster {LOCAL}; nothing was changed"
        ) from error
    with client:
        yield client


async def _greet(address: str) -> None:
    """Shake hands, within a time: a `Client` would wait forever for a listener that never speaks."""
    settings = Security().get_connection_args("client")
    greeted = await asyncio.wait_for(connect(address, timeout=ANSWER_S, **settings), ANSWER_S)
    await greeted.close()


def _check_workers(client: Client, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=ANSWER_S)
    except TimeoutError:
        raise ClusterError(
            f"{address}: the scheduler has no workers; start some with `dask worker {address} --nthreads 1`"
        ) from None
    expected = surroundings()
    for worker, actual in client.run(surroundings, on_error="return").items():
        if isinstance(actual, BaseException):
            raise ClusterError(
                f"worker {worker} has no Silion of this version ({type(actual).__name__}: {actual}); "
                f"start it in the same environment and checkout"
            )
        check_surroundings(expected, actual, worker)


class Crew:
    """Connected workers that hold a model.

    Parameters
    ----------
    client : Client
        Of the scheduler.
    address : str
        Of the scheduler, for messages.
    model : str
        Name of the model on the workers.
    """

    def __init__(self, client: Client, address: str, model: str) -> None:
        self.client, self.address, self.model = client, address, model
        self.run = uuid.uuid4().hex[:12]
        self.waiting: dict[Future[Any], tuple[int, str]] = {}

    def __call__(
        self, portions: Sequence[tuple[int, Portion]], options: Options, measured: pd.DataFrame | None, suffix: str
    ) -> Iterator[tuple[int, Answer]]:
        """Answer numbered portions; each comes back as soon as it is done, whatever its place.

        Parameters
        ----------
        portions : sequence of (int, Portion)
            To answer, with their numbers.
        options : Options
            What is wanted of every design.
        measured : DataFrame or None
            Designs of the same laboratory with what was measured, columns of `Measured`.
        suffix : str
            Ending of the output.

        Raises
        ------
        ClusterError
            The scheduler went away, all workers did, or a portion failed wherever it was tried.
        """
        reader = PortionReader()

        def rows_of(portion: Portion) -> tuple[Any, ...]:
            return answer_sent, self.model, portion, reader.read(portion), options, measured, suffix

        tasks = [
            (number, f"{portion.path.name}, {portion.rows:,} rows from line {portion.line}", partial(rows_of, portion))
            for number, portion in portions
        ]
        for number, answered in self.work(tasks):
            yield number, unpacked(*answered)

    def work(self, tasks: Sequence[Task]) -> Iterator[tuple[int, Any]]:
        """Do numbered tasks; what each returns comes back as soon as it is done, whatever its place.

        Parameters
        ----------
        tasks : sequence of Task

        Raises
        ------
        ClusterError
            As for portions.
        """
        remaining, seen = list(reversed(tasks)), time.monotonic()
        while remaining or self.waiting:
            threads = self._threads()
            seen = time.monotonic() if threads else seen
            if time.monotonic() - seen > WORKERS_S:
                raise ClusterError(f"{self.address}: no worker has been there for {WORKERS_S:g} s; {RESUME}")
            while remaining and len(self.waiting) < AHEAD * max(threads, 1):
                self._send(*remaining.pop())
            for future in self._done():
                number, label = self.waiting.pop(future)
                yield number, self._finished(future, label)

    def cancel(self) -> None:
        """Take back what is not done."""
        if self.waiting and self.client.status == "running":
            self.client.cancel(list(self.waiting), force=True)
        self.waiting.clear()

    def _threads(self) -> int:
        try:
            return sum(self.client.nthreads().values())
        except (OSError, CancelledError) as error:
            raise self._lost() from error

    def _send(self, number: int, label: str, call: Callable[[], tuple[Any, ...]]) -> None:
        future = self.client.submit(*call(), key=f"silion-{self.run}-{number}", retries=TRIES - 1, pure=False)
        self.waiting[future] = number, label

    def _done(self) -> list[Future[Any]]:
        """Tasks that are done or failed; none after `LOOK_S` without any."""
        if STOPPED.is_set():
            raise KeyboardInterrupt
        try:
            return list(wait(list(self.waiting), timeout=LOOK_S, return_when="FIRST_COMPLETED").done)
        except TimeoutError:
            return []
        except CancelledError as error:
            raise self._lost() from error

    def _finished(self, future: Future[Any], label: str) -> Any:
        try:
            return future.result()
        except CancelledError as error:
            raise self._lost() from error
        except KilledWorker as error:
            raise ClusterError(
                f"{label}: all {error.allowed_failures + 1} workers that had it died, the last one "
                f"{error.last_worker.address}; look at its log (often its memory); {RESUME}"
            ) from error
        except (ClusterError, ValueError):  # in words already
            raise
        except Exception as error:  # whatever a worker may run into
            if isinstance(error, OSError) and future.status != "error":  # done, and cut off while it was brought here
                raise self._lost() from error
            raise ClusterError(f"{label}: failed {TRIES} times ({type(error).__name__}: {error}); {RESUME}") from error

    def _lost(self) -> ClusterError:
        return ClusterError(f"{self.address}: the scheduler went away; {RESUME}")
