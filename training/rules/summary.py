"""The design rules checked on a model, as a table and as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from models.tasks.registry import TARGETS
from training.rules.ask_model import (
    AGAINST,
    FORCED,
    LEARNT,
    LEAST_PAPERS,
    NO_PAPER,
    UNJUDGED,
    UNLEARNT,
    Checked,
    Count,
)
from training.rules.rule_file import RuleCheck

FIGURES = ("designs", "followed", "unmoved", "against", "median")
"""Figures of a `Count` that stand in the table."""
UNIT = {True: "decades", False: "percentage points"}
"""Unit of a change, by whether the target is logarithmic."""


def as_table(checked: Sequence[Checked]) -> pd.DataFrame:
    """Return one row per check: rule and source, verdict on both models, counts, and the papers on either side.

    Parameters
    ----------
    checked : sequence of Checked
        The rules, checked.

    Returns
    -------
    DataFrame
        Medians in the unit of `median_unit`, NaN without designs.
    """
    return pd.DataFrame(
        [
            {
                "check_id": result.check.check_id,
                "rule": result.check.said,
                "target": result.check.target,
                "verdict": result.shipped.verdict,
                **_counts("shipped", result.shipped),
                "verdict_without_its_papers": result.without.verdict if result.without else NO_PAPER,
                **_counts("without", result.without or Count(0, 0, 0, float("nan"))),
                "median_unit": UNIT[TARGETS[result.check.target].log10],
                "papers_before": result.papers[0],
                "papers_after": result.papers[1],
                "outside_domain": result.outside,
                "left_out": ";".join(result.left_out),
                "rule_ids": ";".join(rule.rule_id for rule in result.check.rules),
                "sources": "; ".join(f"{rule.seed}, {rule.place}" for rule in result.check.rules),
            }
            for result in checked
        ]
    )


def _counts(name: str, count: Count) -> dict[str, Any]:
    return {f"{name}_{figure}": getattr(count, figure) for figure in FIGURES}


def as_text(checked: Sequence[Checked], facts: Mapping[str, Any]) -> str:
    """Return the checks by target, each with its counts and its sources, and what may be made of them.

    Parameters
    ----------
    checked : sequence of Checked
        The rules, checked.
    facts : mapping of str to object
        Of the bundle, for the skill of its targets.
    """
    tally = Counter(result.shipped.verdict for result in checked)
    lines = [
        "design rules asked of the model: designs are changed as the rule says, and the prediction watched",
        ", ".join(f"{tally[verdict]} {verdict}" for verdict in (LEARNT, UNLEARNT, AGAINST, UNJUDGED, FORCED)),
    ]
    for column, target in TARGETS.items():
        of_target = [result for result in checked if result.check.target == column]
        if not of_target:
            continue
        proven = facts.get("skill", {}).get(column, {}).get("shown", False)
        skill = (
            "skill shown" if proven else "no skill shown yet: 'learnt' says how the model answers, not that it is right"
        )
        lines += ["", f"{target.label} ({skill})"]
        for result in of_target:
            lines += _lines(result)
    return "\n".join(lines)


def _lines(checked: Checked) -> list[str]:
    sources = "; ".join(f"{rule.rule_id} ({rule.seed}, {rule.place})" for rule in checked.check.rules)
    before, after = checked.papers
    few = " (too few to learn it from)" if min(before, after) < LEAST_PAPERS else ""
    papers = f"papers on either side: {before} and {after}{few}"
    if checked.outside:
        papers += f"; {checked.outside} designs left out, outside the domain"
    left_out = f"without {', '.join(checked.left_out)}: " if checked.left_out else ""
    without = _count_text(checked.without, checked.check) if checked.without else NO_PAPER
    return [
        f"  {checked.shipped.verdict:<13} {checked.check.said}",
        f"  {'':<13} {_count_text(checked.shipped, checked.check)}; {papers}",
        f"  {'':<13} {left_out}{without}",
        f"  {'':<13} {sources}",
    ]


def _count_text(count: Count, check: RuleCheck) -> str:
    if not count.designs:
        return "no design near what is known"
    unit = UNIT[TARGETS[check.target].log10]
    return (
        f"{count.verdict}: {count.followed} of {count.designs} designs follow, {count.unmoved} do not move, "
        f"{count.against} go against (median {count.median:+.2g} {unit})"
    )
