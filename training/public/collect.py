"""Pulled tables as rows, their summaries, and tables for people to look at."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from features.tables.disk import whole
from features.tables.literature import Literature
from features.tables.records import ElectrolyteRow
from training.data.load import resolve_papers
from training.public import laskowski, liverpool, obelix
from training.public.connector import Converted, Refused
from training.public.merge import merge
from training.public.sources import find_source, pulled

OBELIX = "obelix"
READERS: dict[str, Callable[[Path], Converted]] = {
    OBELIX: obelix.rows,
    "liverpool": liverpool.rows,
    "laskowski": laskowski.rows,
}
"""Reader of each table of `SOURCES`, in the order of preference."""
VIEW_COLUMNS = tuple(column for column in ElectrolyteRow.model_fields if column != "cif_text")


def convert(names: Sequence[str]) -> dict[str, Converted]:
    """Read pulled tables as our rows, by name, each table once.

    Parameters
    ----------
    names : sequence of str
        Keys of `SOURCES`.

    Raises
    ------
    PublicDataError
        Unknown name, or a table that was not pulled or was changed since.
    """
    folders = {name: pulled(name) for name in dict.fromkeys(names)}
    return {name: READERS[name](folder) for name, folder in folders.items()}


def with_public(literature: Literature, names: Sequence[str]) -> Literature:
    """Return the literature with the rows of pulled tables, each measurement once.

    A paper that the sources know by its DOI keeps the id it has there. The test rows of OBELiX's benchmark are left
    out, and where OBELiX is named the same measurements in the other tables, so that a model can be compared on them.

    Parameters
    ----------
    literature : Literature
        Shipped and own rows; left as they are.
    names : sequence of str
        Keys of `SOURCES`; without any the literature itself is returned.

    Raises
    ------
    PublicDataError
        Unknown name, or a table that was not pulled or was changed since.
    """
    if not names:
        return literature
    public, kept_out = convert(names), frozenset[str]()
    if OBELIX in public:
        kept_out = obelix.test_ids(pulled(OBELIX))
        last = sorted(public[OBELIX].rows, key=lambda row: row.measurement_id in kept_out)
        public[OBELIX] = replace(public[OBELIX], rows=last)
    merged = merge(literature.electrolytes, public, literature.doi)
    rows = [row for row in merged.rows if row.measurement_id not in kept_out]
    hashes = {f"{name}/{file}": sha for name in names for file, (_, sha) in find_source(name).files.items()}
    added = replace(literature, electrolytes=rows, hashes=literature.hashes | hashes)
    resolve_papers(added)
    return added


def with_looked_up(literature: Literature, names: Sequence[str]) -> Literature:
    """Return the literature with the rows of pulled tables that are looked up and not learned from.

    What `with_public` leaves out is left out here too: measurements that the literature has, OBELiX's test rows.

    Parameters
    ----------
    literature : Literature
        Rows to learn from; left as they are.
    names : sequence of str
        Keys of `SOURCES`; without any the literature itself is returned.

    Raises
    ------
    PublicDataError
        Unknown name, or a table that was not pulled or was changed since.
    """
    added = with_public(literature, names)
    looked_up = added.electrolytes[len(literature.electrolytes) :]
    return replace(literature, looked_up=looked_up, hashes=added.hashes)


def kind_of(refused: Refused) -> str:
    """Return the reason of a refusal without the values of the row, for counting.

    Parameters
    ----------
    refused : Refused
        A row that was not taken.

    Examples
    --------
    >>> kind_of(Refused("line 3", "Li2S; 1,5", "the conductivity cannot be read: '1,5'"))
    'the conductivity cannot be read'
    """
    column, record, _ = refused.reason.partition(": got ")
    return f"{column} outside what the record holds" if record else re.split(r"[:,]| in \d", refused.reason)[0]


def summary(name: str, converted: Converted) -> str:
    """Return licence, citation and counts of a table, with the refused rows by reason.

    Parameters
    ----------
    name : str
        Key of `SOURCES`.
    converted : Converted
        Its rows.
    """
    counts = converted.counts
    reasons = Counter(kind_of(refused) for refused in converted.refused)
    return "\n".join(
        [
            *find_source(name).lines,
            f"  {counts['rows']} rows, {counts['censored']} of them bounds; {counts['refused']} refused",
            *(f"    {count} {reason}" for reason, count in reasons.most_common()),
        ]
    )


def write_view(converted: Converted, folder: Path) -> None:
    """Write `electrolytes.csv` (without the CIF texts) and `refused.csv` into a folder.

    Parameters
    ----------
    converted : Converted
        Rows of a table.
    folder : Path
        Made where it does not exist; files of these names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = [[_cell(getattr(row, column)) for column in VIEW_COLUMNS] for row in converted.rows]
    _write(folder / "electrolytes.csv", VIEW_COLUMNS, rows)
    refused = [[row.place, row.text, row.reason] for row in converted.refused]
    _write(folder / "refused.csv", ("place", "text", "reason"), refused)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with whole(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
