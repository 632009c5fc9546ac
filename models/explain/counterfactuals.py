"""Counterfactuals: the smallest allowed change of a design that reaches a wanted value, inside the domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from pydantic import ValidationError

from features.tables.columns import choices_of, kinds_of, numeric_columns, unit_of
from features.tables.records import Candidate
from models.explain.measured_beside import known_values
from models.explain.sweep import grid, unread
from models.explain.what_if import Goal
from models.predictions import ENDS
from models.predictor import NO_POINT, Predictor
from models.tasks.registry import TARGETS, task_of

VALUES = {1: 41, 2: 13, 3: 7}
"""Values tried of each number, by how many columns change at once."""
REFINED = 60
"""Steps from a design's own number to the new one, of which the nearest that does is taken."""
SHOWN = 5
"""Changes that are returned, the smallest."""
DIGITS = 3
"""Significant digits of the numbers tried."""
Interval: TypeAlias = tuple[float, float, float]
"""Value, low and high of a predicted target, in its unit."""


@dataclass
class Change:
    """One changed design.

    Attributes
    ----------
    values : dict of str to (before, after)
        For each changed column, the value it had (None where it was not given) and the new one.
    predicted : dict of str to Interval
        By wanted target.
    size : float
        Distance from the design as it was, in standard deviations of the training designs.
    """

    values: dict[str, tuple[Any, Any]]
    predicted: dict[str, Interval]
    size: float

    @property
    def in_words(self) -> str:
        """Words such as `stack_pressure_mpa 5 → 20 MPa`."""
        changed = []
        for column, (before, after) in self.values.items():
            unit = unit_of(Candidate, column)
            changed.append(f"{column} {_word(before)} → {_word(after)}{'' if unit in ('', '1') else f' {unit}'}")
        return ", ".join(changed)


@dataclass
class Changes:
    """Changes of one design that reach what is wanted, or come near.

    Attributes
    ----------
    wants : tuple of Goal
        Values to reach.
    found : list of Change
        Changes that reach it, the fewest columns only, the smallest first.
    nearest : Change or None
        Where nothing does: the change that comes nearest; None where none comes nearer than the design as it is.
    remarks : list of str
        Columns that cannot be varied, and why.
    tried, inside : int
        Number of changed designs predicted, and of those inside the domain.
    met : bool
        Whether the design as it is is there already.
    now : dict of str to Interval
        Predictions of the design as it is, by wanted target.
    silent : list of str
        Wanted targets of cells without skill: nothing is tried where there are any.
    """

    wants: tuple[Goal, ...]
    found: list[Change] = field(default_factory=list)
    nearest: Change | None = None
    remarks: list[str] = field(default_factory=list)
    tried: int = 0
    inside: int = 0
    met: bool = False
    now: dict[str, Interval] = field(default_factory=dict)
    silent: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """The answer in a sentence."""
        goal = " and ".join(want.in_words for want in self.wants)
        if self.silent:
            return (
                f"{goal}: not searched. {', '.join(self.silent)}: {NO_POINT}, so no change is known to reach a value."
            )
        if self.met:
            return f"{goal}: predicted as it is; no change is needed."
        if self.found:
            count = len(self.found[0].values)
            return f"{goal}: reached by changing {count} of the columns that may vary. The smallest changes:"
        if not self.inside:
            return (
                f"{goal}: no allowed change stays inside the domain ({self.tried} tried); the model knows no design "
                "near these, so nothing can be said."
            )
        if self.nearest is None:
            now = ", ".join(with_interval(column, predicted) for column, predicted in self.now.items())
            return (
                f"{goal}: of {self.inside} allowed changes inside the domain none comes nearer than the design as it "
                f"is ({now}): the model does not make anything of these columns here."
            )
        return f"{goal}: none of {self.inside} allowed changes inside the domain reaches it. The nearest:"


def with_interval(column: str, predicted: Interval) -> str:
    """Write a prediction with its unit and interval.

    Parameters
    ----------
    column : str
        Target.
    predicted : Interval
        In the target's unit.

    Examples
    --------
    >>> with_interval("ice_pct", (80.0, 70.0, 90.0))
    '80 % (70 to 90)'
    """
    target = TARGETS[column]
    value, low, high = (target.show(number) for number in predicted)
    return f"{value} {target.unit} ({low} to {high})"


def changes(predictor: Predictor, design: pd.DataFrame, wants: Sequence[Goal], vary: Sequence[str]) -> Changes:
    """Search the smallest changes of one design that reach what is wanted.

    One, then two, then three columns change, and the search ends with the first number of columns that does it. A
    number takes values inside the range of the training designs of every wanted target; a changed design must be no
    farther from the nearest training design than training designs are from other papers, for each wanted target. What
    is reached is the predicted value, not the end of its interval.

    Parameters
    ----------
    predictor : Predictor
    design : DataFrame, shape (1, n_columns)
        Columns of `Candidate`.
    wants : sequence of Goal
        All of which a changed design has to reach.
    vary : sequence of str
        Columns that may change, as `check_vary` gives them.
    """
    search = _Search(predictor, design, tuple(wants))
    result = Changes(tuple(wants))
    result.silent = [
        column for column in search.parts
        if task_of(column).of_cells and predictor.without_skill(task_of(column).name, [column])
    ]  # fmt: skip
    if result.silent:
        return result
    choices = list[str]()
    for column in vary:
        reasons = [unread(search.parts[want.column], column, want.column) for want in wants]
        if column in numeric_columns(Candidate) and all(reasons):
            result.remarks += list(dict.fromkeys(reasons))
        else:
            choices.append(column)
    missing, _, _ = search.judge(design)
    if missing[0] == 0:
        result.met = True
        return result
    result.now, nearest = search.predicted(design), missing[0]
    for count in range(1, min(len(VALUES), len(choices)) + 1):
        candidates = list(search.candidates(choices, count))
        if not candidates:
            continue
        frame = search.frame(candidates)
        missing, inside, size = search.judge(frame)
        result.tried, result.inside = result.tried + len(frame), result.inside + int(inside.sum())
        for row in np.lexsort((size, np.where(inside, missing, np.inf))):
            if not inside[row] or missing[row] >= nearest:
                break
            if search.is_valid(frame.iloc[row]):
                nearest, result.nearest = missing[row], search.change(frame.iloc[[row]], candidates[row])
                break
        best: dict[tuple[str, ...], Change] = {}
        for row in np.argsort(size, kind="stable"):
            columns = tuple(candidates[row])
            if inside[row] and missing[row] == 0 and columns not in best and search.is_valid(frame.iloc[row]):
                best[columns] = search.refined(candidates[row])
        if best:
            result.found = sorted(best.values(), key=lambda change: change.size)[:SHOWN]
            return result
    return result


class _Search:
    """One design, the values to reach, and the models that predict them."""

    def __init__(self, predictor: Predictor, design: pd.DataFrame, wants: tuple[Goal, ...]) -> None:
        self.predictor, self.design, self.wants = predictor, design, wants
        self.parts = {want.column: predictor.bundle.parts[task_of(want.column).name] for want in wants}
        self.own = {str(column): design[column].iloc[0] for column in design}

    def frame(self, candidates: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
        """Return changed designs as a table.

        Parameters
        ----------
        candidates : sequence of mapping, shape (n_designs,)
            New values by column.
        """
        return pd.DataFrame([{**self.own, **changed} for changed in candidates], columns=list(self.design.columns))

    def candidates(self, columns: Sequence[str], count: int) -> Iterator[dict[str, Any]]:
        """Yield every change of some of the columns at once.

        Parameters
        ----------
        columns : sequence of str
        count : int
            Columns that change at once, 1 to 3.
        """
        values = {column: self.values(column, VALUES[count]) for column in columns}
        for chosen in combinations(columns, count):
            for combination in product(*(values[column] for column in chosen)):
                yield dict(zip(chosen, combination, strict=True))

    def values(self, column: str, count: int) -> list[Any]:
        """Return other values of a column: inside what the training designs of every target state, or all its words.

        Parameters
        ----------
        column : str
        count : int
            Values of a number.
        """
        own = self.own.get(column)
        if column not in numeric_columns(Candidate):
            choices: list[Any] = (
                [False, True] if bool in kinds_of(Candidate, column) else [*choices_of(Candidate, column)]
            )
            return [word for word in choices if word != own]
        training_values = [known_values(part, column) for part in self.parts.values()]
        known = [values[np.isfinite(values)] for values in training_values if np.isfinite(values).any()]
        low, high = max(values.min() for values in known), min(values.max() for values in known)
        if low > high:
            return []
        return [value for value in map(_rounded, grid(float(low), float(high), count)[0]) if value != own]

    def judge(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Judge changed designs.

        Parameters
        ----------
        frame : DataFrame, shape (n_designs, n_columns)

        Returns
        -------
        missing, inside, size : array, each of shape (n_designs,)
            How far each falls short of all wants together (decades and points; infinite where nothing is predicted),
            whether it is inside the domain, and its distance from the design as it was.
        """
        answers = self.predictor.predict(frame, targets=list(self.parts), precedents=0).table
        short = np.sum([want.missing(answers[want.column].to_numpy(dtype=float)) for want in self.wants], axis=0)
        inside, size = np.ones(len(frame), dtype=bool), np.zeros(len(frame))
        for column, part in self.parts.items():
            if part.domain is None:
                continue
            vectors, before = (
                part.featurizer.transform(self.predictor.bundle.designs_for(task_of(column).name, designs))
                for designs in (frame, self.design)
            )
            inside &= part.domain.nearest_distance(vectors) <= part.domain.far
            size = np.maximum(size, part.domain.between(vectors, before)[:, 0])
        return np.where(np.isnan(short), np.inf, short), inside, size

    def refined(self, changed: Mapping[str, Any]) -> Change:
        """Return a change with each number moved as near to the design's own as the wants allow.

        Parameters
        ----------
        changed : mapping of str to Any
            New values by column.
        """
        best = dict(changed)
        for column in changed:
            own = self.own.get(column)
            if column not in numeric_columns(Candidate) or own is None or own != own:
                continue
            between = [_rounded(value) for value in np.linspace(float(own), best[column], REFINED)[1:]]
            frame = self.frame([{**best, column: value} for value in between])
            missing, inside, _ = self.judge(frame)
            for place in np.flatnonzero(inside & (missing == 0)):
                if self.is_valid(frame.iloc[place]):
                    best[column] = between[place]
                    break
        return self.change(self.frame([best]), best)

    def change(self, frame: pd.DataFrame, changed: Mapping[str, Any]) -> Change:
        """Return a changed design with its predictions.

        Parameters
        ----------
        frame : DataFrame, shape (1, n_columns)
            The changed design.
        changed : mapping of str to Any
            Its new values by column.
        """
        values = {column: (self.own.get(column), value) for column, value in changed.items()}
        return Change(values, self.predicted(frame), float(self.judge(frame)[2][0]))

    def predicted(self, frame: pd.DataFrame) -> dict[str, Interval]:
        """Return the prediction of each wanted target.

        Parameters
        ----------
        frame : DataFrame, shape (1, n_columns)
        """
        answers = self.predictor.predict(frame, targets=list(self.parts), precedents=0).table
        predictions = {}
        for column in self.parts:
            value, low, high = (float(answers[column + end].iloc[0]) for end in ENDS)
            predictions[column] = (value, low, high)
        return predictions

    @staticmethod
    def is_valid(design: pd.Series) -> bool:
        """Return whether a table could hold a design: shares within 100 %, a window that opens.

        Parameters
        ----------
        design : Series, shape (n_columns,)
        """
        values = {str(name): value for name, value in design.items() if value is not None and value == value}
        try:
            Candidate.model_validate(values)
        except ValidationError:
            return False
        return True


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _word(value: Any) -> str:
    if value is None or value != value:
        return "not given"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, int | float) else str(value)
