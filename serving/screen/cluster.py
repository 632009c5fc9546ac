"""Chunks of a space, made and answered by the workers of a dask cluster."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial
from typing import Any

from distributed import get_worker

from models.predictor import Predictor
from serving.predict.cluster import crew
from serving.screen.chunk import Chunk, answered
from serving.screen.space import Space

AGAIN = "nothing was written; run again"


def answered_by(
    address: str, space: Space, predictor: Predictor, level: float, ends: Sequence[tuple[int, int]]
) -> Generator[Chunk, None, None]:
    """Yield the chunks in order, each as `answered` gives it.

    Parameters
    ----------
    address : str
        `local` or the address of a scheduler.
    space : Space
        Is sent with every chunk.
    predictor : Predictor
        Is sent once.
    level : float
        Share of papers whose values the intervals should hold, 0 to 1.
    ends : sequence of (int, int)
        Number of the first design of each chunk, and the number behind the last.

    Raises
    ------
    ClusterError
        No scheduler answers, it has no workers or other ones than those of this Silion, or they went away.
    """
    with crew(address, predictor, AGAIN) as workers:

        def task(start: int, stop: int) -> tuple[Any, ...]:
            return answered_there, workers.model, space, level, start, stop

        tasks = [
            (place, f"designs {start:,} to {stop - 1:,}", partial(task, start, stop))
            for place, (start, stop) in enumerate(ends)
        ]
        early, following = dict[int, Chunk](), 0
        for place, chunk in workers.work(tasks):
            early[place] = chunk
            while following in early:
                yield early.pop(following)
                following += 1


def answered_there(model: str, space: Space, level: float, start: int, stop: int) -> Chunk:
    """Make and answer a chunk on a worker.

    Parameters
    ----------
    model : str
        Name of the plugin that holds it.
    space : Space
    level : float
    start, stop : int
        As in `answered`.
    """
    return answered(space, get_worker().plugins[model].loaded(), level, start, stop)
