"""Section of the report on quantities that no model learns: what the ranges hold that are told of them."""

from __future__ import annotations

from collections.abc import Mapping

from models.tasks.registry import RANGES
from reporting import pages
from reporting.numbers import share_with_interval
from training.evaluation.regimes.range_only import RangeScore

TITLE = "Range only"
HEADER = ("quantity", "values judged", "groups of papers", "promised", "held (90 %)", "mean width", "verdict")


def section(ranges: Mapping[str, RangeScore]) -> list[pages.Block]:
    """Return the section; nothing where no cell has a first capacity.

    Parameters
    ----------
    ranges : mapping of str to RangeScore
        By column.
    """
    if not ranges:
        return []
    rows: list[tuple[pages.Cell, ...]] = [
        (
            RANGES[column].label,
            score.rows,
            score.papers,
            f"{100 * score.level:g} %",
            share_with_interval(score.coverage, score.coverage_low, score.coverage_high),
            f"{score.width:.0f} {RANGES[column].unit}",
            score.verdict,
        )
        for column, score in ranges.items()
    ]
    how = (
        "No learner beats the median of the table for these on papers the models never saw, so none is fitted: a "
        "design gets the range that papers of the same class and architecture report, widened until it holds papers "
        "left out. The capacity at a cycle is the range of the first capacity times that of the retention at that "
        "cycle, so that first capacity, fade, retention and life agree. First capacities are per gram of anode; most "
        "papers do not say whether of silicon, composite or electrode, and each answer counts them."
    )
    return [pages.Heading(TITLE), pages.Paragraph(how), pages.Table(list(HEADER), rows)]
