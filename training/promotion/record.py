"""A training from its data to its report and its registered model: what `silion train` and `silion.train` share."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

from features.tables.literature import Literature
from models.registry import check_store
from reporting.console import progress
from reporting.files import FILE_LIST, check_folder, whole_folder
from training.config import TrainConfig
from training.evaluation.out_of_fold import judged, write_judged
from training.promotion.against_champion import comparison_text, steps_against
from training.promotion.tracking import track
from training.promotion.unfinished import REPORT, kept_until_registered, reserved_room
from training.report.report import report_steps, write_report
from training.train import Trained, steps_to_train, train
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
            bars.enter_context(reserved_room())
        return train(config, step, literature, tuning)


def check_room(folder: Path) -> None:
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
        with whole_folder(folder) as aside:
            _write(trained, aside, "")
        return "", ""
    with kept_until_registered(trained) as kept:
        with progress(steps_against(trained), "new rows alone") as step:
            comparison = comparison_text(trained, step)
        with whole_folder(kept / REPORT) as aside:
            _write(trained, aside, comparison)
        with whole_folder(folder) as aside:
            shutil.copytree(kept / REPORT, aside, dirs_exist_ok=True, ignore=shutil.ignore_patterns(FILE_LIST))
            version = track(trained, aside, kept.name)
    return comparison, version


def _write(trained: Trained, folder: Path, comparison: str) -> None:
    with progress(report_steps(), "report", "rule") as step:
        write_report(trained, folder, progress=step)
    write_judged(judged(trained.found, trained.config.level), folder)
    (folder / "comparison.txt").write_text(comparison + "\n", encoding="utf-8")
