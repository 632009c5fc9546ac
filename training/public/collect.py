"""Pulled tables as rows, what to print about them, and tables for people to look at."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from features.tables.literature import Literature
from features.tables.records import ElectrolyteRow
from training.data.load import resolve_papers
from training.public import laskowski, liverpool, obelix
from training.public.converted import Converted, Refused
from training.public.merge import merge
from training.public.sources import find_source, pulled

READERS: dict[str, Callable[[Path], Converted]] = {
    "obelix": obelix.rows,
    "liverpool": liverpool.rows,
    "laskowski": laskowski.rows,
}
"""Reader of each table of `SOURCES`, in the order of preference."""
VIEW_COLUMNS = tuple(column for column in ElectrolyteRow.model_fields if column != "cif_text")


def convert(names: Sequence[str]) -> dict[str, Converted]:
    """Rows of pulled tables, by name, each table once.

    Raises
    ------
    PublicDataError
        Unknown name, or a table that was not pulled or was changed since.
    """
    folders = {name: pulled(name) for name in dict.fromkeys(names)}
    return {name: READERS[name](folder) for name, folder in folders.items()}


def with_public(literature: Literature, names: Sequence[str]) -> Literature:
    """The literature with the rows of pulled tables, each measurement once; the same literature without names.

    A paper that the sources know by its DOI keeps the id it has there.
    """
    if not names:
        return literature
    merged = merge(literature.electrolytes, convert(names), literature.doi)
    hashes = {f"{name}/{file}": sha for name in names for file, (_, sha) in find_source(name).files.items()}
    added = replace(literature, electrolytes=merged.rows, hashes=literature.hashes | hashes)
    resolve_papers(added)
    return added


def kind_of(refused: Refused) -> str:
    """The reason without what is special to the row, for counting."""
    column, record, _ = refused.reason.partition(": got ")
    return f"{column} outside what the record holds" if record else re.split(r"[:,]| in \d", refused.reason)[0]


def summary(name: str, converted: Converted) -> str:
    """Licence, citation and counts of a table, with the refused rows by reason."""
    source, counts = find_source(name), converted.counts
    reasons = Counter(kind_of(each) for each in converted.refused)
    return "\n".join(
        [
            f"{name}: {source.title}",
            f"  licence: {source.licence}",
            f"  cite: {source.citation}",
            f"  {counts['rows']} rows, {counts['censored']} of them bounds; {counts['refused']} refused",
            *(f"    {count} {reason}" for reason, count in reasons.most_common()),
        ]
    )


def write_view(converted: Converted, folder: Path) -> None:
    """Write `electrolytes.csv` (without the CIF texts) and `refused.csv` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [[_cell(getattr(row, column)) for column in VIEW_COLUMNS] for row in converted.rows]
    _write(folder / "electrolytes.csv", VIEW_COLUMNS, rows)
    refused = [[each.place, each.text, each.reason] for each in converted.refused]
    _write(folder / "refused.csv", ("place", "text", "reason"), refused)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
