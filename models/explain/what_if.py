"""Questions about a prediction: values to reach, columns that may vary for it, columns to sweep."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from features.tables.columns import choices_of, kinds_of, numeric_columns
from features.tables.records import Candidate
from models.tasks.registry import NOT_LEARNED, TARGETS

_WANT = re.compile(r"\s*(\w+)\s*(>=|<=|>|<)\s*([-+.\deE]+)\s*")


@dataclass(frozen=True)
class Goal:
    """A wanted value of a target: `conductivity_s_per_cm > 1e-3`.

    Attributes
    ----------
    column : str
        Target.
    above : bool
        Whether predictions above the value are wanted, else those below.
    value : float
        In the target's unit.
    """

    column: str
    above: bool
    value: float

    @classmethod
    def parse(cls, text: str, option: str = "--want") -> Goal:
        """Read a wanted value; `>=` counts as `>`, for a prediction is no exact number.

        Parameters
        ----------
        text : str
            A target, a comparison and a number in the target's unit.
        option : str
            Where it was written, for messages.

        Raises
        ------
        ValueError
            No comparison, an unknown target (the closest are named), or a value the target cannot have.

        Examples
        --------
        >>> Goal.parse("ice_pct >= 85")
        Goal(column='ice_pct', above=True, value=85.0)
        """
        match = _WANT.fullmatch(text)
        example = "expected a target, > or <, and a number, such as conductivity_s_per_cm>1e-3"
        if not match:
            raise ValueError(f"{option}: got {text!r}, {example}")
        column, sign, number = match.groups()
        if column not in TARGETS:
            reason = f"{column}: {NOT_LEARNED[column]}" if column in NOT_LEARNED else f"unknown target {column}"
            raise ValueError(f"{option}: {reason}; {_closest(column, list(TARGETS))}")
        try:
            value = float(number)
        except ValueError:
            raise ValueError(f"{option}: got {text!r}, {example}") from None
        target = TARGETS[column]
        if not target.low <= value <= target.high:
            raise ValueError(
                f"{option}: got {column} {value:g}, expected {target.low:g} to {target.high:g} {target.unit}"
            )
        return cls(column, sign.startswith(">"), value)

    @property
    def in_words(self) -> str:
        """Words such as `initial Coulombic efficiency above 85 %`."""
        target = TARGETS[self.column]
        return f"{target.label} {'above' if self.above else 'below'} {self.value:g} {target.unit}"

    def missing(self, predicted: np.ndarray) -> np.ndarray:
        """Return how far predictions fall short of the value.

        Parameters
        ----------
        predicted : array, any shape
            In the target's unit, NaN where nothing is predicted.

        Returns
        -------
        array, same shape
            Decades or percentage points; 0 where the want is met, NaN where nothing is predicted.

        Examples
        --------
        >>> Goal("ice_pct", above=True, value=85.0).missing(np.array([80.0, 90.0])).tolist()
        [5.0, 0.0]
        """
        target = TARGETS[self.column]
        gap = target.scaled(self.value) - target.scaled(predicted)
        return np.asarray(np.maximum(gap if self.above else -gap, 0.0))


@dataclass(frozen=True)
class Questions:
    """Questions beyond the reasons of predictions.

    Attributes
    ----------
    wants : tuple of Goal
        Values to reach.
    vary : tuple of str
        Columns that may vary for it.
    sweeps : tuple of str
        Columns to change one by one.
    """

    wants: tuple[Goal, ...] = ()
    vary: tuple[str, ...] = ()
    sweeps: tuple[str, ...] = ()


def check_vary(columns: Sequence[str], option: str = "--vary") -> list[str]:
    """Return the columns a user may vary: numbers and, but for a sweep, yes or no and fixed words.

    Parameters
    ----------
    columns : sequence of str
        As the user gave them.
    option : str
        `--vary` or `--sweep`, which messages name.

    Returns
    -------
    list of str
        Each column once.

    Raises
    ------
    ValueError
        An unknown column (the closest are named), or one that cannot be varied.

    Examples
    --------
    >>> check_vary(["np_ratio", "prelithiated", "np_ratio"])
    ['np_ratio', 'prelithiated']
    """
    known = list(Candidate.model_fields)
    variable = [name for name in known if _is_varied(name) and (option == "--vary" or _is_number(name))]
    for column in columns:
        if column not in known:
            raise ValueError(f"{option}: unknown column {column}; {_closest(column, variable)}")
        if column not in variable:
            raise ValueError(f"{option}: {column} cannot be varied; expected some of {', '.join(variable)}")
    return list(dict.fromkeys(columns))


def _is_varied(column: str) -> bool:
    if column == "electrolyte_class":  # a material cannot change its class and keep its formula
        return False
    return _is_number(column) or bool in kinds_of(Candidate, column) or bool(choices_of(Candidate, column))


def _is_number(column: str) -> bool:
    return column in numeric_columns(Candidate) and column != "cycle"


def _closest(name: str, known: Sequence[str]) -> str:
    return f"closest: {', '.join(get_close_matches(name, known, n=3, cutoff=0.0))}"
