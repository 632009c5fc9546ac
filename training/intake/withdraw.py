"""`silion data withdraw`: a row or a whole paper out of the next training, kept and marked; and back again."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from features.tables.fields import plain_doi
from features.tables.literature import Literature, papers_of
from features.tables.mistakes import InputError
from features.tables.records import Provenance
from features.tables.rows import closest
from training.data.commit import reading
from training.data.literature_rows import id_of, rows_of, with_rows
from training.data.withdrawn import (
    WITHDRAWN,
    Withdrawn,
    is_marked,
    read_withdrawn,
    restored_row,
    withdrawn_row,
    without,
)
from training.intake.folder import (
    OwnTable,
    literature_of,
    locked,
    own_tables,
    refuse_contradictions,
    withdrawn_csv,
    write_files,
)

TABLES = ("cycling", "cells", "electrolytes")
"""Points before their cells: a point in training whose cell is out is a mistake. Back in the other order."""


@dataclass
class Withdrawal:
    """The outcome of a command.

    Attributes
    ----------
    own : list of str
        Ids of the user's own rows that were marked, or restored.
    listed : list of str
        Ids that were written into `withdrawn.csv`, or taken out of it.
    """

    own: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)


def withdraw(name: str, folder: Path, why: str, today: datetime.date, *, undo: bool = False) -> Withdrawal:
    """Take a row or a paper out of training, or back.

    The user's own rows are marked in their note; a shipped row or paper is listed in the folder's `withdrawn.csv`.
    Doing it twice changes nothing. A withdrawn cell takes its cycling points along.

    Parameters
    ----------
    name : str
        Id of a row, or source id or DOI of a paper.
    folder : Path
        The user's data folder.
    why : str
        The reason; not needed with `undo`.
    today : date
        The day that is kept with the reason.
    undo : bool
        Back into training.

    Raises
    ------
    InputError
        No reason; nothing has this id (with the closest ones); or the tables would not fit to each other afterwards.
    """
    if not undo and not why.strip():
        raise InputError("--why: expected a reason, it is kept with the row")
    if undo and not folder.is_dir():
        raise InputError(f"{folder}: no such data folder")
    with reading([folder]):
        identity = _named_id(name.strip(), literature_of(folder), read_withdrawn(folder))  # a wrong id makes no folder
    with locked(folder):
        tables, literature, listed = own_tables(folder), literature_of(folder), read_withdrawn(folder)
        chosen = {table: _chosen(identity, literature, table) for table in TABLES}
        result, changes = Withdrawal(), dict[str, dict[str, Provenance]]()
        for table, rows in chosen.items():
            for row_id, row in rows.items():
                is_due = is_marked(row.note) if undo else row.in_training
                if is_due and row_id in tables[table].rows:
                    new = restored_row(row) if undo else withdrawn_row(row, why, today.isoformat())
                    changes.setdefault(table, {})[row_id] = new
                    result.own.append(row_id)
        shipped = [row_id for table, rows in chosen.items() for row_id in rows if row_id not in tables[table].rows]
        if undo and identity in listed:
            del listed[identity]
            result.listed.append(identity)
        elif not undo and shipped and identity not in listed:
            listed[identity] = Withdrawn(identity, " ".join(why.split()), today.isoformat())
            result.listed.append(identity)
        if result.own or result.listed:
            for table, changed in changes.items():
                literature = with_rows(literature, table, changed)
            refuse_contradictions(without(literature, listed), folder)
            _write(folder, tables, changes, listed if result.listed else None, undo=undo)
    return result


def _named_id(name: str, literature: Literature, listed: Mapping[str, Withdrawn]) -> str:
    """Return the id that a name stands for: of a row, of a paper, or the paper of a DOI."""
    rows = [row for table in TABLES for row in rows_of(literature, table)]
    ids, papers = [id_of(row) for row in rows], {paper for row in rows for paper in papers_of(row.paper)}
    dois = {source.doi: source.source_id for source in literature.sources.values() if source.doi}
    plain = str(plain_doi(name))
    known = {*ids, *papers, *listed}
    for identity in (name, dois.get(plain, ""), plain):
        if identity in known:
            return identity
    if not name:
        raise InputError("withdraw: got an empty id, expected that of a row or of a source, or the DOI of a paper")
    raise InputError(f"{name}: no row, source or DOI has this id{closest(name, [*ids, *papers, *dois])}")


def _chosen(identity: str, literature: Literature, table: str) -> dict[str, Provenance]:
    """Return the rows of this id or this paper, by their id; with a cell come its points."""
    cells = set(_chosen(identity, literature, "cells")) if table == "cycling" else set()
    return {
        row_id: row
        for row_id, row in ((id_of(row), row) for row in rows_of(literature, table))
        if row_id == identity or identity in papers_of(row.paper) or getattr(row, "cell_id", None) in cells
    }


def _write(
    folder: Path,
    tables: Mapping[str, OwnTable],
    changes: Mapping[str, Mapping[str, Provenance]],
    listed: Mapping[str, Withdrawn] | None,
    *,
    undo: bool,
) -> None:
    """Write the changed tables, in an order that is valid at every point; all other cells stay as they were typed."""
    order: Sequence[str] = TABLES[::-1] if undo else TABLES
    files = {} if listed is None else {folder / WITHDRAWN: withdrawn_csv(listed)}
    for name in order:
        for row_id, row in changes.get(name, {}).items():
            tables[name].mark(row_id, row)
        if name in changes:
            files[folder / f"{name}.csv"] = tables[name].as_csv()
    write_files(files)
