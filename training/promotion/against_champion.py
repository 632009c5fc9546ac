"""A training that has just ended against the champion of the store: what `silion train` prints and its report keeps."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from models.registry import CHAMPION, versions
from training.data.papers import SplitError
from training.evaluation.crossvalidate import Progress
from training.evaluation.out_of_fold import ComparisonError, judged
from training.promotion.compare import Comparison, as_text, compare
from training.promotion.new_rows import effect_of_new_rows, new_rows, rows_known
from training.promotion.promote import judged_of
from training.train import Trained, steps


def champion_table() -> tuple[str, pd.DataFrame] | None:
    """The champion's version and its table of `judged`; None where there is no champion.

    Raises
    ------
    ComparisonError
        The champion's run keeps no such table.
    """
    champion = next((each for each in versions() if CHAMPION in each.aliases), None)
    return (champion.version, judged_of(champion)) if champion else None


def against_champion(trained: Trained, progress: Progress = lambda steps: None) -> Comparison | None:
    """Compare a training with the champion, and measure what the rows that the champion did not have do alone.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    progress : callable
        Called with the number of fits just done, `steps_against(trained)` of them where there are new rows.

    Returns
    -------
    Comparison or None
        None where there is no champion.

    Raises
    ------
    ComparisonError
        The champion's run keeps no predictions to compare with.
    """
    version_and_table = champion_table()
    if version_and_table is None:
        return None
    version, champion = version_and_table
    comparison = compare(champion, judged(trained.found, trained.config.level), trained.config.seed, version)
    known = rows_known(champion)
    counts = {part: len(names) for part, names in new_rows(trained.literature, known).items()}
    if not any(counts.values()):
        return replace(comparison, new_rows=counts, effect_said="there are none beside those the champion had")
    try:
        effect = effect_of_new_rows(trained.literature, known, trained.config, progress)
    except SplitError as error:
        return replace(comparison, new_rows=counts, effect_said=f"not measured: {error}")
    return replace(comparison, new_rows=counts, effect=effect)


def steps_against(trained: Trained) -> int:
    """Number of steps `against_champion` reports at most: the cross-validation twice, without and with the new rows.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    """
    return 2 * steps(trained.config)


def comparison_text(trained: Trained, progress: Progress = lambda steps: None) -> str:
    """The comparison as printed; empty where there is no champion, and the reason where none can be made.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    progress : callable
        Called with the number of steps just done.
    """
    try:
        comparison = against_champion(trained, progress)
    except ComparisonError as error:
        return f"not compared with the champion: {error}"
    return as_text(comparison) if comparison else ""
