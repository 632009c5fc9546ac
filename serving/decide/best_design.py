"""The best of a table of predictions, and whether its designs can be told apart: added once all are predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm

from features.tables.mistakes import InputError
from features.tables.records import Candidate
from features.tables.rows import parse_row
from models.candidates import candidate_frame
from models.decisions.choosing import Ranking, joint_probability, on_front, rank
from models.exceedance import probability_column
from models.explain.what_if import Goal
from models.predictor import Predictor
from models.tasks.registry import TARGETS, task_of
from serving.predict.prediction_text import ALL_GOALS, AMONG, CHANCE, ON_FRONT
from serving.predict.write import WRITERS, whole

MOST_RANKED = 10_000
"""Designs above which a table is a screening: `silion screen` keeps its best."""
SAMPLED = 200
"""Designs whose distances to each other say how far two of the table lie apart."""


@dataclass(frozen=True)
class Chosen:
    """A table with what is known of its order.

    Attributes
    ----------
    table : DataFrame
        All designs as written, with the columns added.
    order : ndarray of int
        Places of the designs, the best first.
    sentences : list of str
        What the order is worth.
    """

    table: pd.DataFrame
    order: np.ndarray
    sentences: list[str]


def choose(
    table: pd.DataFrame,
    out: Path,
    predictor: Predictor,
    targets: Sequence[str],
    goals: Sequence[Goal],
    count: int,
    level: float,
    raw: bool = False,
) -> Chosen:
    """Add to a written table how likely each design is among the best, and reaches all goals; write it again.

    Parameters
    ----------
    table : DataFrame
        All of `out`, its predictions as numbers.
    out : Path
        CSV, TSV or Parquet file.
    predictor : Predictor
        That made the predictions.
    targets : sequence of str
        Columns predicted.
    goals : sequence of Goal
        The `probability_column` of whose limits the table holds.
    count : int
        Designs that count as the best.
    level : float
        Of the table's intervals.
    raw : bool
        Keep texts that a spreadsheet would run as formulas.

    Raises
    ------
    InputError
        More designs than `MOST_RANKED`.
    """
    if len(table) > MOST_RANKED:
        raise InputError(
            f"{out.name}: {len(table):,} designs, at most {MOST_RANKED:,} are ranked; the predictions are written; "
            "`silion screen` keeps the best of more"
        )
    added, sentences, designs = dict[str, np.ndarray](), list[str](), _designs(table)
    for column in [goal.column for goal in goals] or targets:
        ranking, sentence = rank_answers(table, predictor, column, count, level, designs=designs)
        added[f"{column}{AMONG}{count}{CHANCE}"] = ranking.probability
        sentences.append(sentence)
    merit = next(iter(added.values()))
    if goals:
        chances = [probability_column(goal.column, goal.value) for goal in goals]
        merit = joint_probability(goals, {name: table[name].to_numpy() for name in chances})
        added[ALL_GOALS] = merit
        sides = [(1 if goal.above else -1) * table[goal.column].to_numpy(dtype=float) for goal in goals]
        added[ON_FRONT] = _front(np.column_stack(sides))
    ranked = table.assign(**added)
    with whole(out) as aside:
        WRITERS[out.suffix](ranked, aside, raw)
    order = np.argsort(-np.where(np.isnan(merit), -np.inf, merit), kind="stable")
    return Chosen(ranked, order, sentences)


def rank_answers(
    table: pd.DataFrame,
    predictor: Predictor,
    column: str,
    count: int,
    level: float,
    *,
    high: bool = True,
    designs: pd.DataFrame | None = None,
) -> tuple[Ranking, str]:
    """Rank answered designs by a target, and state what the order is worth.

    Parameters
    ----------
    table : DataFrame
        Designs, columns of `Candidate`, with their predictions.
    predictor : Predictor
        That made the predictions.
    column : str
        Of the target.
    count : int
        Designs that count as the best.
    level : float
        Of the table's intervals.
    high : bool
        Whether more is better.
    designs : DataFrame or None
        The designs as the models read them; columns of the table where None.
    """
    if designs is None:
        designs = table[[name for name in table if name in Candidate.model_fields]]
    values, half = _values_and_half_width(table, designs, predictor, column, level)
    ranking = rank(values if high else -values, half, count)
    has_skill = predictor.bundle.facts.get("skill", {}).get(column, {}).get("shown", False)
    remark = "" if has_skill else "; no skill shown yet on unseen papers"
    return ranking, f"{TARGETS[column].label}: {ranking.sentence(column)}{remark}"


def _values_and_half_width(
    table: pd.DataFrame, designs: pd.DataFrame, predictor: Predictor, column: str, level: float
) -> tuple[np.ndarray, float]:
    """Return the values an order goes by on the error scale, and the half width of a difference of two of them."""
    target, task = TARGETS[column], task_of(column)
    values, low, high = (target.scaled(table[column + end].to_numpy(dtype=float)) for end in ("", "_low", "_high"))
    known = predictor.bundle.parts[task.name].differences.get(column)
    if known is None:  # nobody knows what two designs of one laboratory share: all of the error is taken as their own
        half = np.nanmedian(high - low) / 2 if np.isfinite(values).any() else np.nan
        return values, float(np.sqrt(2) * half * norm.ppf(0.95) / norm.ppf((1 + level) / 2))
    distance = _apart(designs.head(SAMPLED), predictor, task.name)
    return known.expected(values), float(known.half_width(np.array([distance]), 0.9)[0])


def _designs(table: pd.DataFrame) -> pd.DataFrame:
    """Return the first designs of a written table as the models read them."""
    columns = [column for column in table if column in Candidate.model_fields]
    texts = table.head(SAMPLED)[columns].astype(object).to_dict("list")
    rows = [parse_row(Candidate, dict(zip(columns, row, strict=True)), 1) for row in zip(*texts.values(), strict=True)]
    return candidate_frame(row for row in rows if isinstance(row, Candidate))


def _apart(designs: pd.DataFrame, predictor: Predictor, name: str) -> float:
    """Return the median distance of two designs, in the unit of `Domain.distances`."""
    part = predictor.bundle.parts[name]
    vectors = part.featurizer.transform(predictor.bundle.designs_for(name, designs))
    if part.domain is None or len(vectors) < 2:
        return 0.0
    return float(np.median(part.domain.between(vectors, vectors)[np.triu_indices(len(vectors), 1)]))


def _front(values: np.ndarray) -> np.ndarray:
    """Return which rows no other reaches in every goal; rows with an unknown one are not on the front."""
    known = ~np.isnan(values).any(axis=1)
    result = np.zeros(len(values), dtype=bool)
    if known.any():
        distinct, place = np.unique(values[known], axis=0, return_inverse=True)
        result[known] = on_front(distinct)[place.reshape(-1)]
    return result
