"""A training from its data to its report and its registered model: what `silion train` and `silion.train` share."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from features.tables.literature import Literature
from models.registry import CHAMPION, check_store, versions
from reporting.atomic_files import FILE_LIST, atomic_output_folder, check_folder
from reporting.console import progress
from training.config import TrainConfig
from training.data.paper_splits import SplitError
from training.evaluation.crossvalidate import Progress
from training.evaluation.out_of_fold import ComparisonError, out_of_fold_table, write_out_of_fold
from training.promotion.challenger import Comparison, as_text, compare
from training.promotion.new_rows import effect_of_new_rows, new_rows, rows_known
from training.promotion.promote import stored_out_of_fold
from training.promotion.tracking import track
from training.promotion.unregistered import REPORT, kept_until_registered, reserved_disk_space
from training.report.report import report_steps, write_report
from training.train import Trained, steps, steps_to_train, train
from training.tuning.nested import Tuning


def fit(config: TrainConfig, literature: Literature, tuning: Tuning | None = None, *, register: bool = True) -> Trained:
    """Train, with a bar of progress on a terminal; nothing is written, and room for the model is reserved meanwhile.

    Parameters
    ----------
    config : TrainConfig
        Configuration of the training.
    literature : Literature
        All tables.
    tuning : Tuning, optional
        Search for recipes inside the folds; none where None.
    register : bool
        Whether the model shall be registered: then room for it is reserved.
    """
    more, searched = (tuning.more_fits(config.protocol), tuning.steps(config.protocol)) if tuning else (0, 0)
    with ExitStack() as bars:
        step = bars.enter_context(progress(steps_to_train(config, literature) + more))
        if tuning:
            tuning.progress = bars.enter_context(progress(searched, "tuning", "s"))
        if register:
            bars.enter_context(reserved_disk_space())
        return train(config, step, literature, tuning)


def check_disk_space(folder: Path) -> None:
    """Refuse a report folder or a store that cannot be written, before long work whose result they shall keep.

    Parameters
    ----------
    folder : Path
        Of the report.

    Raises
    ------
    ValueError, StoreError
        With what to do.
    """
    check_folder(folder)
    check_store()


def record(trained: Trained, folder: Path, *, register: bool = True) -> tuple[str, str]:
    """Write the report of a training and register its model.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    folder : Path
        Of the report; written aside and then renamed.
    register : bool
        Whether to compare with the store's champion and register the model.

    Returns
    -------
    comparison, version : str
        The comparison as printed, empty without a champion; the number of the registered version, empty without.
    """
    if not register:
        with atomic_output_folder(folder) as aside:
            _write(trained, aside, "")
        return "", ""
    with kept_until_registered(trained) as kept_folder:
        with progress(steps_against(trained), "new rows alone") as step:
            comparison = comparison_text(trained, step)
        with atomic_output_folder(kept_folder / REPORT) as aside:
            _write(trained, aside, comparison)
        with atomic_output_folder(folder) as aside:
            shutil.copytree(kept_folder / REPORT, aside, dirs_exist_ok=True, ignore=shutil.ignore_patterns(FILE_LIST))
            version = track(trained, aside, kept_folder.name)
    return comparison, version


def _write(trained: Trained, folder: Path, comparison: str) -> None:
    with progress(report_steps(), "report", "rule") as step:
        write_report(trained, folder, progress=step)
    write_out_of_fold(out_of_fold_table(trained.found, trained.config.level), folder)
    (folder / "comparison.txt").write_text(comparison + "\n", encoding="utf-8")


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
    champion = next((version for version in versions() if CHAMPION in version.aliases), None)
    if champion is None:
        return None
    former, latter = stored_out_of_fold(champion), out_of_fold_table(trained.found, trained.config.level)
    comparison = compare(former, latter, trained.config.seed, champion.version)
    known = rows_known(former)
    counts = {part: len(names) for part, names in new_rows(trained.literature, known).items()}
    if not any(counts.values()):
        return replace(comparison, new_rows=counts, effect_remark="there are none beside those the champion had")
    try:
        effect = effect_of_new_rows(trained.literature, known, trained.config, progress)
    except SplitError as error:
        return replace(comparison, new_rows=counts, effect_remark=f"not measured: {error}")
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
