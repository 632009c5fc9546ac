"""Pictures that reports and explanations share, each drawn on its own figure and written aside, then renamed."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK, QUIET = "#1f4e79", "#8a8f98"
COLOURS = ("#1f4e79", "#c0504d", "#4f8a5b", "#8064a2", "#d28f33", "#2c9aa0", "#7f6a4d", "#a3446e", "#5b5b5b", "#9bbb59")


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a name in a script we hold no font of
        figure.savefig(aside, format="png", dpi=130, bbox_inches="tight", metadata={"Software": None})
    aside.rename(path)
    return path


def axes(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure with one plot, without pyplot and its global state."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    plot = figure.add_subplot()
    plot.spines[["top", "right"]].set_visible(False)
    return figure, plot


def parity(truth: np.ndarray, predicted: np.ndarray, kinds: Sequence[str], label: str, unit: str) -> Figure:
    """Predicted on unseen papers against measured, coloured by kind."""
    figure, plot = axes(5.6, 4.6)
    both = np.concatenate([truth, predicted])
    margin = 0.05 * float(np.ptp(both)) or 1.0
    ends = [both.min() - margin, both.max() + margin]
    plot.plot(ends, ends, color=QUIET, linewidth=1, zorder=0)
    names = sorted(set(kinds), key=lambda kind: (-list(kinds).count(kind), kind))
    shown = names[: len(COLOURS) - 1]
    for colour, kind in zip(COLOURS, [*shown, None], strict=False):
        chosen = np.array([each == kind if kind is not None else each not in shown for each in kinds], dtype=bool)
        if chosen.any():
            name = kind or "other"
            plot.scatter(
                truth[chosen],
                predicted[chosen],
                s=26,
                color=colour,
                alpha=0.8,
                edgecolor="white",
                linewidth=0.4,
                label=name,
            )
    plot.set(xlim=ends, ylim=ends, xlabel=f"measured {label} ({unit})", ylabel=f"predicted, paper unseen ({unit})")
    plot.legend(fontsize=7, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def ratios(rows: Sequence[tuple[str, float, float, float]]) -> Figure:
    """Error over the dummy's with its interval, one bar per target; left of 1 is skill."""
    figure, plot = axes(6.4, 0.9 + 0.6 * len(rows))
    for place, (_, value, low, high) in enumerate(reversed(rows)):
        colour = INK if high < 1 else QUIET
        plot.plot([low, high], [place, place], color=colour, linewidth=6, alpha=0.35, solid_capstyle="round")
        plot.plot(value, place, "o", color=colour, markersize=9)
        plot.annotate(
            f"{value:.2f}", (value, place), textcoords="offset points", xytext=(0, 10), ha="center", fontsize=8
        )
    plot.axvline(1, color="black", linewidth=1)
    plot.set_yticks(range(len(rows)), [name for name, *_ in reversed(rows)])
    plot.set(
        xlabel="error on unseen papers over the dummy's (90 % interval); below 1 is skill", ylim=(-0.6, len(rows) - 0.2)
    )
    return figure


def completeness(filled: Mapping[str, float]) -> Figure:
    """Share of the rows that fill each column: what is known, and what is missing."""
    names = [name for name, share in sorted(filled.items(), key=lambda each: -each[1]) if share > 0]
    figure, plot = axes(7.2, 0.9 + 0.2 * len(names))
    places = np.arange(len(names))[::-1]
    plot.barh(places, 1.0, color="#eef1f4")
    plot.barh(places, [filled[name] for name in names], color=INK)
    plot.set_yticks(places, names, fontsize=7)
    plot.set(xlabel="share of the rows in training that state it", xlim=(0, 1), ylim=(-0.7, len(names) - 0.3))
    return figure


def calibration(levels: Sequence[float], held: Mapping[str, Sequence[float]]) -> Figure:
    """Share of papers' values inside the interval against the level promised."""
    figure, plot = axes(4.8, 4.2)
    plot.plot([0, 1], [0, 1], color=QUIET, linewidth=1)
    for colour, (name, shares) in zip(COLOURS, held.items(), strict=False):
        plot.plot(levels, shares, marker="o", markersize=4, color=colour, label=name)
    plot.set(xlabel="level promised", ylabel="share inside, paper unseen", xlim=(0, 1), ylim=(0, 1.02))
    plot.legend(fontsize=8, frameon=False)
    return figure


def importance(names: Sequence[str], values: np.ndarray, label: str) -> Figure:
    """Mean absolute SHAP value of the strongest features."""
    figure, plot = axes(7.2, 0.9 + 0.32 * len(names))
    plot.barh(np.arange(len(names))[::-1], values, color=INK)
    plot.set_yticks(np.arange(len(names))[::-1], list(names), fontsize=8)
    plot.set(xlabel=f"mean |SHAP value| ({label})")
    return figure


def shap_plot(kind: str, explanation: Any, shown: int, label: str) -> Figure:
    """One of shap's own plots (`beeswarm`, `waterfall`) on a figure of its own, closed for pyplot."""
    import matplotlib
    import shap

    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.close("all")
    if kind == "beeswarm":
        state = np.random.get_state()
        np.random.seed(0)  # shap scatters its dots by the global generator
        shap.plots.beeswarm(explanation, max_display=shown, show=False)
        np.random.set_state(state)
    else:
        shap.plots.waterfall(explanation, max_display=shown, show=False)
    figure = pyplot.gcf()
    label = label.replace("$", r"\$")  # a name is no formula to typeset
    if kind == "waterfall":
        figure.axes[0].set_title(label, fontsize=11, loc="left", x=0, pad=42)
    else:
        figure.axes[0].set_xlabel(label, fontsize=11)
    pyplot.close(figure)
    return figure
