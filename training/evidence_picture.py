"""The picture of a finding: the outcome against the factor, across papers."""

from __future__ import annotations

from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from models import figures
from training.questions import Finding

AXIS = {"ice": "initial Coulombic efficiency (%)", "fade": "life to 80 % (cycles)"}
WIDE = 10.0
"""Ratio of the ends of a range from which its axis is logarithmic."""
WIDEST = 1000.0
"""Ratio from which only powers of ten are printed on it."""


def drawing(found: Finding) -> Figure:
    """The outcome against the factor, one point a paper and value of the factor."""
    figure, plot = figures.axes(7.2, 3.6)
    points = found.across.points
    lives: list[float] = []
    for place, (paper, own) in enumerate(points.groupby("paper", sort=True)):
        outcome = own["outcome"].to_numpy(dtype=float)
        shown = 10.0**outcome if found.part == "fade" else outcome
        lives += shown.tolist()
        plot.scatter(own[found.factor.column], shown, s=46, alpha=0.85, label=str(paper), **figures.look(place))
    name = f"{found.factor.label} ({found.factor.unit})" if found.factor.unit else found.factor.label
    plot.set(xlabel=name, ylabel=AXIS[found.part])
    if not found.factor.unit:
        plot.set_xticks([0, 1], ["none told", "told"])
        plot.set_xlim(-0.5, 1.5)
    elif found.across.least > 0 and found.across.most / found.across.least > WIDE:
        plot.set_xscale("log")
        _plain(plot.xaxis, found.across.most / found.across.least)
    if found.part == "fade":
        plot.set_yscale("log")
        _plain(plot.yaxis, max(lives) / min(lives))
    plot.legend(title="paper", fontsize=7, title_fontsize=7, frameon=False, loc="upper left", bbox_to_anchor=(1.02, 1))
    return figure


def _plain(axis: Axis, ratio: float) -> None:
    """A logarithmic axis with plain numbers: 1, 2 and 5 of each decade where few are shown."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if ratio < WIDEST else (1.0,)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())
