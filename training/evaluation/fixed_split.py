"""A fixed test split: ids from a file, and a training side from which everything akin to a test row is removed."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.tables.mistakes import InputError
from features.tables.rows import closest
from models.tasks.examples import Examples
from training.data.groups import PaperGroups

SHOWN = 5
"""Unknown ids named in a message."""


@dataclass(frozen=True)
class FixedSplit:
    """Rows of both sides.

    Attributes
    ----------
    train, test : row numbers
    removed : number of rows left out of the training side as kin of a test row
    """

    train: np.ndarray
    test: np.ndarray
    removed: int


def read_ids(path: str | Path) -> list[str]:
    """Ids of a file: the first column of a CSV, with or without the header `ID`.

    Parameters
    ----------
    path : str | Path
        Text file with one id a line.

    Raises
    ------
    InputError
        No such file, no id in it, or an id given twice.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a CSV of row ids, one a line")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            ids = [row[0].strip() for row in csv.reader(file) if row and row[0].strip()]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: no CSV in UTF-8 ({error}); save it as one, a row id a line") from None
    if ids and ids[0].lower() in ("id", "row_id", "measurement_id"):
        ids = ids[1:]
    if not ids:
        raise InputError(f"{path}: no id in it; expected row ids, one a line")
    if len(set(ids)) < len(ids):
        twice = next(row_id for place, row_id in enumerate(ids) if row_id in ids[:place])
        raise InputError(f"{path}: {twice!r} stands in it twice; every row is tested once")
    return ids


def fixed_split(examples: Examples, kin: PaperGroups, ids: list[str]) -> FixedSplit:
    """Split by test ids; a row sharing a paper or a composition with a test row is on neither side.

    Parameters
    ----------
    examples : Examples
        All rows of conductivity.
    kin : PaperGroups
        Groups of the rows.
    ids : list of str
        Row ids as in the tables, or without the name of the public table before the colon.

    Raises
    ------
    InputError
        An id no row has or two rows have, or nothing left to learn from.
    """
    known = [str(row) for row in examples.designs["row_id"]]
    if not ids:
        raise InputError("no test id was given; expected at least one")
    rows: dict[str, list[int]] = {}
    for place, row in enumerate(known):
        rows.setdefault(row.partition(":")[2] or row, []).append(place)
    rows |= {row: [place] for place, row in enumerate(known)}  # a whole id is never ambiguous
    if unknown := [row_id for row_id in ids if row_id not in rows]:
        named = ", ".join(repr(row_id) for row_id in unknown[:SHOWN]) + (", ..." if len(unknown) > SHOWN else "")
        raise InputError(
            f"{len(unknown)} of {len(ids)} test ids are of no conductivity in the data: {named}"
            f"{closest(unknown[0], rows)}; is the table they belong to given with --public or --data?"
        )
    if double := [row_id for row_id in ids if len(rows[row_id]) > 1]:
        candidates = ", ".join(known[place] for place in rows[double[0]])
        raise InputError(f"the test id {double[0]!r} may mean {candidates}; write the table before it")
    id_of_row: dict[int, str] = {}
    for row_id in ids:
        if (place := rows[row_id][0]) in id_of_row:
            raise InputError(f"the test ids {id_of_row[place]!r} and {row_id!r} are one row; every row is tested once")
        id_of_row[place] = row_id
    test = np.array(sorted(id_of_row))
    train = kin.unrelated(test)
    if not len(train):
        raise InputError("every other row shares a paper or a composition with a test row: nothing to learn from")
    return FixedSplit(train, test, len(known) - len(test) - len(train))
