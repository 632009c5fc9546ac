"""Rows and papers that a user's folder takes out of training though they are not its own: `withdrawn.csv`."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from features.tables.literature import Literature
from features.tables.mistakes import InputError
from features.tables.records import Provenance
from training.data.literature_rows import id_of

WITHDRAWN = "withdrawn.csv"
COLUMNS = ("id", "why", "date")
RowT = TypeVar("RowT", bound=Provenance)
_MARK = re.compile(r"\s*\[WITHDRAWN (?P<date>\d{4}-\d\d-\d\d): (?P<why>[^\]]*)\]")


@dataclass(frozen=True)
class Withdrawn:
    """One line of `withdrawn.csv`.

    Attributes
    ----------
    identity : str
        Id of a row or a paper.
    why : str
        The reason.
    date : str
        The day, as 2026-01-31.
    """

    identity: str
    why: str
    date: str


def read_withdrawn(folder: Path) -> dict[str, Withdrawn]:
    """Read the lines of a folder's `withdrawn.csv` by id; empty where there is no such file.

    Parameters
    ----------
    folder : Path
        A data folder.

    Raises
    ------
    InputError
        The file has not the columns id, why, date, or a line without an id.
    """
    path = folder / WITHDRAWN
    if not path.is_file():
        return {}
    listed: dict[str, Withdrawn] = {}
    reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise InputError(f"{path}: expected the columns {', '.join(COLUMNS)}, got {', '.join(reader.fieldnames or ())}")
    for number, row in enumerate(reader, start=2):
        if not row["id"]:
            raise InputError(f"{path} line {number}: got no id, expected the id of a row or a source")
        listed[row["id"]] = Withdrawn(row["id"], row["why"] or "", row["date"] or "")
    return listed


def apply_withdrawals(literature: Literature, folders: Sequence[str | Path]) -> Literature:
    """Return the literature with the withdrawn rows out of training, reason and date in the notes.

    A withdrawn paper takes all its rows out, a withdrawn cell its cycling points. The file counts among the hashes.

    Parameters
    ----------
    literature : Literature
        The tables of these folders; left as they are.
    folders : sequence of path
        Data folders; for one id a later folder goes before an earlier one.

    Raises
    ------
    InputError
        As `read_withdrawn`.
    """
    listed, hashes = dict[str, Withdrawn](), dict[str, str]()
    for folder in map(Path, folders):
        listed |= read_withdrawn(folder)
        if (folder / WITHDRAWN).is_file():
            content = (folder / WITHDRAWN).read_bytes()
            hashes[f"{folder.name}/{WITHDRAWN}"] = hashlib.sha256(content).hexdigest()
    return replace(without(literature, listed), hashes=literature.hashes | hashes)


def without(literature: Literature, listed: Mapping[str, Withdrawn]) -> Literature:
    """Return the literature with the listed rows and papers out of training.

    Parameters
    ----------
    literature : Literature
        All tables; left as they are.
    listed : mapping of str to Withdrawn
        What is withdrawn, by id; nothing where empty.
    """
    if not listed:
        return literature
    cells = {row.cell_id: _entry(row, listed) for row in literature.cells}
    return replace(
        literature,
        electrolytes=[_withdrawn(row, _entry(row, listed)) for row in literature.electrolytes],
        cells=[_withdrawn(row, cells[row.cell_id]) for row in literature.cells],
        cycling=[_withdrawn(row, _entry(row, listed) or cells.get(row.cell_id)) for row in literature.cycling],
    )


def leave_out(literature: Literature, papers: Iterable[str]) -> Literature:
    """Return the literature with some papers out of training, to see what rests on them.

    Parameters
    ----------
    literature : Literature
        All tables; left as they are.
    papers : iterable of str
        Ids of sources.

    Raises
    ------
    ValueError
        A paper that the literature does not hold.
    """
    listed = {paper: Withdrawn(paper, "left out", "") for paper in papers}
    if unknown := listed.keys() - literature.sources.keys():
        raise ValueError(f"{', '.join(sorted(unknown))}: no such paper in sources.csv")
    return without(literature, listed)


def _entry(row: Provenance, listed: Mapping[str, Withdrawn]) -> Withdrawn | None:
    """Return the line that withdraws a row: that of its id, else of one of its papers."""
    names = [id_of(row), *row.paper.split("|")]
    return next((listed[name] for name in names if name in listed), None)


def _withdrawn(row: RowT, entry: Withdrawn | None) -> RowT:
    return row if entry is None or not row.in_training else withdrawn_row(row, entry.why, entry.date)


def is_marked(note: str | None) -> bool:
    """Return whether a note says that its row was withdrawn.

    Parameters
    ----------
    note : str or None
        Of a row.
    """
    return bool(_MARK.search(note or ""))


def withdrawn_row(row: RowT, why: str, date: str) -> RowT:
    """Return the row out of training, with reason and date in its note.

    Parameters
    ----------
    row : Provenance
        In training; left as it is.
    why : str
        The reason; square brackets become round.
    date : str
        The day, as 2026-01-31.
    """
    reason = " ".join(why.replace("[", "(").replace("]", ")").split())
    note = f"{row.note or ''} [WITHDRAWN {date}: {reason}]".strip()
    return row.model_copy(update={"in_training": False, "note": note})


def restored_row(row: RowT) -> RowT:
    """Return the row as it was before it was withdrawn; other rows as they are.

    Parameters
    ----------
    row : Provenance
        Left as it is.

    Examples
    --------
    >>> from features.tables.records import CyclingRow
    >>> row = CyclingRow(point_id="P1", cell_id="C1", cycle=100, retention_pct=80, source_id="zhan2023")
    >>> out = withdrawn_row(row, "misread", "2026-01-31")
    >>> out.note, out.in_training, restored_row(out) == row
    ('[WITHDRAWN 2026-01-31: misread]', False, True)
    """
    if not is_marked(row.note):
        return row
    return row.model_copy(update={"in_training": True, "note": _MARK.sub("", row.note or "").strip() or None})
