"""Rows and papers that a user's folder takes out of training though they are not its own: `withdrawn.csv`."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from features.tables.literature import Literature
from features.tables.mistakes import InputError
from features.tables.records import CellRow, CyclingRow, ElectrolyteRow, Provenance

WITHDRAWN = "withdrawn.csv"
COLUMNS = ("id", "why", "date")
RowT = TypeVar("RowT", CellRow, CyclingRow, ElectrolyteRow)


@dataclass(frozen=True)
class Withdrawn:
    """One line of `withdrawn.csv`: a row or a paper, the reason and the day."""

    identity: str
    why: str
    date: str


def entries(folder: Path) -> dict[str, Withdrawn]:
    """Lines of the folder's `withdrawn.csv` by id; empty where there is no such file.

    Raises
    ------
    InputError
        The file has not the columns id, why, date, or a line without an id.
    """
    path = folder / WITHDRAWN
    if not path.is_file():
        return {}
    found: dict[str, Withdrawn] = {}
    reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise InputError(f"{path}: expected the columns {', '.join(COLUMNS)}, got {', '.join(reader.fieldnames or ())}")
    for number, row in enumerate(reader, start=2):
        if not row["id"]:
            raise InputError(f"{path} line {number}: got no id, expected the id of a row or a source")
        found[row["id"]] = Withdrawn(row["id"], row["why"] or "", row["date"] or "")
    return found


def withdrawn(folder: str | Path) -> dict[str, str]:
    """Reason by id of every row and paper a folder takes out that is not its own."""
    return {identity: each.why for identity, each in entries(Path(folder)).items()}


def apply(literature: Literature, folders: Sequence[str | Path]) -> Literature:
    """The literature with what the folders withdraw out of training, reason and date in the notes.

    A withdrawn paper takes all its rows out, a withdrawn cell its cycling points. The file counts among the hashes.
    """
    listed, hashes = dict[str, Withdrawn](), dict[str, str]()
    for folder in map(Path, folders):
        listed |= entries(folder)
        if (folder / WITHDRAWN).is_file():
            content = (folder / WITHDRAWN).read_bytes()
            hashes[f"{folder.name}/{WITHDRAWN}"] = hashlib.sha256(content).hexdigest()
    return replace(without(literature, listed), hashes=literature.hashes | hashes)


def without(literature: Literature, listed: Mapping[str, Withdrawn]) -> Literature:
    """The literature with the listed rows and papers out of training."""
    if not listed:
        return literature
    cells = {row.cell_id: _entry(row, row.cell_id, listed) for row in literature.cells}
    return replace(
        literature,
        electrolytes=[_out(row, _entry(row, row.measurement_id, listed)) for row in literature.electrolytes],
        cells=[_out(row, cells[row.cell_id]) for row in literature.cells],
        cycling=[_out(row, _entry(row, row.point_id, listed) or cells.get(row.cell_id)) for row in literature.cycling],
    )


def _entry(row: Provenance, identity: str, listed: Mapping[str, Withdrawn]) -> Withdrawn | None:
    names = [identity, *row.paper.split("|")]
    return next((listed[name] for name in names if name in listed), None)


def _out(row: RowT, entry: Withdrawn | None) -> RowT:
    return row if entry is None or not row.in_training else withdrawn_row(row, entry.why, entry.date)


def as_csv(listed: Mapping[str, Withdrawn]) -> str:
    """The file `withdrawn.csv`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([each.identity, each.why, each.date] for each in listed.values())
    return text.getvalue()


ProvenanceT = TypeVar("ProvenanceT", bound=Provenance)
_MARK = re.compile(r"\s*\[WITHDRAWN (?P<date>\d{4}-\d\d-\d\d): (?P<why>[^\]]*)\]")


def marked(note: str | None, why: str, date: str) -> str:
    """The note with reason and date; brackets of the reason become round."""
    plain = " ".join(why.replace("[", "(").replace("]", ")").split())
    return f"{note or ''} [WITHDRAWN {date}: {plain}]".strip()


def is_marked(note: str | None) -> bool:
    """Whether a note says that its row was withdrawn."""
    return bool(_MARK.search(note or ""))


def unmarked(note: str | None) -> str | None:
    """The note as it was before."""
    return _MARK.sub("", note or "").strip() or None


def withdrawn_row(row: ProvenanceT, why: str, date: str) -> ProvenanceT:
    """The row out of training, with reason and date in its note."""
    return row.model_copy(update={"in_training": False, "note": marked(row.note, why, date)})


def restored_row(row: ProvenanceT) -> ProvenanceT:
    """The row as it was before it was withdrawn; other rows as they are."""
    if not is_marked(row.note):
        return row
    return row.model_copy(update={"in_training": True, "note": unmarked(row.note)})
