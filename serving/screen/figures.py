"""Pictures of a screening: the front beside measured cells, the best with intervals, a map of the uncertainty."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from features.tables.columns import unit_of
from features.tables.records import Candidate
from models.tasks.registry import TARGETS
from reporting.atomic_files import save_figure
from reporting.figures import INK, QUIET, axes
from reporting.pages import data_url
from serving.predict.energy_density import ENERGY_UNITS
from serving.screen.survey import Survey

MOST_BARS = 25
MEASURED = "#d55e00"


def inline(figure: Figure) -> str:
    """Return a figure as an address that holds the picture itself.

    Parameters
    ----------
    figure : Figure
    """
    with tempfile.TemporaryDirectory() as folder:
        return data_url(save_figure(figure, Path(folder) / "picture.png").read_bytes())


def named(column: str) -> str:
    """Return a column in words with its unit, as on an axis.

    Parameters
    ----------
    column : str
        Target, energy density, or column of a candidate; any other name stays as it is.

    Examples
    --------
    >>> named("stack_pressure_mpa"), named("ice_pct"), named("x")
    ('stack pressure (MPa)', 'initial Coulombic efficiency (%)', 'x')
    """
    if column in TARGETS:
        return f"{TARGETS[column].label} ({TARGETS[column].unit})"
    if column in ENERGY_UNITS:
        return f"energy density of the stack ({ENERGY_UNITS[column]})"
    if column in Candidate.model_fields and (unit := unit_of(Candidate, column)):
        return f"{column.removesuffix(_ending(unit)).replace('_', ' ')} ({unit})"
    return column


def _ending(unit: str) -> str:
    """Return the ending of the name of a column in this unit: `_ma_per_cm2` of `mA/cm²`."""
    name = unit.lower().removeprefix("1").replace("/", "_per_").replace("%", "_pct").replace("²", "2").replace("°", "")
    return "_" + name.replace("µ", "u").replace("å", "angstrom").strip("_")


def front(designs: pd.DataFrame, sample: pd.DataFrame, known: pd.DataFrame, columns: Sequence[str]) -> Figure:
    """Draw the designs kept over two objectives, with intervals where predicted, a draw of all, and measured cells.

    Parameters
    ----------
    designs, sample : DataFrame
        Designs with their answers: those kept, and a fair draw of all.
    known : DataFrame
        Of `nearest_measurements`; rows that state only one of the two stand as ticks at that axis.
    columns : sequence of str
        The two objectives, across and up.
    """
    figure, plot = axes(7.4, 4.8)
    x, y = columns
    plot.scatter(
        sample[x], sample[y], s=8, color=QUIET, alpha=0.35, linewidth=0, label="other designs (a draw)", zorder=1
    )
    known_points = designs[[x, y]].notna().all(axis=1)
    style: dict[str, Any] = {"color": INK, "markersize": 6, "elinewidth": 0.7, "alpha": 0.85, "zorder": 3}
    kinds = ((known_points, "o", "kept, with interval"), (~known_points, "none", "kept, range without a point"))
    for rows, mark, label in ((designs[kind], mark, label) for kind, mark, label in kinds):
        if len(rows):
            across, up = _middle(rows, x), _middle(rows, y)
            plot.errorbar(across, up, xerr=_reach(rows, x), yerr=_reach(rows, y), fmt=mark, label=label, **style)
    full = known[known[x].notna() & known[y].notna()]
    if len(full):
        plot.scatter(full[x], full[y], marker="D", s=46, facecolor="white", edgecolor=MEASURED, linewidth=1.4, zorder=4,
                     label="measured (numbered below)")  # fmt: skip
        for place, row in full.iterrows():
            plot.annotate(str(int(str(place)) + 1), (row[x], row[y]), (5, 4), textcoords="offset points", fontsize=8)
    _ticks(plot, known.loc[known[y].isna(), x], known.loc[known[x].isna(), y])
    for column, side in ((x, "x"), (y, "y")):
        if column in TARGETS and TARGETS[column].log10:
            plot.set(**{f"{side}scale": "log"})
    plot.set(xlabel=named(x), ylabel=named(y))
    plot.legend(fontsize=8, frameon=False, loc="lower left", bbox_to_anchor=(0, 1.01), ncols=2)
    return figure


def _ticks(plot: Axes, across: pd.Series, up: pd.Series) -> None:
    """Draw measured values of one axis alone as ticks along it."""
    common: dict[str, Any] = {"color": MEASURED, "markersize": 12, "linestyle": "", "clip_on": False}
    label = "measured, the other not stated"
    if len(values := across.dropna()):
        flat = plot.get_xaxis_transform()
        plot.plot(values, np.zeros(len(values)), marker="|", transform=flat, label=label, **common)
        label = "_"
    if len(values := up.dropna()):
        flat = plot.get_yaxis_transform()
        plot.plot(np.zeros(len(values)), values, marker="_", transform=flat, label=label, **common)


def _middle(table: pd.DataFrame, column: str) -> np.ndarray:
    """Return the value of a column, the middle of the range where a target has no point, shape (n_rows,)."""
    value = table[column].to_numpy(dtype=float)
    if column not in TARGETS:
        return value
    target, (low, high) = TARGETS[column], (table[column + end].to_numpy(dtype=float) for end in ("_low", "_high"))
    middle = (target.scaled(low) + target.scaled(high)) / 2
    return np.where(np.isnan(value), 10.0**middle if target.log10 else middle, value)


def _reach(table: pd.DataFrame, column: str) -> np.ndarray | None:
    """Return the way from the value to both ends, shape (2, n_rows); None for a column that is not predicted."""
    if column not in TARGETS:
        return None
    low, high = (table[column + end].to_numpy(dtype=float) for end in ("_low", "_high"))
    value = _middle(table, column)
    return np.asarray(np.maximum(np.stack([value - low, high - value]), 0.0))


def ranked(designs: pd.DataFrame, names: Sequence[str], column: str, known: pd.DataFrame) -> Figure:
    """Draw the first designs with their intervals, best on top, and what the literature measured as ticks below.

    Parameters
    ----------
    designs : DataFrame, shape (n_rows, n_columns)
        Designs with their answers, best first; the first `MOST_BARS` are drawn.
    names : sequence of str, shape (n_rows,)
        What to call each design.
    column : str
        What they are ranked by.
    known : DataFrame
        Of `nearest_measurements`.
    """
    first = designs.head(MOST_BARS)
    figure, plot = axes(7.4, 1.2 + 0.3 * len(first))
    places = np.arange(len(first))[::-1]
    mark = "none" if first[column].isna().all() else "o"  # a range without a point
    style: dict[str, Any] = {"color": INK, "elinewidth": 2, "markersize": 6, "alpha": 0.9}
    plot.errorbar(_middle(first, column), places, xerr=_reach(first, column), fmt=mark, **style)
    if column in TARGETS and TARGETS[column].log10:
        plot.set_xscale("log")
    if column in known:
        _ticks(plot, known[column], pd.Series(dtype=float))
    plot.set_yticks(places, [str(name)[:48] for name in names[: len(first)]], fontsize=8)
    plot.set(xlabel=f"{named(column)}; ticks: measured in the literature", ylim=(-0.8, len(first) - 0.2))
    return figure


def uncertainty(survey: Survey) -> Figure:
    """Draw the mean width of the interval and the mean distance to the nearest training design over two axes.

    Both scales begin at 0, so that what hardly differs looks alike.

    Parameters
    ----------
    survey : Survey
        With two axes of cells.
    """
    figure = Figure(figsize=(9.6, 4.0), layout=ConstrainedLayoutEngine(wspace=0.08))
    FigureCanvasAgg(figure)
    first, second = survey.cells
    target = TARGETS[survey.target]
    plots = figure.subplots(1, 2, sharey=True)
    labels = (f"width of the interval ({target.error_unit})", "distance to the nearest training design (deviations)")
    style: dict[str, Any] = {"cmap": "cividis", "shading": "flat"}
    for plot, which, label in zip(plots, (1, 2), labels, strict=True):
        colours = plot.pcolormesh(first.edges, second.edges, survey.mapped(which).T, vmin=0, **style)
        figure.colorbar(colours, ax=plot, label=label)
        plot.set_xscale("log" if first.log else "linear")
        plot.set_yscale("log" if second.log else "linear")
        plot.set_xlabel(named(first.name))
    plots[0].set_ylabel(named(second.name))
    return figure


def pairs(columns: Sequence[str]) -> list[tuple[str, str]]:
    """Pair the first objective with each of the next three.

    Parameters
    ----------
    columns : sequence of str

    Examples
    --------
    >>> pairs(["ice_pct", "np_ratio", "cycle_life_80"])
    [('ice_pct', 'np_ratio'), ('ice_pct', 'cycle_life_80')]
    """
    return [(columns[0], column) for column in columns[1:4]]
