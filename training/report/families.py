"""Skill and intervals of conductivity by what is known of an electrolyte, and in each family."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pandas as pd

from models.tasks.registry import LINK, TASKS
from reporting import pages
from reporting.files import write_csv
from training.evaluation.regimes.families import FEWEST_PAPERS, MANY_PAPERS, by_family, least_share, many_shares
from training.evaluation.regimes.regime import RegimeScore
from training.report.sections import Blocks, share
from training.train import REGIMES, Trained


def regimes(trained: Trained, folder: Path) -> Blocks:
    """Errors and intervals by what is known of the electrolyte; nothing where no regime was judged.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    folder : Path
        Folder that is written into.
    """
    target = TASKS[LINK].targets[0]
    scores = [RegimeScore(**kept) for kept in trained.bundle.facts[REGIMES].get(LINK, [])]
    if not scores:
        return []
    write_csv(pd.DataFrame([score.as_dict() for score in scores]), folder / f"{target.column}_by_what_is_known.csv")
    return [
        pages.Heading(f"{target.label}: how far is it known, by what is known of the electrolyte?", 3),
        pages.Paragraph(
            "Judged on papers left out, every group of papers counting once. Composition known: another paper measured "
            "it, and its value counts. Family known: no paper measured it, but others of its class. Family never seen: "
            "nothing of its class was learned from. A ratio below 1: our error is smaller than that of what stands "
            "beside."
        ),
        pages.Table(
            ["what is known", "rows", "groups", f"error, {target.error_unit}", "error over that of", "holds", "width"],
            [
                (score.regime, score.rows, score.papers, f"{score.error:.2f}", "; ".join(score.compared()),
                 score.held(), f"{score.width:.1f}")
                for score in scores
            ],
        ),
    ]  # fmt: skip


def section(trained: Trained, folder: Path) -> Blocks:
    """Coverage by family; nothing where no family has papers enough.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    folder : Path
        Folder that is written into.
    """
    target = TASKS[LINK].targets[0]
    level = trained.config.level
    judged = by_family(target, trained.found[LINK], level)
    if not judged:
        return []
    write_csv(
        pd.DataFrame([{**asdict(family), "kept": family.kept} for family in judged]),
        folder / f"{target.column}_coverage_by_family.csv",
    )
    rows = [
        (family.family, family.rows, family.papers, share(family.share), f"{share(family.low)} to {share(family.high)}",
         f"{family.width:.1f}", "yes" if family.kept else "no")
        for family in judged
    ]  # fmt: skip
    least, most = (share(bound) for bound in many_shares(level))
    return [
        pages.Heading(f"{target.label}: do the intervals hold in each family?", 3),
        pages.Paragraph(
            f"Share of the values inside the {share(level)} interval, every group of papers counting "
            "once and judged by the others, with its Clopper-Pearson interval, so wide that those of all families hold "
            f"together at 90 %. Families of {FEWEST_PAPERS} groups or more. The promise is kept where that interval "
            f"reaches the level and the share is above {share(least_share(level))}; from {MANY_PAPERS} groups on the "
            f"share itself has to lie between {least} and {most}."
        ),
        pages.Table(
            ["family", "rows", "groups", "holds", "90 % for all", f"width, {target.error_unit}", "kept"],
            rows,
        ),
    ]
