"""Pictures of reasons: bars with their stability, beeswarm, dependence, pairs, and waterfalls of factors or points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.explain.readings import Reading
from models.explain.reasons import Reasons
from reporting.figures import INK, QUIET, axes

UP, DOWN = "#0072b2", "#d55e00"
"""Of Okabe and Ito: told apart by colour-blind readers and, by their darkness, in print."""
WARNING = "#a32900"
SHOWN = 12
JITTER = 0.08
CROWDED = 6.0
"""How many times wider than the steps an interval may be and still be drawn whole."""


def warned(figure: Figure, sentence: str) -> Figure:
    """The figure with a sentence above it, where there is one: it goes wherever the picture goes."""
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
    """Mean absolute SHAP value of features, with its spread over papers left out.

    Parameters
    ----------
    low, high : ends of the spread, shape (n_features,); NaN where it was not measured
    apart : whether each is told apart from zero; the others are drawn pale
    shuffled : what the strongest shuffled feature reaches; NaN where it was not measured
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
        plot.legend(fontsize=8, frameon=False, loc="lower right")
    plot.set_yticks(places, list(labels), fontsize=8)
    plot.set(xlabel=f"mean |SHAP value| ({unit})")
    return figure


def beeswarm(found: Reasons, shown: int, unit: str) -> Figure:
    """shap's own plot: one dot a row and feature, coloured by the feature's value."""
    import matplotlib
    import shap

    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.close("all")
    explanation = shap.Explanation(
        values=found.values,
        base_values=np.full(len(found.values), found.base),
        data=np.round(found.vectors, 3),
        feature_names=[feature.printed for feature in found.features],
    )
    state = np.random.get_state()
    np.random.seed(0)  # shap scatters its dots by the global generator
    shap.plots.beeswarm(explanation, max_display=shown, show=False)
    np.random.set_state(state)
    figure = pyplot.gcf()
    figure.axes[0].set_xlabel(f"SHAP value ({unit})", fontsize=11)
    pyplot.close(figure)
    return figure


def dependence(values: np.ndarray, effect: np.ndarray, reading: Reading, unit: str, what: str = "SHAP value") -> Figure:
    """A feature's SHAP values against its own values over the training rows; unknown values stand at the left.

    Parameters
    ----------
    values : as the model reads them, NaN where unknown, shape (n_rows,)
    effect : shape (n_rows,)
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
        plot.legend(fontsize=8, frameon=False)
    plot.set(xlabel=reading.printed, ylabel=f"{what}\n({unit})")
    return figure


def pair(
    first: np.ndarray, second: np.ndarray, effect: np.ndarray, readings: tuple[Reading, Reading], unit: str
) -> Figure:
    """What two features do together beyond their sum, against the first, coloured by the second (crosses: unknown)."""
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


def waterfall(
    labels: Sequence[str],
    steps: np.ndarray,
    told: Sequence[str],
    start: float,
    ends: tuple[float, float, float],
    printed: tuple[str, str],
    title: str,
    axis: str,
    log: bool,
) -> Figure:
    """From the base to the answer, step by step from above.

    Parameters
    ----------
    steps : log10 of a factor, or points, shape (n_steps,); with `start` they sum to the answer
    told : what is written at each step, such as `x3.2` or `-4.1`
    ends : the answer, and the ends of its interval, on the same scale
    printed : base and answer as written
    log : whether the steps are factors: the axis is then logarithmic
    """
    figure, plot = axes(8.2, 1.6 + 0.36 * (len(labels) + 2))
    reached = start + np.concatenate([[0.0], np.cumsum(steps)])
    if log:
        plot.set_xscale("log")
        reached, ends, start = 10.0**reached, (10.0 ** ends[0], 10.0 ** ends[1], 10.0 ** ends[2]), 10.0**start
    places = np.arange(len(labels) + 2)[::-1]
    plot.plot(start, places[0], "o", color=QUIET, markersize=8)
    _written(plot, start, places[0], printed[0])
    for place, before, after, words in zip(places[1:-1], reached[:-1], reached[1:], told, strict=True):
        plot.barh(place, after - before, left=before, color=UP if after >= before else DOWN, height=0.62)
        plot.plot([after, after], [place - 1, place], color=QUIET, linewidth=0.8, zorder=0)
        _written(plot, max(before, after), place, words)
    plot.plot([start, start], [places[1], places[0]], color=QUIET, linewidth=0.8, zorder=0)
    plot.hlines(places[-1], ends[1], ends[2], color=INK, linewidth=6, alpha=0.3)
    plot.plot(ends[0], places[-1], "D", color=INK, markersize=8)
    _written(plot, ends[0], places[-1] - 0.32, printed[1])
    plot.set_yticks(places, ["base: the mean over the training", *labels, "prediction, with its interval"], fontsize=8)
    plot.margins(x=0.16)
    if (wide := _wide(reached, ends, log)) is not None:
        plot.set_xlim(*wide)
        words = "the interval is wider than the picture"
        plot.annotate(words, (0.02, places[-1] + 0.3), xycoords=plot.get_yaxis_transform(), fontsize=7, color=QUIET)
    plot.set(xlabel=axis)
    plot.set_title(title.replace("$", r"\$"), fontsize=10, loc="left", x=0)
    return figure


def _wide(reached: np.ndarray, ends: tuple[float, float, float], log: bool) -> tuple[float, float] | None:
    """Limits around the steps where the interval would leave no room to see them; None where it leaves enough."""
    scaled, interval = (np.log10(reached), np.log10(ends[1:])) if log else (reached, np.array(ends[1:]))
    span = float(np.ptp(scaled))
    if span * CROWDED >= float(np.ptp(interval)):
        return None
    low, high = float(scaled.min()) - span, float(scaled.max()) + span
    return (10.0**low, 10.0**high) if log else (low, high)


def _written(plot: Axes, x: float, y: float, words: str) -> None:
    style: dict[str, Any] = {"textcoords": "offset points", "xytext": (6, 0), "va": "center", "fontsize": 8}
    plot.annotate(words.replace("$", r"\$"), (x, y), **style)
