"""Screening of a space: designs made, answered and judged chunk by chunk; nothing but what is kept is held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from features.tables.mistakes import InputError
from models.predictor import Predictor
from models.tasks.registry import TARGETS
from reporting.console import progress
from serving.decide.choose import rank_answers
from serving.predict.text import AMONG, CHANCE
from serving.predict.write import whole_table, writable
from serving.screen.chunk import Chunk, adding_to, answered
from serving.screen.ranking import Keeper
from serving.screen.select import target_of
from serving.screen.space import CANDIDATE, Space
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
    made, answered, written : int
        Designs of the space, those that can be and fulfil the constraints, rows of the output.
    left_out : Counter
        How many designs each constraint and each filter left out, in the order they were asked.
    worth : list of str
        What the order by each objective is worth, and whether the designs can be told apart at all.
    """

    table: pd.DataFrame
    survey: Survey
    made: int
    answered: int = 0
    written: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    worth: list[str] = field(default_factory=list)


def screen(
    space: Space, predictor: Predictor, out: str | Path, *, level: float = 0.9, cluster: str | None = None
) -> Screened:
    """Screen a space; the table is written aside, then renamed.

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

    Raises
    ------
    ClusterError
        The cluster does not answer, or ceases to.
    InputError
        The output may not be written there; no design is possible and within the constraints, or none is left by the
        filters: with the count of each, and nothing is written. The folder of the output vanished.
    """
    out = writable(Path(out), [])
    out.parent.mkdir(parents=True, exist_ok=True)
    result = Screened(pd.DataFrame(), Survey.of(space), space.size)
    constraints, filters = Counter[str](), Counter[str]()
    keeper = Keeper(space.selection, predictor.bundle) if space.selection.ranks else None
    chunks = _chunks(space, predictor, level, cluster)
    with _in_its_folder(out), whole_table(out) as sink, closing(chunks):
        for chunk in chunks:
            constraints.update(chunk.left_out)
            if not len(chunk.table):
                continue
            result.answered += len(chunk.table)
            result.survey.add(chunk.table)
            passed = space.selection.passing(chunk.table, predictor.bundle, space.targets, adding_to(filters))
            if keeper:
                keeper.add(passed, passed[CANDIDATE].to_numpy())
            elif len(passed):
                sink.add(passed)
                result.table = pd.concat([result.table, passed[: FIRST_ROWS - len(result.table)]], ignore_index=True)
        if keeper:
            result.table = _with_chances(keeper.table(), space, predictor, result, level)
            filters["an objective that is not known"] = keeper.unknown
            if len(result.table):
                sink.add(result.table)
        if not result.answered:
            raise InputError(_none_left(space.size, "no design is possible and within the constraints", constraints))
        if not sink.rows:
            reach = _reached(space, result.survey)
            raise InputError("\n".join([_none_left(result.answered, "no design is left", filters), *reach]))
        result.written, result.left_out = sink.rows, constraints + filters
    return result


def _with_chances(
    kept: pd.DataFrame, space: Space, predictor: Predictor, result: Screened, level: float
) -> pd.DataFrame:
    """Add how likely each kept design is among the best, beside the draw of all others that the survey holds."""
    others = result.survey.sample
    if not len(kept) or not len(others):
        return kept
    rows = pd.concat([kept, others[~others[CANDIDATE].isin(kept[CANDIDATE])]], ignore_index=True)
    beside = "" if len(rows) >= result.answered else f" (beside a draw of {len(others):,} of the {result.answered:,})"
    count, added = space.selection.top or DEFAULT_BEST, dict[str, np.ndarray]()
    for column, side in space.selection.objectives.items():
        target = target_of(column)
        if target in TARGETS:
            ranking, sentence = rank_answers(rows, predictor, target, count, level, high=side == "high")
            added[f"{target}{AMONG}{count}{CHANCE}"] = ranking.probability[: len(kept)]
            result.worth.append(sentence + beside)
    return kept.assign(**added)


@contextmanager
def _in_its_folder(out: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        if out.parent.is_dir():
            raise
        raise InputError(f"{out.parent}: this folder vanished while {out.name} was written; run again") from error


def _chunks(space: Space, predictor: Predictor, level: float, cluster: str | None) -> Generator[Chunk, None, None]:
    """Yield chunk by chunk, in order, with a bar on a terminal."""
    ends = [(start, min(start + CHUNK, space.size)) for start in range(0, space.size, CHUNK)]
    chunks = (answered(space, predictor, level, *pair) for pair in ends)
    if cluster is not None:
        from serving.screen.cluster import answered_by

        chunks = answered_by(cluster, space, predictor, level, ends)
    with closing(chunks), progress(space.size, "designs", "design") as step:
        for (start, stop), chunk in zip(ends, chunks, strict=True):
            yield chunk
            step(stop - start)


def _reached(space: Space, survey: Survey) -> list[str]:
    """Tell how far the columns of the filters reach."""
    asked = [name for condition in space.selection.where for name in sorted(condition.names) if name in survey.reach]
    return ["{} reaches {:.4g} to {:.4g}".format(name, *survey.reach[name]) for name in dict.fromkeys(asked)]


def _none_left(count: int, what: str, left_out: Counter[str]) -> str:
    reasons = [f"  {why}: leaves out {designs:,}" for why, designs in left_out.items() if designs]
    return "\n".join([f"{what}, of {count:,}; nothing is written. Each in its turn:", *reasons])
