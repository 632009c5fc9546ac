"""What a model makes of the design rules, as text and as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from models.targets import TARGETS
from training.rules import AGAINST, FORCED, LEARNT, UNJUDGED, UNLEARNT, Checked, Count

UNIT = {True: "decades", False: "percentage points"}
LEAST_PAPERS = 3
NO_PAPER = "no row is from its papers"


def as_table(found: Sequence[Checked]) -> pd.DataFrame:
    """One row per check: the rule and its source, the verdict on both models, counts, and the papers on either side."""
    return pd.DataFrame(
        [
            {
                "check_id": each.check.check_id,
                "rule": each.check.said,
                "target": each.check.target,
                "verdict": each.shipped.verdict,
                **_counts("shipped", each.shipped),
                "verdict_without_its_papers": each.without.verdict if each.without else NO_PAPER,
                **_counts("without", each.without or Count(0, 0, 0, float("nan"))),
                "median_unit": UNIT[TARGETS[each.check.target].log10],
                "papers_before": each.papers[0],
                "papers_after": each.papers[1],
                "outside_domain": each.outside,
                "left_out": ";".join(each.left_out),
                "rule_ids": ";".join(rule.rule_id for rule in each.check.rules),
                "sources": "; ".join(f"{rule.seed}, {rule.place}" for rule in each.check.rules),
            }
            for each in found
        ]
    )


def _counts(name: str, count: Count) -> dict[str, Any]:
    return {
        f"{name}_designs": count.designs,
        f"{name}_followed": count.followed,
        f"{name}_unmoved": count.unmoved,
        f"{name}_against": count.against,
        f"{name}_median": count.median,
    }


def as_text(found: Sequence[Checked], facts: Mapping[str, Any]) -> str:
    """The checks by target, each with its counts and its sources, and what may be made of them.

    Parameters
    ----------
    facts : of the bundle, for the skill of its targets
    """
    tally = Counter(each.shipped.verdict for each in found)
    lines = [
        "design rules asked of the model: designs are changed as the rule says, and the prediction watched",
        ", ".join(f"{tally[verdict]} {verdict}" for verdict in (LEARNT, UNLEARNT, AGAINST, UNJUDGED, FORCED)),
    ]
    for column, target in TARGETS.items():
        own = [each for each in found if each.check.target == column]
        if not own:
            continue
        shown = facts.get("skill", {}).get(column, {}).get("shown", False)
        skill = (
            "skill shown" if shown else "no skill shown yet: 'learnt' says how the model answers, not that it is right"
        )
        lines += ["", f"{target.label} ({skill})"]
        for each in own:
            lines += _lines(each)
    return "\n".join(lines)


def _lines(each: Checked) -> list[str]:
    sources = "; ".join(f"{rule.rule_id} ({rule.seed}, {rule.place})" for rule in each.check.rules)
    before, after = each.papers
    few = " (too few to learn it from)" if min(before, after) < LEAST_PAPERS else ""
    held = f"papers on either side: {before} and {after}{few}"
    if each.outside:
        held += f"; {each.outside} designs left out, outside the domain"
    without = f"without {', '.join(each.left_out)}: " if each.left_out else ""
    told = without + (_count(each.without, each) if each.without else NO_PAPER)
    return [
        f"  {each.shipped.verdict:<13} {each.check.said}",
        f"  {'':<13} {_count(each.shipped, each)}; {held}",
        f"  {'':<13} {told}",
        f"  {'':<13} {sources}",
    ]


def _count(count: Count, each: Checked) -> str:
    if not count.designs:
        return "no design near what is known"
    unit = UNIT[TARGETS[each.check.target].log10]
    return (
        f"{count.verdict}: {count.followed} of {count.designs} designs follow, {count.unmoved} do not move, "
        f"{count.against} go against (median {count.median:+.2g} {unit})"
    )
