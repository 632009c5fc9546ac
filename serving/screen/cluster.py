"""Chunks of a space, made and answered by the workers of a dask cluster."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from functools import partial
from typing import Any

from distributed import get_worker

from models.predictor import Predictor
from serving.predict.cluster import crew
from serving.predict.portion import Answer
from serving.screen.chunk import predict_chunk
from serving.screen.design_space import Space


def chunks_of_cluster(
    address: str, space: Space, predictor: Predictor, level: float, ends: Mapping[int, tuple[int, int]]
) -> Generator[tuple[int, Answer], None, None]:
    """Yield numbered chunks as they are kept, each as soon as it is done, whatever its place.

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
    ends : mapping of int to (int, int)
        Number of the first design of each chunk, and the number behind the last, by the number of the chunk.

    Raises
    ------
    ClusterError
        No scheduler answers, it has no workers or other ones than those of this Silion, or they went away.
    """
    with crew(address, predictor) as workers:

        def task(start: int, stop: int) -> tuple[Any, ...]:
            return predict_on_worker, workers.model, space, level, start, stop

        tasks = [
            (number, f"designs {start:,} to {stop - 1:,}", partial(task, start, stop))
            for number, (start, stop) in ends.items()
        ]
        yield from workers.work(tasks)


def predict_on_worker(model: str, space: Space, level: float, start: int, stop: int) -> Answer:
    """Make and predict a chunk on a worker.

    Parameters
    ----------
    model : str
        Name of the plugin that holds it.
    space : Space
    level : float
    start, stop : int
        As in `predict_chunk`.
    """
    return predict_chunk(space, get_worker().plugins[model].loaded(), level, start, stop).to_keep()
