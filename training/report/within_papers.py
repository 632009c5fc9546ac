"""Section of the report on designs of one paper: how well they are ordered, and what papers found of single levers."""

from __future__ import annotations

import numpy as np

from models.differences import FEWEST_PAPERS
from models.tasks.registry import TARGETS, TASKS, targets_with_an_error, task_of
from reporting import pages
from reporting.numbers import with_interval
from reporting.pages import counted
from training.evaluation.bootstrap import FEWEST_GROUPS
from training.evaluation.crossvalidate import MODEL
from training.rules.levers import Lever, levers
from training.train import Trained


def section(trained: Trained) -> list[pages.Block]:
    """Return the blocks of the section.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    """
    varied = levers(trained.bundle.parts, trained.found, trained.config.seed)
    blocks: list[pages.Block] = [
        pages.Heading("Two designs of one laboratory"),
        pages.Paragraph(
            "Which of two designs of one paper is better is another question than how good either is: what a "
            "laboratory does alike cancels. Pairs differ in the design alone and come from papers the model did not "
            "see; papers weigh alike; 0.5 is chance. `silion compare` tells such differences."
        ),
        _differences(trained),
        pages.Heading("What the papers say when only this changes", 3),
        pages.Paragraph(
            "Pairs of designs of one paper that differ in nothing but the lever, as far as the tables tell. The change "
            f"is that from less to more of it; with fewer than {FEWEST_GROUPS} papers it is no finding. The last "
            "column is the share of papers whose direction the model told without having seen them."
        ),
    ]
    if not varied:
        return [*blocks, pages.Paragraph("No paper of the tables varied one thing alone.")]
    return [*blocks, pages.Table(["lever", "outcome", "papers", "pairs", "rises in", "median change (90 %)",
                                  "model follows"], [_row(lever) for lever in varied])]  # fmt: skip


def _differences(trained: Trained) -> pages.Table:
    rows: list[tuple[pages.Cell, ...]] = []
    for column in targets_with_an_error():
        label = TARGETS[column].label
        known = trained.bundle.parts[task_of(column).name].differences.get(column)
        if known is None:
            rows.append((label, "", "", "", "", f"not judged: fewer than {FEWEST_PAPERS} papers"))
            continue
        skill = known.skill
        rows.append(
            (
                label,
                f"{skill['pairs']} ({skill['papers']})",
                with_interval(skill["concordance"], skill["concordance_low"], skill["concordance_high"]),
                ", ".join(f"{name} {value:.2f}" for name, value in skill["by_method"].items() if name != MODEL),
                with_interval(skill["error"], skill["error_low"], skill["error_high"]),
                "skill shown" if skill["shown"] else "no skill shown yet",
            )
        )
    columns = ["target", "pairs (papers)", "in the right order (90 %)", "baselines",
               "error over that of 'no difference'", "verdict"]  # fmt: skip
    return pages.Table(columns, rows)


def _row(lever: Lever) -> tuple[pages.Cell, ...]:
    change = with_interval(lever.median, lever.low, lever.high, "+.2g")
    return (
        lever.label,
        f"{TASKS[lever.part].outcome} ({TASKS[lever.part].scale_unit})",
        lever.papers,
        lever.pairs,
        f"{lever.rises} of {counted(lever.papers, 'paper')}",
        change if lever.papers >= FEWEST_GROUPS else f"{change}; too few papers",
        f"{100 * lever.follows:.0f} %" if np.isfinite(lever.follows) else "",
    )
