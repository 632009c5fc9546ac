"""Worth of a few measurements of one's own: the error on the other rows of a paper after some were revealed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from models.domain import Domain
from models.intervals import Calibration
from models.lab_effect.learning import FEWEST_PAPERS, Reveals, reveal, try_kernels
from models.tasks.registry import TASKS
from reporting import figures, pages
from reporting.atomic_files import Written
from reporting.numbers import share, with_interval
from reporting.pages import capital
from training.evaluation.bootstrap import bootstrap_ratio
from training.evaluation.coverage import lab_errors
from training.evaluation.crossvalidate import OutOfFold
from training.report.skill_sections import Blocks
from training.train import Trained

MOST = 3
"""Rows revealed at most."""
LEVELS = (0.8, 0.9)


@dataclass(frozen=True)
class FewShotErrors:
    """Effect of revealed rows on one part.

    Attributes
    ----------
    papers : papers with more than k rows of a known value, by k from 1 to `MOST`
    table : one row per count of revealed rows, from 0 to the most that `FEWEST_PAPERS` papers exceed: `revealed`,
        `papers` and `groups` judged, `error` (mean absolute, every paper counting once) with `error_low` and
        `error_high`, `ratio` to the error with none revealed with `ratio_low` and `ratio_high`, and the shares inside
        the intervals, `held_0.8` and `held_0.9`. Ends are 90 % bootstrap intervals over groups. Empty where too few
        papers have more than one row.
    """

    papers: dict[int, int]
    table: pd.DataFrame


def few_revealed(out_of_fold: OutOfFold, domain: Domain, seed: int) -> FewShotErrors:
    """Reveal rows of each paper and judge its others, the same rows for every count.

    Parameters
    ----------
    out_of_fold : OutOfFold
        Out-of-fold predictions of one part.
    domain : Domain
        Of the part that was trained on the rows of `out_of_fold`, in their order.
    seed : int
        Of the draws and of the bootstrap.
    """
    errors = lab_errors(out_of_fold, domain.distances(pd.DataFrame(domain.vectors)))
    sizes = np.bincount(errors.papers[errors.labels.exact])  # rows of a known value, by paper
    papers = {count: int((sizes > count).sum()) for count in range(1, MOST + 1)}
    most = max((count for count, many in papers.items() if many >= FEWEST_PAPERS), default=0)
    trials = try_kernels(errors, seed) if most else None
    rows: list[dict[str, float]] = []
    none: np.ndarray | None = None
    for count in range(most + 1) if most else ():
        cases = reveal(errors, count, seed, trials, least=most)
        if cases is None:
            break
        error, group = _by_paper(cases.error, cases), _by_paper(cases.group, cases)
        none = error if none is None else none
        rows.append(
            {"revealed": count, "papers": len(error), "groups": len(np.unique(group))}
            | _with_ends("error", error, np.ones(len(error)), group, seed)
            | (
                _with_ends("ratio", error, none, group, seed)
                if count
                else {"ratio": 1.0, "ratio_low": np.nan, "ratio_high": np.nan}
            )
            | {f"held_{level:g}": share_inside(cases, level) if count else np.nan for level in LEVELS}
        )
    return FewShotErrors(papers, pd.DataFrame(rows))


def _by_paper(values: np.ndarray, cases: Reveals) -> np.ndarray:
    """Mean of the cases of each paper, shape (n_papers,)."""
    member = np.unique(cases.paper, return_inverse=True)[1]
    return np.asarray(np.bincount(member, weights=values) / np.bincount(member))


def _with_ends(name: str, over: np.ndarray, under: np.ndarray, group: np.ndarray, seed: int) -> dict[str, float]:
    low, high = bootstrap_ratio(group, over, under, seed)
    return {name: float(over.sum() / under.sum()), f"{name}_low": low, f"{name}_high": high}


def share_inside(cases: Reveals, level: float) -> float:
    """Share of the cases inside their interval, calibrated on the other groups; every paper counts once.

    NaN where the other groups cannot support the level.

    Parameters
    ----------
    cases : Reveals
        Revealed rows.
    level : float
        Share of papers whose values the interval should hold, 0 to 1.
    """
    kinds, member, size = np.unique(cases.group, return_inverse=True, return_counts=True)
    score, weight = cases.error / cases.spread, 1 / size[member]
    order, inside = np.argsort(score), np.full(len(score), np.nan)
    for group in range(len(kinds)):
        own, others = member == group, order[member[order] != group]
        # what `calibrate` would give for the others, sorted once
        calibration = Calibration(tuple(score[others]), tuple(weight[others]), len(kinds) - 1, noise=0.0)
        if level > calibration.highest_level:
            return np.nan
        inside[own] = cases.error[own] <= calibration.half_width(cases.spread[own], level) + 1e-12
    return float(np.mean(_by_paper(inside, cases)))


def sentence(label: str, revealed: FewShotErrors) -> str:
    """Return a sentence on what the revealed rows did to the error, and what too few papers can show.

    Parameters
    ----------
    label : str
        Words for the part.
    revealed : FewShotErrors
        Effect of revealed rows.
    """
    table, clauses, judged = revealed.table, [], ""
    if len(table):
        last = table.iloc[-1]
        change = f"{last['ratio']:.2f} times ({last['ratio_low']:.2f} to {last['ratio_high']:.2f})"
        gain = "a gain" if last["ratio_high"] < 1 else "a loss" if last["ratio_low"] > 1 else "no gain"
        judged = f", {last['papers']:.0f} papers"
        clauses = [
            f"with {_rows(int(last['revealed']))} revealed the error on the others is {change} that with none, which "
            f"shows {gain}"
        ]
    beyond = len(table) or 1
    if beyond <= MOST:
        many = revealed.papers[beyond]
        papers = "no paper has" if not many else "one paper has" if many == 1 else f"only {many} papers have"
        clauses.append(
            f"{papers} more than {_rows(beyond)} with a value: too few to tell what {_rows(beyond)} would do"
        )
    return f"{capital(label)}{judged}: {'; '.join(clauses)}."


def _rows(count: int) -> str:
    return "one row" if count == 1 else f"{count} rows"


def section(trained: Trained, folder: Path) -> Blocks:
    """Error over the number of revealed rows, per part.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    folder : Path
        Folder that is written into.
    """
    sentences, blocks = [], Blocks()
    for part, task in TASKS.items():
        label, unit = task.summary, task.unit
        domain = trained.bundle.parts[part].domain
        if domain is None:
            continue
        effect = few_revealed(trained.found[part], domain, trained.config.seed)
        sentences.append(sentence(label, effect))
        if effect.table.empty:
            continue
        columns = ["revealed", "error", "error_low", "error_high"]
        points = [(int(a), b, c, d) for a, b, c, d in effect.table[columns].to_numpy(dtype=float).tolist()]
        caption = (
            f"{label}: error on the same rows of papers never seen, by the number of other rows of the paper that were "
            "revealed, with the 90 % interval"
        )
        picture = figures.error_by_revealed(points, label.split(",")[0], unit)
        blocks += [
            pages.Heading(f"{label}, errors in {unit}", 3),
            _table(effect.table),
            Written(folder).picture(f"{part}_revealed", picture, effect.table, caption),
        ]
    return [
        pages.Heading("A few measurements of your own"),
        pages.Paragraph(
            "Measured designs of one laboratory move the predictions of its other designs. Here some rows of a paper "
            "never seen are revealed and its other rows judged, the same rows for every count, and "
            "every paper counts once. Inside are the shares within the intervals after the reveal, calibrated on the "
            "other groups; empty where too few groups support the level. Parentheses give 90 % bootstrap intervals "
            f"over groups; fewer than {FEWEST_PAPERS} papers are not judged."
        ),
        pages.Bullets(sentences),
        *blocks,
    ]


def _table(table: pd.DataFrame) -> pages.Table:
    header = ["revealed", "papers", "groups", "mean error (90 %)", "over that with none (90 %)"]
    header += [f"inside the {100 * level:.0f} % interval" for level in LEVELS]
    rows: list[tuple[pages.Cell, ...]] = [
        (
            *(int(row[name]) for name in ("revealed", "papers", "groups")),
            *(with_interval(row[name], row[f"{name}_low"], row[f"{name}_high"]) for name in ("error", "ratio")),
            *(share(row[f"held_{level:g}"]) for level in LEVELS),
        )
        for row in table.to_dict("records")
    ]
    return pages.Table(header, rows)
