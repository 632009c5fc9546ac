"""One column of a design changed and nothing else: prediction, interval, and what the literature measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from features.feature import Feature
from features.tables.columns import unit_of
from features.tables.records import Candidate
from models.explain.readings import INVERSE_TEMPERATURE, reading
from models.predictor import DEFAULT_CYCLE, Predictor
from models.tasks.part import Part, with_conductivity
from models.tasks.registry import LINK, TARGETS, task_of
from reporting import pages
from reporting.explain import figures as pictures
from reporting.figures import COLOURS, INK, QUIET, axes
from reporting.files import Written

STEPS = 61
DECADES = 1.0
"""From this many decades on, a column that starts above zero is swept on a logarithmic axis."""
FLAT = 1e-6
"""Relative change of a prediction that counts as none."""
MARKS = {"<": "v", ">": "^"}
"""Markers of upper and lower bounds; everything else is a dot."""


@dataclass
class Sweep:
    """Predictions along one column.

    Attributes
    ----------
    design, column, target : what was swept, and for what
    table : `value` (in the column's unit), `predicted`, `low`, `high` (in the target's), `distance` (to the nearest
        training design, in standard deviations), `inside` (whether that is within the domain)
    known : literature points, as `literature.points` gives them
    given : value of the design itself, NaN where it gives none
    cycle : at which retention is asked for
    log : whether the column is on a logarithmic axis
    """

    design: str
    column: str
    target: str
    table: pd.DataFrame
    known: pd.DataFrame
    given: float
    cycle: float
    log: bool

    @property
    def is_flat(self) -> bool:
        """Whether the prediction is the same all along."""
        return bool(np.ptp(self.table["predicted"]) <= FLAT * float(self.table["predicted"].abs().max()))


def grid(lowest: float, highest: float, count: int, given: float = np.nan) -> tuple[np.ndarray, bool]:
    """Values from the lowest to the highest, the given one among them; and whether they are spaced by logarithm."""
    low, high = np.nanmin([lowest, given]), np.nanmax([highest, given])
    log = bool(low > 0 and np.log10(high / low) >= DECADES)
    values = np.geomspace(low, high, count) if log else np.linspace(low, high, count)
    return np.unique(np.append(values, given if np.isfinite(given) else low)), log


def sweep(predictor: Predictor, design: pd.DataFrame, name: str, column: str, target: str) -> Sweep | str:
    """Predictions of one design along a column; a sentence where the column cannot be swept for the target.

    The sweep runs over the values that the training designs state, and to the design's own where that lies outside.
    """
    part = predictor.bundle.parts[task_of(target).name]
    if (said := unread(part, column, target)) or part.domain is None:
        return said or "this model carries no training designs"
    known = known_values(part, column)
    own = design[column].iloc[0] if column in design else None
    given = float("nan") if own is None else float(own)
    values, log = grid(float(np.nanmin(known)), float(np.nanmax(known)), STEPS, given)
    many = pd.concat([design] * len(values), ignore_index=True).assign(**{column: values})
    answers = predictor.predict(many, targets=[target], precedents=0).table
    if answers[target].isna().all():
        return f"{name} says too little for {TARGETS[target].label}"
    conductivity = predictor.bundle.parts[LINK]
    frame = many if not task_of(target).of_cells else with_conductivity(many, conductivity)
    away = part.domain.nearest_distance(part.featurizer.transform(frame))
    table = pd.DataFrame(
        {
            "value": values,
            "predicted": answers[target].to_numpy(dtype=float),
            "low": answers[f"{target}_low"].to_numpy(dtype=float),
            "high": answers[f"{target}_high"].to_numpy(dtype=float),
            "distance": away,
            "inside": away <= part.domain.far,
        }
    )
    cycle = design["cycle"].iloc[0] if "cycle" in design else None
    at = DEFAULT_CYCLE if cycle is None or cycle != cycle else float(cycle)
    return Sweep(name, column, target, table, points(part, column, target, at), given, at, log)


def figure_of(told: Sweep, label: str) -> Figure:
    """The sweep as a picture: line and interval, pale outside the domain, and the literature as points."""
    target, table = TARGETS[told.target], told.table
    figure, plot = axes(7.4, 4.0)
    value = table["value"].to_numpy()
    plot.fill_between(value, table["low"], table["high"], color=INK, alpha=0.15, linewidth=0, label="90 % interval")
    inside = table["predicted"].where(table["inside"]).to_numpy()
    if not table["inside"].all():
        plot.plot(value, table["predicted"], color=QUIET, linestyle=":", linewidth=1.6, label="outside the domain")
    plot.plot(value, inside, color=INK, linewidth=2.2, label="prediction")
    if np.isfinite(told.given):
        plot.axvline(told.given, color=QUIET, linewidth=1, linestyle="--", label="this design")
    for qualifier, own in told.known.groupby("qualifier"):
        marker = MARKS.get(str(qualifier), "o")
        words = {"<": "measured, at most", ">": "measured, at least"}.get(str(qualifier), "measured")
        face = "white" if str(qualifier) in MARKS else COLOURS[1]
        plot.scatter(own["value"], own["measured"], marker=marker, s=34, fc=face, ec=COLOURS[1], label=words, zorder=4)
    if told.log:
        plot.set_xscale("log")
    if target.log10:
        plot.set_yscale("log")
    unit = unit_of(Candidate, told.column)
    at = f" after {told.cycle:g} cycles" if target.at_cycle else ""
    plot.set(xlabel=f"{label} ({unit})" if unit != "1" else label, ylabel=f"{target.label}{at}\n({target.unit})")
    handles, names = plot.get_legend_handles_labels()
    once = dict(zip(names, handles, strict=True))
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.02, 1), "fontsize": 8, "frameon": False}
    plot.legend(list(once.values()), list(once), **place)
    return figure


def sweep_blocks(predictor: Predictor, told: Sweep, name: str, sentence: str, written: Written) -> list[pages.Block]:
    """The picture of a sweep, with its numbers and the literature points it shows."""
    feature = feature_of(predictor.bundle.parts[task_of(told.target).name], told.column)
    label = reading(feature).label if feature else told.column
    figure = pictures.warned(figure_of(told, label), sentence)
    papers = told.known["paper"].nunique()
    law = (
        " Values of other cycles are brought there by the fade law."
        if any(target.at_cycle for target in task_of(told.target).targets)
        else ""
    )
    flat = " The prediction does not move: the model makes nothing of it here." if told.is_flat else ""
    caption = (
        f"{TARGETS[told.target].label} of {told.design} along {label}, all else unchanged.{flat} {len(told.known)} "
        f"measurements of other cells, from {papers} paper{'' if papers == 1 else 's'}.{law}"
    )
    written.table(f"{name}_literature", told.known)
    return [written.picture(name, figure, told.table, caption)]


def feature_of(part: Part, column: str) -> Feature | None:
    """The feature that holds a candidate's column; None where the part does not read it as a number."""
    names = {feature.name: feature for feature in part.featurizer.features_}
    held = INVERSE_TEMPERATURE if column == "temperature_c" and INVERSE_TEMPERATURE in names else ""
    found = [name for name in names if name in (column, held) or _bare(name) == column]
    return names[found[0]] if found else None


def _bare(name: str) -> str:
    return name.removeprefix("log10_")


def known_values(part: Part, column: str) -> np.ndarray:
    """Value of a column for each training design, NaN where it is not given, shape (n_rows,)."""
    feature = feature_of(part, column)
    if feature is None or part.domain is None:
        return np.full(len(part.domain.vectors) if part.domain else 0, np.nan)
    names = [each.name for each in part.featurizer.features_]
    values = np.asarray(reading(feature).natural(part.domain.vectors[:, names.index(feature.name)]), dtype=float)
    if "temperature_not_given" in names and feature.name == INVERSE_TEMPERATURE:
        values = np.where(part.domain.vectors[:, names.index("temperature_not_given")] == 1, np.nan, values)
    return values


def points(part: Part, column: str, target: str, cycle: float) -> pd.DataFrame:
    """What the literature measured, against a column.

    A retention of another cycle is brought to `cycle` by the fade law, and so is one to the life.

    Returns
    -------
    DataFrame
        Rows that give both: `value`, `measured` (in the target's unit), `qualifier` (=, ~, <, >, range), `paper`,
        `doi`, `citation`.
    """
    columns = ["value", "measured", "qualifier", "paper", "doi", "citation"]
    rows = []
    for value, held in zip(known_values(part, column), part.domain.precedents if part.domain else [], strict=True):
        measured, qualifier = task_of(target).published(TARGETS[target], held, cycle - 1.0, part.settings)
        if np.isfinite(value) and np.isfinite(measured):
            rows.append((float(value), measured, qualifier, *(str(held.get(name, "")) for name in columns[3:])))
    return pd.DataFrame(rows, columns=columns)


def unread(part: Part, column: str, target: str) -> str:
    """Why a column cannot be varied for a target; empty where it can."""
    if feature_of(part, column) is None:
        return f"the model of {TARGETS[target].label} does not read {column}"
    if not np.isfinite(known_values(part, column)).any():
        return f"no training design of {TARGETS[target].label} states {column}: nothing is known of its effect"
    return ""
