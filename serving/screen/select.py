"""Selection of answers: filters over columns, the domain of the models, and what the rest is ranked by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

import numpy as np
import pandas as pd

from features.electrolyte_columns import read_electrolytes
from features.tables.designs import Designs
from features.tables.mistakes import InputError
from features.tables.records import Candidate
from models.bundle import Bundle
from models.notices import domain_notices
from models.predictions import ENDS
from models.predictor import NO_POINT, Predictor
from models.tasks.registry import TARGETS, task_of
from serving.predict.expression import Expression
from serving.predict.prediction_text import DISTANCE

Direction = Literal["high", "low"]
DomainWish = Literal["any", "near", "inside"]
DIRECTIONS, DOMAIN_WISHES = get_args(Direction), get_args(DomainWish)
Note: TypeAlias = Callable[[str, int], None]
"""Called with each reason to leave designs out, and how many."""


def answer_columns(targets: Sequence[str]) -> list[str]:
    """Return the columns that are answered with numbers.

    Parameters
    ----------
    targets : sequence of str

    Returns
    -------
    list of str
        For each target its value, the ends of its interval, and the distance to the nearest training design.

    Examples
    --------
    >>> answer_columns(["ice_pct"])
    ['ice_pct', 'ice_pct_low', 'ice_pct_high', 'ice_pct_distance']
    """
    return [column + end for column in targets for end in (*ENDS, DISTANCE)]


def target_of(column: str) -> str:
    """Return the target that a column of the answers belongs to.

    Parameters
    ----------
    column : str

    Returns
    -------
    str
        The column itself where it belongs to none.

    Examples
    --------
    >>> target_of("ice_pct_low"), target_of("stack_pressure_mpa")
    ('ice_pct', 'stack_pressure_mpa')
    """
    return next((target for target in TARGETS if column in answer_columns([target])), column)


def rows_fulfilling(condition: Expression, table: pd.DataFrame, note: Note) -> np.ndarray:
    """Return which rows fulfil a condition.

    Parameters
    ----------
    condition : Expression
    table : DataFrame, shape (n_rows, n_columns)
        With every column that the condition reads.
    note : Note
        Gets the text of the condition, and how many rows it leaves out.

    Returns
    -------
    array of bool, shape (n_rows,)
    """
    truth = condition({name: table[name].to_numpy() for name in condition.names})
    holds = np.broadcast_to(truth, len(table))
    note(condition.text, int(len(table) - holds.sum()))
    return holds


@dataclass(frozen=True)
class Selection:
    """Rules of what is kept of the answers.

    Attributes
    ----------
    where : tuple of Expression
        Conditions on every column, predicted ones included.
    domain : str
        `any`; `near` the training designs, none of whose elements or classes is new to the model; or `inside` the
        ranges of the training designs as well.
    pareto : mapping of str to `high` or `low`
        Objectives of the front, each with its good side.
    top, by : int, (str, `high` or `low`)
        How many of the best, by which column and which side of it.
    pessimistic : bool
        Whether to rank by the bad end of the interval in place of the value.
    diverse : bool
        Whether the best few are to be as unlike each other as can be among many more of the best.
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
        """True where a few designs are kept, in an order; else every design that passes is written."""
        return bool(self.pareto or self.top)

    @property
    def objectives(self) -> dict[str, Direction]:
        """Every column that something is ranked by, the first ranks the table."""
        first = dict([self.by]) if self.by else {}
        return first | {column: side for column, side in self.pareto.items() if column not in first}

    def merit(self, table: pd.DataFrame, column: str, direction: Direction) -> np.ndarray:
        """Return a column so that more is better, of its bad end where the selection is pessimistic.

        Parameters
        ----------
        table : DataFrame, shape (n_rows, n_columns)
        column : str
        direction : str
            Good side of the column, `high` or `low`.

        Returns
        -------
        array, shape (n_rows,)
            NaN where the value is not known.
        """
        if self.pessimistic and column in TARGETS:
            column += "_low" if direction == "high" else "_high"
        values = table[column].to_numpy(dtype=float)
        return values if direction == "high" else -values

    def passing(self, table: pd.DataFrame, bundle: Bundle, targets: Sequence[str], note: Note) -> pd.DataFrame:
        """Return the rows that fulfil every condition.

        Parameters
        ----------
        table : DataFrame, shape (n_rows, n_columns)
            Designs with their answers.
        bundle : Bundle
            Model that answered.
        targets : sequence of str
            Targets that were asked for.
        note : Note
            Called with each condition, in turn, and how many it left out.
        """
        for condition in self.where:
            table = table[rows_fulfilling(condition, table, note)]
        if self.domain != "any" and len(table):
            known = in_domain(table, bundle, targets, self.domain)
            note(f"domain: {self.domain}", int((~known).sum()))
            table = table[known]
        return table


def check_points(selection: Selection, targets: Sequence[str], predictor: Predictor) -> None:
    """Refuse to rank by a target of cells that has no point, and to filter by its value.

    Parameters
    ----------
    selection : Selection
    targets : sequence of str
        Targets that are asked for.
    predictor : Predictor

    Raises
    ------
    InputError
        What chooses by which target, and what to do in its place.
    """
    of_cells = [(task_of(column).name, column) for column in targets if task_of(column).of_cells]
    silent = [column for name, column in of_cells if predictor.without_skill(name, [column])]
    columns = {target + end: target for target in silent for end in ENDS}
    reasons = {
        f"{column}: {side}": columns[column] for column, side in selection.objectives.items() if column in columns
    }
    reasons |= {
        condition.text: column for condition in selection.where for column in silent if column in condition.names
    }
    if reasons:
        first, *others = dict.fromkeys(reasons.values())
        raise InputError(
            f"keep: {', '.join(reasons)}: of {', '.join([first, *others])} {NO_POINT}. Rank by what is known: another "
            f"target, a column of the design, or {first}_distance, how far the nearest measured cell is; filter by "
            f"{first}_low or {first}_high, the ends of the range that comparable papers report; or measure some of the "
            "cells and give them to silion predict --calibrate, which has points then"
        )


def in_domain(table: pd.DataFrame, bundle: Bundle, targets: Sequence[str], wish: DomainWish) -> np.ndarray:
    """Return which answered designs the models of the targets know the like of.

    Parameters
    ----------
    table : DataFrame, shape (n_rows, n_columns)
        Designs with their answers.
    bundle : Bundle
    targets : sequence of str
    wish : str
        `near`: no farther than far, and no new element or class; `inside`: inside all ranges as well.

    Returns
    -------
    array of bool, shape (n_rows,)
        True too where a target is not predicted: nothing is judged there.
    """
    designs = Designs.of(table[[name for name in table if name in Candidate.model_fields]])
    electrolytes = read_electrolytes(designs)
    known = np.ones(len(table), dtype=bool)
    for column in {task_of(column).name: column for column in targets}.values():
        domain = bundle.parts[task_of(column).name].domain
        if domain is not None:
            distance = table[f"{column}_distance"].to_numpy(dtype=float)
            far, elements, kind, outside = domain_notices(domain, distance, designs, electrolytes)
            for notice in (far, elements, kind) if wish == "near" else (far, elements, kind, outside):
                known &= np.asarray(notice.is_null()) | np.isnan(distance)
    return known
