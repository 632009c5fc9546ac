"""Trained models that could not be registered: kept aside until `silion train --finish` does it.

A fit takes long, and a disk that fills or a store that is locked shows at its end. So room for the model is reserved
before it, the model is written down right after it, and goes when it stands in the store.
"""

from __future__ import annotations

import errno
import logging
import os
import platform
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from features.tables.disk import atomic_folder, sweep, sync
from models.bundle import Bundle, load_bundle, save_bundle
from models.registry import MODEL_NAME, client, store_file
from reporting.atomic_files import FILE_LIST, atomic_output_folder, check_folder, write_csv
from training.config import TrainConfig
from training.evaluation.out_of_fold import JUDGED, out_of_fold_table, write_out_of_fold
from training.evaluation.score import Score, score_table
from training.promotion.tracking import KEPT, track
from training.train import Trained
from training.tuning.study import Study

NAME = "silion-trained-"
"""Begins the name of a kept folder; the number of the training's process follows."""
BUNDLE, REPORT = "bundle", "report"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
ROOM_BYTES = 32 * 1024 * 1024
"""Reserved while a model is fitted: a model of all public tables with its predictions takes less than half of it."""


@dataclass(frozen=True)
class KeptTraining:
    """A trained model as it was kept: what registering it needs.

    Attributes
    ----------
    bundle, scores, config : as of the training
    studies : none: trials of a search are in `tuning.db` alone
    """

    bundle: Bundle
    scores: dict[str, Score]
    config: TrainConfig
    studies: list[Study] = field(default_factory=list)


def home() -> Path:
    """Return where models are kept: beside a local store, else the working folder."""
    store = store_file()
    return store.resolve().parent if store else Path.cwd()


@contextmanager
def reserved_disk_space() -> Iterator[None]:
    """Hold room on the disk for the model while a block fits it.

    Raises
    ------
    OSError
        There is no room: said before the fit and not after it.
    """
    if not hasattr(os, "posix_fallocate"):
        yield
        return
    path = home() / _part("silion-room")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("wb") as file:
            try:
                os.posix_fallocate(file.fileno(), 0, ROOM_BYTES)
            except OSError as error:
                if error.errno in FULL:
                    message = f"no room for the model of this training ({ROOM_BYTES >> 20} MB)"
                    raise OSError(error.errno, message, str(path.parent)) from None
        yield
    finally:
        path.unlink(missing_ok=True)


def keep(trained: Trained) -> Path:
    """Write a trained model down, before anything else is written.

    Parameters
    ----------
    trained : Trained
        Result of a training.

    Returns
    -------
    Path
        Folder with its bundle and its out-of-fold predictions.
    """
    folder = home() / f"{NAME}{os.getpid()}-{secrets.token_hex(4)}"
    with atomic_folder(folder) as aside:
        save_bundle(trained.bundle, aside / BUNDLE)
        write_out_of_fold(out_of_fold_table(trained.found, trained.config.level), aside)
    return folder


@contextmanager
def kept_until_registered(trained: Trained) -> Iterator[Path]:
    """Keep a trained model while a block registers it; it goes when the block has ended well.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    """
    folder = keep(trained)
    try:
        yield folder
    except BaseException:
        logging.getLogger("silion").warning("the model is kept; to register it: silion train --finish %s", folder)
        raise
    let_go(folder)


def finish(folder: Path, report: Path) -> str:
    """Register a model that was kept, put what there is of its report in place, and let the kept folder go.

    Where its training was stopped after the registration, the version that is there is taken.

    Parameters
    ----------
    folder : Path
        A kept folder.
    report : Path
        Where the report goes; without pages where the training had not come to them.

    Returns
    -------
    str
        Number of the version.

    Raises
    ------
    ValueError
        No kept folder, or a report folder that is not ours.
    BundleError
        The model is damaged, or of other code than this.
    """
    sweep(folder)
    if not (folder / JUDGED).is_file():
        raise ValueError(f"{folder}: no kept training; expected a folder {NAME}..., as an interrupted `train` named it")
    check_folder(report)
    model = _read(folder / BUNDLE)
    version = _registered(folder.name)
    with atomic_output_folder(report) as aside:
        if (folder / REPORT).is_dir():
            shutil.copytree(folder / REPORT, aside, dirs_exist_ok=True, ignore=shutil.ignore_patterns(FILE_LIST))
        else:
            write_csv(score_table(model.scores), aside / "skill.csv")
            shutil.copy(folder / JUDGED, aside / JUDGED)
        version = version or track(model, aside, folder.name)
    let_go(folder)
    return version


def let_go(folder: Path) -> None:
    """Remove a kept folder, which loses its name first: a kill leaves it whole, or what nobody takes for a model.

    Parameters
    ----------
    folder : Path
        A kept folder; where it cannot be renamed it stays, and may be finished again.
    """
    folder = folder.resolve()
    aside = folder.with_name(_part(folder.name))
    with suppress(OSError):
        folder.rename(aside)
        sync(folder.parent)
    shutil.rmtree(aside, ignore_errors=True)


def _part(name: str) -> str:
    """Return a name for what `silion store clean` removes when this process is gone."""
    return f".{name}.{platform.node()}.{os.getpid()}-{secrets.token_hex(4)}.part"


def _read(folder: Path) -> KeptTraining:
    bundle = load_bundle(folder)
    scores = {
        column: Score(**{name: value for name, value in values.items() if name != "verdict"})
        for column, values in bundle.facts["skill"].items()
    }
    return KeptTraining(bundle, scores, TrainConfig.from_dict(bundle.facts["config"]))


def _registered(name: str) -> str | None:
    """Return the version that a kept model has become already; None where its training did not come to that."""
    with client() as registry:
        aliases = {
            str(number)
            for model in registry.search_registered_models(f"name = '{MODEL_NAME}'")
            for number in model.aliases.values()
        }
        registered = registry.search_model_versions(f"name = '{MODEL_NAME}'")
    numbers = [str(version.version) for version in registered if version.tags.get(KEPT) == name]
    return next((number for number in numbers if number in aliases), None)


def kept_folders() -> list[Path]:
    """List the kept models whose trainings have ended without registering them."""
    folders = []
    for folder in sorted(home().glob(f"{NAME}*")):
        number = folder.name.removeprefix(NAME).partition("-")[0]
        if (folder / JUDGED).is_file() and number.isdecimal() and not lives(int(number)):
            folders.append(folder)
    return folders


def lives(process: int) -> bool:
    """Return whether a process of this machine goes on.

    Parameters
    ----------
    process : int
        Its number.
    """
    with suppress(PermissionError):  # as another user
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True
