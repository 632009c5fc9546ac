"""What is kept of the answers: filters, the domain, the front, the best few, and how much they differ."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import pandas as pd

from features.electrolyte_columns import read_electrolytes
from features.tables.designs import Designs
from features.tables.records import Candidate
from models.bundle import Bundle
from models.notices import domain_notices
from models.tasks.part import with_conductivity
from models.tasks.registry import LINK, TARGETS, TASKS, task_of
from serving.predict.expression import Expression
from serving.predict.suggest import pick
from serving.screen.pareto import Front

Direction = Literal["high", "low"]
DomainWish = Literal["any", "near", "inside"]
DIRECTIONS, DOMAIN_WISHES = get_args(Direction), get_args(DomainWish)
POOL = 10
"""The differing few are chosen among this many times as many of the best."""
KEPT_AS = "kept_as"
"""Column that says why a design is in the table: on the front, among the best, or both."""
FRONT, BEST = "front", "best"


@dataclass(frozen=True)
class Selection:
    """What is kept.

    Attributes
    ----------
    where : conditions on every column, predicted ones included
    domain : `any`; `near` the training designs, none of whose elements or classes is new to the model; or `inside`
        the ranges of the training designs as well
    pareto : objectives of the front, each with its good side
    top, by : how many of the best, by which column and which side of it
    pessimistic : rank by the bad end of the interval in place of the value
    diverse : choose the best few as unlike each other as can be among the best `POOL` times as many
    """

    where: tuple[Expression, ...] = ()
    domain: DomainWish = "any"
    pareto: Mapping[str, Direction] = field(default_factory=dict)
    top: int = 0
    by: tuple[str, Direction] | None = None
    pessimistic: bool = False
    diverse: bool = False

    @property
    def ranks(self) -> bool:
        """Whether a few designs are kept, in an order; else every design that passes is written."""
        return bool(self.pareto or self.top)

    @property
    def objectives(self) -> dict[str, Direction]:
        """Every column that something is ranked by, the first ranks the table."""
        first = dict([self.by]) if self.by else {}
        return first | {column: side for column, side in self.pareto.items() if column not in first}

    def merit(self, table: pd.DataFrame, column: str, direction: Direction) -> np.ndarray:
        """The column with more being better, of its pessimistic end where asked for; shape (n_rows,)."""
        if self.pessimistic and column in TARGETS:
            column += "_low" if direction == "high" else "_high"
        values = table[column].to_numpy(dtype=float)
        return values if direction == "high" else -values

    def passing(
        self, table: pd.DataFrame, bundle: Bundle, targets: tuple[str, ...], note: Callable[[str, int], None]
    ) -> pd.DataFrame:
        """The rows that fulfil every condition; `note` is told what each condition left out."""
        for each in self.where:
            holds = np.broadcast_to(each({name: table[name].to_numpy() for name in each.names}), len(table))
            note(each.text, int(len(table) - holds.sum()))
            table = table[holds]
        if self.domain != "any" and len(table):
            known = in_domain(table, bundle, targets, self.domain)
            note(f"domain: {self.domain}", int((~known).sum()))
            table = table[known]
        return table


def in_domain(table: pd.DataFrame, bundle: Bundle, targets: tuple[str, ...], wish: DomainWish) -> np.ndarray:
    """Which answered designs the models of the targets know the like of, shape (n_rows,)."""
    designs = Designs.of(table[[name for name in table if name in Candidate.model_fields]])
    electrolytes = read_electrolytes(designs)
    known = np.ones(len(table), dtype=bool)
    for column in {task_of(column).name: column for column in targets}.values():
        domain = bundle.parts[task_of(column).name].domain
        if domain is not None:
            distance = table[f"{column}_distance"].to_numpy(dtype=float)
            far, elements, kind, outside = domain_notices(domain, distance, designs, electrolytes)
            for notice in (far, elements, kind) if wish == "near" else (far, elements, kind, outside):
                known &= np.asarray(notice.is_null()) | np.isnan(distance)  # not judged where nothing is predicted
    return known


def scrambled(numbers: np.ndarray) -> np.ndarray:
    """A fixed order of design numbers without pattern, to settle equal merits and to sample; shape (n,).

    The mixing function of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014, doi 10.1145/2660193.2660195).
    """
    with np.errstate(over="ignore"):
        mixed = np.asarray(numbers, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


class Best:
    """The best so many of all rows added so far; equal ones in an order without pattern.

    Parameters
    ----------
    count : how many
    same : names of columns; of rows that agree in all of these they have, one is kept
    """

    def __init__(self, count: int, same: Collection[str] = ()) -> None:
        self.count, self.same, self.unknown = count, same, 0
        self.rows, self.merits, self.ties = pd.DataFrame(), np.empty(0), np.empty(0, dtype=np.uint64)

    def add(self, merits: np.ndarray, numbers: np.ndarray, rows: pd.DataFrame) -> None:
        """Rows with their merit (more is better, NaN is left out) and their numbers, each of shape (n_rows,)."""
        known = np.flatnonzero(~np.isnan(merits))
        self.unknown += len(merits) - len(known)
        if len(self.merits) == self.count:
            known = known[merits[known] >= self.merits[-1]]  # what is worse than all that is held changes nothing
            if not len(known):
                return
        merit = np.concatenate([self.merits, merits[known]])
        ties = np.concatenate([self.ties, scrambled(numbers[known])])
        rows = pd.concat([self.rows, rows.iloc[known]], ignore_index=True) if len(self.rows) else rows.iloc[known]
        best = np.lexsort((ties, -merit))
        if same := [name for name in rows if name in self.same]:
            best = best[~rows[same].iloc[best].duplicated().to_numpy()]
        best = best[: self.count]
        self.rows = rows.iloc[best].reset_index(drop=True)
        self.merits, self.ties = merit[best], ties[best]


class Keeper:
    """The front and the best of a stream of answers; a design that the space holds twice is once among the best."""

    def __init__(self, selection: Selection, bundle: Bundle) -> None:
        self.selection, self.bundle = selection, bundle
        self.front = Front(len(selection.pareto)) if selection.pareto else None
        pool = selection.top * (POOL if selection.diverse else 1)
        self.best = Best(pool, Candidate.model_fields) if pool else None

    def add(self, table: pd.DataFrame, numbers: np.ndarray) -> None:
        """Answers that passed, with the numbers of their designs, shape (n_rows,)."""
        chosen = self.selection
        if self.front:
            merits = [chosen.merit(table, column, side) for column, side in chosen.pareto.items()]
            self.front.add(np.column_stack(merits), table)
        if self.best and chosen.by:
            self.best.add(chosen.merit(table, *chosen.by), numbers, table)

    @property
    def unknown(self) -> int:
        """How many answers could not be ranked because an objective is not known."""
        return max(each.unknown for each in (self.front, self.best) if each)

    def table(self) -> pd.DataFrame:
        """What was kept, best first, with `kept_as`."""
        chosen = self.selection
        found = []
        if self.best:
            found.append(self._differing(self.best.rows).assign(**{KEPT_AS: BEST}))
        if self.front:
            found.append(self.front.rows.assign(**{KEPT_AS: FRONT}))
        both = pd.concat(found, ignore_index=True)
        if both.empty:
            return both
        twice = both["candidate"].duplicated(keep=False)
        both.loc[twice, KEPT_AS] = f"{FRONT}, {BEST}"
        both = both.drop_duplicates("candidate", keep="last")
        merits = [chosen.merit(both, column, side) for column, side in chosen.objectives.items()]
        return both.iloc[np.lexsort([-merit for merit in reversed(merits)])].reset_index(drop=True)

    def _differing(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The best and those least like what was chosen before, by the vectors of the model that ranks them."""
        chosen = self.selection
        if not chosen.diverse or len(rows) <= chosen.top or chosen.by is None:
            return rows
        column = chosen.by[0].removesuffix("_low").removesuffix("_high")
        cell_tasks = (name for name, task in TASKS.items() if task.of_cells)
        part = self.bundle.parts[task_of(column).name if column in TARGETS else next(cell_tasks)]
        domain = part.domain
        if domain is None:
            raise ValueError("this model was fitted inside an evaluation and cannot tell designs apart")
        vectors = part.featurizer.transform(with_conductivity(rows, self.bundle.parts[LINK]))
        picks = pick(
            np.ones(len(rows)), np.full(len(rows), np.inf),
            lambda place: domain.between(vectors.iloc[[place]], vectors)[0], NO_LIMIT, chosen.top,
        )  # fmt: skip
        return rows.iloc[[each.place for each in picks]]


NO_LIMIT = 1e6
"""Distance beyond which unlikeness counts no more: none is reached."""
