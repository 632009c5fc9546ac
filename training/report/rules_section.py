"""Section of the model card on the field's design rules: which of them the model follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from models.explain.feature_groups import rows_of
from models.tasks.registry import TARGETS
from reporting import pages
from reporting.atomic_files import write_csv
from training.evaluation.score import Score
from training.report.skill_sections import Blocks
from training.rules.ask_model import AGAINST, FORCED, LEARNT, LEAST_PAPERS, UNJUDGED, UNLEARNT, Checked
from training.rules.summary import as_table

NUMBERS = "rule_checks.csv"
HEADER = [
    "rule", "target", "verdict", "follow", "median change", "without its papers", "papers before", "papers after",
    "source",
]  # fmt: skip


def section(checks: Sequence[Checked], scores: Mapping[str, Score], folder: Path) -> Blocks:
    """The rules with their verdicts, and their numbers as CSV.

    Parameters
    ----------
    checks : sequence of Checked
        Rules as the model was asked.
    scores : mapping of str to Score
        Skill by target column.
    folder : Path
        Of the report.
    """
    write_csv(as_table(checks), folder / NUMBERS)
    tally = Counter(checked.shipped.verdict for checked in checks)
    counts = ", ".join(f"{tally[name]} {name}" for name in (LEARNT, UNLEARNT, AGAINST, UNJUDGED, FORCED))
    return [
        pages.Heading("What it makes of the field's design rules"),
        pages.Paragraph(
            f"{len(checks)} rules of the reviews are asked of the model: training designs are changed as a rule says, "
            f"and the prediction watched. {counts}. 'Follow' counts the designs near what is known whose prediction "
            "moves as the rule says; the median change is positive in that direction, in decades for conductivity and "
            "cycle life, else in percentage points. Each rule is asked once more of a model fitted without the papers "
            "it came from. Papers before and after are those of the training rows on either side of the change: below "
            f"{LEAST_PAPERS} on a side there is too little to learn it from, whatever the verdict."
        ),
        *_doubt(checks, scores),
        rules_table(checks),
        pages.Bullets([pages.Link(f"the counts of both models: {NUMBERS}", NUMBERS)]),
    ]


def _doubt(checks: Sequence[Checked], scores: Mapping[str, Score]) -> Blocks:
    """That following a rule is no merit where the target shows no skill."""
    unshown = [
        TARGETS[column].label
        for column, score in scores.items()
        if not score.shown and any(checked.check.target == column for checked in checks)
    ]
    if not unshown:
        return []
    return [
        pages.Paragraph(
            f"No skill is shown yet for {', '.join(unshown)}: there 'learnt' says how the model answers, not that it "
            "is right."
        )
    ]


def rules_table(checks: Sequence[Checked]) -> pages.Table:
    """One line per rule.

    Parameters
    ----------
    checks : sequence of Checked
        Rules as the model was asked.
    """
    rows: list[tuple[pages.Cell, ...]] = [
        (
            row.rule, TARGETS[row.target].label, row.verdict, f"{row.shipped_followed} of {row.shipped_designs}",
            "" if row.shipped_median != row.shipped_median else f"{row.shipped_median:+.2g}",
            row.verdict_without_its_papers, row.papers_before, row.papers_after, row.sources,
        )
        for row in rows_of(as_table(checks))
    ]  # fmt: skip
    return pages.Table(HEADER, rows)
