"""Tables and warnings of the model card, all taken from one training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from features.composition import composition_of
from features.electrolyte import classes_of
from features.tables.fields import LIQUID_CLASSES
from features.tables.literature import Literature, papers_of
from models.tasks.registry import LINK, TARGETS, TASKS, targets_with_an_error, task_of
from models.tasks.target import Target
from reporting.pages import capital
from training.evaluation.coverage import coverage
from training.evaluation.crossvalidate import MODEL, OutOfFold
from training.evaluation.score import Score, errors, predictions
from training.rules.evidence import papers_in
from training.train import Trained

LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9)
KINDS = {"electrolyte_class": "electrolyte class", "anode_architecture": "anode architecture"}
"""Columns of `parity_table` that rows are sorted by, in words."""
WORST = ("row_id", "design", "measured", "predicted")
UNKNOWN, ALL = "not stated", "all"
FEWEST_PAPERS = 3
TOO_FEW = "too few papers to judge"


def parity_table(target: Target, out_of_fold: OutOfFold) -> pd.DataFrame:
    """Return measured values beside those predicted with the paper unseen, row by row.

    Parameters
    ----------
    target : Target
        Quantity that is predicted.
    out_of_fold : OutOfFold
        Out-of-fold predictions of one part.

    Returns
    -------
    DataFrame
        `row_id`, `paper`, `design` (as written), `cycle` where the target has one, the columns of `KINDS`, `unit` (of
        the next four), `measured_low` and `measured_high` (equal for a value; infinite where only one bound is known),
        `predicted` and `dummy` (mean of the repeats), and for rows with a value `error` and `dummy_error`
        (absolute, mean of the repeats) and `signed_error` (predicted minus measured); NaN for the others.
    """
    designs = out_of_fold.examples.designs
    predicted = predictions(target, out_of_fold)
    error_by_method, rows = errors(target, out_of_fold)
    low, high = task_of(target.column).known(target, out_of_fold.examples)
    table = pd.DataFrame(
        {
            "row_id": designs["row_id"].to_numpy(),
            "paper": designs["paper"].to_numpy(),
            "design": designs_of(designs),
            "electrolyte_class": [kind or UNKNOWN for kind in classes_of(designs)],
            "unit": f"log10 {target.unit}" if target.log10 else target.unit,
            "measured_low": low,
            "measured_high": high,
            "predicted": predicted[MODEL].mean(axis=0),
            "dummy": predicted["dummy"].mean(axis=0),
            "error": np.nan,
            "dummy_error": np.nan,
        }
    )
    if "anode_architecture" in designs:
        table.insert(4, "anode_architecture", designs["anode_architecture"].fillna(UNKNOWN).to_numpy())
    if target.at_cycle:
        table.insert(3, "cycle", designs["cycle"].to_numpy())
    table.loc[rows, "error"] = error_by_method[MODEL]
    table.loc[rows, "dummy_error"] = error_by_method["dummy"]
    return table.assign(signed_error=(table["predicted"] - table["measured_low"]).where(table["error"].notna()))


def designs_of(designs: pd.DataFrame) -> list[str]:
    """Each design in few words: its anode and its electrolyte, as written.

    Parameters
    ----------
    designs : DataFrame
        Rows of the examples.
    """
    names = [(row.get("anode"), row.get("electrolyte")) for _, row in designs.iterrows()]
    return [" | ".join(str(name) for name in pair if name and name == name) for pair in names]


def class_table(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Errors by kind, the kinds with most judged rows first and all rows last.

    Parameters
    ----------
    table : DataFrame
        Of `parity_table`.
    kind : str
        Its column to sort rows by, a key of `KINDS`.

    Returns
    -------
    DataFrame
        `kind`, `rows` (with a value), `bounds` (rows that are only bounded and not judged), `papers` (of the judged
        rows), `error` (mean absolute), `bias` (mean of predicted minus measured), `dummy_error`, and `remark`:
        `TOO_FEW` below `FEWEST_PAPERS` papers.
    """
    rows = [_class_row(str(name), own) for name, own in table.groupby(kind, sort=True)]
    rows.sort(key=lambda row: (-row["rows"], -row["bounds"]))
    return pd.DataFrame([*rows, _class_row(ALL, table)])


def _class_row(name: str, rows: pd.DataFrame) -> dict[str, Any]:
    judged = rows[rows["error"].notna()]
    papers = len(papers_in(judged))
    return {
        "kind": name,
        "rows": len(judged),
        "bounds": len(rows) - len(judged),
        "papers": papers,
        "error": judged["error"].mean(),
        "bias": judged["signed_error"].mean(),
        "dummy_error": judged["dummy_error"].mean(),
        "remark": "" if papers >= FEWEST_PAPERS else TOO_FEW,
    }


def coverage_table(out_of_fold: Mapping[str, OutOfFold]) -> pd.DataFrame:
    """Share of the values inside their intervals, every paper counting once and judged by the others.

    Parameters
    ----------
    out_of_fold : mapping of str to OutOfFold
        Out-of-fold predictions by part.

    Returns
    -------
    DataFrame
        `target`, `level`, `held`; NaN where the papers cannot support the level. Rows that are only bounded are left
        out, as in the skill table.
    """
    rows = []
    for column, target in targets_with_an_error().items():
        part = task_of(column).name
        _, judged = errors(target, out_of_fold[part])
        papers = out_of_fold[part].groups[judged]
        weight = 1 / np.bincount(papers)[papers]
        for level in LEVELS:
            covered = coverage(TARGETS[column], out_of_fold[part], level)[0][judged]
            known = np.isfinite(covered)
            share = float((weight * covered)[known].sum() / weight[known].sum()) if known.any() else np.nan
            rows.append({"target": column, "level": level, "held": share})
    return pd.DataFrame(rows)


def worst(target: Target, table: pd.DataFrame, literature: Literature, count: int = 5) -> pd.DataFrame:
    """The rows with the largest errors: what was measured, what was predicted, and by whom.

    Parameters
    ----------
    target : Target
        Learned quantity as it is predicted.
    table : DataFrame
        Of `parity_table`.
    literature : Literature
        All tables.
    count : int
        Most rows to return.

    Returns
    -------
    DataFrame
        The columns of `WORST` in words, `error`, `citation` and `doi`.
    """
    judged = table.dropna(subset="error").sort_values("error", ascending=False, kind="stable")[:count]
    cycles = [f" at cycle {cycle:g}" for cycle in judged["cycle"]] if "cycle" in judged else [""] * len(judged)
    measured = [_printed(target, value) for value in judged["measured_low"]]
    return pd.DataFrame(
        {
            "row_id": judged["row_id"],
            "design": judged["design"],
            "measured": [value + cycle for value, cycle in zip(measured, cycles, strict=True)],
            "predicted": [_printed(target, value) for value in judged["predicted"]],
            "error": judged["error"],
            "citation": [literature.citation(paper) for paper in judged["paper"]],
            "doi": [literature.doi(paper) for paper in judged["paper"]],
        }
    )


def _printed(target: Target, value: float) -> str:
    return f"{target.show(float(target.unscaled(value)))} {target.unit}"


def papers_table(out_of_fold: Mapping[str, OutOfFold], literature: Literature) -> pd.DataFrame:
    """The papers behind the training rows: `paper`, `citation`, `doi`, and how many rows each part takes from it.

    Parameters
    ----------
    out_of_fold : mapping of str to OutOfFold
        Out-of-fold predictions by part.
    literature : Literature
        All tables.
    """
    counts = {
        f"rows_{name}": Counter(paper for row in folds.examples.papers for paper in papers_of(row))
        for name, folds in out_of_fold.items()
    }
    papers = sorted(set().union(*counts.values()))
    return pd.DataFrame(
        {
            "paper": papers,
            "citation": [literature.citation(paper) for paper in papers],
            "doi": [literature.doi(paper) for paper in papers],
            **{name: [count[paper] for paper in papers] for name, count in counts.items()},
        }
    )


def verdicts(scores: Mapping[str, Score]) -> list[str]:
    """One sentence per target: its skill on unseen papers, with the interval.

    Parameters
    ----------
    scores : mapping of str to Score
        Skill by target column.
    """
    return [f"{capital(TARGETS[column].label)}: {_skill(score)}." for column, score in scores.items()]


def _skill(score: Score) -> str:
    interval = f"90 % interval {score.skill_low:.2f} to {score.skill_high:.2f}"
    if TARGETS[score.target].censored:
        return f"{score.verdict} ({score.skill_name} {score.skill:.2f}, {interval}; 0.5 is chance)"
    return f"{score.verdict} (error {score.skill:.2f} times that of the median of the table, {interval})"


def not_for(trained: Trained) -> list[str]:
    """Return what the model must not be used for, each sentence from the facts of this training.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    """
    return [
        *_without_skill(trained.scores),
        _too_few(trained.found),
        _liquids(trained),
        *_seen(trained),
        _other_ions(trained.found[LINK]),
        _named_only(trained.found[LINK]),
        "Decisions about safety: no target measures heat, gas, dendrites or short circuits.",
        "Absolute values for one laboratory: rows of one paper share equipment and habits that no column tells. "
        "Predict designs that this laboratory has measured, and compare, before its other predictions are used.",
    ]


def _without_skill(scores: Mapping[str, Score]) -> list[str]:
    return [
        f"Ranking designs by {TARGETS[column].label}: {_skill(score)}."
        for column, score in scores.items()
        if not score.shown
    ]


def _too_few(out_of_fold: Mapping[str, OutOfFold]) -> str:
    few = []
    for column, target in targets_with_an_error().items():
        table = class_table(parity_table(target, out_of_fold[task_of(column).name]), "electrolyte_class")
        names = [str(name) for name in table.loc[table["remark"] != "", "kind"] if name not in (UNKNOWN, ALL)]
        few += [f"for {TARGETS[column].label} {listed(names)}"] if names else []
    return (
        f"Electrolyte classes of fewer than {FEWEST_PAPERS} papers"
        + (f" ({'; '.join(few)})" if few else "")
        + ", and classes that the tables above do not name."
    )


def _liquids(trained: Trained) -> str:
    cells = trained.literature.cells
    left_out = sum(cell.state != "solid" for cell in cells)
    classes = classes_of(trained.found[LINK].examples.designs)
    gels = sum(kind in LIQUID_CLASSES for kind in classes)
    return (
        "Liquid and gel electrolytes: the cell models learned from no such cell and from none whose electrolyte is not "
        f"named ({left_out} of {len(cells)} cells in the tables are left out); the conductivity model learned from "
        f"{gels} such rows of {len(classes)}."
    )


def _seen(trained: Trained) -> Iterable[str]:
    elements, temperatures = [], []
    for part, task in TASKS.items():
        domain = trained.bundle.parts[part].domain
        if domain is None:
            continue
        elements.append(f"{task.label}: {', '.join(domain.elements)}")
        if "temperature_c" in domain.ranges:
            low, high = domain.ranges["temperature_c"]
            temperatures.append(f"{task.label}: {low:g} to {high:g} °C")
    yield f"Electrolytes with elements never seen. Seen are, for {'; for '.join(elements)}."
    if temperatures:
        yield f"Temperatures outside the trained range. It is, for {'; for '.join(temperatures)}."


def _other_ions(out_of_fold: OutOfFold) -> str:
    known = [amounts for amounts in _compositions(out_of_fold) if amounts]
    count = sum("Li" not in amounts for amounts in known)
    return (
        "Conductors of another ion than lithium (sodium, potassium, magnesium, ...): of the "
        f"{len(known)} conductivities in training whose stoichiometry is known, {count} belong to compounds "
        "without lithium."
    )


def _named_only(out_of_fold: OutOfFold) -> str:
    known = _compositions(out_of_fold)
    classes = [
        kind or UNKNOWN
        for kind, amounts in zip(classes_of(out_of_fold.examples.designs), known, strict=True)
        if not amounts
    ]
    return (
        "Comparing composites, polymers or other electrolytes that are named without a stoichiometry: the model reads "
        "their class, form and temperature and nothing else, so two alike in these get one value. "
        f"{len(classes)} of {len(known)} conductivities in training are such"
        + (f" ({listed(sorted(set(classes)))})." if classes else ".")
    )


def _compositions(out_of_fold: OutOfFold) -> list[Mapping[str, float]]:
    return [
        composition_of(str(row["electrolyte"] or ""), str(row["composition"] or "")) or {}
        for _, row in out_of_fold.examples.designs.iterrows()
    ]


def listed(names: list[str]) -> str:
    """Join names with commas, the last with "and".

    Parameters
    ----------
    names : list of str
        Any number.
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
