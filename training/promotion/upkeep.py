"""Leftovers of killed trainings and servers in and beside a store: listed, and removed on request; copies."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

from features.tables.disk import ABANDONED_S, atomic_folder, is_abandoned
from models.registry import MODEL_NAME, REGISTERING, StoreError, client, resolve, store_file, versions
from models.saved.checked_files import BundleError, read_checked
from models.saved.moved_store import ARTIFACTS, mend
from training.promotion.tracking import EXPERIMENT, PROCESS
from training.promotion.unregistered import home, kept_folders, lives

if TYPE_CHECKING:
    from mlflow import MlflowClient

SERVERS = "silion-serve-"
"""Begins the name of a server's folder for temporary files; its process follows."""
RUN_OR_MODEL = re.compile(r"[0-9a-f]{32}|m-[0-9a-f]{32}")
IDS = {"runs": "SELECT run_uuid FROM runs", "logged_models": "SELECT model_id FROM logged_models"}
TEMPORARY = re.compile(r"silion-(tables-)?[a-z0-9_]{8}")
"""Folders for temporary files of the other commands."""
PART = re.compile(r"\.\d+-[0-9a-f]{8}\.part$")
"""Ends the name of what `features.tables.disk` writes aside."""


@dataclass(frozen=True)
class Leftover:
    """Something that nobody needs any more.

    Attributes
    ----------
    text : what it is, and of whom
    remove : does away with it
    """

    text: str
    remove: Callable[[], object]


@dataclass(frozen=True)
class Findings:
    """State of a store.

    Attributes
    ----------
    leftovers : what `silion store clean` removes
    remarks : what somebody else has to decide: damaged models, kept trainings, what cannot be seen from here
    """

    leftovers: list[Leftover]
    remarks: list[str]


def look() -> Findings:
    """Look through the store, the files beside it and the folder for temporary files; nothing is changed.

    Raises
    ------
    StoreError
        The store cannot be read.
    """
    store = store_file()
    if store is not None and not store.exists():
        return Findings(list(_files(home())), [f"no store in {store} yet"])
    with client() as registry:
        runs, remarks = _dead_runs(registry)
        alive = {run.info.run_id for run in _running(registry) if not _is_dead(run)}
        nameless = _nameless(registry, alive)
        models = _unregistered_models(registry, alive, {str(version.version) for version in nameless})
        leftovers = [*runs, *models, *map(_of_version, nameless)]
    if store is None:
        remarks.append("the files of the store are not on this machine: they were not looked at")
    orphans = _orphans(store) if store else []
    remarks += [*_damaged(), *_integrity(store)]
    remarks += [f"{folder}: trained and not registered; silion train --finish {folder}" for folder in kept_folders()]
    return Findings([*leftovers, *orphans, *_files(home())], remarks)


def _running(registry: MlflowClient) -> list[Any]:
    """List the runs of our experiment that say they are going on; other experiments are other people's."""
    experiment = registry.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return []
    return list(registry.search_runs([experiment.experiment_id], "attributes.status = 'RUNNING'", max_results=1000))


def _is_dead(run: Any) -> bool | None:
    """Return whether the process of a run is gone; None where that cannot be known here."""
    machine, _, process = run.data.tags.get(PROCESS, "").rpartition(":")
    if machine != platform.node() or not process.isdecimal():
        return None
    return not lives(int(process))


def _dead_runs(registry: MlflowClient) -> tuple[list[Leftover], list[str]]:
    leftovers, remarks = [], []
    for run in _running(registry):
        run_id, since = run.info.run_id, time.strftime("%Y-%m-%d", time.localtime(run.info.start_time / 1000))
        if _is_dead(run):
            text = f"run {run_id} of {since}: says it is going on, its process is gone; it becomes KILLED"
            leftovers.append(Leftover(text, partial(_kill, run_id)))
        elif _is_dead(run) is None:
            remarks.append(f"run {run_id} of {since} is going on, on another machine or begun by an older Silion")
    return leftovers, remarks


def _kill(run_id: str) -> None:
    with client() as registry:
        registry.set_terminated(run_id, "KILLED")


def _nameless(registry: MlflowClient, alive: set[str]) -> list[Any]:
    """Versions that a killed training made and gave no alias: no command lists them."""
    listed = {version.version for version in versions()}
    return [
        version
        for version in registry.search_model_versions(f"name = '{MODEL_NAME}'")
        if REGISTERING in version.tags and str(version.version) not in listed and version.run_id not in alive
    ]


def _of_version(version: Any) -> Leftover:
    text = f"version {version.version}: its training was stopped before it could name it; it is deleted"
    return Leftover(text, partial(_delete_version, str(version.version)))


def _delete_version(number: str) -> None:
    with client() as registry:
        registry.delete_model_version(MODEL_NAME, number)


def _unregistered_models(registry: MlflowClient, alive: set[str], nameless: set[str]) -> Iterator[Leftover]:
    """Models that a training logged and came to no version of; a model that any version or its run names stays.

    A local store keeps no id of a version's model: it stands in the version's source.
    """
    experiment = registry.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return
    named = [
        version
        for version in registry.search_model_versions()
        if version.name != MODEL_NAME or str(version.version) not in nameless
    ]
    runs = alive | {version.run_id for version in named if version.run_id}
    sources = " ".join(str(version.source) for version in named)
    for model in registry.search_logged_models([experiment.experiment_id]):
        if model.source_run_id not in runs and model.model_id not in sources:
            run = f"run {model.source_run_id}" if model.source_run_id else "no run"
            text = f"model {model.model_id} of {run}: was never registered; it is deleted"
            yield Leftover(text, partial(_delete_model, model.model_id, model.artifact_location))


def _delete_model(model_id: str, location: str) -> None:
    with client() as registry:
        registry.delete_logged_model(model_id)
    place = urlparse(location)
    if place.scheme in ("", "file"):
        shutil.rmtree(unquote(place.path), ignore_errors=True)


def _orphans(store: Path) -> list[Leftover]:
    """Folders of runs and models beside a local store that no store in its folder knows.

    They are listed before the stores are read: a training writes its run there before it makes a folder.
    """
    files = store.resolve().parent / ARTIFACTS
    if files.is_symlink():  # another store's
        return []
    kinds = ("*", "*/*", "*/models/m-*")
    folders = [path for kind in kinds for path in files.glob(kind) if RUN_OR_MODEL.fullmatch(path.name)]
    known = {name for file in store.resolve().parent.iterdir() for name in _ids(file)}
    return [_removal(path, "that no run and no model has") for path in folders if path.name not in known]


def _ids(path: Path) -> set[str]:
    """Return the runs and models that a file knows, where it is an MLflow store: also a backup keeps its files."""
    try:
        with path.open("rb") as file:
            if not file.read(16).startswith(b"SQLite format 3"):
                return set()
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as tables:
            known = {name for (name,) in tables.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            queries = [query for table, query in IDS.items() if table in known]
            return {row for query in queries for (row,) in tables.execute(query)}
    except OSError:
        return set()


def _damaged() -> Iterator[str]:
    """List the versions with an alias that cannot be loaded: a file is missing or not as its hash says."""
    for version in versions():
        if version.aliases:
            try:
                read_checked(resolve(version.version))
            except (BundleError, OSError, ValueError) as error:
                yield f"version {version.version} ({', '.join(version.aliases)}) cannot be used: {error}"


def _integrity(store: Path | None) -> Iterator[str]:
    if store is not None:
        with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True)) as tables:
            answer = tables.execute("PRAGMA quick_check").fetchone()[0]
        if answer != "ok":
            yield f"{store}: damaged ({answer}); put the last backup in its place"


def _files(folder: Path) -> Iterator[Leftover]:
    """Parts that killed writers left beside the store and in the working folder, and folders for temporary files."""
    for place in dict.fromkeys((folder, Path.cwd())):
        for path in place.glob(".*"):
            old_name = path.name.startswith((".report-", ".mlflow.db-")) and _is_old(path)
            if old_name or (PART.search(path.name) and is_abandoned(path)):
                yield _removal(path, "left by a process that is gone")
    for path in Path(gettempdir()).glob("silion-*"):
        number = path.name.removeprefix(SERVERS).partition("-")[0]
        of_server = path.name.startswith(SERVERS) and number.isdecimal()
        with suppress(FileNotFoundError):
            if path.stat().st_uid != os.getuid():
                continue
            if of_server and not lives(int(number)):
                yield _removal(path, "of a server that is gone")
            elif TEMPORARY.fullmatch(path.name) and _is_old(path):
                yield _removal(path, "of a command of another day")


def _removal(path: Path, why: str) -> Leftover:
    return Leftover(f"{path} ({_size(path)}), {why}", partial(_remove, path))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _is_old(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > ABANDONED_S


def _size(path: Path) -> str:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return f"{sum(file.stat().st_size for file in files) / 1e6:.1f} MB"


def backup(folder: Path) -> Path:
    """Copy a local store with its files to a folder, as it is at one moment, also while others write to it.

    Parameters
    ----------
    folder : Path
        A folder that is not there yet.

    Returns
    -------
    Path
        The store in it, which can be used where it stands.

    Raises
    ------
    StoreError
        The store is no local file, or the folder exists.
    """
    store = store_file()
    if store is None or not store.exists() or folder.exists():
        why = (
            f"{folder} exists"
            if folder.exists()
            else "the store is no local file; its database has a backup of its own"
        )
        raise StoreError(f"nothing was copied: {why}")
    with atomic_folder(folder) as aside:
        with closing(sqlite3.connect(store)) as tables, closing(sqlite3.connect(aside / store.name)) as copy:
            tables.backup(copy)
        files = store.resolve().parent / ARTIFACTS  # after the tables: what they name is there and never changes
        if files.is_dir():
            shutil.copytree(files, aside / ARTIFACTS)
        else:
            (aside / ARTIFACTS).mkdir()
        mend(aside / store.name, folder)
    return folder / store.name
