"""Measured designs of a laboratory, with what rests on them alone: worked out once for any number of predictions."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from features.cache import Cache

ResultT = TypeVar("ResultT")
MOST_KEPT = 32
"""Results that are kept: a few for each part of a bundle."""


class OwnDesigns:
    """Measured designs beside those that one predictor predicts, in one or in many calls.

    Parameters
    ----------
    frame : DataFrame
        Columns of `Measured`.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame, self._kept = frame, Cache[Any](MOST_KEPT)

    def __len__(self) -> int:
        return len(self.frame)

    @classmethod
    def of(cls, measured: pd.DataFrame | OwnDesigns | None) -> OwnDesigns | None:
        """Return measured designs, those that are some already as they are.

        Parameters
        ----------
        measured : DataFrame or OwnDesigns or None
            Columns of `Measured`; None where nothing was measured.
        """
        return cls(measured) if isinstance(measured, pd.DataFrame) else measured

    def once(self, key: Hashable, compute: Callable[[], ResultT]) -> ResultT:
        """Return what was computed of these designs before, else compute it.

        Parameters
        ----------
        key : Hashable
            Names the result.
        compute : callable
            Gives the result, which nobody may write to.

        Examples
        --------
        >>> own = OwnDesigns(pd.DataFrame({"ice_pct": [80.0]}))
        >>> own.once("rows", lambda: len(own)), own.once("rows", lambda: 0)
        (1, 1)
        """
        result: ResultT = self._kept.once(key, compute)
        return result


@dataclass(frozen=True)
class OwnRows:
    """Measured designs of one part, samples with several points of their life once.

    Attributes
    ----------
    vectors : their features
    errors : measured minus predicted without own measurements, on the model's scale
    temperature_c : of the tests, NaN where not given
    designs : columns of `Measured`; None where designs are not compared
    lives : of each sample the cycles of its points, ascending, and the error of each; None where nothing has a cycle
    cache : what rests on these rows alone, however many designs are predicted
    """

    vectors: pd.DataFrame
    errors: np.ndarray
    temperature_c: np.ndarray
    designs: pd.DataFrame | None = None
    lives: Sequence[tuple[np.ndarray, np.ndarray]] | None = None
    cache: Cache[Any] = field(default_factory=lambda: Cache(8), repr=False, compare=False)

    def errors_at(self, cycle: np.ndarray) -> np.ndarray:
        """Return the errors at some cycles, shape (n_designs, n_samples): between two measured points of a
        life by the logarithm of the cycle, beyond its ends that of the end.

        Parameters
        ----------
        cycle : ndarray, shape (n_designs,)
            Cycle that each design is predicted at.
        """
        if self.lives is None:
            return np.broadcast_to(self.errors, (len(cycle), len(self.errors)))
        log_cycle = np.log(np.maximum(cycle, 1.0))
        columns = [np.interp(log_cycle, np.log(cycles), errors) for cycles, errors in self.lives]
        return np.column_stack(columns)
