"""Pieces of one work done side by side by processes of this machine, their results in order."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import joblib

from models.tasks.registry import TASKS, register
from models.tasks.task import Task

Result = TypeVar("Result")


_JOBS: ContextVar[int] = ContextVar("jobs", default=1)


@contextmanager
def processes(jobs: int | None = None) -> Iterator[None]:
    """Let several processes do the pieces of work inside.

    Parameters
    ----------
    jobs : int or None
        How many; None takes as many as this process may use cores, and `LOKY_MAX_CPU_COUNT` in the environment at most.

    Raises
    ------
    ValueError
        Fewer than one.
    """
    if jobs is not None and jobs < 1:
        raise ValueError(f"--jobs: got {jobs}, expected 1 or more")
    token = _JOBS.set(jobs or joblib.cpu_count())
    try:
        yield
    finally:
        _JOBS.reset(token)


def _end_with_parent(parent: int) -> None:
    """Leave Ctrl-C, which reaches all processes of a terminal, to the parent process, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def in_order(
    work: Callable[..., Result], calls: Iterable[tuple[Any, ...]], progress: Callable[[int], None]
) -> Iterator[Result]:
    """Yield the result of each piece; by several processes inside `processes`, by this one elsewhere.

    Parameters
    ----------
    work : callable
        A function of a module, given a piece's values and, last, what to call with the number of steps just done.
    calls : iterable of tuple
        Values of each call; made one by one where this process does the work.
    progress : callable
        Called with the number of steps just done: each by itself in this process, those of a piece at once in others.
    """
    if _JOBS.get() == 1 or len(calls := list(calls)) == 1:
        yield from (work(*piece, progress) for piece in calls)
        return
    several = joblib.Parallel(
        _JOBS.get(), "loky", return_as="generator", batch_size=1, max_nbytes=None, initializer=_end_with_parent,
        initargs=(os.getpid(),),
    )  # fmt: skip
    results = several(joblib.delayed(_counted)(tuple(TASKS.values()), work, piece) for piece in calls)
    try:
        for result, steps in results:
            progress(steps)
            yield result
    finally:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".* tasks", UserWarning)  # joblib counts what a stop leaves undone
            results.close()


def _counted(tasks: tuple[Task, ...], work: Callable[..., Result], piece: tuple[Any, ...]) -> tuple[Result, int]:
    """The result of a piece and its number of steps; quantities that are known for a while only are made known here."""
    for task in tasks:
        if task.name not in TASKS:
            register(task)
    steps: list[int] = []
    return work(*piece, steps.append), sum(steps)
