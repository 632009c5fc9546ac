"""What skill on cells would take: said by two curves, never carried on beyond their ends."""

from __future__ import annotations

import pytest

from reporting import pages
from training.evaluation.learning_curve import DescribedPoint
from training.report.data_needed import TITLE, as_text, papers_text, section

NO = DescribedPoint(1.0, 0.4, 20, 1.0, 0.9, 1.1)
"""All that is stated, and no skill."""
HIDDEN = DescribedPoint(0.0, 0.0, 20, 1.3, 1.2, 1.4)
FLAT = [(0.5, 20, 10.0, 9.0, 11.0, 10.0), (1.0, 20, 9.5, 8.5, 10.5, 10.0)]
FALLING = [(0.5, 20, 10.0, 9.0, 11.0, 10.0), (1.0, 20, 8.0, 7.0, 8.9, 10.0)]


@pytest.mark.parametrize(
    ("learning", "described", "said"),
    [
        (FLAT, [NO, NO], "cannot be told: neither papers nor descriptors"),
        (FALLING, [NO, NO], "More papers would help"),
        (FLAT, [NO, HIDDEN], "More descriptors would help"),
        (FALLING, [NO, HIDDEN], "More descriptors and papers would help"),
        (FLAT, [DescribedPoint(1.0, 0.4, 20, 0.8, 0.7, 0.9), HIDDEN], "takes it away, so that they carry it"),
        (FLAT, [DescribedPoint(1.0, 0.4, 20, 0.8, 0.7, 0.9)] * 2, "does not rest on them"),
    ],
)  # fmt: skip
def test_what_is_said_follows_from_ends_whose_intervals_lie_apart(
    learning: list[tuple[float, int, float, float, float, float]], described: list[DescribedPoint], said: str
) -> None:
    assert said in papers_text(learning, described)


def test_both_curves_are_told_to_a_terminal() -> None:
    text = as_text({"ice_pct": FLAT}, {"ice_pct": [NO, HIDDEN]})
    assert text.splitlines()[1:5] == [
        "  50 % of the papers: 1.00 (0.90 to 1.10)",
        "  100 % of the papers: 0.95 (0.85 to 1.05)",
        "  100 % of the descriptors (40 % of the nine): 1.00 (0.90 to 1.10)",
        "  0 % of the descriptors (0 % of the nine): 1.30 (1.20 to 1.40)",
    ]


def test_the_report_tells_them_in_a_table() -> None:
    text = pages.markdown("card", section({"ice_pct": FLAT}, {"ice_pct": [NO, HIDDEN]}))
    assert f"## {TITLE}" in text
    assert "| 0 % | 0 % | 20 | 1.30 (1.20 to 1.40) |" in text
    assert "27 papers with all nine" in text
    assert section({}, {}) == []
