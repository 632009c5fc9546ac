"""Data that skill on silicon cells would take: the error by number of papers, and by how much they describe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.tasks.registry import TARGETS
from reporting import pages
from reporting.numbers import with_interval
from training.evaluation.learning_curve import CurvePoint, DescribedPoint
from training.report.inventory import enough_text

Learning = Mapping[str, Sequence[CurvePoint]]
Described = Mapping[str, Sequence[DescribedPoint]]
TITLE = "What skill on cells would take"
HEADER = ("descriptors kept", "of the nine known", "groups judged", "error over the dummy's (90 %)")


def section(learning: Learning, described: Described) -> list[pages.Block]:
    """Return the section of the report; nothing where no target of cells was judged so.

    Parameters
    ----------
    learning, described : mapping
        Curves over papers and over descriptors, by target.
    """
    blocks: list[pages.Block] = []
    for column, points in described.items():
        rows = [_cells(point) for point in points]
        text = papers_text(learning.get(column, ()), points)
        blocks += [pages.Heading(TARGETS[column].label, 3), pages.Table(list(HEADER), rows), pages.Paragraph(text)]
    if not blocks:
        return []
    how = (
        "Descriptors that the papers state are hidden by chance, in what is learned from and in what is predicted "
        "alike: where the error grows as they go, papers that state more of them would help."
    )
    return [pages.Heading(TITLE), pages.Paragraph(f"{how} {enough_text().capitalize()}."), *blocks]


def as_text(learning: Learning, described: Described) -> str:
    """Return both curves for a terminal.

    Parameters
    ----------
    learning, described : mapping
        As for `section`.
    """
    lines = list[str]()
    for column, points in described.items():
        lines += [f"{TARGETS[column].label}, error over the dummy's on papers never seen (90 % interval):"]
        lines += [f"  {100 * share:.0f} % of the papers: {_over(curve)}" for share, *curve in learning.get(column, ())]
        lines += [
            f"  {kept_share} of the descriptors ({known} of the nine): {ratio}"
            for kept_share, known, _, ratio in map(_cells, points)
        ]
        lines += [f"  {papers_text(learning.get(column, ()), points)}"]
    return "\n".join(lines)


def papers_text(learning: Sequence[CurvePoint], described: Sequence[DescribedPoint]) -> str:
    """Return at how many fully described papers skill is to be expected, where the curves show it.

    A curve shows something where the intervals of its two ends do not meet. No curve is continued beyond its end.

    Parameters
    ----------
    learning : sequence of CurvePoint
        Errors of one target by share of the papers.
    described : sequence of DescribedPoint
        Likewise by share of the descriptors, all of them first.

    Examples
    --------
    >>> told, hidden = DescribedPoint(1.0, 0.4, 20, 0.8, 0.7, 0.9), DescribedPoint(0.0, 0.0, 20, 1.0, 0.95, 1.1)
    >>> papers_text([], [told, hidden])
    'Skill is shown with these 20 groups of papers; hiding the descriptors takes it away, so that they carry it.'
    >>> papers_text([], [hidden, hidden])
    'How many fully described papers give skill cannot be told: neither papers nor descriptors move the error surely.'
    """
    full, none = described[0], described[-1]
    described_help, papers_help = full.high < none.low, _falls(learning)
    if full.high < 1:
        carry = (
            "hiding the descriptors takes it away, so that they carry it"
            if described_help
            else "hiding the descriptors does not take it away, so that it does not rest on them"
        )
        return f"Skill is shown with these {full.groups} groups of papers; {carry}."
    if not described_help and not papers_help:
        return (
            "How many fully described papers give skill cannot be told: neither papers nor descriptors move the error "
            "surely."
        )
    data = " and ".join(word for word, helps in (("descriptors", described_help), ("papers", papers_help)) if helps)
    return (
        f"More {data} would help, as the error falls with them beyond its interval; how many fully described papers it "
        f"takes cannot be told from {full.groups} groups of papers."
    )


def _falls(learning: Sequence[CurvePoint]) -> bool:
    return len(learning) > 1 and learning[-1][4] < learning[0][3]


def _cells(point: DescribedPoint) -> tuple[str, str, str, str]:
    ratio = with_interval(point.ratio, point.low, point.high)
    return f"{100 * point.kept:.0f} %", f"{100 * point.known:.0f} %", str(point.groups), ratio


def _over(curve: Sequence[float]) -> str:
    _, error, low, high, dummy = curve
    return with_interval(error / dummy, low / dummy, high / dummy)
