"""What would change a prediction: the smallest allowed change of a design that reaches a wanted value, inside the
domain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from features.tables.columns import choices_of, kinds_of, numeric_columns, unit_of
from features.tables.records import Candidate
from models.predictor import Predictor
from models.tasks.part import with_conductivity
from models.tasks.registry import LINK, TARGETS, task_of
from reporting import pages
from reporting.explain.sweep import grid, known_values, unread
from reporting.files import Written

VALUES = {1: 41, 2: 13, 3: 7}
"""Values tried of each number, by how many columns change at once."""
REFINED = 60
SHOWN = 5
DIGITS = 3


@dataclass
class Change:
    """One changed design.

    Attributes
    ----------
    values : for each changed column, the value it had (None where it was not given) and the new one
    predicted : value, low and high of each wanted target, by column
    size : distance from the design as it was, in standard deviations of the training designs
    """

    values: dict[str, tuple[Any, Any]]
    predicted: dict[str, tuple[float, float, float]]
    size: float

    @property
    def said(self) -> str:
        """In words: `stack_pressure_mpa 5 to 20 MPa`."""
        return ", ".join(
            f"{column} {_word(before)} → {_word(after)}{'' if unit in ('', '1') else f' {unit}'}"
            for column, (before, after) in self.values.items()
            for unit in (unit_of(Candidate, column),)
        )


@dataclass
class Changes:
    """What was found for one design.

    Attributes
    ----------
    wants : what was asked for
    found : changes that reach it, the fewest columns only, the smallest first
    nearest : where nothing does: the change that comes nearest; None where none comes nearer than the design as it is
    remarks : columns that cannot be varied, and why
    tried, inside : number of changed designs asked, and of those inside the domain
    met : whether the design as it is is there already
    now : what is predicted of the design as it is: value, low and high of each wanted target, by column
    """

    wants: tuple[Want, ...]
    found: list[Change] = field(default_factory=list)
    nearest: Change | None = None
    remarks: list[str] = field(default_factory=list)
    tried: int = 0
    inside: int = 0
    met: bool = False
    now: dict[str, tuple[float, float, float]] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """The answer in a sentence."""
        wanted = " and ".join(want.said for want in self.wants)
        if self.met:
            return f"{wanted}: predicted as it is; no change is needed."
        if self.found:
            count = len(self.found[0].values)
            return f"{wanted}: reached by changing {count} of the columns that may vary. The smallest changes:"
        if not self.inside:
            return (
                f"{wanted}: no allowed change stays inside the domain ({self.tried} tried); the model knows no design "
                "near these, so nothing can be said."
            )
        if self.nearest is None:
            now = ", ".join(_with_interval(column, each) for column, each in self.now.items())
            return (
                f"{wanted}: of {self.inside} allowed changes inside the domain none comes nearer than the design as it "
                f"is ({now}): the model does not make anything of these columns here."
            )
        return f"{wanted}: none of {self.inside} allowed changes inside the domain reaches it. The nearest:"


def changes(predictor: Predictor, design: pd.DataFrame, wants: Sequence[Want], vary: Sequence[str]) -> Changes:
    """The smallest changes of one design that reach what is wanted.

    One, then two, then three columns change, and the search ends with the first number of columns that does it. A
    number takes values inside the range of the training designs of every wanted target; a changed design must be no
    farther from the nearest training design than training designs are from other papers, for each wanted target. What
    is reached is the predicted value, not the end of its interval.

    Parameters
    ----------
    design : one row, columns of `Candidate`
    vary : columns, as `check_vary` gives them
    """
    search = _Search(predictor, design, tuple(wants))
    result = Changes(tuple(wants))
    choices = list[str]()
    for column in vary:
        said = [unread(search.parts[want.column], column, want.column) for want in wants]
        if column in numeric_columns(Candidate) and all(said):
            result.remarks += list(dict.fromkeys(said))
        else:
            choices.append(column)
    missing, _, _ = search.ask(design)
    if missing[0] == 0:
        result.met = True
        return result
    result.now, nearest = search.predicted(design), missing[0]
    for count in range(1, min(len(VALUES), len(choices)) + 1):
        rows = list(search.rows(choices, count))
        if not rows:
            continue
        frame = search.frame(rows)
        missing, inside, size = search.ask(frame)
        result.tried, result.inside = result.tried + len(frame), result.inside + int(inside.sum())
        for row in np.lexsort((size, np.where(inside, missing, np.inf))):
            if not inside[row] or missing[row] >= nearest:
                break
            if search.is_valid(frame.iloc[row]):
                nearest, result.nearest = missing[row], search.change(frame.iloc[[row]], rows[row])
                break
        best: dict[tuple[str, ...], Change] = {}
        for row in np.argsort(size, kind="stable"):
            key = tuple(rows[row])
            if inside[row] and missing[row] == 0 and key not in best and search.is_valid(frame.iloc[row]):
                best[key] = search.refined(rows[row])
        if best:
            result.found = sorted(best.values(), key=lambda each: each.size)[:SHOWN]
            return result
    return result


class _Search:
    """One design, what is wanted of it, and the models that are asked."""

    def __init__(self, predictor: Predictor, design: pd.DataFrame, wants: tuple[Want, ...]) -> None:
        self.predictor, self.design, self.wants = predictor, design, wants
        self.parts = {want.column: predictor.bundle.parts[task_of(want.column).name] for want in wants}
        self.link = predictor.bundle.parts[LINK]
        self.own = {str(column): design[column].iloc[0] for column in design}

    def frame(self, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
        """Changed designs as a table."""
        return pd.DataFrame([{**self.own, **row} for row in rows], columns=list(self.design.columns))

    def rows(self, columns: Sequence[str], count: int) -> Iterator[dict[str, Any]]:
        """Every change of `count` of the columns at once."""
        values = {column: self.values(column, VALUES[count]) for column in columns}
        for chosen in combinations(columns, count):
            for each in product(*(values[column] for column in chosen)):
                yield dict(zip(chosen, each, strict=True))

    def values(self, column: str, count: int) -> list[Any]:
        """Other values of a column: within what the training designs of every wanted target state, or all its words."""
        own = self.own.get(column)
        if column not in numeric_columns(Candidate):
            words: list[Any] = (
                [False, True] if bool in kinds_of(Candidate, column) else [*choices_of(Candidate, column)]
            )
            return [word for word in words if word != own]
        ends = [known_values(part, column) for part in self.parts.values()]
        known = [each[np.isfinite(each)] for each in ends if np.isfinite(each).any()]
        low, high = max(each.min() for each in known), min(each.max() for each in known)
        if low > high:
            return []
        return [value for value in map(_rounded, grid(float(low), float(high), count)[0]) if value != own]

    def ask(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How far each design falls short of all wants, whether it is inside the domain, and its distance from the
        design as it was; shape (n_designs,)."""
        answers = self.predictor.predict(frame, targets=list(self.parts), precedents=0).table
        short = np.sum([want.missing(answers[want.column].to_numpy(dtype=float)) for want in self.wants], axis=0)
        inside, size = np.ones(len(frame), dtype=bool), np.zeros(len(frame))
        for column, part in self.parts.items():
            if part.domain is None:
                continue
            tables = [frame, self.design]
            if task_of(column).of_cells:
                tables = [with_conductivity(each, self.link) for each in tables]
            vectors, before = (part.featurizer.transform(each) for each in tables)
            inside &= part.domain.nearest_distance(vectors) <= part.domain.far
            size = np.maximum(size, part.domain.between(vectors, before)[:, 0])
        return np.where(np.isnan(short), np.inf, short), inside, size

    def refined(self, row: Mapping[str, Any]) -> Change:
        """The change with each number moved as near to the design's own as the want allows."""
        best = dict(row)
        for column in row:
            own = self.own.get(column)
            if column not in numeric_columns(Candidate) or own is None or own != own:
                continue
            between = [_rounded(value) for value in np.linspace(float(own), best[column], REFINED)[1:]]
            frame = self.frame([{**best, column: value} for value in between])
            missing, inside, _ = self.ask(frame)
            for place in np.flatnonzero(inside & (missing == 0)):
                if self.is_valid(frame.iloc[place]):
                    best[column] = between[place]
                    break
        return self.change(self.frame([best]), best)

    def change(self, frame: pd.DataFrame, row: Mapping[str, Any]) -> Change:
        """A changed design with its predictions; `frame` is its one row."""
        values = {column: (self.own.get(column), value) for column, value in row.items()}
        return Change(values, self.predicted(frame), float(self.ask(frame)[2][0]))

    def predicted(self, frame: pd.DataFrame) -> dict[str, tuple[float, float, float]]:
        """Value, low and high of each wanted target for the one row of a table."""
        answers = self.predictor.predict(frame, targets=list(self.parts), precedents=0).table
        found = {}
        for column in self.parts:
            value, low, high = (float(answers[column + end].iloc[0]) for end in ("", "_low", "_high"))
            found[column] = (value, low, high)
        return found

    @staticmethod
    def is_valid(design: pd.Series) -> bool:
        """Whether the changed design is one that a table could hold: shares within 100 %, a window that opens."""
        given = {str(name): value for name, value in design.items() if value is not None and value == value}
        try:
            Candidate.model_validate(given)
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


def change_blocks(told: Changes, name: str, written: Written) -> list[pages.Block]:
    """What would change a prediction, as a table."""
    shown = told.found or ([told.nearest] if told.nearest else [])
    blocks: list[pages.Block] = [pages.Heading("What would change it", 4), pages.Paragraph(told.verdict)]
    if told.remarks:
        blocks.append(pages.Bullets(told.remarks))
    if not shown:
        return blocks
    header = ["change", *(f"{TARGETS[want.column].label} (90 %)" for want in told.wants), "size of the change"]
    rows = [
        (
            each.said,
            *(_with_interval(want.column, each.predicted[want.column]) for want in told.wants),
            f"{each.size:.2f}",
        )
        for each in shown
    ]
    written.table(name, pd.DataFrame(rows, columns=header))
    return [
        *blocks,
        pages.Table(header, rows),
        pages.Paragraph(
            "The size is the distance from the design as it is, in standard deviations of the training designs. What "
            "reaches the wanted value is the prediction itself; see how far its interval goes. It says how the model "
            "answers, not what causes what."
        ),
    ]


def _with_interval(column: str, found: tuple[float, float, float]) -> str:
    target = TARGETS[column]
    value, low, high = (target.show(each) for each in found)
    return f"{value} {target.unit} ({low} to {high})"


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
