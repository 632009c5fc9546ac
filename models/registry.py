"""Models by reference: a folder, or a version of the MLflow registry by alias or number."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

from features.tables.disk import atomic_folder
from models.saved.checked_files import KEY_VARIABLE, BundleError, key_of_environment, write_signature
from models.saved.moved_store import advice, made_in, mend
from models.saved.pointer import recall, remember, state_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

MODEL_NAME = "silion"
SQLITE = "sqlite:///"
DEFAULT_STORE = f"{SQLITE}mlflow.db"
CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous_champion"
REGISTERING = "registering"
"""Tag of a version from its making until its training has given it an alias: a killed training leaves it behind."""
BUNDLE_INSIDE = "artifacts/bundle"
"""Place of the bundle in a logged model."""


class ModelNotFoundError(ValueError):
    """No model under that reference; the message says what there is."""


def store_uri() -> str:
    """Return the address of the MLflow store: `MLFLOW_TRACKING_URI`, else a sqlite file in the working folder."""
    return os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_STORE


@contextmanager
def using_store(store: str | Path) -> Iterator[None]:
    """Look in another store inside a block.

    Parameters
    ----------
    store : str or Path
        Address of an MLflow store, or the path of its sqlite file.

    Examples
    --------
    >>> with using_store("/data/lab/mlflow.db"):
    ...     store_uri()
    'sqlite:////data/lab/mlflow.db'
    """
    text = os.fspath(store)
    before = os.environ.get("MLFLOW_TRACKING_URI")
    os.environ["MLFLOW_TRACKING_URI"] = text if "://" in text else f"{SQLITE}{Path(text).resolve()}"
    try:
        yield
    finally:
        if before is None:
            del os.environ["MLFLOW_TRACKING_URI"]
        else:
            os.environ["MLFLOW_TRACKING_URI"] = before


class StoreError(ValueError):
    """The MLflow store cannot be reached or read."""


@contextmanager
def client() -> Iterator[MlflowClient]:
    """Open a client of the store; mlflow is imported here and nowhere earlier, and says nothing of itself.

    Raises
    ------
    StoreError
        The store cannot be reached, is of no known kind, or is damaged.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    with quiet():
        try:
            _make_store()
            mlflow.set_tracking_uri(store_uri())
            mlflow.set_registry_uri(store_uri())
            yield mlflow.MlflowClient()
        except (MlflowException, SQLAlchemyError) as error:
            reason = " ".join(str(error).split())[:300]
            if "database is locked" in str(error):  # SQLAlchemy may say other things in the lines before
                reason = "another program is writing to it; run the command again when that has finished"
            raise StoreError(f"the MLflow store {store_uri()} cannot be used: {reason}") from error


def _make_store() -> None:
    """Make a sqlite store that is not there yet aside, then put it into place whole.

    MLflow makes its tables in dozens of steps: two programs that make them at once, or one that is killed meanwhile,
    leave a store that nobody can use.
    """
    store = store_file()
    if store is None or store.exists():
        return
    import mlflow

    path = store.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
        temporary = Path(folder) / path.name
        mlflow.MlflowClient(f"{SQLITE}{temporary}", f"{SQLITE}{temporary}").search_registered_models(max_results=1)
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            pass  # another program was faster: its store is the store
        except OSError:  # a file system without hard links
            temporary.replace(path)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence what mlflow says of itself; our own messages and real errors stay."""
    names = ("mlflow", "alembic", "alembic.runtime.migration", "mlflow.store.db.utils")
    before = {name: logging.getLogger(name).level for name in names}
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.ERROR)
        logging.getLogger(names[-1]).setLevel(logging.CRITICAL)  # an error of the database is raised, and reported once
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def check_store() -> None:
    """Ask the store for anything, and a sqlite file whether it may be written to, before long work whose result it
    shall keep.

    Raises
    ------
    StoreError
        The store cannot be used, or is read-only.
    """
    with client() as store:
        store.search_experiments(max_results=1)
    path = store_file()
    for place in (path.resolve(), path.resolve().parent) if path else ():
        if not os.access(place, os.W_OK):
            raise StoreError(
                f"the MLflow store {store_uri()} cannot be written to: {place} is read-only; make it writable, or name "
                "another store with MLFLOW_TRACKING_URI"
            )


def store_file() -> Path | None:
    """Return the file of a sqlite store, there or not; None for a store of another kind."""
    uri = store_uri()
    return Path(uri.removeprefix(SQLITE)) if uri.startswith(SQLITE) else None


def _no_store_yet() -> bool:
    """Say whether the store is a sqlite file that does not exist: asking mlflow would make one."""
    path = store_file()
    return path is not None and not path.exists()


def resolve(reference: str | None = None) -> Path:
    """Return the folder of a bundle.

    Parameters
    ----------
    reference : str, optional
        A bundle folder, an alias (`champion`), a version number, or `models:/silion@champion`; the champion where None.

    Returns
    -------
    Path
        In place where it is on this machine, else a copy that goes when the program ends.

    Raises
    ------
    ModelNotFoundError
        Nothing there.
    """
    if reference and (Path(reference) / "manifest.json").is_file():
        return Path(reference)
    if reference and (os.sep in reference or reference.startswith(".")) and not reference.startswith("models:/"):
        raise ModelNotFoundError(
            f"{reference}: no model bundle here; expected a folder that `silion models export` wrote"
        )
    name = (reference or CHAMPION).removeprefix("models:/").removeprefix(MODEL_NAME).lstrip("@/")
    store = store_file()
    return (recall(store, name) if store else None) or _from_client(name)


def mend_store() -> int:
    """Make the files beside a local store those it speaks of, after it was copied or moved; return how many places.

    Raises
    ------
    StoreError
        The store is no local file, or its files are not beside it.
    """
    store = store_file()
    if store is None:
        raise StoreError(f"the MLflow store {store_uri()} is no local file: there is nothing to mend")
    try:
        return mend(store)
    except FileNotFoundError as error:
        raise StoreError(str(error)) from None


def note_champion() -> None:
    """Write down beside a local store where its champion is, so that the next look-up need not ask MLflow.

    Called last of all that is written to the store: any change after it makes the note worthless, not wrong.
    """
    with suppress(ModelNotFoundError, StoreError):  # what a move of the champion has done stands without it
        _from_client(CHAMPION)


def _from_client(name: str) -> Path:
    """Ask MLflow for the bundle of an alias or number; noted down where the store is a local file."""
    if _no_store_yet():
        raise ModelNotFoundError(
            f"no model {name!r}: there is no store {store_uri()} yet. Train one with `silion train`, or give a folder"
        )
    from mlflow.exceptions import MlflowException

    store = store_file()
    state = state_of(store) if store else None  # what changes from here on is not in the answer
    with client() as registry:
        try:
            version = (
                registry.get_model_version(MODEL_NAME, name)
                if name.isdigit()
                else registry.get_model_version_by_alias(MODEL_NAME, name)
            )
        except MlflowException:
            raise ModelNotFoundError(f"{_not_found(name, versions())}, or give a folder") from None
        if store:
            location = urlparse(registry.get_model_version_download_uri(MODEL_NAME, version.version))
            folder = Path(unquote(location.path)) / BUNDLE_INSIDE
            home = made_in(store, folder) if location.scheme in ("", "file") else None
            if home:
                message = f"the MLflow store {store_uri()} is not where it was made: {advice(store, home)}"
                if not folder.is_dir() or (store.resolve().parent / folder.relative_to(home)).is_dir():
                    raise StoreError(message)
                logging.getLogger("silion").warning("%s; until then its model is read from there", message)
            if location.scheme in ("", "file") and folder.is_dir():
                if folder.is_absolute() and not home:  # any other is another place for whoever stands elsewhere
                    remember(store, state, name, folder)
                return folder
        return _downloaded(f"models:/{MODEL_NAME}/{version.version}/{BUNDLE_INSIDE}")


def _downloaded(uri: str) -> Path:
    """Fetch a copy of a bundle that goes when the program ends: else each prediction would leave one behind."""
    from mlflow.artifacts import download_artifacts

    folder = tempfile.mkdtemp(prefix="silion-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(download_artifacts(uri, dst_path=folder))


def _not_found(name: str, known: Sequence[Version]) -> str:
    listing = ", ".join(f"{row.version} ({', '.join(row.aliases) or 'no alias'})" for row in known) or "none"
    return f"no model {name!r} in the store {store_uri()}; versions there: {listing}. Train one with `silion train`"


@dataclass(frozen=True)
class Version:
    """One registered version.

    Attributes
    ----------
    version : str
        Its number.
    aliases : tuple of str
        In the order of the alphabet; empty where it has none.
    run_id : str
        Of the MLflow run that made it.
    tags : dict
        Kept with it.
    """

    version: str
    aliases: tuple[str, ...]
    run_id: str
    tags: dict[str, Any]


def versions() -> list[Version]:
    """List the registered versions, newest first; empty where there is none.

    A version without an alias whose training was stopped before it could give it one is left out.
    """
    if _no_store_yet():
        return []
    with client() as registry:
        aliases: dict[str, list[str]] = {}
        for model in registry.search_registered_models(f"name = '{MODEL_NAME}'"):
            for alias, number in model.aliases.items():
                aliases.setdefault(str(number), []).append(alias)
        registered = registry.search_model_versions(f"name = '{MODEL_NAME}'")
    return [
        Version(str(row.version), tuple(sorted(aliases.get(str(row.version), ()))), row.run_id, dict(row.tags))
        for row in sorted(registered, key=lambda row: -int(row.version))
        if str(row.version) in aliases or REGISTERING not in row.tags
    ]


def find(reference: str) -> Version:
    """Return a registered version.

    Parameters
    ----------
    reference : str
        Its alias, its number or `models:/silion@challenger`.

    Raises
    ------
    ModelNotFoundError
        None of that name.
    """
    name = reference.removeprefix("models:/").removeprefix(MODEL_NAME).lstrip("@/")
    known = versions()
    for version in known:
        if name == version.version or name in version.aliases:
            return version
    raise ModelNotFoundError(_not_found(name, known))


def run_file(run_id: str, path: str) -> str | None:
    """Read the text of a file that a run keeps; None where it keeps none of that name.

    Parameters
    ----------
    run_id : str
        Of the MLflow run.
    path : str
        Of the file among the run's artifacts, as `report/skill.csv`.

    Raises
    ------
    StoreError
        No such run, or the store cannot be reached.
    """
    with client() as store, tempfile.TemporaryDirectory() as folder:
        if path not in {file.path for file in store.list_artifacts(run_id, path.rpartition("/")[0] or None)}:
            return None
        return Path(store.download_artifacts(run_id, path, folder)).read_text(encoding="utf-8")


def export(reference: str | None, folder: str | Path, sign: bool = False) -> Path:
    """Copy a bundle to a folder of its own, written aside and put in place in one step.

    Parameters
    ----------
    reference : str or None
        Of the model, as `resolve` takes it; the champion where None.
    folder : str or Path
        Where the copy shall be; a bundle that is there is replaced.
    sign : bool
        Sign the copy with the key in `SILION_BUNDLE_KEY`, whoever has signed it before.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ModelNotFoundError
        No such model, or the folder exists and is no bundle.
    BundleError
        It shall be signed, and there is no key.
    """
    if sign and not key_of_environment():
        raise BundleError(f"{KEY_VARIABLE} is not set: there is no key to sign with; `openssl rand -hex 32` makes one")
    source, folder = resolve(reference), Path(folder)
    if folder.exists() and not (folder / "manifest.json").is_file():
        raise ModelNotFoundError(f"{folder}: exists and is no model bundle; choose another folder")
    with atomic_folder(folder) as aside:
        shutil.copytree(source, aside, dirs_exist_ok=True)
        if sign:
            write_signature(aside)
    return folder
