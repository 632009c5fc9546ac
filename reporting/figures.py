"""Pictures of the report, and what all pictures share: palette, axes and legends, without pyplot's global state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK, QUIET = "#1f4e79", "#7a808a"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""The palette of Okabe and Ito, which colour-blind readers tell apart; without its yellow, which white paper hides."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", "p", "*", ">")
"""As many as share no divisor with the colours: every kind up to the 77th has a look of its own."""
LearningRow: TypeAlias = tuple[float, int, float, float, float, float]
"""Share of the papers learned from, groups judged, error with its low and high end, and the dummy's error."""
DistanceBin: TypeAlias = tuple[float, float, float, float, float]
"""Nearest and farthest distance of a bin, mean error with its low and high end."""
RevealedPoint: TypeAlias = tuple[int, float, float, float]
"""Rows revealed, error with its low and high end."""


def axes(width: float, height: float) -> tuple[Figure, Axes]:
    """Make a figure with one plot, without pyplot and its global state.

    Parameters
    ----------
    width, height : float
        Inches.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    plot = figure.add_subplot()
    plot.spines[["top", "right"]].set_visible(False)
    return figure, plot


def look(place: int) -> dict[str, Any]:
    """Return the colour and marker of one kind of points.

    Parameters
    ----------
    place : int
        Of the kind among all kinds, from 0.

    Examples
    --------
    >>> look(8)
    {'color': '#d55e00', 'marker': 'p'}
    """
    return {"color": COLOURS[place % len(COLOURS)], "marker": MARKERS[place % len(MARKERS)]}


def legend_beside(plot: Axes, *entries: Sequence[Any], **style: Any) -> None:
    """Draw the legend to the right of a plot.

    Parameters
    ----------
    plot : Axes
    *entries : sequence
        Handles and names, where not all that the plot has labels for.
    **style
        Further arguments of `Axes.legend`.
    """
    plot.legend(*entries, fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1.02, 1), **style)


def parity(
    lower: np.ndarray,
    upper: np.ndarray,
    predicted: np.ndarray,
    kinds: Sequence[str],
    order: Sequence[str],
    label: str,
    unit: str,
) -> Figure:
    """Draw predictions of unseen papers against measurements, with colour and marker by kind.

    Parameters
    ----------
    lower, upper : array, shape (n_rows,)
        Ends of what was measured, in `unit`. Equal for a value, drawn filled; otherwise hollow, with a line between
        the ends, or an arrow to the side that is open where an end is infinite.
    predicted : array, shape (n_rows,)
        In `unit`.
    kinds : sequence of str, shape (n_rows,)
        Kind of each row, such as the class of its electrolyte.
    order : sequence of str
        Every kind, so that one kind looks the same in all figures drawn with this order.
    label, unit : str
        Of the target, as printed on the axes.
    """
    figure, plot = axes(7.4, 4.8)
    low, high = np.where(np.isfinite(lower), lower, upper), np.where(np.isfinite(upper), upper, lower)
    values = np.concatenate([low, high, predicted])
    margin = 0.06 * float(np.ptp(values)) or 1.0
    ends = (float(values.min()) - margin, float(values.max()) + margin)
    plot.plot(ends, ends, color=QUIET, linewidth=1, zorder=0)
    exact = lower == upper
    for place, kind in enumerate(order):
        own = np.array([row_kind == kind for row_kind in kinds], dtype=bool)
        if not own.any():
            continue
        middle = (low + high) / 2
        colour, common = look(place)["color"], {"marker": look(place)["marker"], "s": 42, "zorder": 3}
        filled, hollow = own & exact, own & ~exact
        plot.scatter([], [], color=colour, label=f"{kind} ({own.sum()})", **common)
        plot.scatter(middle[filled], predicted[filled], color=colour, ec="white", linewidth=0.5, alpha=0.85, **common)
        plot.scatter(middle[hollow], predicted[hollow], color="white", ec=colour, linewidth=1.2, **common)
        for row in np.flatnonzero(hollow):
            _bound(plot, lower[row], upper[row], predicted[row], colour)
    if not exact.all():
        plot.scatter(
            [], [], marker="o", s=34, facecolor="white", edgecolor="black", label="hollow: only a bound\nis known"
        )
    plot.set(xlim=ends, ylim=ends, xlabel=f"measured {label} ({unit})", ylabel=f"predicted, paper unseen ({unit})")
    plot.set_aspect("equal")
    legend_beside(plot, title="class (rows)", title_fontsize=8, alignment="left")
    return figure


def _bound(plot: Axes, lower: float, upper: float, predicted: float, colour: str) -> None:
    """Draw a line between two known ends, or an arrow to the side where none is known."""
    if np.isfinite(lower) and np.isfinite(upper):
        plot.plot([lower, upper], [predicted, predicted], color=colour, linewidth=1.2, zorder=2)
        return
    known, side = (lower, 20) if np.isfinite(lower) else (upper, -20)
    arrow = {"arrowstyle": "<-", "color": colour, "shrinkA": 0, "shrinkB": 3, "linewidth": 1.2}
    plot.annotate("", (known, predicted), (side, 0), textcoords="offset points", arrowprops=arrow)


def ratios(rows: Sequence[tuple[str, float, float, float]]) -> Figure:
    """Draw the error over that of the median with its interval, one bar per target; left of 1 is skill.

    Parameters
    ----------
    rows : sequence of (str, float, float, float)
        Name of the target, its ratio of errors, low and high end of the ratio; the first is drawn on top.
    """
    figure, plot = axes(2.6, 0.7 + 0.6 * len(rows))  # a telephone shows it without shrinking its letters
    for place, (name, value, low, high) in enumerate(reversed(rows)):
        colour = INK if high < 1 else QUIET
        plot.plot([low, high], [place, place], color=colour, linewidth=6, alpha=0.35, solid_capstyle="round")
        plot.plot(value, place, "o", color=colour, markersize=9)
        plot.annotate(
            f"{name}: {value:.2f}", (0, place), xycoords=("axes fraction", "data"), textcoords="offset points",
            xytext=(0, 9), fontsize=8, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )  # fmt: skip
    plot.axvline(1, color="black", linewidth=1, zorder=0)
    plot.set_yticks([])
    plot.spines["left"].set_visible(False)
    plot.tick_params(labelsize=8)
    plot.set_xlabel("error / error of the median; left of 1 is skill", fontsize=8)
    plot.set_ylim(-0.6, len(rows) - 0.1)
    return figure


def completeness(filled: Mapping[str, float]) -> Figure:
    """Draw the share of the rows that fill each column: what is known, and what is missing.

    Parameters
    ----------
    filled : mapping of str to float
        Share of the rows, 0 to 1, by column; columns that no row fills are left out.
    """
    names = [name for name, share in sorted(filled.items(), key=lambda item: -item[1]) if share > 0]
    figure, plot = axes(7.2, 0.8 + 0.155 * len(names))
    places = np.arange(len(names))[::-1]
    plot.barh(places, 1.0, color="#eef1f4")
    plot.barh(places, [filled[name] for name in names], color=INK)
    plot.set_yticks(places, names, fontsize=7)
    plot.set(xlabel="share of the rows in training that state it", xlim=(0, 1), ylim=(-0.7, len(names) - 0.3))
    return figure


def calibration(levels: Sequence[float], inside: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the share of papers' values inside the interval against the level promised.

    Parameters
    ----------
    levels : sequence of float
        Levels promised, 0 to 1.
    inside : mapping of str to sequence of float
        By name of a target the share inside at each level, 0 to 1; NaN is not drawn.
    """
    figure, plot = axes(6.4, 4.2)
    plot.plot([0, 1], [0, 1], color=QUIET, linewidth=1, label="as promised")
    for place, (name, shares) in enumerate(inside.items()):
        plot.plot(levels, shares, markersize=6, linewidth=1.2, label=name, **look(place))
    lowest = min([*levels, *(share for shares in inside.values() for share in shares if share == share)], default=0.0)
    ends = (max(lowest - 0.05, 0.0), 1.02)
    plot.set(xlabel="level promised", ylabel="share inside, paper unseen", xlim=ends, ylim=ends)
    legend_beside(plot)
    return figure


def learning_curve(rows: Sequence[LearningRow], label: str, unit: str) -> Figure:
    """Draw the error on unseen papers against the share of the other papers learned from, beside the dummy's error.

    Parameters
    ----------
    rows : sequence of LearningRow
        Shares 0 to 1, errors in `unit`.
    label, unit : str
        Name of the target, and unit of its error.
    """
    figure, plot = axes(6.4, 3.8)
    share, _, error, low, high, dummy = (np.array(column) for column in zip(*sorted(rows), strict=True))
    plot.fill_between(100 * share, low, high, color=INK, alpha=0.18, linewidth=0)
    plot.plot(100 * share, error, color=INK, marker="o", label="Silion")
    plot.plot(100 * share, dummy, color="#d55e00", marker="s", linestyle="--", label="median of\nthe table")
    plot.set_xticks(100 * share, [f"{percent:.0f} %" for percent in 100 * share])
    plot.set(xlabel="share of the other papers learned from", ylabel=f"error of {label}\n({unit})")
    plot.set_ylim(bottom=0)
    legend_beside(plot)
    return figure


def error_by_distance(
    distance: np.ndarray, error: np.ndarray, bins: Sequence[DistanceBin], far: float, label: str, unit: str
) -> Figure:
    """Draw the error of each row against its distance to the nearest row of another group, with the mean error by bin.

    Parameters
    ----------
    distance : array, shape (n_rows,)
        Standard deviations of the training vectors.
    error : array, shape (n_rows,)
        In `unit`.
    bins : sequence of DistanceBin
        Mean errors, each drawn over its range of distances, its interval in the middle.
    far : float
        Distance at which a design is called far; an infinite one is not drawn.
    label, unit : str
        Name of the target, and unit of its error.
    """
    figure, plot = axes(7.4, 3.8)
    plot.scatter(distance, error, s=26, color=QUIET, alpha=0.6, linewidth=0, label="a row, paper unseen", zorder=2)
    for place, (nearest, farthest, mean, low, high) in enumerate(bins):
        name, middle = None if place else "mean of a third (90 %)", (nearest + farthest) / 2
        plot.plot([nearest, farthest], [mean, mean], color=INK, linewidth=2, zorder=4)
        plot.plot([middle], [mean], color=INK, marker="o", markersize=8, linewidth=2, label=name, zorder=4)
        plot.vlines(middle, low, high, color=INK, linewidth=6, alpha=0.35, zorder=3)
    if np.isfinite(far):
        plot.axvline(far, color="#d55e00", linewidth=1.2, linestyle="--", label='notice "far" begins', zorder=1)
    plot.set(
        xlabel="distance to the nearest row of another group (standard deviations)",
        ylabel=f"error of {label}\n({unit})",
    )
    plot.set_ylim(bottom=0)
    plot.set_xlim(left=-0.03 * float(distance.max()) or None)
    legend_beside(plot)
    return figure


def error_by_revealed(points: Sequence[RevealedPoint], label: str, unit: str) -> Figure:
    """Draw the error on a paper's other rows by the number of its rows that were revealed, with its interval.

    Parameters
    ----------
    points : sequence of RevealedPoint
        Errors in `unit`.
    label, unit : str
        Name of the target, and unit of its error.
    """
    figure, plot = axes(5.2, 3.4)
    count, error, low, high = (np.array(column) for column in zip(*sorted(points), strict=True))
    plot.vlines(count, low, high, color=INK, linewidth=6, alpha=0.35)
    plot.plot(count, error, color=INK, marker="o")
    plot.set_xticks(count, [f"{rows:g}" for rows in count])
    plot.set(xlabel="rows of the same paper revealed", ylabel=f"error of {label}\n({unit})")
    plot.set_xlim(float(count.min()) - 0.5, float(count.max()) + 0.5)
    plot.set_ylim(bottom=0)
    return figure
