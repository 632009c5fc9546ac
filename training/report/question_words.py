"""Words of an answer: what cells of one paper say to a question, its limits, and what would settle it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import atanh, ceil
from statistics import NormalDist

import numpy as np

from features.tables.literature import Literature
from models.tasks.registry import TASKS
from reporting.pages import counted
from training.evaluation.bootstrap import BAND, FEWEST_GROUPS
from training.report.tables import capital
from training.rules.evidence import HAS_CARBON
from training.rules.questions import Answer, Finding

LITTLE = 1
"""Columns in which two cells of one paper may differ, beside the factor, and still count as alike otherwise."""
WORTH = 0.5
"""Rank correlation that should not be overlooked."""


def within(found: Finding) -> str:
    """Return words on cells of one paper that differ in the factor.

    Parameters
    ----------
    found : Finding
        Evidence on one outcome.
    """
    what, outcome, table = found.factor.label, TASKS[found.part].outcome, found.pairs
    if table.empty:
        return f"No paper reports the {outcome} of two cells that differ in {what}."
    alike = [not also or also.count(";") < LITTLE for also in table["also"]]
    up, down, same = (int((table["change"] == sign).sum()) for sign in (1, -1, 0))
    return (
        f"{counted(len(table), 'pair')} of cells of {counted(table['paper'].nunique(), 'paper')} differ in {what} "
        f"({sum(alike)} in at most {counted(LITTLE, 'other column')}): towards more of it the {outcome} rises in {up}, "
        f"falls in {down}, stays in {same}, and is open in {len(table) - up - down - same}."
    )


def limits(answer: Answer, literature: Literature) -> list[str]:
    """Return the limits of an answer, one sentence each.

    Parameters
    ----------
    answer : Answer
        Answer to one question.
    literature : Literature
        All tables.
    """
    said = []
    for each in answer.findings:
        papers = each.across.papers + len(each.across.silent)
        if each.across.silent and each.across.papers:
            said.append(
                f"{len(each.across.silent)} of {papers} papers with a value of {TASKS[each.part].outcome} do not state "
                f"the {each.factor.label}; those that do need not be like them."
            )
        if each.across.bounded:
            said.append(
                f"Left out, as only a bound of the {TASKS[each.part].outcome} is known: "
                f"{counted(each.across.bounded, 'cell')} that state{'s' if each.across.bounded == 1 else ''} the "
                f"{each.factor.label}."
            )
    if any(each.factor.column == HAS_CARBON for each in answer.findings):
        outright = sum(cell.in_training and cell.carbon_wt_pct == 0 for cell in literature.cells)
        said.append(
            "An anode counts as without carbon where neither its share, its additive nor its name tells of any; "
            f"{counted(outright, 'cell')} in training say outright that there is none."
        )
    judged = sum(each.across.correlation.judged for each in answer.findings) + sum(
        not np.isnan(each.low) for each in answer.comparisons.values()
    )
    if judged:
        said.append(
            "An interval of 90 % excludes 0 by chance once in ten where nothing is there: "
            f"{counted(judged, 'interval')} stand{'s' if judged == 1 else ''} behind this answer."
        )
    said.append("Papers differ in much that no column tells; what goes together across papers need not be the cause.")
    return said


def settles(findings: Sequence[Finding]) -> list[str]:
    """Which measurements would settle what the findings leave open, two sentences a factor.

    Parameters
    ----------
    findings : sequence of Finding
        Evidence by outcome.
    """
    said = []
    for factor in dict.fromkeys(each.factor for each in findings):
        own = [each for each in findings if each.factor == factor]
        what = factor.label
        inside = _by_outcome(own, lambda each: each.pairs["paper"].nunique())
        said.append(
            f"{capital(what)}, inside one laboratory: cells alike in all but the {what}, in at least {FEWEST_GROUPS} "
            f"papers. There are {inside}."
        )
        both = _by_outcome(own, lambda each: each.across.papers)
        among = (
            f"{capital(what)}, across papers: a rank correlation of {WORTH:g} takes about {papers_needed(WORTH)} that "
            f"state it. There are {both}."
        )
        if any(each.across.silent for each in own):
            silent = _by_outcome(own, lambda each: len(each.across.silent))
            among += f" More report the outcome and leave the {what} out ({silent}): their authors may know it."
        said.append(among)
    return said


def _by_outcome(findings: Sequence[Finding], count: Callable[[Finding], int]) -> str:
    return ", ".join(f"{count(each)} for {TASKS[each.part].outcome}" for each in findings)


def papers_needed(correlation: float) -> int:
    """Papers from which a rank correlation of some size is told from zero by a 90 % interval, by Fisher's
    transformation, whose standard error is 1 / sqrt(papers - 3).

    Parameters
    ----------
    correlation : float
        Rank correlation found.
    """
    return ceil((NormalDist().inv_cdf(BAND[1] / 100) / atanh(correlation)) ** 2 + 3)
