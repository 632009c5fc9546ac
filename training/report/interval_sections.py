"""Sections of the model card on what intervals and ranges hold: by target and family of electrolytes, of quantities
that no model learns, and of activation energies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from models.tasks.registry import LINK, RANGES, TARGETS, TASKS
from reporting import figures, pages
from reporting.atomic_files import Written, write_csv
from reporting.numbers import share, share_with_interval
from training.evaluation.regimes.energies import EnergyScore
from training.evaluation.regimes.families import FEWEST_PAPERS, MANY_PAPERS, least_share, many_shares
from training.evaluation.regimes.families import by_family as judge_families
from training.evaluation.regimes.range_only import RangeScore
from training.evaluation.regimes.regime import RegimeScore
from training.report import tables as card
from training.report.skill_sections import Blocks
from training.train import REGIMES, Trained

RANGES_TITLE, ENERGIES_TITLE = "Range only", "Activation energies"
RANGES_HEADER = ("quantity", "values judged", "groups of papers", "promised", "held (90 %)", "mean width", "verdict")


def by_target(trained: Trained, folder: Path) -> Blocks:
    """Share of the values inside their intervals.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    folder : Path
        Folder that is written into.
    """
    table = card.coverage_table(trained.found)
    shares_by_target = {
        TARGETS[str(column)].label: rows["held"].tolist() for column, rows in table.groupby("target", sort=False)
    }
    level = f"{100 * trained.config.level:.0f} %"
    rows = []
    for column, score in trained.scores.items():
        shares = shares_by_target.get(TARGETS[column].label, [np.nan] * len(card.LEVELS))
        last = score.coverage_text, f"{score.width:.2f}", TARGETS[column].error_unit
        rows.append((TARGETS[column].label, *map(share, shares), *last))
    levels = [f"{100 * promised:.0f} %" for promised in card.LEVELS]
    return [
        pages.Heading("Do the intervals keep their promise?"),
        pages.Paragraph(
            "Share of the values inside their interval, by the level promised. Every group counts once and its "
            f"interval is calibrated on the others. Beside the {level} interval stand the 90 % bootstrap interval over "
            "groups and the mean width of the interval. A cycle life that is known from one side only counts as inside "
            "where the interval meets its bound, which says little."
        ),
        pages.Table(["target", *levels, f"{level}, with its interval by paper", "mean width", "unit"], rows),
        Written(folder).picture(
            "calibration",
            figures.calibration(card.LEVELS, shares_by_target),
            table,
            "Share of values inside the interval against the level promised; each group counts once and is judged by "
            "the others",
        ),
    ]


def of_ranges(ranges: Mapping[str, RangeScore]) -> Blocks:
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
    return [pages.Heading(RANGES_TITLE), pages.Paragraph(how), pages.Table(list(RANGES_HEADER), rows)]


def of_energies(score: EnergyScore | None) -> Blocks:
    """Return the section; nothing where too few papers print an energy.

    Parameters
    ----------
    score : EnergyScore or None
        As `energy_score` gives it.
    """
    return [pages.Heading(ENERGIES_TITLE), pages.Paragraph(score.text)] if score else []


def by_what_is_known(trained: Trained, folder: Path) -> Blocks:
    """Errors and intervals by what is known of the electrolyte; nothing where no regime was judged.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    folder : Path
        Folder that is written into.
    """
    target = TASKS[LINK].targets[0]
    scores = [RegimeScore(**fields) for fields in trained.bundle.facts[REGIMES].get(LINK, [])]
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
                 score.coverage_text, f"{score.width:.1f}")
                for score in scores
            ],
        ),
    ]  # fmt: skip


def by_family(trained: Trained, folder: Path) -> Blocks:
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
    judged = judge_families(target, trained.found[LINK], level)
    if not judged:
        return []
    write_csv(
        pd.DataFrame([{**asdict(family), "kept": family.covers_as_stated} for family in judged]),
        folder / f"{target.column}_coverage_by_family.csv",
    )
    rows = [
        (family.family, family.rows, family.papers, share(family.share), f"{share(family.low)} to {share(family.high)}",
         f"{family.width:.1f}", "yes" if family.covers_as_stated else "no")
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
