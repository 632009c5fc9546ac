"""Every learned quantity, named once: whatever else reads or predicts a quantity goes through these tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from models.tasks.conductivity import ConductivityTask
from models.tasks.fade import FadeTask
from models.tasks.first_capacity import CAPACITY, FIRST_CAPACITY
from models.tasks.ice import IceTask
from models.tasks.target import Target
from models.tasks.task import Task

TASKS: dict[str, Task] = {}
"""Learned quantities by name, in the order they are fitted and reported."""
TARGETS: dict[str, Target] = {}
"""Targets by column, in the order of every report."""
RANGES: dict[str, Target] = {target.column: target for target in (FIRST_CAPACITY, CAPACITY)}
"""Quantities that no model learns and that are reported as a range alone, by column."""
RANGE_ONLY = "range only, no model predicts it"
BESIDE_ONLY = "follows from the conductivity's model and is not ranked or explained by itself"
RANGES_PART = "capacities"
"""Name that stands in the place of a task's for them."""
_TASK_OF: dict[str, Task] = {}


def register(task: Task) -> None:
    """Make a learned quantity known.

    Parameters
    ----------
    task : Task
        With a name and target columns of its own.

    Raises
    ------
    ValueError
        A task or a target of that name is known already.
    """
    if task.name in TASKS:
        raise ValueError(f"task {task.name!r}: known already; give it a name of its own")
    if known := [target.column for target in task.targets if target.column in TARGETS]:
        raise ValueError(f"task {task.name!r}: target {', '.join(known)} is told by another task already")
    TASKS[task.name] = task
    TARGETS.update({target.column: target for target in task.targets})
    _TASK_OF.update({target.column: task for target in (*task.targets, *task.on_request)})


@contextmanager
def registered(task: Task) -> Iterator[Task]:
    """Make a learned quantity known inside a block, and forget it afterwards.

    Parameters
    ----------
    task : Task
        As for `register`.
    """
    register(task)
    try:
        yield task
    finally:
        del TASKS[task.name]
        for target in task.targets:
            del TARGETS[target.column]
        for target in (*task.targets, *task.on_request):
            del _TASK_OF[target.column]


for _task in (ConductivityTask(), IceTask(), FadeTask()):
    register(_task)

LINK = next(name for name, task in TASKS.items() if task.is_given_to_cells)
"""Task whose prediction cells are given as a feature; it comes first."""
ON_REQUEST: dict[str, Target] = {target.column: target for task in TASKS.values() for target in task.on_request}
"""Quantities that follow from a learned one, by column; predicted only on request, as they cost as much."""
NOT_LEARNED = dict.fromkeys(RANGES, RANGE_ONLY) | dict.fromkeys(ON_REQUEST, BESIDE_ONLY)
"""Why quantities that no model learns are not explained, compared or ranked by, and have no probabilities."""


def task_of(column: str) -> Task:
    """Return the learned quantity that predicts a target, or that it follows from.

    Parameters
    ----------
    column : str
        A key of `TARGETS` or `ON_REQUEST`.

    Examples
    --------
    >>> task_of("cycle_life_80").name
    'fade'
    """
    return _TASK_OF[column]


def part_of(column: str) -> str:
    """Return the name of the task that predicts a column or what it follows from, `RANGES_PART` where none does.

    Parameters
    ----------
    column : str
        A key of `all_targets`.
    """
    return _TASK_OF[column].name if column in _TASK_OF else RANGES_PART


def all_targets() -> dict[str, Target]:
    """Return all quantities, by column, in the order of every report: `TARGETS`, then what of `RANGES` is not one,
    then those on request."""
    return TARGETS | {column: target for column, target in (RANGES | ON_REQUEST).items() if column not in TARGETS}


def is_range_alone(column: str) -> bool:
    """Return whether a quantity is reported as a range alone: no task learns it.

    Parameters
    ----------
    column : str
        A key of `all_targets`.
    """
    return column in RANGES and column not in TARGETS


def is_of_cells(column: str) -> bool:
    """Return whether a quantity is one of cells rather than of an electrolyte.

    Parameters
    ----------
    column : str
        A key of `all_targets`.
    """
    return column in RANGES or TASKS[part_of(column)].of_cells


def targets_with_an_error() -> dict[str, Target]:
    """Return targets that are judged by an error, by column: all that are not mostly bounded."""
    return {column: target for column, target in TARGETS.items() if not target.censored}


def targets_of(name: str) -> list[str]:
    """Return columns of the targets of a task.

    Parameters
    ----------
    name : str
        A key of `TASKS`.
    """
    return [target.column for target in TASKS[name].targets]
