"""Screening of a space: designs made, answered and judged chunk by chunk; only what is kept is held in memory."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from features.tables.mistakes import InputError
from features.tables.records import Candidate
from models.predictor import Predictor
from models.tasks.registry import TARGETS
from reporting.console import progress
from serving.decide.best_design import rank_answers
from serving.predict.checkpoint import Unfinished, digest_of, surroundings
from serving.predict.portion import NEAREST_COLUMNS, Answer, nearest_lines
from serving.predict.prediction_text import AMONG, CHANCE, DISTANCE
from serving.predict.write import beside, whole, whole_table, writable
from serving.screen.chunk import Chunk, count_into, predict_chunk, with_ranges
from serving.screen.design_space import CANDIDATE, Space
from serving.screen.ranking import Keeper
from serving.screen.select import Selection, check_points, target_of
from serving.screen.survey import Survey

CHUNK = 16_384
"""Designs made and answered at once."""
DEFAULT_BEST = 10
"""Designs that count as the best where the space keeps a front alone."""
FIRST_ROWS = 1000
"""Rows kept for the page where nothing ranks them."""


@dataclass
class Screened:
    """Result of a screening.

    Attributes
    ----------
    table : DataFrame
        Designs kept with their answers, best first; without a ranking, the first of all that were written.
    survey : Survey
        Of all answers.
    designs, answered, written : int
        Designs of the space, those that can be and fulfil the constraints, rows of the output.
    left_out : Counter
        How many designs each constraint and each filter left out, in the order they were applied.
    worth : list of str
        What the order by each objective is worth, and whether the designs can be told apart at all.
    remarks : list of str
        Things worth saying of the run.
    nearest : Path or None
        Where the nearest literature rows were written.
    """

    table: pd.DataFrame
    survey: Survey
    designs: int
    answered: int = 0
    written: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    worth: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    nearest: Path | None = None


class NoneLeft(InputError):
    """No design is left to write."""


def screen(
    space: Space,
    predictor: Predictor,
    out: str | Path,
    *,
    level: float = 0.9,
    cluster: str | None = None,
    nearest: int = 0,
    resume: bool = False,
    raw: bool = False,
) -> Screened:
    """Screen a space; every file is written aside, then renamed.

    Answered chunks are kept beside OUT, as `predict_file` keeps them, until all are answered and the best are chosen:
    what the space keeps may change before a run goes on.

    Parameters
    ----------
    space : Space
    predictor : Predictor
    out : str or Path
        Table to write; its ending says of which kind.
    level : float
        Share of papers whose values the intervals should hold, 0 to 1.
    cluster : str or None
        `local` or the address of a dask scheduler whose workers do the work; this process alone where None.
    nearest : int
        Nearest literature rows of each written design and target, for `OUT.nearest.csv`; no such file where 0.
    resume : bool
        Go on with what an interrupted run of the same designs, model and options had finished.
    raw : bool
        Keep texts that a spreadsheet would run as formulas.

    Raises
    ------
    ClusterError
        The cluster does not answer, or ceases to.
    InputError
        The output may not be written there, or the space chooses by values without a prediction; no design is possible
        and within the constraints, or none is left by the filters: with the count of each, and nothing is written. The
        folder of the output vanished.
    """
    if nearest < 0:
        raise ValueError(f"nearest: got {nearest}, expected 0 or more")
    check_points(space.selection, space.targets, predictor)
    predictor.bundle.told(space.ranges)
    out = writable(Path(out), [])
    result, none_left = Screened(pd.DataFrame(), Survey.of_space(space), space.size), list[NoneLeft]()
    unfinished = Unfinished(out, partial(_key, space, predictor, level), -(-space.size // CHUNK))
    with unfinished.open(resume, result.remarks):
        try:
            with closing(_chunks(space, predictor, level, cluster, unfinished)) as chunks:
                _write(chunks, space, predictor, level, nearest, out, result, raw)
        except NoneLeft as error:  # the run has come to its end all the same, and what was finished goes
            none_left.append(error)
    if none_left:
        raise none_left[0]
    return result


def _key(space: Space, predictor: Predictor, level: float) -> dict[str, str]:
    """Return hashes of all that answered chunks depend on, by the words that say what changed."""
    answered_space = replace(space, title="", selection=Selection(), map_axes=(), ranges=())
    return {
        "space": hashlib.sha256(repr(answered_space).encode()).hexdigest(),
        "model": digest_of(predictor.bundle),
        "options": json.dumps([level, CHUNK]),
        "software": json.dumps(surroundings()),
    }


def _write(
    chunks: Iterator[Chunk],
    space: Space,
    predictor: Predictor,
    level: float,
    nearest: int,
    out: Path,
    result: Screened,
    raw: bool,
) -> None:
    """Write what is kept of the chunks, and fill the result."""
    constraints, filters = Counter[str](), Counter[str]()
    keeper = Keeper(space.selection, predictor.bundle) if space.selection.ranks else None
    with ExitStack() as files:
        sink = files.enter_context(whole_table(out, raw))
        add_nearest = files.enter_context(_nearest_file(out, space, predictor, nearest, raw))
        for chunk in chunks:
            constraints.update(chunk.left_out)
            if not len(chunk.table):
                continue
            result.answered += len(chunk.table)
            result.survey.add(chunk.table)
            passed = space.selection.passing(chunk.table, predictor.bundle, space.targets, count_into(filters))
            if keeper:
                keeper.add(passed, passed[CANDIDATE].to_numpy())
            elif len(passed):
                passed = with_ranges(passed, space, predictor, level)
                sink.add(passed)
                add_nearest(passed)
                result.table = pd.concat([result.table, passed[: FIRST_ROWS - len(result.table)]], ignore_index=True)
        if keeper:
            best = with_ranges(keeper.table(), space, predictor, level)
            result.table = _with_chances(best, space, predictor, result, level)
            filters["an objective that is not known"] = keeper.unknown
            if len(result.table):
                sink.add(result.table)
                add_nearest(result.table)
        if not result.answered:
            raise NoneLeft(_none_left(space.size, "no design is possible and within the constraints", constraints))
        if not sink.rows:
            reach = _reached(space, result.survey)
            raise NoneLeft("\n".join([_none_left(result.answered, "no design is left", filters), *reach]))
        result.written, result.left_out = sink.rows, constraints + filters
        result.nearest = beside(out, "nearest") if nearest else None


@contextmanager
def _nearest_file(
    out: Path, space: Space, predictor: Predictor, count: int, raw: bool
) -> Iterator[Callable[[pd.DataFrame], object]]:
    """Give a function that writes the nearest literature rows of answered designs; without a count an old file goes."""
    if not count:
        yield lambda table: None
        beside(out, "nearest").unlink(missing_ok=True)
        return
    with whole(beside(out, "nearest")) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow(["design", CANDIDATE, "target", "rank", *NEAREST_COLUMNS])

        def add(table: pd.DataFrame) -> None:
            designs = table[[name for name in table if name in Candidate.model_fields]]
            predictions = predictor.predict(designs, targets=space.targets, precedents=count, points=False)
            names = table["electrolyte"].tolist()
            file.write(nearest_lines(predictions, names, table[CANDIDATE].tolist(), [], raw))

        yield add


def _with_chances(
    best: pd.DataFrame, space: Space, predictor: Predictor, result: Screened, level: float
) -> pd.DataFrame:
    """Add how likely each kept design is among the best, beside the draw of all others that the survey holds."""
    others = result.survey.sample
    if not len(best) or not len(others):
        return best
    rows = pd.concat([best, others[~others[CANDIDATE].isin(best[CANDIDATE])]], ignore_index=True)
    drawn = "" if len(rows) >= result.answered else f" (beside a draw of {len(others):,} of the {result.answered:,})"
    count, added = space.selection.top or DEFAULT_BEST, dict[str, np.ndarray]()
    for column, side in space.selection.objectives.items():
        target = target_of(column)
        if target in TARGETS and not column.endswith(DISTANCE):
            ranking, sentence = rank_answers(rows, predictor, target, count, level, high=side == "high")
            added[f"{target}{AMONG}{count}{CHANCE}"] = ranking.probability[: len(best)]
            result.worth.append(sentence + drawn)
    return best.assign(**added)


def _chunks(
    space: Space, predictor: Predictor, level: float, cluster: str | None, unfinished: Unfinished
) -> Generator[Chunk, None, None]:
    """Yield chunk by chunk, in order, with a bar on a terminal; each is kept first, and read again."""
    ends = {number: (start, min(start + CHUNK, space.size)) for number, start in enumerate(range(0, space.size, CHUNK))}
    done = set(unfinished.finished())
    remaining = {number: pair for number, pair in ends.items() if number not in done}
    answers = _answers(space, predictor, level, cluster, remaining)
    with closing(answers), progress(space.size, "designs", "design") as step:
        for number, (start, stop) in ends.items():
            while number not in done:
                finished, answer = next(answers)
                unfinished.keep(finished, answer)
                done.add(finished)
            yield Chunk.finished(unfinished, number)
            step(stop - start)


def _answers(
    space: Space, predictor: Predictor, level: float, cluster: str | None, ends: dict[int, tuple[int, int]]
) -> Generator[tuple[int, Answer], None, None]:
    """Yield numbered chunks as they are kept; of a cluster in any order."""
    if cluster is not None:
        from serving.screen.cluster import chunks_of_cluster

        yield from chunks_of_cluster(cluster, space, predictor, level, ends)
        return
    for number, pair in ends.items():
        yield number, predict_chunk(space, predictor, level, *pair).to_keep()


def _reached(space: Space, survey: Survey) -> list[str]:
    """Return how far the columns of the filters reach."""
    names = [name for condition in space.selection.where for name in sorted(condition.names) if name in survey.reach]
    return ["{} reaches {:.4g} to {:.4g}".format(name, *survey.reach[name]) for name in dict.fromkeys(names)]


def _none_left(count: int, reason: str, left_out: Counter[str]) -> str:
    reasons = [f"  {cause}: leaves out {designs:,}" for cause, designs in left_out.items() if designs]
    return "\n".join([f"{reason}, of {count:,}; nothing is written. Each in its turn:", *reasons])
