"""Challenger against champion, from the out-of-fold predictions of both: the same rows of the same papers, none of
which either had learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from models.tasks.registry import TARGETS
from reporting.numbers import with_interval
from training.data.paper_splits import joined_groups
from training.evaluation.bootstrap import FEWEST_GROUPS, bootstrap, covered_share
from training.evaluation.cv_protocol import CvProtocol, remark
from training.evaluation.cycle_life import concordance_within
from training.evaluation.out_of_fold import FOLD, PREDICTED, ComparisonError, by_repeat

SHOWN = 3
"""Rows that changed most, by target."""
NO_DIFFERENCE, NOT_JUDGED = "no difference that the data can show", "cannot be judged"


@dataclass(frozen=True)
class Paired:
    """Two models on one target, on the rows both were judged on.

    Attributes
    ----------
    target : column of the target
    rows, groups : rows judged, and groups they come from: papers, joined as in either training
    champion, challenger : mean absolute error on the target's error scale; for cycle life the concordance
    difference, low, high : challenger less champion, with its 90 % bootstrap interval over groups and repeats; NaN
        where the groups are too few
    champion_coverage, challenger_coverage : share of the groups' values that the intervals of each hold
    changed : rows of both that are left out because what is known of them has changed

    Examples
    --------
    >>> Paired("ice_pct", 30, 9, 4.0, 3.0, -1.0, -1.5, -0.2, 0.9, 0.9).verdict  # the error falls by 1 point
    'better'
    """

    target: str
    rows: int
    groups: int
    champion: float
    challenger: float
    difference: float
    low: float
    high: float
    champion_coverage: float
    challenger_coverage: float
    changed: tuple[str, ...] = ()

    @property
    def greater_is_better(self) -> bool:
        """Concordance is better when greater; errors are not."""
        return TARGETS[self.target].censored

    @property
    def best(self) -> float:
        """The end of the interval that is best for the challenger."""
        return self.high if self.greater_is_better else self.low

    @property
    def verdict(self) -> str:
        """The difference in words: better or worse only where its interval lies wholly on that side of 0."""
        if not np.isfinite([self.low, self.high]).all():
            return NOT_JUDGED
        if self.low <= 0 <= self.high:
            return NO_DIFFERENCE
        return "better" if (self.low > 0) == self.greater_is_better else "worse"


@dataclass(frozen=True)
class Moved:
    """One row both judged: its paper and both errors."""

    target: str
    row: str
    paper: str
    champion: float
    challenger: float


@dataclass(frozen=True)
class Comparison:
    """Challenger against champion.

    Attributes
    ----------
    targets : by column
    moved : rows whose error changed most, by target
    against : version of the champion
    dealt : how the papers were dealt when the champion and the challenger were judged
    new_rows : rows the champion did not have, by part
    effect : the challenger's recipe with against without those rows; None where it was not measured
    effect_remark : why it was not measured
    """

    targets: Mapping[str, Paired]
    moved: tuple[Moved, ...]
    against: str = ""
    dealt: tuple[CvProtocol, CvProtocol] | None = None
    new_rows: Mapping[str, int] = field(default_factory=dict)
    effect: Mapping[str, Paired] | None = None
    effect_remark: str = ""

    @property
    def remark(self) -> str:
        """Remark on how both were judged, and whether that is rough; empty where it is not known."""
        return remark(*self.dealt) if self.dealt else ""


def compare(champion: pd.DataFrame, challenger: pd.DataFrame, seed: int, against: str = "") -> Comparison:
    """Compare two trainings row by row.

    A row counts where both models predicted it without its paper and what is known of it is the same: a value
    corrected in between is left out and named. The folds of the two trainings need not be the same: new papers are
    dealt among the old ones, and how they fall moves the error. So the interval is of papers and repeats both drawn
    again, the repeats of either model for itself, or together where both were dealt alike; as many of each as the side
    with fewer has. One repeat leaves nothing to draw from: it is given the scatter of the other side's repeats, and
    where that has one as well the verdict is rough, and says so.

    Parameters
    ----------
    champion : DataFrame
        Table of `judged` of the champion.
    challenger : DataFrame
        Table of `judged` of the challenger.
    seed : int
        Of the bootstrap.
    against : str
        Version of the champion; empty where it has none.
    """
    pairs = {column: _rows_of_both(champion, challenger, column) for column in TARGETS}
    targets = {column: _paired(column, *tables, seed) for column, tables in pairs.items()}
    moved = [row for column, tables in pairs.items() for row in _moved(column, tables[0], tables[1])]
    return Comparison(targets, tuple(moved), against, (CvProtocol.of(champion), CvProtocol.of(challenger)))


def _rows_of_both(
    champion: pd.DataFrame, challenger: pd.DataFrame, column: str
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """The rows both judged in one order, and those left out because what is known of them changed."""
    tables = [table[(table["target"] == column) & table["error"].notna()] for table in (champion, challenger)]
    for name, table in zip(("champion", "challenger"), tables, strict=True):
        if table["row"].duplicated().any():
            twice = table.loc[table["row"].duplicated(), "row"].iloc[0]
            raise ComparisonError(f"the {name} judged {column} of row {twice!r} twice; train again")
    first, second = (table.set_index("row") for table in tables)
    common = [row for row in second.index if row in first.index]
    first, second = first.loc[common], second.loc[common]
    same = ((first["lower"] == second["lower"]) & (first["upper"] == second["upper"])).to_numpy()
    return first[same], second[same], [str(row) for row in first.index[~same]]


def _paired(column: str, champion: pd.DataFrame, challenger: pd.DataFrame, changed: list[str], seed: int) -> Paired:
    pairs = zip(champion["group"], challenger["group"], strict=True)
    names = [(f"champion {first}", f"challenger {second}") for first, second in pairs]
    groups = joined_groups([first for first, _ in names], [second for _, second in names])
    count = len(np.unique(groups))
    if not len(groups):
        nan = np.nan
        return Paired(column, 0, 0, nan, nan, nan, nan, nan, nan, nan, tuple(changed))
    sides = [_Side(column, table) for table in (champion, challenger)]
    dealt_alike, random = np.array_equal(sides[0].fold, sides[1].fold, equal_nan=True), np.random.default_rng(seed)
    fewest = min(side.repeats for side in sides)

    def difference(drawn: np.ndarray) -> float:
        repeats = [random.integers(side.repeats, size=fewest) for side in sides]
        champion_repeats, challenger_repeats = (repeats[0], repeats[0]) if dealt_alike else repeats
        change = sides[1].figure(drawn, challenger_repeats) - sides[0].figure(drawn, champion_repeats)
        for side in sides:
            if fewest == 1 < side.repeats:
                change += side.scatter(drawn, random)
        return change

    every = np.ones(len(groups))
    first, second = (side.figure(every, np.arange(side.repeats)) for side in sides)
    low, high = np.nan, np.nan
    if count >= FEWEST_GROUPS and np.isfinite(second - first):
        low, high = bootstrap(groups, difference, seed)
    coverages = [
        covered_share(table["covered"].to_numpy(dtype=float), groups, seed)[0] for table in (champion, challenger)
    ]
    return Paired(
        column, len(groups), count, first, second, second - first, low, high, coverages[0], coverages[1], tuple(changed)
    )  # fmt: skip


class _Side:
    """One model's rows, ready for the figure its target is judged by."""

    def __init__(self, column: str, table: pd.DataFrame) -> None:
        self.life = TARGETS[column].censored
        self.lower, self.upper = (table[name].to_numpy(dtype=float) for name in ("lower", "upper"))
        predicted, fold = by_repeat(table, PREDICTED), by_repeat(table, FOLD)
        known = np.isfinite(predicted).all(axis=1)
        self.predicted, self.fold = predicted[known], fold[known]
        self.error = np.abs(self.predicted - self.lower)

    @property
    def repeats(self) -> int:
        """Times every row was predicted."""
        return len(self.predicted)

    def scatter(self, drawn: np.ndarray, random: np.random.Generator) -> float:
        """Return how far one repeat's figure, drawn at random, lies from that of all.

        Parameters
        ----------
        drawn : ndarray
            Groups drawn, shape (n_groups,).
        random : Generator
            Draws the repeat.
        """
        single, every = random.integers(self.repeats, size=1), np.arange(self.repeats)
        return self.figure(drawn, single) - self.figure(drawn, every)

    def figure(self, drawn: np.ndarray, repeats: np.ndarray) -> float:
        """Mean absolute error, or concordance, when each row counts as often as drawn, over these repeats.

        Parameters
        ----------
        drawn : ndarray
            Groups drawn, shape (n_groups,).
        repeats : ndarray
            Repeats drawn.
        """
        if self.life:
            return concordance_within(self.lower, self.upper, self.predicted[repeats], self.fold[repeats], drawn)
        return float((drawn * self.error[repeats].mean(axis=0)).sum() / drawn.sum())


def _moved(column: str, champion: pd.DataFrame, challenger: pd.DataFrame) -> list[Moved]:
    """Rows whose error changed most, largest first; rows whose error is the same are none of them."""
    before, after = (table["error"].to_numpy(dtype=float) for table in (champion, challenger))
    order = np.argsort(-np.abs(after - before), kind="stable")[:SHOWN]
    return [
        Moved(
            column,
            str(challenger.index[row]),
            str(challenger["paper"].iloc[row]),
            float(before[row]),
            float(after[row]),
        )
        for row in order
        if before[row] != after[row]
    ]


def as_text(comparison: Comparison) -> str:
    """The comparison as printed.

    Parameters
    ----------
    comparison : Comparison
        Champion against challenger.
    """
    named = f" (version {comparison.against})" if comparison.against else ""
    lines = [
        f"challenger against the champion{named}, on the same rows, each predicted without its own paper:",
        *_table(comparison.targets),
        "  (errors: smaller is better; concordance of cycle life: greater is better; in brackets 90 % by paper)",
        *([f"  ({comparison.remark})"] if comparison.dealt else []),
    ]
    if moved := [_moved_line(row) for row in comparison.moved]:
        lines += ["rows whose error changed most, champion -> challenger:", *moved]
    for column, pair in comparison.targets.items():
        if pair.changed:
            lines.append(f"left out of {TARGETS[column].label}, changed since the champion: {_some(pair.changed)}")
    return "\n".join([*lines, *_effect_lines(comparison)])


def _effect_lines(comparison: Comparison) -> list[str]:
    counts = ", ".join(f"{name} {count}" for name, count in comparison.new_rows.items() if count)
    if comparison.effect is None:
        return [f"the new rows alone: {comparison.effect_remark}"] if comparison.effect_remark else []
    return [
        f"the new rows alone ({counts}): this training's recipe without them -> with them, judged on the champion's "
        "rows in the same folds:",
        *_table(comparison.effect),
    ]


def _table(targets: Mapping[str, Paired]) -> list[str]:
    return [_line(TARGETS[column].label, column, pair) for column, pair in targets.items()]


def _line(label: str, column: str, pair: Paired) -> str:
    unit = "concordance" if pair.greater_is_better else TARGETS[column].error_unit
    change = f"{pair.champion:.3g} -> {pair.challenger:.3g} {unit}"
    interval = with_interval(pair.difference, pair.low, pair.high, "+.2g")
    coverages = f"holds {100 * pair.champion_coverage:.0f} -> {100 * pair.challenger_coverage:.0f} %"
    rows = f"{pair.rows} rows ({pair.groups} papers)"
    return f"  {label:<30} {rows:<21} {change:<36} {interval:<27} {coverages:<19} {pair.verdict}"


def _moved_line(moved: Moved) -> str:
    target = TARGETS[moved.target]
    ending = "outside what is known" if target.censored else "off"
    change = f"{moved.champion:.3g} -> {moved.challenger:.3g} {target.error_unit} {ending}"
    return f"  {target.label:<30} {moved.row} of {moved.paper}: {change}"


def _some(names: tuple[str, ...], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
