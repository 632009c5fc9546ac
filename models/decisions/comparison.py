"""Two designs of one laboratory beside each other: the difference of each target with its own interval, and how likely
the one lies above the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.tables.designs import Designs
from models.candidates import has_anode
from models.differences import FEWEST_PAPERS, Differences
from models.predictor import DEFAULT_LEVEL, NO_POINT, Predictor
from models.tasks.registry import TARGETS, TASKS, targets_with_an_error, task_of
from models.tasks.task import asked_cycles

ENDS = ("_difference", "_difference_low", "_difference_high", "_a_above_b")
"""Endings of the columns of a difference: on the target's error scale (decades where it is a logarithm), and a
probability, 0 to 1."""


@dataclass(frozen=True)
class Comparison:
    """Differences of pairs of designs.

    Attributes
    ----------
    table : DataFrame, shape (n_pairs, n_columns)
        Per target `<column>_difference`, its ends and `<column>_a_above_b`, NaN where differences are not judged; then
        `<column>_a` and `<column>_b`, the two predictions in the target's unit, NaN where a cell's target has no skill.
    notices : list of str
        What to know of each target, once.
    """

    table: pd.DataFrame
    notices: list[str]


def compare(
    predictor: Predictor,
    designs: pd.DataFrame | Designs,
    first: np.ndarray,
    second: np.ndarray,
    targets: Sequence[str] | None = None,
    level: float = DEFAULT_LEVEL,
) -> Comparison:
    """Compare pairs of designs as if one laboratory made and measured both.

    Parameters
    ----------
    predictor : Predictor
        Of a trained model.
    designs : DataFrame or Designs
        Columns of `Candidate`, shape (n_designs, n_columns).
    first, second : ndarray of int
        Places of design a and design b of each pair, shape (n_pairs,).
    targets : sequence of str, optional
        Columns of targets that have an error; all of them where not given.
    level : float
        Share of papers whose differences the interval should hold, 0 to 1.

    Raises
    ------
    ValueError
        A target without differences, or a cell beside a bare electrolyte where cell targets are wanted.
    LevelError
        The number of papers cannot support the level.
    """
    targets = _comparable_targets(predictor, targets)
    designs = Designs.of(designs)
    task_names = list(dict.fromkeys(task_of(column).name for column in targets))
    answers, described = predictor.judge(task_names, designs), has_anode(designs)
    _check_alike(targets, described, first, second)
    place = np.cumsum(described) - 1
    columns: dict[str, np.ndarray] = {}
    notices: list[str] = []
    for column in targets:
        task, target = task_of(column), TARGETS[column]
        if task.of_cells and not described.all():
            notices.append(f"{column}: no anode described, not compared")
            continue
        a, b = (place[first], place[second]) if task.of_cells else (first, second)
        answer = answers[task.name]
        part, passed = answer.part, asked_cycles(answer.designs) - 1
        scaled = task.answer(target, answer.model, passed, part.settings)
        known, distance = part.differences.get(column), np.zeros(len(a))
        if known is not None and part.domain is not None:
            distance = part.domain.paired(answer.vectors[a], answer.vectors[b])
        columns |= _columns(column, known, scaled[a] - scaled[b], distance, level)
        values = task.in_unit(target, answer.model, passed, part.settings)
        if task.of_cells and predictor.without_skill(task.name, [column]):
            values = np.full(len(values), np.nan)
            notices.append(f"{column}: {NO_POINT}; predict reports the range of comparable papers")
        columns |= {f"{column}_a": values[a], f"{column}_b": values[b]}
        notices += _notices(column, known)
    ordered = [f"{column}{end}" for column in targets for end in ENDS] + [
        f"{column}{end}" for column in targets for end in ("_a", "_b")
    ]
    return Comparison(pd.DataFrame({name: columns[name] for name in ordered if name in columns}), notices)


def _columns(
    column: str, known: Differences | None, predicted: np.ndarray, distance: np.ndarray, level: float
) -> dict[str, np.ndarray]:
    if known is None:
        return {f"{column}{end}": np.full(len(predicted), np.nan) for end in ENDS}
    middle, half = known.expected(predicted), known.half_width(distance, level)
    values = (middle, middle - half, middle + half, known.probability_first_above(predicted, distance))
    return dict(zip([f"{column}{end}" for end in ENDS], values, strict=True))


def _notices(column: str, known: Differences | None) -> list[str]:
    if known is None:
        return [
            f"{column}: differences are not judged; fewer than {FEWEST_PAPERS} papers of this model's tables measured "
            "two such designs alike"
        ]
    skill = known.skill
    text = (
        f"of two designs of one unseen paper the better one was named in {100 * skill['concordance']:.0f} % "
        f"({100 * skill['concordance_low']:.0f} to {100 * skill['concordance_high']:.0f}; chance is 50), "
        f"error {skill['error']:.2f} ({skill['error_low']:.2f} to {skill['error_high']:.2f}) of that of 'no "
        f"difference', {skill['papers']} papers"
    )
    if skill["shown"]:
        return [f"{column}: {text}"]
    caveat = "what there is rests on one paper; " if skill["rests_on_one_paper"] else ""
    return [f"{column}: no skill shown yet in differences: {caveat}{text}"]


def _comparable_targets(predictor: Predictor, targets: Sequence[str] | None) -> list[str]:
    usable = targets_with_an_error()
    columns = predictor.bundle.targets(targets)
    columns = columns if targets else [column for column in columns if column in usable]
    if without := [column for column in columns if column not in usable]:
        raise ValueError(f"{', '.join(without)}: no differences are told of it; expected some of {', '.join(usable)}")
    return columns


def _check_alike(targets: Sequence[str], described: np.ndarray, first: np.ndarray, second: np.ndarray) -> None:
    """Refuse a cell beside a bare electrolyte where what is wanted only a cell has."""
    if not any(TASKS[task_of(column).name].of_cells for column in targets):
        return
    mixed = np.flatnonzero(described[first] != described[second])
    if len(mixed):
        a, b = int(first[mixed[0]]), int(second[mixed[0]])
        bare, cell = (b, a) if described[a] else (a, b)
        raise ValueError(
            f"design {bare + 1} has no anode and design {cell + 1} has one, in {len(mixed)} pairs: a cell and a bare "
            "electrolyte cannot be compared; describe the anode, or ask for --targets conductivity_s_per_cm"
        )
