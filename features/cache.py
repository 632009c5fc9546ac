"""Results that are kept for the next call with the same key."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

ResultT = TypeVar("ResultT")


class Cache(Generic[ResultT]):
    """Results of the last few keys; several threads may share it.

    Parameters
    ----------
    most : int
        Results that are kept; beyond them, all are dropped.

    Examples
    --------
    >>> squares = Cache(2)
    >>> squares.once(3, lambda: 9), squares.once(3, lambda: 0)
    (9, 9)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._results: dict[Hashable, ResultT] = {}

    def once(self, key: Hashable | None, compute: Callable[[], ResultT]) -> ResultT:
        """Return the result of the same key where it is kept, else compute it.

        Parameters
        ----------
        key : Hashable or None
            All that the result depends on; None for a result that is not kept.
        compute : callable
            Gives the result, which is not to be changed.
        """
        if key is None:
            return compute()
        result = self._results.get(key)
        if result is None:
            result = compute()
            if len(self._results) >= self._most:
                self._results = {}
            self._results[key] = result
        return result
