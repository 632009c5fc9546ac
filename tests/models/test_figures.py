from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgba
from matplotlib.text import Annotation

from reporting import atomic_files, figures
from reporting.explain import figures as explain_figures

INF = np.inf


def legend_labels(figure: figures.Figure) -> list[str]:
    legend = figure.axes[0].get_legend()
    assert legend is not None
    return [each.get_text() for each in legend.get_texts()]


def test_every_kind_has_a_look_of_its_own() -> None:
    looks = {tuple(figures.look(place).items()) for place in range(77)}
    assert len(looks) == 77


def test_parity_fills_values_and_leaves_bounds_hollow() -> None:
    # a value, a range, at least 3, at most 4
    lower, upper = np.array([1.0, 1.0, 3.0, -INF]), np.array([1.0, 2.0, INF, 4.0])
    figure = figures.parity(lower, upper, np.array([1.5, 2.5, 3.5, 4.5]), ["a", "b", "b", "b"], ["b", "a"], "x", "u")
    plot = figure.axes[0]
    dots = [
        each for each in plot.collections if isinstance(each, PathCollection) and len(np.asarray(each.get_offsets()))
    ]
    hollow = [each for each in dots if np.allclose(np.asarray(each.get_facecolor())[0][:3], 1)]
    filled = [each for each in dots if each not in hollow]
    # the range stands at its middle, the bounds where they are known
    assert [np.asarray(each.get_offsets()).tolist() for each in hollow] == [[[1.5, 2.5], [3.0, 3.5], [4.0, 4.5]]]
    assert [np.asarray(each.get_offsets()).tolist() for each in filled] == [[[1.0, 1.5]]]
    assert tuple(np.asarray(filled[0].get_facecolor())[0][:3]) == to_rgba(figures.COLOURS[1])[:3]  # second in the order
    # an arrow to the right from "at least", to the left from "at most"
    arrows = [each for each in plot.texts if isinstance(each, Annotation)]
    assert [(each.xy, each.xyann[0] > 0) for each in arrows] == [((3.0, 3.5), True), ((4.0, 4.5), False)]
    # the line of equal values, and the range from end to end
    assert [list(line.get_xdata()) for line in plot.lines][1:] == [[1.0, 2.0]]
    assert legend_labels(figure) == ["b (3)", "a (1)", "hollow: only a bound\nis known"]


def test_parity_without_bounds_has_no_word_of_them() -> None:
    ends = np.array([1.0, 2.0])
    figure = figures.parity(ends, ends, ends, ["a", "c"], ["a", "b", "c"], "x", "u")
    assert legend_labels(figure) == ["a (1)", "c (1)"]
    figure.draw_without_rendering()
    plot, legend = figure.axes[0], figure.axes[0].get_legend()
    assert legend is not None
    assert legend.get_window_extent().x0 >= plot.get_window_extent().x1  # outside, on no point


def test_parity_of_one_point_has_limits() -> None:
    one = np.array([2.0])
    low, high = figures.parity(one, one, one, ["a"], ["a"], "x", "u").axes[0].get_xlim()
    assert low < 2 < high


def test_the_learning_curve_runs_from_few_papers_to_many() -> None:
    rows = [(1.0, 40, 0.5, 0.4, 0.6, 0.9), (0.5, 40, 0.7, 0.6, 0.8, 0.95)]
    figure = figures.learning_curve(rows, "ionic conductivity", "decades")
    plot = figure.axes[0]
    silion, dummy = plot.lines
    assert (list(silion.get_xdata()), list(silion.get_ydata())) == ([50, 100], [0.7, 0.5])
    assert list(dummy.get_ydata()) == [0.95, 0.9]
    assert [each.get_text() for each in plot.get_xticklabels()] == ["50 %", "100 %"]
    assert plot.get_ylim()[0] == 0
    assert legend_labels(figure) == ["Silion", "median of\nthe table"]


def test_calibration_shows_shares_below_its_lowest_level() -> None:
    figure = figures.calibration([0.5, 0.9], {"a": [0.2, 0.9], "b": [0.5, np.nan]})
    assert figure.axes[0].get_ylim()[0] < 0.2
    assert legend_labels(figure) == ["as promised", "a", "b"]


def test_a_picture_is_written_whole(tmp_path: Path) -> None:
    path = atomic_files.save_figure(figures.completeness({"a": 0.5, "never": 0.0}), tmp_path / "sub" / "a.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [each.name for each in path.parent.iterdir()] == ["a.png"]


def test_a_picture_is_an_svg_where_its_name_says_so(tmp_path: Path) -> None:
    drawn = [
        atomic_files.save_figure(figures.completeness({"a": 0.5}), tmp_path / f"{name}.svg").read_bytes()
        for name in "ab"
    ]
    assert drawn[0].startswith(b"<?xml")
    assert drawn[0] == drawn[1]  # no date, no random names


def test_the_distance_shows_rows_means_and_where_far_begins() -> None:
    bins = [(0.0, 1.0, 2.5, 2.0, 3.0), (2.0, 4.0, 4.0, np.nan, np.nan)]
    figure = figures.error_by_distance(np.array([0.0, 1.0, 4.0]), np.array([2.0, 3.0, 4.0]), bins, 3.0, "x", "u")
    plot = figure.axes[0]
    dots = [each for each in plot.collections if isinstance(each, PathCollection)]
    assert [np.asarray(each.get_offsets()).tolist() for each in dots] == [[[0.0, 2.0], [1.0, 3.0], [4.0, 4.0]]]
    lines = [(list(np.asarray(line.get_xdata())), list(np.asarray(line.get_ydata()))) for line in plot.lines]
    # the first bin over its range and at its middle, the second likewise, and the line of far designs from low to high
    assert lines == [
        ([0.0, 1.0], [2.5, 2.5]), ([0.5], [2.5]), ([2.0, 4.0], [4.0, 4.0]), ([3.0], [4.0]), ([3.0, 3.0], [0, 1]),
    ]  # fmt: skip
    assert legend_labels(figure) == ["a row, paper unseen", "mean of a third (90 %)", 'notice "far" begins']
    assert plot.get_ylim()[0] == 0
    assert plot.get_xlim()[0] < 0  # a row at no distance is not cut


def test_no_line_of_far_designs_where_none_is_far() -> None:
    one = np.array([0.0])
    figure = figures.error_by_distance(one, one, [(0.0, 0.0, 0.0, 0.0, 0.0)], INF, "x", "u")
    assert legend_labels(figure) == ["a row, paper unseen", "mean of a third (90 %)"]


def test_the_error_is_drawn_from_no_revealed_row_to_many() -> None:
    plot = figures.error_by_revealed([(1, 0.5, 0.4, 0.6), (0, 0.7, 0.6, 0.8)], "x", "u").axes[0]
    assert (list(plot.lines[0].get_xdata()), list(plot.lines[0].get_ydata())) == ([0, 1], [0.7, 0.5])
    assert [each.get_text() for each in plot.get_xticklabels()] == ["0", "1"]
    assert plot.get_ylim()[0] == 0


def test_the_legend_of_strengths_stands_below_bars_and_spreads() -> None:
    """The last bar's spread is the longest: a legend inside would be crossed by it."""
    one = np.ones(2)
    figure = explain_figures.bars(["a", "b"], one, 0.5 * one, 3 * one, one > 0, 2.5, "decades")
    figure.draw_without_rendering()
    (legend,) = figure.legends
    label = figure.axes[0].xaxis.label
    assert legend.get_window_extent().y1 <= label.get_window_extent().y0


def test_the_picture_of_skill_fits_a_telephone() -> None:
    """390 px less two margins of 12 px leave 366; 2.6 inches and two edges of 0.1 at 130 dots an inch are 364."""
    figure = figures.ratios([("ionic conductivity", 0.8, 0.7, 0.9), ("capacity retention", 1.4, 1.0, 2.0)])
    assert (figure.get_figwidth() + 0.2) * 130 == pytest.approx(364)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["capacity retention: 1.40", "ionic conductivity: 0.80"]
