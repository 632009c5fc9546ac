"""Change of an outcome when only one property changes: designs of one paper that differ in a single lever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from features.composition import composition_of
from models.tasks.examples import Examples
from models.tasks.part import Part
from models.tasks.registry import TASKS
from training.evaluation.bootstrap import FEWEST_GROUPS, bootstrap
from training.evaluation.crossvalidate import MODEL, OutOfFold
from training.rules.evidence import Factor, outcomes, pairs, same_value
from training.rules.review_questions import CARBON, PRESSURE, SHARE, SIZE

COATED = "has_coating"


def _cell(column: str, label: str, unit: str, *stated_by: str) -> Factor:
    return Factor(column, label, unit, (), (column, *stated_by))


CELL_LEVERS = (
    PRESSURE, SIZE, CARBON, SHARE,
    _cell("silicon_wt_pct", "silicon share of the anode", "wt%", "anode", "carbon_wt_pct", "anode_electrolyte_wt_pct"),
    _cell("anode_loading_mg_per_cm2", "anode loading", "mg/cm²", "anode_thickness_um"),
    _cell("film_thickness_nm", "film thickness", "nm", "anode"),
    _cell("prelithiated", "prelithiation", "", "anode"),
    Factor(COATED, "coating of the silicon", "", (), ("coating", "anode")),
    _cell("np_ratio", "N/P ratio", "", "cathode_loading_mg_per_cm2"),
    _cell("temperature_c", "temperature", "°C"),
    _cell("current_density_ma_per_cm2", "current", "mA/cm²", "c_rate_per_h", "specific_current_ma_per_g"),
    _cell("c_rate_per_h", "C-rate", "1/h", "current_density_ma_per_cm2", "specific_current_ma_per_g"),
)  # fmt: skip
"""Levers of cells; a coating counts beside a cell of the same paper that states none."""
CHLORINE, TEMPERATURE = "chlorine content", "temperature"


@dataclass(frozen=True)
class Lever:
    """Measurements of papers when only a lever changed.

    Attributes
    ----------
    label : str
        Of the lever.
    part : str
        Key of `TASKS` with the outcome.
    pairs, papers : int
        Pairs of designs, and papers they come from.
    rises : int
        Papers in which the outcome rose with the lever, by the median of their pairs.
    median, low, high : float
        Median change of the outcome from less to more of the lever, a paper weighing 1, on the model's scale, with its
        90 % bootstrap interval over papers; the interval is NaN with fewer than five papers.
    follows : float
        Share of papers whose direction the model predicted without having seen them; NaN where no pair changed.
    """

    label: str
    part: str
    pairs: int
    papers: int
    rises: int
    median: float
    low: float
    high: float
    follows: float


def levers(parts: Mapping[str, Part], out_of_fold: Mapping[str, OutOfFold], seed: int) -> list[Lever]:
    """Return every lever that any paper varied alone, those of most papers first.

    Parameters
    ----------
    parts : mapping of str to Part
        Fitted models, which read the designs.
    out_of_fold : mapping of str to OutOfFold
        Out-of-fold predictions by part.
    seed : int
        Of the bootstrap.
    """
    varied = []
    for name, folds in out_of_fold.items():
        predicted = _predicted(folds)
        if TASKS[name].of_cells:
            table = _with_coating(outcomes(parts[name], folds.examples))
            by_label = {factor.label: _alone(table, factor, predicted) for factor in CELL_LEVERS}
        else:
            by_label = _electrolyte_levers(folds.examples, predicted)
        varied += [summary(label, name, rows, seed) for label, rows in by_label.items() if len(rows)]
    return sorted(varied, key=lambda lever: (-lever.papers, -lever.pairs))


def summary(label: str, part: str, rows: pd.DataFrame, seed: int) -> Lever:
    """Return a lever in figures.

    Parameters
    ----------
    label : str
        Of the lever.
    part : str
        Key of `TASKS`.
    rows : DataFrame, shape (n_pairs, 3)
        `paper`, `change` of the outcome from less to more, and the change `predicted` without the paper.
    seed : int
        Of the bootstrap.

    Examples
    --------
    >>> rows = pd.DataFrame({"paper": ["a", "a", "b"], "change": [1.0, 3.0, -1.0], "predicted": [0.5, 0.5, 0.5]})
    >>> lever = summary("loading", "ice", rows, seed=0)
    >>> lever.papers, lever.rises, lever.median, lever.follows
    (2, 1, 0.5, 0.5)
    """
    by_paper = rows.groupby("paper", sort=True)[["change", "predicted"]].median()
    change = by_paper["change"].to_numpy(dtype=float)
    low, high = np.nan, np.nan
    if len(change) >= FEWEST_GROUPS:
        groups = np.arange(len(change))
        low, high = bootstrap(groups, lambda count: float(np.median(np.repeat(change, count.astype(int)))), seed)
    moved = change != 0
    same = np.sign(by_paper["predicted"].to_numpy(dtype=float)[moved]) == np.sign(change[moved])
    return Lever(
        label, part, len(rows), len(change), int((change > 0).sum()), float(np.median(change)), low, high,
        float(same.mean()) if moved.any() else np.nan,
    )  # fmt: skip


def _predicted(out_of_fold: OutOfFold) -> dict[str, float]:
    """Return out-of-fold predictions by row, the mean over repeats and over a cell's points."""
    values = pd.Series(
        out_of_fold.predicted[MODEL].mean(axis=0), index=out_of_fold.examples.designs["row_id"].astype(str)
    )
    return {str(row): float(value) for row, value in values.groupby(level=0).mean().items()}


def _with_coating(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(**{COATED: table["coating"].notna().astype(float)})


def _alone(table: pd.DataFrame, factor: Factor, predicted: Mapping[str, float]) -> pd.DataFrame:
    """Return pairs of cells that differ in nothing but the factor, both with a value."""
    apart = pairs(table, factor)
    apart = apart[(apart["also"] == "") & apart["less_outcome"].notna() & apart["more_outcome"].notna()]
    predicted_changes = [
        predicted[str(more)] - predicted[str(less)] for less, more in zip(apart["less"], apart["more"], strict=True)
    ]
    change = apart["more_outcome"].astype(float) - apart["less_outcome"].astype(float)
    return pd.DataFrame({"paper": apart["paper"], "change": change, "predicted": predicted_changes})


def _electrolyte_levers(examples: Examples, predicted: Mapping[str, float]) -> dict[str, pd.DataFrame]:
    """Return pairs of electrolytes of one paper: one material at two temperatures, or two chlorine contents at one."""
    designs, labels = examples.designs, examples.labels
    names = ("electrolyte", "composition", "form", "temperature_c", "preparation", "paper", "row_id")
    rows = designs[[name for name in names if name in designs]].assign(value=labels.middle)[labels.exact]
    by_label: dict[str, list[tuple[str, float, float]]] = {TEMPERATURE: [], CHLORINE: []}
    for paper, members in rows.groupby("paper", sort=True):
        for first, second in combinations(members.to_dict("records") if len(members) > 1 else (), 2):
            for label, order in ((TEMPERATURE, _warmer(first, second)), (CHLORINE, _more_chlorine(first, second))):
                if order:
                    less, more = (first, second) if order > 0 else (second, first)
                    predicted_change = predicted[str(more["row_id"])] - predicted[str(less["row_id"])]
                    by_label[label].append((str(paper), more["value"] - less["value"], predicted_change))
    return {label: pd.DataFrame(rows, columns=["paper", "change", "predicted"]) for label, rows in by_label.items()}


def _alike(first: Mapping[Any, Any], second: Mapping[Any, Any], *names: str) -> bool:
    return all(same_value(first.get(name), second.get(name)) for name in names)


def _warmer(first: Mapping[Any, Any], second: Mapping[Any, Any]) -> int:
    """Return 1 where the other is the same material, warmer; -1 where it is colder, 0 where it is another."""
    if not _alike(first, second, "electrolyte", "composition", "form", "preparation"):
        return 0
    gap = float(second["temperature_c"]) - float(first["temperature_c"])
    return int(np.sign(gap)) if np.isfinite(gap) else 0


def _more_chlorine(first: Mapping[Any, Any], second: Mapping[Any, Any]) -> int:
    """Return 1 where the other holds more chlorine of the same elements, -1 where less, 0 where that is not known."""
    if not _alike(first, second, "form", "preparation", "temperature_c"):
        return 0
    before, after = (
        composition_of(str(row["electrolyte"] or ""), str(row["composition"] or "")) for row in (first, second)
    )
    if not before or not after or before.keys() != after.keys() or "Cl" not in before:
        return 0
    return int(np.sign(round(after["Cl"] / sum(after.values()) - before["Cl"] / sum(before.values()), 6)))
