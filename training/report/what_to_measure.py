"""Section of the model card on what to measure next: where the training data are thin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from features.tables.columns import unit_of
from features.tables.records import Candidate
from models.explain.feature_groups import rows_of
from models.tasks.registry import TARGETS, TASKS, targets_with_an_error, task_of
from reporting import pages
from reporting.atomic_files import write_csv
from training.evaluation.crossvalidate import OutOfFold
from training.report import tables as card
from training.report.distance import distance_table
from training.report.skill_sections import Blocks
from training.rules.ask_model import LEAST_PAPERS, Checked
from training.rules.evidence import papers_in
from training.rules.rule_file import FAMILY
from training.train import Trained

MATERIAL = {FAMILY, "electrolyte", "electrolyte_class", "anode"}
"""What every row names in some way: nothing that a paper could leave out."""
FEW_WORDS = 4
"""Different words of a column that are still listed one by one."""
ALONE = 3
"""Designs listed for each target, those farthest from the rows of other papers."""


def section(trained: Trained, checks: Sequence[Checked], folder: Path) -> Blocks:
    """Describe what is rarely stated, which rules lack papers, and which designs stand alone.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    checks : sequence of Checked
        Rules as the model was asked.
    folder : Path
        Of the report.
    """
    rare, open_rules, alone = rarely_stated(trained.found, checks), unsettled(checks), alone_of(trained)
    for name, table in (("rarely_stated", rare), ("open_rules", open_rules), ("alone", alone)):
        write_csv(table, folder / f"{name}.csv")
    return [
        pages.Heading("What to measure next"),
        pages.Paragraph(
            "What the training can say of it: where its data are thin. 'silion suggest DESIGNS.csv' ranks designs of "
            "your own by what measuring them would teach this model."
        ),
        pages.Heading("State these with every result", 3),
        pages.Paragraph(
            "Columns that the reviews' rules speak of, and how many of the papers that report the result state them. A "
            "column that few papers state cannot be learnt from, whatever it does in the cell; whoever measured knows "
            "it. (numbers: rarely_stated.csv)"
        ),
        pages.Table(
            ["column", "unit", "result", "papers that state it", "of", "values"],
            [(row.column, row.unit, row.result, row.papers, row.of, row.values) for row in rows_of(rare)],
        ),
        pages.Heading("Papers that rules wait for", 3),
        pages.Paragraph(
            f"Cells that fewer than {LEAST_PAPERS} papers report, and the rules that wait for them. "
            "A paper that measures both sides of a rule, all else equal, serves twice. (numbers: open_rules.csv)"
        ),
        pages.Table(
            ["cells with", "result", "papers missing", "rules"],
            [(row.setting, TARGETS[row.target].label, row.missing, row.rules) for row in rows_of(open_rules)],
        ),
        pages.Heading("Designs that stand alone", 3),
        pages.Paragraph(
            "The training rows farthest from those of every other paper, in standard deviations: what they say rests "
            "on one paper, and a second one near them would show whether it holds. (numbers: alone.csv)"
        ),
        pages.Table(
            ["result", "row", "design", "distance", "paper"],
            [
                (TARGETS[row.target].label, row.row_id, row.design, f"{row.distance:.2f}", row.citation)
                for row in rows_of(alone)
            ],
        ),
    ]


def rarely_stated(folds: Mapping[str, OutOfFold], checks: Sequence[Checked]) -> pd.DataFrame:
    """Columns the rules on cells change, and the papers that state them beside a result, fewest first.

    Parameters
    ----------
    folds : mapping of str to OutOfFold
        Out-of-fold predictions by part.
    checks : sequence of Checked
        Rules as the model was asked.

    Returns
    -------
    DataFrame
        `column`, `unit`, `result`, `papers` (that state it), `of` (papers with the result), `values` (the range of a
        number, else the number of different words).
    """
    columns = sorted({name for checked in checks for name in (*checked.check.before, *checked.check.after)} - MATERIAL)
    rows = []
    for part, result in [(name, task.result) for name, task in TASKS.items() if task.of_cells]:
        designs = folds[part].examples.designs
        for column in columns:
            if column not in designs:
                continue
            stating = designs[designs[column].notna()]
            unit = unit_of(Candidate, column)
            rows.append(
                (column, unit, result, len(papers_in(stating)), len(papers_in(designs)), _values(stating[column], unit))
            )
    table = pd.DataFrame(rows, columns=["column", "unit", "result", "papers", "of", "values"])
    return table.sort_values(["papers", "column", "result"], kind="stable").reset_index(drop=True)


def _values(values: pd.Series, unit: str) -> str:
    if values.empty:
        return "none"
    if not unit:
        names = sorted({{True: "yes", False: "no"}.get(value, str(value)) for value in values})
        return ", ".join(names) if len(names) <= FEW_WORDS else f"{len(names)} different"
    low, high = float(values.min()), float(values.max())
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def unsettled(checks: Sequence[Checked]) -> pd.DataFrame:
    """Sides of rules that too few papers stand on, those that most rules wait for first.

    Parameters
    ----------
    checks : sequence of Checked
        Rules as the model was asked.

    Returns
    -------
    DataFrame
        `setting` (what the cells must be), `target`, `missing` (papers), `rules` (in words, joined by `; `). A rule
        that is certain physics is forced and needs no papers.
    """
    waiting: dict[tuple[str, str, int], list[str]] = {}
    for checked in checks:
        if checked.check.certain:
            continue
        for settings, count in zip((checked.check.before, checked.check.after), checked.papers, strict=True):
            if count < LEAST_PAPERS:
                setting = ", ".join(f"{name} {value}" for name, value in settings.items())
                waiting.setdefault((setting, checked.check.target, LEAST_PAPERS - count), []).append(checked.check.said)
    ordered = sorted(waiting.items(), key=lambda item: -len(item[1]))
    rows = [(*key, "; ".join(dict.fromkeys(rules))) for key, rules in ordered]
    return pd.DataFrame(rows, columns=["setting", "target", "missing", "rules"])


def alone_of(trained: Trained) -> pd.DataFrame:
    """The designs farthest from the rows of other papers: `target`, `row_id`, `design`, `distance`, `paper`,
    `citation`; one row a paper, as many as `ALONE` for each target.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    """
    tables = []
    for column in targets_with_an_error():
        part = task_of(column).name
        domain, folds = trained.bundle.parts[part].domain, trained.found[part]
        if domain is None:
            continue
        away = distance_table(TARGETS[column], folds, domain).sort_values("distance", ascending=False, kind="stable")
        first = away.drop_duplicates("paper").head(ALONE)
        names = dict(zip(folds.examples.designs["row_id"], card.designs_of(folds.examples.designs), strict=True))
        tables.append(
            pd.DataFrame(
                {
                    "target": column,
                    "row_id": first["row_id"],
                    "design": first["row_id"].map(names),
                    "distance": np.asarray(first["distance"], dtype=float),
                    "paper": first["paper"],
                    "citation": [trained.literature.citation(paper) for paper in first["paper"]],
                }
            )
        )
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
