"""A user's data folder: its tables as text, a lock for writers, and files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from features.tables.columns import columns_of
from features.tables.disk import sweep
from features.tables.literature import TABLE_MODELS, Literature
from features.tables.mistakes import InputError
from features.tables.records import Provenance, Row
from features.tables.rows import read_table
from features.tables.sheets import as_text
from training.data.commit import JOURNAL, LOCK, PATIENCE_S, finish, hold, rename_all
from training.data.integrity import cross_checks
from training.data.literature_rows import id_of
from training.data.load import SHIPPED, read_files, table_files
from training.data.withdrawn import COLUMNS, Withdrawn
from training.intake.raw_table import csv_text

UNCHANGED = "nothing was changed"


@dataclass
class OwnTable:
    """One table of the folder.

    Attributes
    ----------
    name : str
        electrolytes, cells, cycling or sources.
    columns : list of str
        In the order of the file.
    rows : dict of str to dict of str to str
        Every row as text, by id, in file order.
    """

    name: str
    columns: list[str]
    rows: dict[str, dict[str, str]] = field(default_factory=dict)

    def put(self, row: Row) -> None:
        """Add a row, or put it in the place of the one with its id.

        Parameters
        ----------
        row : Row
            Of this table; only what it gives is written, and whether it is in training.
        """
        texts = {name: as_text(value) for name, value in row if value is not None}
        self.columns += [column for column in texts if column not in self.columns]
        self.rows[id_of(row)] = texts

    def mark(self, row_id: str, row: Provenance) -> None:
        """Change whether a row is in training and its note; its other cells stay as they were typed.

        Parameters
        ----------
        row_id : str
            An existing row.
        row : Provenance
            The same row, changed.
        """
        self.columns += [column for column in ("in_training", "note") if column not in self.columns]
        self.rows[row_id] |= {"in_training": as_text(row.in_training), "note": row.note or ""}

    def as_csv(self) -> str:
        """Return the text of the file."""
        return csv_text([self.columns, *([row.get(name, "") for name in self.columns] for row in self.rows.values())])


def withdrawn_csv(listed: Mapping[str, Withdrawn]) -> str:
    """Return the text of `withdrawn.csv`.

    Parameters
    ----------
    listed : mapping of str to Withdrawn
        Its lines, by id.
    """
    return csv_text([COLUMNS, *([line.identity, line.why, line.date] for line in listed.values())])


def own_tables(folder: Path) -> dict[str, OwnTable]:
    """Read the tables of a folder as text; a missing table is empty.

    Parameters
    ----------
    folder : Path
        The user's; need not be there.

    Raises
    ------
    InputError
        A table has mistakes: rewriting it would lose what cannot be read.
    """
    tables = {}
    for name, model in TABLE_MODELS.items():
        path = folder / f"{name}.csv"
        table = OwnTable(name, columns_of(model))
        if path.is_file():
            file = read_table(path, model)
            if file.mistakes:
                raise InputError(f"{path}: correct this table first (silion data check {folder})", file.mistakes)
            table.columns = [*file.columns, *(column for column in table.columns if column not in file.columns)]
            table.rows = {id_of(row): cells for row, cells in zip(file.rows, file.raw, strict=True)}
        tables[name] = table
    return tables


def literature_of(folder: Path) -> Literature:
    """Read the shipped tables and those of the folder, before anything withdrawn is taken out.

    Parameters
    ----------
    folder : Path
        The user's; need not be there.

    Raises
    ------
    InputError
        The folder is the shipped one, is a file, or its tables have mistakes of their own.
    """
    refuse_shipped(folder)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file, expected a folder")
    has_tables = any((folder / f"{name}.csv").is_file() for name in TABLE_MODELS)
    files = table_files([SHIPPED, folder] if has_tables else [SHIPPED])
    literature, mistakes = read_files(files, together=False)
    if mistakes:
        raise InputError(f"{folder}: correct its tables first (silion data check {folder})", mistakes)
    return literature


def refuse_shipped(folder: Path) -> None:
    """Refuse to write into the shipped tables.

    Parameters
    ----------
    folder : Path
        Where the user wants to write.

    Raises
    ------
    InputError
        It is the folder of the shipped tables.
    """
    if folder.resolve() == SHIPPED:
        raise InputError(f"{folder}: the shipped tables stay as they are; choose a folder of your own with --into")


def refuse_contradictions(literature: Literature, folder: Path) -> None:
    """Refuse a folder whose rows do not fit to each other or to the shipped ones.

    Parameters
    ----------
    literature : Literature
        The shipped tables and those of the folder.
    folder : Path
        The user's, for the message.

    Raises
    ------
    InputError
        With every mistake between rows.
    """
    if mistakes := cross_checks(literature):
        raise InputError(f"{folder}: correct its tables first (silion data check {folder})", mistakes)


@contextmanager
def locked(folder: Path, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Hold the folder: a second writer waits. The system lets go when a process ends, however it ends.

    Parameters
    ----------
    folder : Path
        The user's; made where it does not exist.
    patience_s : float
        Seconds to wait for another writer.

    Raises
    ------
    InputError
        The folder is the shipped one, cannot be made or written, or another process holds it for too long.
    """
    refuse_shipped(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK).open("a")
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}); nothing was changed") from None
    with file:
        hold(file, folder, fcntl.LOCK_EX, patience_s)
        finish(folder)
        yield


def write_files(files: Mapping[Path, str | bytes | Iterable[str]]) -> None:
    """Write files: all aside and on disk first, then given their names, those of one folder as one change.

    A failure before that changes nothing.

    Parameters
    ----------
    files : mapping of Path to (str, bytes or iterable of str)
        Content of each file; pieces of it are written as they come.

    Raises
    ------
    InputError
        A file cannot be written: no space, a read-only place.
    """
    asides: dict[Path, Path] = {}
    path = Path()
    try:
        for path, content in files.items():
            sweep(path)
            asides[path] = path.with_name(f".{path.name}.{platform.node()}.{os.getpid()}-{secrets.token_hex(4)}.part")
            with asides[path].open("wb") as file:
                pieces = [content] if isinstance(content, str | bytes) else content
                file.writelines(piece.encode("utf-8") if isinstance(piece, str) else piece for piece in pieces)
                file.flush()
                os.fsync(file.fileno())
        for folder in dict.fromkeys(path.parent for path in files):
            here = {path: aside for path, aside in asides.items() if path.parent == folder}
            path = next(iter(here))
            rename_all(here)
    except OSError as error:
        renamed = [done.name for done, aside in asides.items() if not aside.exists()]
        state = f"written before: {', '.join(renamed)}; the next command here finishes it" if renamed else UNCHANGED
        raise InputError(f"{error.filename2 or path}: cannot be written ({error.strerror}); {state}") from None
    finally:
        for path, aside in asides.items():
            if not (path.parent / JOURNAL).is_file():
                with contextlib.suppress(OSError):
                    aside.unlink(missing_ok=True)
