"""The trials of a study and the file that keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.registry import store_file

if TYPE_CHECKING:
    import optuna

STORAGE = "tuning.db"
WAIT_SECONDS = 60


@dataclass(frozen=True)
class FinishedTrial:
    """One finished trial.

    Attributes
    ----------
    number : in its study
    pruned : whether it was given up after a fold that half of the others had passed with less
    params : settings
    error : mean error over the inner folds it saw, in the unit `training.evaluation.choose` measures
    started, seconds : when, and how long it took
    """

    number: int
    pruned: bool
    params: dict[str, Any]
    error: float
    started: datetime
    seconds: float


class TuningStoreError(ValueError):
    """The file that keeps the trials cannot be used."""


def storage_path(folder: str | Path | None = None) -> Path:
    """The sqlite file of the trials: in the folder given, else beside a local MLflow store, else in the working
    folder.

    Parameters
    ----------
    folder : str | Path | None
        Where tuning.db lies; None for beside the MLflow store.
    """
    if folder is not None:
        return Path(folder) / STORAGE
    store = store_file()
    return (store.parent if store else Path()) / STORAGE


@contextmanager
def opened(path: Path, title: str) -> Iterator[optuna.Study]:
    """The study of that name, made on first use; optuna is imported here and nowhere earlier, and logs
    nothing.

    Parameters
    ----------
    path : Path
        Of the sqlite file.
    title : str
        Name of the study.
    """
    import optuna
    from sqlalchemy import event
    from sqlalchemy.exc import SQLAlchemyError

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        storage = optuna.storages.RDBStorage(
            f"sqlite:///{path.resolve()}", engine_kwargs={"connect_args": {"timeout": WAIT_SECONDS}}
        )
        event.listen(storage.engine, "connect", _write_ahead)
        storage.engine.dispose()  # what is open was opened without it
        pruner = optuna.pruners.MedianPruner()
        yield optuna.create_study(storage=storage, study_name=title, pruner=pruner, load_if_exists=True)
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError, OSError) as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0][:200]
        raise TuningStoreError(
            f"{path}: the trials cannot be kept there: {reason}; move the file away or choose a folder to write in"
        ) from error
    finally:
        if storage is not None:
            storage.remove_session()
            storage.engine.dispose()
        optuna.logging.set_verbosity(before)


def _write_ahead(connection: Any, record: object) -> None:
    """Ten small commits a trial, each waiting for the disk, would take longer than the fits; a killed process still
    loses none, and a power cut only the last ones."""
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")


def finished(study: optuna.Study) -> list[FinishedTrial]:
    """Trials that ended with an error, pruned ones included, in their order.

    Parameters
    ----------
    study : optuna.Study
        Optuna's study.
    """
    from optuna.trial import TrialState

    trials = []
    for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED)):
        error = trial.value if trial.value is not None else trial.intermediate_values[max(trial.intermediate_values)]
        started, took = trial.datetime_start, trial.duration
        if started is not None and took is not None:
            pruned = trial.state is TrialState.PRUNED
            trials.append(FinishedTrial(trial.number, pruned, dict(trial.params), error, started, took.total_seconds()))
    return trials
