"""Sections of the model card on skill: errors beside the baselines, errors by class, learning curves, and the
largest errors. Each writes its pictures, with their numbers beside them, into the report's folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from models.tasks.registry import TARGETS, targets_with_an_error
from reporting import figures, pages
from reporting.atomic_files import Written, save_figure, write_csv
from reporting.figures import LearningRow
from reporting.numbers import number, with_interval
from training.evaluation.baselines import BASELINES
from training.evaluation.crossvalidate import MODEL
from training.evaluation.score import Score, sentence
from training.report import tables as card
from training.train import Trained

Blocks = list[pages.Block]
GLANCE = "Skill at a glance"
"""First section of the report."""


def glance(scores: Mapping[str, Score], folder: Path) -> Blocks:
    """Skill of each target in a sentence and a picture.

    Parameters
    ----------
    scores : mapping of str to Score
        Skill by target column.
    folder : Path
        Folder that is written into.
    """
    judged = {column: scores[column] for column in targets_with_an_error()}
    bars = [(TARGETS[column].label, score.skill, score.skill_low, score.skill_high) for column, score in judged.items()]
    save_figure(figures.ratios(bars), folder / "skill.png")
    return [
        pages.Heading(GLANCE),
        pages.Picture(
            "skill.png",
            "Error on papers never seen, over the error of the median of the table; left of the line is skill",
            "skill.csv",
        ),
        pages.Bullets(card.verdicts(scores)),
    ]


def skill(trained: Trained) -> Blocks:
    """Errors beside the baselines, per target.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    """
    judged = {column: trained.scores[column] for column in targets_with_an_error()}
    methods = [MODEL, *BASELINES]
    rows: list[tuple[pages.Cell, ...]] = [
        (
            f"{TARGETS[column].label}, {TARGETS[column].error_unit}",
            score.rows,
            score.papers,
            f"{score.removed:.1f}",
            *(number(score.by_method[name]) for name in methods),
            score.skill_text,
            score.verdict,
        )
        for column, score in judged.items()
    ]
    protocol = trained.config.protocol
    censored = [score for column, score in trained.scores.items() if TARGETS[column].censored]
    return [
        pages.Heading("Skill on papers never seen"),
        pages.Paragraph(
            f"{protocol.folds} folds, dealt {_times(protocol.repeats)}; no paper stands on both sides, and for "
            "conductivity no composition either. Each method's column is its mean absolute error. Dummy is the median "
            "of the training rows, nearest the mean of the three nearest rows, ridge a straight line. Intervals are "
            "90 % bootstrap intervals over groups. A target whose interval includes the dummy is marked 'no skill "
            "shown yet', and so is one whose interval does without the paper that helps most. Kin is "
            "the number of training rows left out of a fold as kin of its test rows, on average."
        ),
        pages.Table(["target", "rows", "groups", "kin", *methods, "error over the dummy's (90 %)", "verdict"], rows),
        pages.Paragraph(
            "Conductivity on chemical systems never seen, where a group is a set of elements, or a class where no "
            f"stoichiometry is known: {sentence(trained.by_system)}."
        ),
        pages.Paragraph(
            "Cycle life is mostly known from one side only, so it is judged by the order of the cells (concordance; "
            "0.5 is chance) and by the likelihood of what is known beside the better of two dummies that know no "
            "design; both must show skill."
        ),
        pages.Table(
            ["target", "cells", "groups", "known from both sides", "concordance (90 %)", "log-likelihood per cell",
             "better dummy's", "gain (90 %)", "verdict"],
            [_censored_row(score) for score in censored],
        ),
    ]  # fmt: skip


def _censored_row(score: Score) -> tuple[str | int, ...]:
    own, dummy = score.by_method[MODEL], score.by_method["dummy"]
    gain = with_interval(own - dummy, score.by_method["gain_low"], score.by_method["gain_high"], "+.2f")
    return (
        TARGETS[score.target].label, score.rows, score.papers, f"{score.by_method['two_sided']:.0f}", score.skill_text,
        number(own), number(dummy), gain, score.verdict,
    )  # fmt: skip


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def parity(tables: Mapping[str, pd.DataFrame], folder: Path) -> Blocks:
    """Predicted against measured, and errors by class; tables of `card.parity_table` by target column.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Parity tables by target column.
    folder : Path
        Folder that is written into.
    """
    seen = Counter(kind for table in tables.values() for kind in table["electrolyte_class"])
    order = [kind for kind, _ in seen.most_common()]
    blocks: Blocks = [
        pages.Heading("Predicted against measured, by class"),
        pages.Paragraph(
            "Error is the mean absolute error with the paper unseen; bias the mean of predicted minus measured, so a "
            "negative one says that the model predicts too little; only bounded rows are drawn and not judged. A class "
            f"of fewer than {card.FEWEST_PAPERS} papers is marked '{card.TOO_FEW}'."
        ),
    ]
    for column, table in tables.items():
        target = TARGETS[column]
        low, high, predicted = (table[name].to_numpy() for name in ("measured_low", "measured_high", "predicted"))
        picture = figures.parity(
            low, high, predicted, table["electrolyte_class"].tolist(), order, target.label, table["unit"].iloc[0]
        )
        caption = (
            f"{target.label}: predicted with the paper unseen against measured, by electrolyte class; on the line both "
            "are equal; hollow points are bounds and ranges, an arrow shows the open side"
        )
        blocks += [
            pages.Heading(f"{target.label}, errors in {target.error_unit}", 3),
            Written(folder).picture(f"{column}_parity", picture, table, caption),
        ]
        for kind, name in card.KINDS.items():
            if kind in table:
                classes = card.class_table(table, kind)
                write_csv(classes, folder / f"{column}_by_{kind}.csv")
                blocks.append(_classes(classes, name))
    return blocks


def _classes(table: pd.DataFrame, name: str) -> pages.Table:
    header = [name, "rows", "only bounded", "papers", "error", "bias", "dummy's error", "remark"]
    rows = [
        (row["kind"], row["rows"], row["bounds"], row["papers"], number(row["error"]), number(row["bias"], "+.2f"),
         number(row["dummy_error"]), row["remark"])
        for row in table.to_dict("records")
    ]  # fmt: skip
    return pages.Table(header, rows)


def learning(curves: Mapping[str, Sequence[LearningRow]], folder: Path) -> Blocks:
    """Learning curves by target column; nothing where no curve has points.

    Parameters
    ----------
    curves : mapping of str to sequence of LearningRow
        Learning curves by target.
    folder : Path
        Folder that is written into.
    """
    blocks: Blocks = []
    for column, rows in curves.items():
        if not rows:
            continue
        target = TARGETS[column]
        caption = f"{target.label}: error on unseen papers by the share of the other papers learned from; dashed: dummy"
        numbers = pd.DataFrame(
            [tuple(row) for row in rows], columns=["share", "groups", "error", "error_low", "error_high", "dummy_error"]
        )
        cells = [
            (f"{100 * part:.0f} %", groups, with_interval(error, low, high), f"{dummy:.2f}")
            for part, groups, error, low, high, dummy in rows
        ]
        blocks += [
            pages.Heading(target.label, 3),
            pages.Table(["share of papers", "groups judged", f"error ({target.error_unit})", "dummy's error"], cells),
            Written(folder).picture(
                f"{column}_learning", figures.learning_curve(rows, target.label, target.error_unit), numbers, caption
            ),
        ]  # fmt: skip
    text = (
        "The same unseen papers, predicted from a share of the others: a curve that still falls at its right end says "
        "that more papers would help. The band and the parentheses give the 90 % bootstrap interval over groups."
    )
    return [pages.Heading("Learning curve"), pages.Paragraph(text), *blocks] if blocks else []


def worst(trained: Trained, tables: Mapping[str, pd.DataFrame]) -> Blocks:
    """The rows with the largest errors, with their papers.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    tables : mapping of str to DataFrame
        Parity tables by target column.
    """
    blocks: Blocks = [pages.Heading("Where it is most wrong")]
    for column, table in tables.items():
        target = TARGETS[column]
        rows = [
            (*(row[name] for name in card.WORST), number(row["error"]), row["citation"], _doi(row["doi"]))
            for row in card.worst(target, table, trained.literature).to_dict("records")
        ]
        header = ["row", "design", "measured", "predicted", "error", "paper", "DOI"]
        blocks += [pages.Heading(f"{target.label}, errors in {target.error_unit}", 3), pages.Table(header, rows)]
    return blocks


def _doi(doi: str) -> pages.Link | None:
    return pages.Link(doi, f"https://doi.org/{quote(doi)}") if doi else None
