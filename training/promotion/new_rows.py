"""Effect of the rows that a champion did not have: the same recipe with and without them."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace

import numpy as np
import pandas as pd

from features.tables.literature import Literature
from models.tasks.examples import Examples
from models.tasks.registry import TASKS, targets_with_an_error, task_of
from training.conductivity_link import ConductivityLink
from training.config import TrainConfig
from training.data.groups import training_rows
from training.evaluation.crossvalidate import OutOfFold, Progress, validate
from training.evaluation.out_of_fold import out_of_fold_table
from training.promotion.challenger import Comparison, Paired, compare

Known = Mapping[str, Set[str]]
"""Names of the rows a training had, by part, as `row_keys` gives them."""


def rows_known(table: pd.DataFrame) -> dict[str, set[str]]:
    """Rows a training had, by part, from its table of `judged`: rows of which only a bound is known among them.

    Parameters
    ----------
    table : DataFrame
        Of the champion's `judged`.
    """
    return {
        task_of(column).name: set(table.loc[table["target"] == column, "row"]) for column in targets_with_an_error()
    }


def new_rows(literature: Literature, champion_row_ids: Known) -> dict[str, set[str]]:
    """Training rows of the literature that are none of the champion's, by part.

    Parameters
    ----------
    literature : Literature
        All tables.
    champion_row_ids : Known
        Names of the champion's rows, by part, as `rows_known` reads them.
    """
    return {name: set(task.examples(literature).row_names) - champion_row_ids[name] for name, task in TASKS.items()}


def without_new_rows(literature: Literature, champion_row_ids: Known) -> Literature:
    """The literature without the training rows that the champion did not have; all other rows stay, in their order.

    A cell the champion knew by its cycling alone keeps its design and its old points and loses its ICE, and the other
    way about: what goes is the measurement, not the cell.

    Parameters
    ----------
    literature : Literature
        All tables.
    champion_row_ids : Known
        Names of the champion's rows, by part, as `rows_known` reads them.
    """
    new = new_rows(literature, champion_row_ids)
    for name, task in TASKS.items():
        literature = task.without_rows(literature, new[name])
    return literature


def effect_of_new_rows(
    literature: Literature, champion_row_ids: Known, config: TrainConfig, progress: Progress = lambda steps: None
) -> dict[str, Paired]:
    """Measure the effect of the new rows alone: one recipe, with against without them, judged on the rows the champion
    had.

    Fair means that nothing but the new rows differs:

    - The judged rows are the champion's, as they stand in today's tables; a new row is learnt from and never judged.
    - The folds are dealt once, over those rows, by the groups of the whole literature, and used for both. Two old
      papers that a new row joins (one composition in both) are held out together on both sides, although without
      the new row they need not be.
    - With the new rows, a fold learns from all of them but those that share a paper or a composition with a row
      it holds out: a new row of an old paper helps where its paper is not judged.
    - Recipe choice, conductivity link and seeds are those of `cross_validate`, on each side from its own rows.

    The interval is over papers. It does not hold the luck of one fit: a row more gives every tree other draws. A
    difference that is small beside the error is to be believed with many repeats only.

    Parameters
    ----------
    literature : Literature
        All tables.
    champion_row_ids : Known
        Names of the champion's rows, by part, as `rows_known` reads them.
    config : TrainConfig
        Configuration of the training.
    progress : callable
        Called with the number of steps just done.

    Raises
    ------
    SplitError
        The champion's rows come from too few papers for the folds.
    """
    new, without = new_rows(literature, champion_row_ids), without_new_rows(literature, champion_row_ids)
    sides: tuple[dict[str, OutOfFold], dict[str, OutOfFold]] = ({}, {})
    links: list[ConductivityLink | None] = [None, None]
    for part, (every, kin) in training_rows(literature).items():
        task, choices = TASKS[part], config.choices[part]
        judged_rows = task.examples(without)
        old = np.flatnonzero([name not in new[part] for name in every.row_names])
        tests = config.protocol.tests(kin.groups[old])
        first_link, second_link = links if task.of_cells else (None, None)
        first = validate(
            part, judged_rows, kin.take(old), choices, config.protocol, progress, link=first_link, tests=tests
        )
        everywhere = [(repeat, old[test]) for repeat, test in tests]
        second = validate(part, every, kin, choices, config.protocol, progress, link=second_link, tests=everywhere)
        sides[0][part], sides[1][part] = first, _on(second, old, judged_rows)
        if task.is_given_to_cells:
            links = [
                ConductivityLink(judged_rows, choices, config.seed),
                ConductivityLink(every, choices, config.seed),
            ]
    compared: Comparison = compare(
        out_of_fold_table(sides[0], config.level), out_of_fold_table(sides[1], config.level), config.seed
    )
    return dict(compared.targets)


def _on(out_of_fold: OutOfFold, rows: np.ndarray, examples: Examples) -> OutOfFold:
    """The predictions of some rows, whose examples are given."""
    return replace(
        out_of_fold,
        examples=examples,
        groups=out_of_fold.groups[rows],
        predicted={name: values[:, rows] for name, values in out_of_fold.predicted.items()},
        spread=out_of_fold.spread[:, rows],
        shape=out_of_fold.shape[:, rows],
        fold=out_of_fold.fold[:, rows],
        distance=out_of_fold.distance[:, rows],
    )
