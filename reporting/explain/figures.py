"""Pictures of explanations: bars with their stability, beeswarm, dependence, pairs, waterfalls and sweeps."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from features.tables.columns import unit_of
from features.tables.records import Candidate
from models.explain.readings import Reading
from models.explain.shap_values import Reasons
from models.explain.sweep import Sweep
from models.explain.waterfall import Waterfall
from models.tasks.registry import TARGETS
from reporting.figures import COLOURS, INK, QUIET, axes, legend_beside

UP, DOWN = "#0072b2", "#d55e00"
"""Of Okabe and Ito: told apart by colour-blind readers and, by their darkness, in print."""
WARNING = "#a32900"
SHOWN = 12
"""Features in a picture or a table, the strongest."""
JITTER = 0.08
CROWDED = 6.0
"""Times by which an interval may be wider than the steps and still be drawn whole."""
BOUND_MARKERS = {"<": "v", ">": "^"}
"""Markers of upper and lower bounds; everything else is a dot."""


def warned(figure: Figure, sentence: str) -> Figure:
    """Put a sentence above a figure: it goes wherever the picture goes.

    Parameters
    ----------
    figure : Figure
    sentence : str
        Empty for none.

    Returns
    -------
    Figure
        The same one.
    """
    if sentence:
        figure.suptitle(sentence, fontsize=9, color=WARNING, x=0.01, ha="left", wrap=True)
    return figure


def bars(
    labels: Sequence[str],
    strength: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    apart: np.ndarray,
    shuffled: float,
    unit: str,
) -> Figure:
    """Draw the mean absolute SHAP value of features, with its spread over papers left out.

    Parameters
    ----------
    labels : sequence of str, shape (n_features,)
        The first is drawn on top.
    strength : array, shape (n_features,)
        In `unit`.
    low, high : array, shape (n_features,)
        Ends of the spread; NaN where it was not measured.
    apart : array of bool, shape (n_features,)
        Whether each differs from zero; the others are drawn pale.
    shuffled : float
        Strength that the strongest shuffled feature reaches; NaN where it was not measured.
    unit : str
        Of the SHAP values.
    """
    figure, plot = axes(7.6, 1.3 + 0.32 * len(labels))
    places = np.arange(len(labels))[::-1]
    plot.barh(places, strength, color=[INK if sure else "#c9d3de" for sure in apart])
    known = np.isfinite(low)
    plot.hlines(places[known], low[known], high[known], color="black", linewidth=1.4)
    for end in (low[known], high[known]):
        plot.vlines(end, places[known] - 0.18, places[known] + 0.18, color="black", linewidth=1.4)
    if np.isfinite(shuffled):
        plot.axvline(shuffled, color=WARNING, linestyle="--", linewidth=1.2)
        plot.plot([], [], color=WARNING, linestyle="--", label="the strongest shuffled feature, on average")
        plot.plot([], [], color="black", label="spread when papers are left out")
        plot.plot([], [], "s", color="#c9d3de", markersize=9, label="not told apart from zero")
        figure.legend(fontsize=8, frameon=False, loc="outside lower center", ncols=3)
    plot.set_yticks(places, list(labels), fontsize=8)
    plot.set(xlabel=f"mean |SHAP value| ({unit})")
    return figure


def beeswarm(shap_values: Reasons, count: int, unit: str) -> Figure:
    """Draw shap's own plot: one dot a row and feature, coloured by the feature's value.

    Parameters
    ----------
    shap_values : Reasons
        SHAP values of the training designs.
    count : int
        Features drawn, the strongest.
    unit : str
        Of the SHAP values.
    """
    import matplotlib
    import shap

    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.close("all")
    explanation = shap.Explanation(
        values=shap_values.values,
        base_values=np.full(len(shap_values.values), shap_values.base),
        data=np.round(shap_values.vectors, 3),
        feature_names=[feature.printed for feature in shap_values.features],
    )
    state = np.random.get_state()
    np.random.seed(0)  # shap scatters its dots by the global generator
    shap.plots.beeswarm(explanation, max_display=count, show=False)
    np.random.set_state(state)
    figure = pyplot.gcf()
    figure.axes[0].set_xlabel(f"SHAP value ({unit})", fontsize=11)
    pyplot.close(figure)
    return figure


def dependence(values: np.ndarray, effect: np.ndarray, reading: Reading, unit: str) -> Figure:
    """Draw a feature's SHAP values against its own values over the training rows; unknown values stand at the left.

    Parameters
    ----------
    values : array, shape (n_rows,)
        As the model reads them, NaN where unknown.
    effect : array, shape (n_rows,)
        In `unit`.
    reading : Reading
        Of the feature.
    unit : str
        Of the effect.
    """
    figure, plot = axes(5.6, 3.6)
    known = np.isfinite(values)
    natural = reading.natural(values[known])
    if reading.log and known.any():
        plot.set_xscale("log")
    if reading.states:
        natural = natural + np.random.default_rng(0).uniform(-JITTER, JITTER, known.sum())
        plot.set_xticks(range(len(reading.states)), reading.states)
    plot.axhline(0, color=QUIET, linewidth=0.8)
    plot.scatter(natural, effect[known], s=26, color=INK, alpha=0.75, ec="white", linewidth=0.4)
    if (~known).any():
        plot.plot(
            np.full((~known).sum(), 0.02), effect[~known], "x", color=WARNING, transform=plot.get_yaxis_transform(),
            clip_on=False, label=f"not given ({(~known).sum()} rows)",
        )  # fmt: skip
        figure.legend(fontsize=8, frameon=False, loc="outside lower center")
    plot.set(xlabel=reading.printed, ylabel=f"SHAP value\n({unit})")
    return figure


def pair(
    first: np.ndarray, second: np.ndarray, effect: np.ndarray, readings: tuple[Reading, Reading], unit: str
) -> Figure:
    """Draw what two features do together beyond their sum, against the first, coloured by the second.

    Parameters
    ----------
    first, second : array, shape (n_rows,)
        Values as the model reads them; a row whose second is unknown (NaN) is a cross, one without its first is left
        out.
    effect : array, shape (n_rows,)
        In `unit`.
    readings : pair of Reading
        Of the two features.
    unit : str
        Of the effect.
    """
    figure, plot = axes(6.2, 3.8)
    x, colour = readings[0].natural(first), readings[1].natural(second)
    if readings[0].states:
        x = x + np.random.default_rng(0).uniform(-JITTER, JITTER, len(x))
        plot.set_xticks(range(len(readings[0].states)), readings[0].states)
    elif readings[0].log:
        plot.set_xscale("log")
    known = np.isfinite(x) & np.isfinite(colour)
    plot.axhline(0, color=QUIET, linewidth=0.8)
    dots = plot.scatter(x[known], effect[known], c=colour[known], s=30, cmap="viridis", ec="white", linewidth=0.4)
    bare = np.isfinite(x) & ~known
    plot.plot(x[bare], effect[bare], "x", color=QUIET, markersize=5)
    if known.any():
        bar = figure.colorbar(dots, ax=plot)
        bar.set_label(readings[1].printed, fontsize=8)
        if readings[1].states:
            bar.set_ticks(range(len(readings[1].states)), labels=list(readings[1].states))
    plot.set(xlabel=readings[0].printed, ylabel=f"effect of the pair\n({unit})")
    return figure


def waterfall(prediction: Waterfall, labels: Sequence[str], contributions: np.ndarray) -> Figure:
    """Draw the way from the base to a prediction, step by step from above.

    Parameters
    ----------
    prediction : Waterfall
    labels : sequence of str, shape (n_steps,)
    contributions : array, shape (n_steps,)
        log10 of a factor, or points: the steps of the waterfall, the weakest of them put together.
    """
    target = prediction.target
    figure, plot = axes(8.2, 1.6 + 0.36 * (len(labels) + 2))
    marks = (prediction.base, prediction.predicted, prediction.low, prediction.high)
    scaled = [float(target.scaled(mark)) for mark in marks]
    reached = scaled[0] + np.concatenate([[0.0], np.cumsum(contributions)])
    if target.log10:
        plot.set_xscale("log")
        reached, scaled = 10.0**reached, [10.0**value for value in scaled]
    base, predicted, low, high = scaled
    places = np.arange(len(labels) + 2)[::-1]
    plot.plot(base, places[0], "o", color=QUIET, markersize=8)
    _write(plot, base, places[0], f"{target.show(prediction.base)} {target.unit}")
    for place, before, after, piece in zip(places[1:-1], reached[:-1], reached[1:], contributions, strict=True):
        plot.barh(place, after - before, left=before, color=UP if after >= before else DOWN, height=0.62)
        plot.plot([after, after], [place - 1, place], color=QUIET, linewidth=0.8, zorder=0)
        _write(plot, max(before, after), place, prediction.step_in_words(piece))
    plot.plot([base, base], [places[1], places[0]], color=QUIET, linewidth=0.8, zorder=0)
    plot.hlines(places[-1], low, high, color=INK, linewidth=6, alpha=0.3)
    interval = f"{target.show(prediction.low)} to {target.show(prediction.high)}"
    end = "prediction, with its interval"
    if np.isfinite(predicted):
        plot.plot(predicted, places[-1], "D", color=INK, markersize=8)
        _write(plot, predicted, places[-1] - 0.32, f"{target.show(prediction.predicted)} {target.unit} ({interval})")
    else:
        end = "no point: range of comparable papers"
        _write(plot, low, places[-1] - 0.32, f"{interval} {target.unit}")
    names = ["base: mean over the training", *(fill(label, 44) for label in labels), end]
    plot.set_yticks(places, names, fontsize=8)
    plot.use_sticky_edges = False  # a bar does not end at the edge of the picture
    plot.margins(x=0.16)
    if (limits := _limits_around_steps(reached, low, high, target.log10)) is not None:
        plot.set_xlim(*limits)
        note = "the interval is wider than the picture"
        plot.annotate(note, (0.02, places[-1] + 0.3), xycoords=plot.get_yaxis_transform(), fontsize=7, color=QUIET)
    plot.set(xlabel=f"{target.label} ({target.unit})")
    plot.set_title(prediction.title.replace("$", r"\$"), fontsize=10, loc="left", x=0)
    return figure


def _limits_around_steps(reached: np.ndarray, low: float, high: float, log: bool) -> tuple[float, float] | None:
    """Return limits where the interval would leave no room to see the steps; None where it leaves enough."""
    interval = np.array([low, high])
    if log:
        reached, interval = np.log10(reached), np.log10(interval)
    span = float(np.ptp(reached))
    if span * CROWDED >= float(np.ptp(interval)):
        return None
    first, last = float(reached.min()) - span, float(reached.max()) + span
    return (10.0**first, 10.0**last) if log else (first, last)


def sweep(swept: Sweep, label: str) -> Figure:
    """Draw a sweep: line and interval, pale outside the domain, and the literature as points.

    Parameters
    ----------
    swept : Sweep
    label : str
        Of the column that was swept.
    """
    target, table = TARGETS[swept.target], swept.table
    figure, plot = axes(7.4, 4.0)
    value = table["value"].to_numpy()
    plot.fill_between(value, table["low"], table["high"], color=INK, alpha=0.15, linewidth=0, label="90 % interval")
    inside = table["predicted"].where(table["inside"]).to_numpy()
    if not table["inside"].all():
        plot.plot(value, table["predicted"], color=QUIET, linestyle=":", linewidth=1.6, label="outside the domain")
    plot.plot(value, inside, color=INK, linewidth=2.2, label="prediction")
    if np.isfinite(swept.given):
        plot.axvline(swept.given, color=QUIET, linewidth=1, linestyle="--", label="this design")
    for qualifier, points in swept.known.groupby("qualifier"):
        marker = BOUND_MARKERS.get(str(qualifier), "o")
        legend = {"<": "measured, at most", ">": "measured, at least"}.get(str(qualifier), "measured")
        style: dict[str, Any] = {"fc": "white" if str(qualifier) in BOUND_MARKERS else COLOURS[1], "ec": COLOURS[1]}
        plot.scatter(points["value"], points["measured"], marker=marker, s=34, label=legend, zorder=4, **style)
    if swept.log:
        plot.set_xscale("log")
    if target.log10:
        plot.set_yscale("log")
    unit = unit_of(Candidate, swept.column)
    cycle = f" after {swept.cycle:g} cycles" if target.at_cycle else ""
    plot.set(xlabel=f"{label} ({unit})" if unit != "1" else label, ylabel=f"{target.label}{cycle}\n({target.unit})")
    handles, names = plot.get_legend_handles_labels()
    once = dict(zip(names, handles, strict=True))
    legend_beside(plot, list(once.values()), list(once))
    return figure


def _write(plot: Axes, x: float, y: float, text: str) -> None:
    style: dict[str, Any] = {"textcoords": "offset points", "xytext": (6, 0), "va": "center", "fontsize": 8}
    plot.annotate(text.replace("$", r"\$"), (x, y), **style)
