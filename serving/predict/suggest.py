"""The measurements that would teach the model most: wide intervals, far from what is known and from one another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import shorten

import numpy as np
import pandas as pd

from features.feature import number
from features.tables.mistakes import InputError, Mistakes
from models.candidates import candidate_frame
from models.domain import Domain
from models.predictor import NO_POINT, Predictor
from models.tasks.part import with_conductivity
from models.tasks.registry import LINK, TARGETS, task_of
from models.tasks.target import Target
from models.tasks.task import DEFAULT_CYCLE
from serving.predict.descriptors_to_report import report_text
from serving.predict.prediction_text import name_column
from serving.predict.read import design_names, read_candidates
from serving.predict.write import WRITERS, beside, rejected_table, whole, writable

SAME = 1e-6
"""Distance, in standard deviations, up to which two designs are one to the model; what is saved is rounded a little."""
COLUMNS = ("row", "design", "target", "rank", "score", "reason")


@dataclass(frozen=True)
class Pick:
    """One chosen candidate.

    Attributes
    ----------
    place : its place among the candidates
    score : when it was chosen
    apart : distance to the nearest one chosen before it, infinite for the first
    """

    place: int
    score: float
    apart: float


@dataclass
class SuggestResult:
    """Result of `suggest_file`.

    Attributes
    ----------
    table : what `suggest` gave, `line` of the file in place of `row`
    mistakes : why rows were rejected
    rejected : where the rejected rows were written; None where nothing was written or there are none
    remarks : what was left out and why, and other things worth saying
    to_report : lines on the descriptors to report with the measured values
    """

    table: pd.DataFrame
    mistakes: Mistakes
    rejected: Path | None
    remarks: list[str]
    to_report: list[str] = field(default_factory=list)


def suggest(
    predictor: Predictor,
    designs: pd.DataFrame,
    n: int,
    targets: Sequence[str] | None = None,
    *,
    names: Sequence[str] | None = None,
    remarks: list[str] | None = None,
) -> pd.DataFrame:
    """Return the candidates whose measurement would teach most, for each target.

    One after the other, the candidate with the highest score is chosen. The score is the width of the 90 % interval,
    or of the range of comparable papers, as the predictions give it (decades, percentage points), times the distance to
    the nearest training design or candidate already chosen over the distance that counts as far, at most 1: what is
    stranger than far teaches no more for it, and a candidate that resembles a chosen one has become as good as known.
    Equal scores go by row order.

    What a measurement costs, and whether the design can be made, is not asked.

    Parameters
    ----------
    predictor : Predictor
        The model.
    designs : DataFrame, shape (n_designs, n_columns)
        Columns of `Candidate`; NaN or None where a design says nothing. Its index names the rows.
    n : int
        How many to name for each target.
    targets : sequence of str or None
        Columns of `TARGETS`; all where None.
    names : sequence of str or None
        Name of each design; the first of the table's own columns, else the electrolyte, where None.
    remarks : list of str or None
        Is added to: what was left out and why, and where the list is shorter than asked for.

    Returns
    -------
    DataFrame
        Columns `row`, `design`, `target`, `rank` (1 is best), `score` (decades or percentage points) and `reason`, by
        target and rank. A design that the model cannot judge, that stands in the training data, or that is the same to
        the model as one on the list, is not named.

    Raises
    ------
    ValueError
        An unknown target, or n below 1.
    """
    if n < 1:
        raise ValueError(f"n: got {n}, expected at least 1")
    columns, remarks = predictor.bundle.targets(targets), [] if remarks is None else remarks
    if len(designs) < n:
        remarks.append(f"{n} asked for, but there are only {len(designs)} candidates")
    labels = list(names) if names is not None else [str(name) for name in designs[name_column(designs)]]
    frame = designs.reset_index(drop=True)
    predictions = predictor.predict(frame, targets=columns, precedents=0, points=False)
    _add_skill(predictor, columns, remarks)
    cells = with_conductivity(frame, predictor.bundle.parts[LINK])
    rows: list[tuple[object, ...]] = []
    for column in columns:
        target, name = TARGETS[column], task_of(column).name
        part = predictor.bundle.parts[name]
        if part.domain is None:
            raise ValueError("this model was fitted inside an evaluation and knows no training designs to compare with")
        vectors = part.featurizer.transform(cells if task_of(column).of_cells else frame)
        table = predictions.table
        width = target.scaled(table[f"{column}_high"]) - target.scaled(table[f"{column}_low"])
        known = predictions.distances[name]
        picks = pick(width, known, _between(part.domain, vectors), part.domain.far, n)
        remarks += _left_out(column, width, known, len(picks), n)
        for rank, choice in enumerate(picks, start=1):
            place = choice.place
            kind = "interval" if np.isfinite(table[column].iloc[place]) else "range of comparable papers"
            text = reason(target, frame.iloc[[place]], width[place], known[place], choice.apart, kind)
            rows.append((designs.index[place], labels[place], column, rank, choice.score, text))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def pick(width: np.ndarray, known: np.ndarray, between: Callable[[int], np.ndarray], far: float, n: int) -> list[Pick]:
    """Choose up to n candidates, best first.

    Parameters
    ----------
    width : ndarray, shape (n_candidates,)
        Of each candidate's interval; NaN where it cannot be judged.
    known : ndarray, shape (n_candidates,)
        Distance to the nearest training design, in standard deviations.
    between : callable
        Returns the distances of all candidates to one of them, by its place.
    far : float
        Distance beyond which strangeness counts no more; one deviation where it is not finite.
    n : int
        How many to choose at most.

    Examples
    --------
    >>> place = np.array([0.0, 0.1, 4.0])
    >>> picks = pick(np.array([3.0, 3.0, 2.0]), np.full(3, 1.0), lambda chosen: np.abs(place - place[chosen]), 1.0, 2)
    >>> [choice.place for choice in picks]
    [0, 2]
    """
    distance, apart = known.copy(), np.full(len(known), np.inf)
    far = far if np.isfinite(far) and far > 0 else 1.0
    picks: list[Pick] = []
    while len(picks) < n and len(distance):
        score = np.where(np.isnan(width) | ~(distance > SAME), 0.0, width * np.minimum(distance / far, 1.0))
        best = int(np.argmax(score))
        if score[best] <= 0:
            break
        picks.append(Pick(best, float(score[best]), float(apart[best])))
        apart = np.minimum(apart, between(best))
        distance = np.minimum(distance, apart)
    return picks


def reason(
    target: Target, design: pd.DataFrame, width: float, known: float, apart: float, kind: str = "interval"
) -> str:
    """Return why a candidate was chosen, in words.

    Parameters
    ----------
    target : Target
        Quantity to measure.
    design : DataFrame, shape (1, n_columns)
        The candidate.
    width : float
        Of its interval, in decades or percentage points.
    known : float
        Distance to the nearest training design, in standard deviations.
    apart : float
        Distance to the nearest candidate chosen before, infinite for the first.
    kind : str
        What is so wide.
    """
    text = f"{kind} {width:.1f} decades wide" if target.log10 else f"{kind} {width:.0f} {target.error_unit} wide"
    if target.at_cycle:
        cycle = number(design, "cycle")[0]
        text += f" at cycle {DEFAULT_CYCLE if np.isnan(cycle) else cycle:g}"
    text += f"; nearest known design {known:.2f} away"
    if np.isinf(apart):
        return text
    if apart >= known:
        return f"{text}; unlike the ones chosen above"
    return f"{text}; nearest one above {apart:.2f} away"


def suggest_file(
    source: str | Path,
    predictor: Predictor,
    n: int,
    *,
    targets: Sequence[str] | None = None,
    out: str | Path | None = None,
    raw: bool = False,
) -> SuggestResult:
    """Suggest measurements from a table of candidates; rows that cannot be read are rejected as in `predict_file`.

    Parameters
    ----------
    source : str or Path
        A CSV, TSV or Parquet file.
    predictor : Predictor
        The model.
    n : int
        How many to name for each target.
    targets : sequence of str or None
        Columns of `TARGETS`; all where None.
    out : str, Path or None
        Where to write the suggestions; nothing is written where None.
    raw : bool
        Keep texts that a spreadsheet would run as formulas.

    Raises
    ------
    InputError
        The file cannot be used, no row of it can, or the output may not be written there.
    """
    source = Path(source)
    path = writable(Path(out), [source]) if out else None
    candidates = read_candidates(source)
    if not candidates.rows:
        raise InputError(f"{source.name}: no row can be used", candidates.mistakes)
    frame = candidate_frame(candidates.rows).set_axis(candidates.lines)
    remarks = list(candidates.remarks)
    table = suggest(predictor, frame, n, targets, names=design_names(candidates), remarks=remarks)
    table = table.rename(columns={"row": "line"})
    rejected = None
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        rejected = rejected_table(candidates, beside(path, "rejected"), raw)
        with whole(path) as aside:
            WRITERS[path.suffix](table, aside, raw)
    described = report_text(predictor.bundle, frame, predictor.bundle.targets(targets))
    return SuggestResult(table, candidates.mistakes, rejected, remarks, described)


def text_suggestions(table: pd.DataFrame) -> str:
    """Return the suggestions for a terminal, by target.

    Parameters
    ----------
    table : DataFrame
        What `suggest` gave, with `line` in place of `row`.
    """
    lines = []
    for column, target in TARGETS.items():
        rows = table[table["target"] == column]
        if len(rows):
            lines.append(f"{target.label}:")
        for _, row in rows.iterrows():
            name = shorten(str(row["design"]), 42, placeholder=" ...")
            lines.append(f"  {row['rank']:>3}. line {row['line']}, {name}: {row['reason']}")
    return "\n".join(lines) or "nothing to suggest"


def _between(domain: Domain, vectors: pd.DataFrame) -> Callable[[int], np.ndarray]:
    return lambda place: domain.between(vectors.iloc[[place]], vectors)[0]


def _left_out(column: str, width: np.ndarray, known: np.ndarray, named: int, n: int) -> list[str]:
    """Return what was not named and why, in words."""
    silent, measured = np.isnan(width), ~np.isnan(width) & (known <= SAME)
    counts = {"with no anode described": int(silent.sum()), "already in the training data": int(measured.sum())}
    if named < n:
        counts["the same to the model as one on the list"] = len(width) - named - sum(counts.values())
    reasons = [f"{count} {cause}" for cause, count in counts.items() if count]
    return [f"{column}: left out {', '.join(reasons)}"] if reasons else []


def _add_skill(predictor: Predictor, columns: Sequence[str], remarks: list[str]) -> None:
    skill = predictor.bundle.facts.get("skill", {})
    if silent := [column for column in columns if not skill.get(column, {}).get("shown", True)]:
        remarks.append(
            f"{', '.join(silent)}: {NO_POINT}; the width is that of what comparable papers report, and the distance "
            "says more"
        )
