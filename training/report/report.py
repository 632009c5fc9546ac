"""The report folder of a training: the model card as a page that holds its pictures and as Markdown, the page of open
questions, and the numbers of every picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from models.explain.importance import Overall, overall
from models.tasks.registry import TARGETS, targets_of, targets_with_an_error, task_of
from reporting import atlas, figures, pages
from reporting.atomic_files import Written, write_csv
from reporting.explain.explanation_page import NO_SKILL
from reporting.explain.importance_section import label_of, strength_blocks
from reporting.model_summary import figure_name
from reporting.pages import capital
from training.evaluation.crossvalidate import OutOfFold
from training.evaluation.score import Score, markdown, score_table
from training.report import (
    data_needed,
    distance,
    interval_sections,
    lab_effect,
    questions_page,
    rules_section,
    skill_sections,
    what_to_measure,
    within_papers,
)
from training.report import tables as card
from training.report.inventory import described_rows, enough_text, inventory
from training.report.skill_sections import Blocks
from training.rules.ask_model import check_rules
from training.rules.review_questions import answers
from training.rules.rule_file import read_checks
from training.train import Trained

TITLE = "Silion: what was learned, and how far it can be trusted"
SHOWN_HASH = 12
ATLAS, ATLAS_PAGE = "What was measured, and by whom", "atlas.html"
NOT_FOR = "What it must not be used for"
"""Sections of the first screens; the others are behind a click."""


def report_steps() -> int:
    """Number of steps `write_report` reports to its progress."""
    return len(read_checks())


def write_report(
    trained: Trained, folder: Path, on: date | None = None, progress: Callable[[int], None] = lambda rules: None
) -> None:
    """Write the model card into a folder that is there, as `index.html` (one file that can be mailed) and `card.md`,
    with tables and pictures beside them, and the open questions as `questions.html` and `questions.md`.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    folder : Path
        Written into; must be there.
    on : date or None
        Day that the card names; today (UTC) where None.
    progress : callable
        Called with the number of design rules just asked, which is what takes time.
    """
    write_csv(score_table(trained.scores), folder / "skill.csv")
    (folder / "skill.md").write_text(markdown(trained.scores) + "\n", encoding="utf-8")
    write_csv(out_of_fold(trained.found), folder / "out_of_fold.csv")
    tables = {
        column: card.parity_table(target, trained.found[task_of(column).name])
        for column, target in targets_with_an_error().items()
    }
    importances = {part: overall(trained.bundle, part, pairs=False) for part in trained.bundle.parts}
    checked = check_rules(trained.bundle, trained.literature, read_checks(), trained.config.seed, progress)
    values = atlas.points({name: folds.examples for name, folds in trained.found.items()}, trained.literature)
    drawn = atlas.gallery(values)
    (folder / ATLAS_PAGE).write_text(atlas.page(values, drawn), encoding="utf-8")
    blocks = [
        *_verdict(trained),
        *skill_sections.glance(trained.scores, folder),
        pages.Heading(ATLAS),
        *drawn,
        pages.Bullets(
            [
                pages.Link("Every value with its paper, as tables", ATLAS_PAGE),
                pages.Link(f"{questions_page.TITLE}", questions_page.PAGE),
            ]
        ),
        pages.Heading(NOT_FOR),
        pages.Bullets(card.not_for(trained)),
        *skill_sections.skill(trained),
        *interval_sections.by_target(trained, folder),
        *interval_sections.of_ranges(trained.ranges),
        *interval_sections.of_energies(trained.energies),
        *skill_sections.parity(tables, folder),
        *interval_sections.by_what_is_known(trained, folder),
        *interval_sections.by_family(trained, folder),
        *distance.section(trained, folder),
        *lab_effect.section(trained, folder),
        *within_papers.section(trained),
        *skill_sections.learning(trained.learning, folder),
        *data_needed.section(trained.learning, trained.described),
        *_importance(trained, importances.values(), folder),
        *rules_section.section(checked, trained.scores, folder),
        *skill_sections.worst(trained, tables),
        *what_to_measure.section(trained, checked, folder),
        *_data(trained, folder),
        *_sources(trained, folder),
        *_model(trained, on or datetime.now(UTC).date()),
    ]
    page = pages.html(
        TITLE, pages.sortable(pages.inlined(blocks, folder)), unfolded=(skill_sections.GLANCE, ATLAS, NOT_FOR)
    )
    (folder / "index.html").write_text(page, encoding="utf-8")
    (folder / "card.md").write_text(pages.markdown(TITLE, blocks), encoding="utf-8")
    questions_page.write_questions(answers(trained, importances, checked), trained, folder)


def _verdict(trained: Trained) -> Blocks:
    """Return what a reader needs first: what was learned, and how far each quantity can be trusted."""
    by_verdict: dict[bool, list[str]] = {True: [], False: []}
    for column, score in trained.scores.items():
        by_verdict[score.shown and not score.rests_on_one_paper].append(TARGETS[column].label)
    useful, ranges = (card.listed(labels) for labels in by_verdict.values())
    return [
        pages.Paragraph(
            f"On papers it never saw, this model predicts {useful} better than the median of the table does."
            if useful
            else "On papers it never saw, this model predicts nothing better than the median of the table does."
        ),
        *(
            [pages.Paragraph(f"For {ranges} no skill is shown yet: read these as ranges, and do not rank by them.")]
            if ranges
            else []
        ),
    ]


def _model(trained: Trained, on: date) -> Blocks:
    """Return what is needed to make the model again: versions, hashes, settings."""
    facts, config = trained.bundle.facts, trained.config
    rows: list[tuple[str, pages.Cell]] = [
        ("version of the code", facts["code_version"]),
        ("date", on.isoformat()),
        *((f"SHA-256 of {name}", f"{value[:SHOWN_HASH]}…") for name, value in trained.literature.hashes.items()),
        ("seed", config.seed),
        ("folds by paper", config.folds),
        ("times the folds were dealt", config.repeats),
        ("packages", ", ".join(f"{name} {version}" for name, version in facts["packages"].items())),
        ("Python", facts["python"]),
    ]
    return [
        pages.Heading("What the model is"),
        pages.Table(["what", "value"], rows),
        pages.Paragraph(
            "Settings of the model that is kept, by part: ice is the initial Coulombic efficiency, fade the capacity "
            "retention and the cycle life, which share one model."
        ),
        _settings(trained),
        *_choice(trained),
    ]


def _settings(trained: Trained) -> pages.Table:
    settings = {name: asdict(part.ensemble.recipe) for name, part in trained.bundle.parts.items()}
    chosen = trained.bundle.facts["chosen"]
    rows: list[tuple[pages.Cell, ...]] = [("recipe", *(chosen[name] for name in settings))]
    for name in next(iter(settings.values())):
        rows.append((name, *(_setting(recipe[name]) for recipe in settings.values())))
    return pages.Table(["setting", *settings], rows)


def _setting(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _choice(trained: Trained) -> Blocks:
    rows = []
    for part, choices in trained.config.choices.items():
        chosen = Counter(trained.found[part].chosen)
        settings = {name: asdict(recipe) for name, recipe in choices.items()}
        for name, own in settings.items():
            apart = [
                f"{key} {_setting(value)}"
                for key, value in own.items()
                if any(recipe[key] != value for recipe in settings.values())
            ]
            is_kept = "yes" if trained.bundle.facts["chosen"][part] == name else ""
            rows.append((part, name, ", ".join(apart), f"{chosen[name]} of {chosen.total()}", is_kept))
    return [
        pages.Heading("Recipes that could be chosen", 3),
        pages.Paragraph(
            "Each fold chose among these recipes by its training papers alone, and the kept model once more by all "
            "papers: the skill stated here is that of choice and fit together, not of one recipe."
        ),
        pages.Table(["part", "recipe", "what sets it apart", "folds that chose it", "kept"], rows),
    ]


def _described(described: dict[str, dict[str, float]], papers: Mapping[str, tuple[int, int]] | None = None) -> Blocks:
    """Return how many cells of each target state each of the nine descriptors."""
    return [
        pages.Paragraph(
            "Share of the labels whose cell states a descriptor. What no cell states no model can learn from; "
            "`silion data list` says it again, and data/README.md how a cell is to be described: "
            f"{enough_text()}."
        ),
        pages.Table(["descriptor", *described], described_rows(described, papers or {})),
    ]


def _data(trained: Trained, folder: Path) -> Blocks:
    literature = trained.literature
    stock = inventory(literature)
    printed = sum(row.temperature_c is not None for row in literature.electrolytes)
    filled = stock.filled["cells"]
    rows = []
    for name, part in trained.found.items():
        labels = part.examples.labels
        papers, groups = len(set(part.examples.papers)), len(np.unique(part.groups))
        rows.append((name, len(part.groups), int((~labels.exact).sum()), papers, groups))
    return [
        pages.Heading("Data and groups"),
        pages.Paragraph(
            f"{len(stock.papers)} papers report a silicon cell; each row has its source and its place. {printed} of "
            f"{len(literature.electrolytes)} conductivities print a temperature; the others are read as 25 °C and "
            "flagged."
        ),
        pages.Table(["table", "rows", "in training"], [(name, *counts) for name, counts in stock.tables.items()]),
        *_described(stock.described, stock.described_papers),
        pages.Paragraph(
            "A group is what a fold holds out whole: a paper, or papers joined because they share a composition. Only "
            "bounded are rows that say 'at most', 'at least' or a range, and lives of which one end is known."
        ),
        pages.Table(["model", "rows", "only bounded", "papers", "groups"], rows),
        pages.Table(
            ["electrolyte class", "measurements", "cells"],
            [(name, *counts) for name, counts in stock.classes.items()],
        ),
        Written(folder).picture(
            "completeness",
            figures.completeness(filled),
            pd.DataFrame({"column": list(filled), "share": list(filled.values())}),
            "What is known of the cells and what is missing: share of rows that state each column",
        ),
    ]


def _importance(trained: Trained, importances: Iterable[Overall], folder: Path) -> Blocks:
    """Importance of features with its stability, per part; pictures and numbers are written."""
    blocks: Blocks = [
        pages.Heading("What moves the predictions, and how surely"),
        pages.Paragraph(
            "SHAP values say how the model weighs a feature, not what causes what. Beside them stands what papers left "
            "out say: the spread of the models fitted without some of the papers, and the error that is added when a "
            "feature's values come from other papers. 'silion explain -o DIR' draws single features and pairs."
        ),
    ]
    for importance in importances:
        has_skill = all(trained.scores[column].shown for column in targets_of(importance.part))
        written = Written(folder)
        blocks.append(pages.Heading(capital(label_of(importance)), 3))
        blocks += strength_blocks(importance, "" if has_skill else NO_SKILL, written)
        written.table(f"{importance.part}_groups", importance.groups)
    return blocks


def _sources(trained: Trained, folder: Path) -> Blocks:
    papers = card.papers_table(trained.found, trained.literature)
    write_csv(papers, folder / "papers.csv")
    return [
        pages.Heading("How to cite the sources"),
        pages.Paragraph(
            f"The training rows come from {len(papers)} papers, {int((papers['doi'] != '').sum())} of them with a DOI. "
            "papers.csv beside this card lists them with their citations and the rows each model takes from them. The "
            "values belong to these papers: cite them when you use their numbers. data/README.md says under 'How to "
            "cite' how the compilation is cited."
        ),
    ]


def out_of_fold(out_of_fold: Mapping[str, OutOfFold]) -> pd.DataFrame:
    """Every out-of-fold prediction, averaged over the repeats, on the part's scale.

    Parameters
    ----------
    out_of_fold : mapping of str to OutOfFold
        Out-of-fold predictions by part.
    """
    tables = []
    for name, folds in out_of_fold.items():
        table = pd.DataFrame(
            {
                "part": name,
                "row_id": folds.examples.designs["row_id"],
                "paper": folds.examples.papers,
                "lower": folds.examples.labels.lower,
                "upper": folds.examples.labels.upper,
                **{method: values.mean(axis=0) for method, values in folds.predicted.items()},
            }
        )
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def summary(scores: Mapping[str, Score]) -> str:
    """Skill in a few lines for the terminal.

    Parameters
    ----------
    scores : mapping of str to Score
        Skill by target column.
    """
    lines = []
    for column, score in scores.items():
        figure = f"{figure_name(score.skill_name)} {score.skill_text}"
        lines.append(f"  {TARGETS[column].label:<26} {figure:<32} {score.verdict}")
    lines.append("  error ratio: error divided by that of the table's median; below 1 is skill")
    lines.append("  concordance: share of pairs in the right order; above 0.5 is skill")
    return "\n".join(lines)
