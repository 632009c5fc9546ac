"""Statements on skill, written from a run: the tables of docs/skill.md and the verdicts of the README."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from features.tables.descriptions import write_where_marked
from models.tasks.registry import RANGES, TARGETS
from training.evaluation.regimes.range_only import RangeScore, range_table
from training.evaluation.score import Score, markdown

PAGES = ("docs/skill.md", "README.md")
"""Pages that may have the marks, below the checkout."""
SKILL_MARKS = "<!-- skill table: written by `silion evaluate --write-docs` -->", "<!-- end of skill table -->"
LIQUID_MARKS = "<!-- liquid: written by `silion evaluate --write-docs` -->", "<!-- end of liquid -->"
RANGE_MARKS = "<!-- ranges: written by `silion evaluate --write-docs` -->", "<!-- end of ranges -->"
GOOD_RATIO, GOOD_ORDER = 0.5, 0.75
"""Ratio and concordance from which on a quantity may be used without care; set by us."""
VERDICT_MARKS = "<!-- verdicts: written by `silion evaluate --write-docs` -->", "<!-- end of verdicts -->"


def verdicts(scores: Mapping[str, Score], ranges: Mapping[str, RangeScore] | None = None) -> str:
    """Return what each target may be used for, as a Markdown table.

    Use it: on unseen papers the error is surely at most half of the median's (of lives, three pairs in four are surely
    ordered right). Use it with care: skill is shown, but less. Not yet: none is shown; a user then gets the range that
    comparable papers report, where the share of values that the intervals hold agrees with the one promised.

    Parameters
    ----------
    scores : mapping of str to Score
        Skill by target column.
    ranges : mapping of str to RangeScore, optional
        What the ranges hold that no model stands behind.
    """
    lines = ["| quantity | verdict | on papers the model never saw |", "|---|---|---|"]
    for column, score in scores.items():
        lines.append(f"| {TARGETS[column].label} | {_verdict(score)} | {_reason(score)} |")
    for column, judged in (ranges or {}).items():
        unit, share = RANGES[column].unit, f"{100 * judged.coverage:.0f} % of the values of papers left out lie inside"
        lines.append(
            f"| {RANGES[column].label} | **range only**: what comparable papers report | no model is fitted; {share} "
            f"the {100 * judged.level:g} % range, which is {judged.width:.0f} {unit} wide |"
        )
    return "\n".join(lines)


def _verdict(score: Score) -> str:
    if score.shown and not score.rests_on_one_paper:
        good = score.skill_low >= GOOD_ORDER if TARGETS[score.target].censored else score.skill_high <= GOOD_RATIO
        if good:
            return "**use it** to estimate and to rank"
        return "**use it with care**: a first estimate, too coarse to rank close relatives"
    if score.coverage_low <= score.level <= score.coverage_high:
        return "**not yet** as a number: you get the range that comparable papers report"
    return "**not yet**"


def _reason(score: Score) -> str:
    target = TARGETS[score.target]
    wide = "" if target.censored else f", which is {score.width:.2g} {target.error_unit} wide"
    coverage = f"{100 * score.coverage:.0f} % of the values lie inside the {100 * score.level:g} % interval{wide}"
    ends = f"{score.skill:.2f}, {score.skill_low:.2f} to {score.skill_high:.2f}"
    if target.censored:
        return f"concordance {ends} (0.5 is chance); {coverage}"
    unit = target.error_unit
    error, median = score.by_method["silion"], score.by_method["dummy"]
    errors = f"mean error {error:.2g} {unit}; always guessing the median of the table errs by {median:.2g}"
    return f"{errors} (ratio {ends}); {coverage}"


def marked_tables(
    scores: Mapping[str, Score], ranges: Mapping[str, RangeScore] | None = None
) -> list[tuple[tuple[str, str], str]]:
    """Return the marks and what stands between them.

    Parameters
    ----------
    scores : mapping of str to Score
        Skill by target column.
    ranges : mapping of str to RangeScore, optional
        What the ranges hold that no model stands behind; nothing is written of them where there are none.
    """
    alone = [(RANGE_MARKS, range_table(ranges))] if ranges else []
    return [(SKILL_MARKS, markdown(scores)), (VERDICT_MARKS, verdicts(scores, ranges)), *alone]


def write_docs(
    scores: Mapping[str, Score], root: Path, liquid: str = "", ranges: Mapping[str, RangeScore] | None = None
) -> list[Path]:
    """Put the tables and verdicts between their marks, in every page that has them.

    Parameters
    ----------
    scores : mapping of str to Score
        Skill by target column.
    root : Path
        Checkout.
    liquid : str
        What `liquid_table` gave; nothing is written of liquid cells where empty.
    ranges : mapping of str to RangeScore, optional
        As for `written`.

    Returns
    -------
    list of Path
        Pages written.

    Raises
    ------
    ValueError
        No page has the marks, as in an installed copy.
    """
    pages = [root / page for page in PAGES]
    tables = [*marked_tables(scores, ranges), *([(LIQUID_MARKS, liquid)] if liquid else [])]
    return list(dict.fromkeys(page for marks, text in tables for page in write_where_marked(pages, *marks, text)))
