"""Skill of a model of its own for cells with liquid or gel electrolyte, which nothing else uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from features.tables.literature import Literature
from models.tasks.ice import IceTask, LiquidIceTask
from models.tasks.registry import registered
from training.config import TrainConfig
from training.data.groups import paper_groups
from training.evaluation.crossvalidate import fits_needed, validate
from training.evaluation.evaluate import score
from training.evaluation.score import error_table


def liquid_steps(config: TrainConfig) -> int:
    """Return how many steps `liquid_table` reports to its progress at most.

    Parameters
    ----------
    config : TrainConfig
        Configuration of the training.
    """
    return fits_needed(config.protocol, {LiquidIceTask.name: config.choices[IceTask.name]})


def liquid_table(
    literature: Literature, config: TrainConfig, progress: Callable[[int], None] = lambda steps: None
) -> str:
    """Return the skill for the ICE of cells with liquid or gel electrolyte as a Markdown table.

    The model learns from such cells alone, with the recipes of the ICE of solid cells. No conductivity is given to it:
    what is known of conductivity is that of solids.

    Parameters
    ----------
    literature : Literature
        All tables.
    config : TrainConfig
        Configuration of the training.
    progress : callable
        Called with the number of steps just done.
    """
    with registered(LiquidIceTask()) as task:
        examples, (target,) = task.examples(literature), task.targets
        kin = paper_groups(task.name, examples)
        protocol = replace(config.protocol, folds=min(config.folds, len(set(kin.groups.tolist()))))
        out_of_fold = validate(task.name, examples, kin, config.choices[IceTask.name], protocol, progress=progress)
        return error_table({target: score(target, out_of_fold, config.level, config.seed)})
