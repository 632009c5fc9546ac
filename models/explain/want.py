"""What a user asks of a design: a wanted value of a target, and the columns that may vary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from features.columns import choices_of, kinds_of, numeric_columns
from features.records import Candidate
from models.targets import TARGETS

WANT = re.compile(r"\s*(\w+)\s*(>=|<=|>|<)\s*([-+.\deE]+)\s*")


@dataclass(frozen=True)
class Want:
    """A wanted value of a target: `conductivity_s_per_cm > 1e-3`."""

    column: str
    above: bool
    value: float

    @classmethod
    def parse(cls, text: str) -> Want:
        """Read a wanted value; `>=` counts as `>`, for a prediction is no exact number.

        Raises
        ------
        ValueError
            No comparison, an unknown target (the closest are named), or a value the target cannot have.
        """
        found = WANT.fullmatch(text)
        example = "expected a target, > or <, and a number, such as conductivity_s_per_cm>1e-3"
        if not found:
            raise ValueError(f"--want: got {text!r}, {example}")
        column, sign, written = found.groups()
        if column not in TARGETS:
            raise ValueError(f"--want: unknown target {column}; {_closest(column, list(TARGETS))}")
        try:
            value = float(written)
        except ValueError:
            raise ValueError(f"--want: got {text!r}, {example}") from None
        target = TARGETS[column]
        if not target.low <= value <= target.high:
            raise ValueError(
                f"--want: got {column} {value:g}, expected {target.low:g} to {target.high:g} {target.unit}"
            )
        return cls(column, sign.startswith(">"), value)

    @property
    def said(self) -> str:
        """In words, with the unit."""
        target = TARGETS[self.column]
        return f"{target.label} {'above' if self.above else 'below'} {self.value:g} {target.unit}"

    def missing(self, predicted: np.ndarray) -> np.ndarray:
        """How far predictions fall short, on the target's scale; 0 where the want is met."""
        target = TARGETS[self.column]
        gap = target.scaled(self.value) - target.scaled(predicted)
        return np.asarray(np.maximum(gap if self.above else -gap, 0.0))


def check_vary(columns: Sequence[str], option: str = "--vary") -> list[str]:
    """Columns a user may vary: numbers and, but for a sweep, yes or no and fixed words.

    Raises
    ------
    ValueError
        An unknown column (the closest are named), or one that cannot be varied.
    """
    known = list(Candidate.model_fields)
    free = [name for name in known if _is_varied(name) and (option == "--vary" or _is_number(name))]
    for column in columns:
        if column not in known:
            raise ValueError(f"{option}: unknown column {column}; {_closest(column, free)}")
        if column not in free:
            raise ValueError(f"{option}: {column} cannot be varied; expected some of {', '.join(free)}")
    return list(dict.fromkeys(columns))


def _is_varied(column: str) -> bool:
    if column == "electrolyte_class":  # a material cannot change its class and keep its formula
        return False
    return _is_number(column) or bool in kinds_of(Candidate, column) or bool(choices_of(Candidate, column))


def _is_number(column: str) -> bool:
    return column in numeric_columns(Candidate) and column != "cycle"


def _closest(name: str, known: Sequence[str]) -> str:
    return f"closest: {', '.join(get_close_matches(name, known, n=3, cutoff=0.0))}"
