"""The report folder of a training: tables, pictures and a page, and the skill table inside the README."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from features.dictionary import write_between_marks
from features.electrolyte import classes_of
from models import figures, pages
from models.targets import CONDUCTIVITY, ICE, LIFE, RETENTION, TARGETS
from training.crossvalidate import MODEL, OutOfFold
from training.dataset import Literature
from training.evaluate import Score, coverage, errors, markdown, predictions, score_table
from training.inventory import inventory
from training.train import Trained

LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9)
BEGIN, END = "<!-- skill table: written by `silion evaluate --write-readme` -->", "<!-- end of skill table -->"
PARTS = {CONDUCTIVITY.column: "conductivity", ICE.column: "ice", RETENTION.column: "fade"}


def write_report(trained: Trained, folder: Path) -> None:
    """Write tables, pictures and the page into a folder that is there."""
    _write(trained, folder)


def _write(trained: Trained, folder: Path) -> None:
    score_table(trained.scores).to_csv(folder / "skill.csv", index=False, float_format="%.6g")
    (folder / "skill.md").write_text(markdown(trained.scores) + "\n", encoding="utf-8")
    out_of_fold(trained.found).to_csv(folder / "out_of_fold.csv", index=False, float_format="%.6g")
    pieces = [
        pages.heading("Silion: what was learned, and how far it can be trusted", 1),
        *_data(trained.literature, folder),
        *_skill(trained, folder),
    ]
    for column, part in PARTS.items():
        pieces += _parity(column, trained.found[part], folder)
    pieces += _calibration(trained.found, folder)
    pieces += _worst(trained)
    (folder / "index.html").write_text(pages.page("Silion report", pieces), encoding="utf-8")


def _data(literature: Literature, folder: Path) -> list[str]:
    found = inventory(literature)
    printed = sum(row.temperature_c is not None for row in literature.electrolytes)
    words = (
        f"{len(found.papers)} papers report a silicon cell; each row has its source and its place. {printed} of "
        f"{len(literature.electrolytes)} conductivities print a temperature; the others are read as 25 °C and flagged."
    )
    figures.save(figures.completeness(found.filled["cells"]), folder / "completeness.png")
    return [
        pages.heading("Data"),
        pages.paragraph(words),
        pages.table(["table", "rows", "in training"], [(name, *counts) for name, counts in found.tables.items()]),
        pages.table(["target", "labels", "papers"], [(name, *counts) for name, counts in found.targets.items()]),
        pages.table(
            ["electrolyte class", "measurements", "cells"], [(name, *counts) for name, counts in found.classes.items()]
        ),
        pages.picture(
            "completeness.png", "What is known of the cells and what is missing: share of rows that state each column"
        ),
    ]


def _skill(trained: Trained, folder: Path) -> list[str]:
    scores = trained.scores
    bars = [
        (TARGETS[column].label, scores[column].skill, scores[column].skill_low, scores[column].skill_high)
        for column in PARTS
    ]
    figures.save(figures.ratios(bars), folder / "skill.png")
    rows = []
    for column, score in scores.items():
        methods = "; ".join(
            f"{name} {value:.2f}" for name, value in score.by_method.items() if not name.startswith("gain")
        )
        skill = f"{score.skill_name} {score.skill:.2f} ({score.skill_low:.2f} to {score.skill_high:.2f})"
        held = f"{100 * score.coverage:.0f} % ({100 * score.coverage_low:.0f} to {100 * score.coverage_high:.0f})"
        rows.append(
            [
                TARGETS[column].label,
                f"{score.rows} ({score.papers})",
                skill,
                f"{score.measure}: {methods}",
                held,
                score.verdict,
            ]
        )
    protocol = trained.config.protocol
    return [
        pages.heading("Skill on papers never seen"),
        pages.paragraph(
            f"{protocol.repeats} times {protocol.folds} folds; no paper stands on both sides, and for "
            f"conductivity no composition either. Intervals "
            "are 90 % bootstrap intervals over papers. A target whose interval includes the dummy is "
            "marked 'no skill shown yet'."
        ),
        pages.table(
            [
                "target",
                "rows (groups)",
                "skill",
                "errors",
                f"{100 * trained.config.level:.0f} % interval holds",
                "verdict",
            ],
            rows,
        ),
        pages.picture("skill.png", "Error on unseen papers over the dummy's, per target; left of the line is skill"),
    ]


def _parity(column: str, found: OutOfFold, folder: Path) -> list[str]:
    target = TARGETS[column]
    _, rows = errors(target, found)
    truth = (
        found.examples.designs["retention_pct"].to_numpy(dtype=float)
        if target is RETENTION
        else found.examples.labels.lower
    )
    predicted = predictions(target, found)[MODEL].mean(axis=0)
    kinds = [held or "unknown" for held in classes_of(found.examples.designs.iloc[rows])]
    unit = "log10 S/cm" if target.log10 else target.unit
    figures.save(
        figures.parity(truth[rows], predicted[rows], kinds, target.label, unit), folder / f"{column}_parity.png"
    )
    return [
        pages.picture(
            f"{column}_parity.png",
            f"{target.label}: predicted with the paper unseen against measured, by electrolyte class",
        )
    ]


def _calibration(found: Mapping[str, OutOfFold], folder: Path) -> list[str]:
    held = {}
    for column, part in PARTS.items():
        papers = found[part].groups
        weight = 1 / np.bincount(papers)[papers]
        shares = []
        for level in LEVELS:
            covered, _ = coverage(TARGETS[column], found[part], level)
            known = np.isfinite(covered)
            shares.append(float((weight * covered)[known].sum() / weight[known].sum()) if known.any() else np.nan)
        held[TARGETS[column].label] = shares
    figures.save(figures.calibration(LEVELS, held), folder / "calibration.png")
    return [
        pages.heading("Do the intervals keep their promise?"),
        pages.picture(
            "calibration.png",
            "Share of values inside the interval against the level promised; each paper counts once and is "
            "judged by the others",
        ),
    ]


def _worst(trained: Trained) -> list[str]:
    rows = []
    for column, part in PARTS.items():
        target, found = TARGETS[column], trained.found[part]
        error, judged = errors(target, found)
        for place in np.argsort(-error[MODEL])[:5]:
            design = found.examples.designs.iloc[judged[place]]
            name = str(design.get("anode") or "") + " | " + str(design["electrolyte"] or "")
            rows.append(
                [
                    target.label,
                    design["row_id"],
                    name.strip(" |"),
                    f"{error[MODEL][place]:.2f}",
                    trained.literature.citation(design["paper"]),
                ]
            )
    return [pages.heading("Where it is most wrong"), pages.table(["target", "row", "design", "error", "paper"], rows)]


def out_of_fold(found: Mapping[str, OutOfFold]) -> pd.DataFrame:
    """Every out-of-fold prediction, averaged over the repeats, on the part's scale."""
    tables = []
    for name, each in found.items():
        table = pd.DataFrame(
            {
                "part": name,
                "row_id": each.examples.designs["row_id"],
                "paper": each.examples.papers,
                "lower": each.examples.labels.lower,
                "upper": each.examples.labels.upper,
                **{method: values.mean(axis=0) for method, values in each.predicted.items()},
            }
        )
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def summary(scores: Mapping[str, Score]) -> str:
    """Skill in a few lines for the terminal."""
    lines = []
    for column, score in scores.items():
        figure = f"{score.skill_name} {score.skill:.2f} ({score.skill_low:.2f} to {score.skill_high:.2f})"
        lines.append(f"  {TARGETS[column].label:<30} {figure:<48} {score.verdict}")
    lines.append(f"  ({LIFE.label}: concordance above 0.5 is skill; the others: below 1)")
    return "\n".join(lines)


def write_readme(scores: Mapping[str, Score], readme: Path) -> None:
    """Put the skill tables between the two marks of the README."""
    write_between_marks(readme, BEGIN, END, markdown(scores))
