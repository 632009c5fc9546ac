"""The remark a withdrawn row carries in its note, and how it is taken away again."""

from __future__ import annotations

import re
from typing import TypeVar

from features.records import Provenance

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
