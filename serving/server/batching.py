"""Predicting off the event loop: a few threads, a bounded queue, and a time by which an answer must be there.

One design costs nearly as much as a hundred in one call. So small requests with the same options that wait at the same
time are predicted in one call, each answered on its own: none waits for others, but those that wait share.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from fastapi import HTTPException

from serving.server.settings import Settings

ResultT = TypeVar("ResultT")
MOST_JOINED = 32
"""Requests of one call."""


class TooLongError(TimeoutError):
    """The time of a request is over."""


class Deadline:
    """A moment that long work looks at between its steps.

    Parameters
    ----------
    seconds : float
        From now; none are left where it is not positive.

    Examples
    --------
    >>> Deadline(60).check()
    >>> Deadline(-1).check()
    Traceback (most recent call last):
    serving.server.batching.TooLongError
    """

    def __init__(self, seconds: float) -> None:
        self._moment = time.monotonic() + seconds

    @property
    def seconds_left(self) -> float:
        """Seconds until the moment; negative behind it."""
        return self._moment - time.monotonic()

    def check(self) -> None:
        """Go on, or stop.

        Raises
        ------
        TooLongError
            The moment has passed.
        """
        if time.monotonic() > self._moment:
            raise TooLongError


Joined = Callable[[list[Any], Deadline], Sequence[Any]]
"""Answers several items in one call, in order; an answer that is an exception is raised for its item alone."""


class Work:
    """The threads of one worker: some for long requests, one for the small ones that share their calls.

    Parameters
    ----------
    settings : Settings
        Number of threads, seconds an answer may take, and how many may wait.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="predict")
        self._sharing = ThreadPoolExecutor(1, thread_name_prefix="predict-shared")
        self._lock = threading.Lock()
        self._open: dict[Hashable, list[tuple[Any, asyncio.Future[Any]]]] = {}
        self._requests = 0

    async def run(self, function: Callable[[Deadline], ResultT]) -> ResultT:
        """Run a function in a thread.

        Parameters
        ----------
        function : callable
            Given the deadline, which it asks between its steps.

        Returns
        -------
        ResultT
            What the function returns.

        Raises
        ------
        HTTPException
            503: too many wait already, or the time was not enough.
        """
        loop, deadline = asyncio.get_running_loop(), Deadline(self._settings.seconds)
        return await self._in_time(lambda: loop.run_in_executor(self._threads, function, deadline))

    async def share(self, alike: Hashable, item: Any, function: Joined) -> Any:
        """Run a function on an item, together with those that wait at the same time.

        Parameters
        ----------
        alike : Hashable
            Items that one call may answer have this in common, and the function.
        item : Any
            One of those given to the function.
        function : callable
            Answers several items in one call, in order; an answer that is an exception is raised for its item alone.

        Returns
        -------
        Any
            The answer to the item.

        Raises
        ------
        HTTPException
            As `run`.
        """
        return await self._in_time(lambda: self._join(alike, item, function))

    def _join(self, alike: Hashable, item: Any, function: Joined) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        with self._lock:
            waiting = self._open.get(alike)
            if waiting is not None and len(waiting) < MOST_JOINED:
                waiting.append((item, answer))
                return answer
            waiting = self._open[alike] = [(item, answer)]
        self._sharing.submit(self._answer, alike, waiting, function, loop)
        return answer

    def _answer(
        self,
        alike: Hashable,
        waiting: list[tuple[Any, asyncio.Future[Any]]],
        function: Joined,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        with self._lock:  # from now on nobody joins these
            if self._open.get(alike) is waiting:
                del self._open[alike]
        open_items = [(item, answer) for item, answer in waiting if not answer.done()]
        try:
            answers = function([item for item, _ in open_items], Deadline(self._settings.seconds)) if open_items else []
        except Exception as error:  # raised for each of those that wait, as if it were alone
            answers = [error] * len(open_items)
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, [answer for _, answer in open_items], answers)

    async def _in_time(self, start: Callable[[], asyncio.Future[ResultT]]) -> ResultT:
        if self._requests >= self._settings.waiting + self._settings.threads:
            raise HTTPException(503, "too many requests wait already; try again", {"Retry-After": "1"})
        self._requests += 1
        try:
            return await asyncio.wait_for(start(), self._settings.seconds)
        except TimeoutError:
            reason = f"no answer within {self._settings.seconds:g} s; ask for fewer designs at once, or try again"
            raise HTTPException(503, reason, {"Retry-After": "5"}) from None
        finally:
            self._requests -= 1


def _settle(waiting: list[asyncio.Future[Any]], answers: Sequence[Any]) -> None:
    for future, answer in zip(waiting, answers, strict=True):
        if future.done():  # its time was over
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
