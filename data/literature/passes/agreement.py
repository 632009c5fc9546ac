"""How far the two blind readings agreed before anything was settled, from the untouched files beside this one.

Run as `python data/literature/passes/agreement.py`; prints the table that stands in `data/README.md`.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
TABLES = {
    "electrolytes": ["electrolytes"],
    "cells": ["cells_zhan", "cells_multiscale", "cells_double_layer"],
    "cycling": ["cycling_zhan", "cycling_multiscale", "cycling_double_layer"],
}
NOT_COMPARED = {"row_id", "place", "as_written", "confidence", "note"}
"""A reader's own ids and words."""


def readings(reader: str, table: str) -> dict[str, dict[str, str]]:
    """Rows of one reader by their id."""
    rows = {}
    for name in TABLES[table]:
        with (HERE / f"{reader}_{name}.csv").open(encoding="utf-8", newline="") as file:
            rows |= {row["row_id"]: row for row in csv.DictReader(file)}
    return rows


def alignment(table: str) -> list[tuple[str, str]]:
    """Pairs of row ids that tell the same; one is empty where only one reader has the row."""
    with (HERE / "alignment.csv").open(encoding="utf-8", newline="") as file:
        return [(row["first_row_id"], row["second_row_id"]) for row in csv.DictReader(file) if row["table"] == table]


def same(first: str, second: str) -> bool:
    """Equal as numbers, or as words regardless of case, blanks and kind of dash or micro sign."""
    try:
        return float(first) == float(second)
    except ValueError:
        plain = [
            re.sub(r"\s+", "", re.sub("[‐‑‒–—−]", "-", re.sub("[μµ]", "u", text.lower()))) for text in (first, second)
        ]
        return plain[0] == plain[1]


def agreement(table: str) -> tuple[dict[str, tuple[int, int]], dict[str, int]]:
    """Cells compared and equal by column (where at least one reader filled something), and row counts."""
    first, second = readings("first", table), readings("second", table)
    pairs = alignment(table)
    both = [(first[a], second[b]) for a, b in pairs if a and b]
    # a cycling point names its cell by the reader's own id: compare through the alignment of the cells
    cells = {b: a for a, b in alignment("cells") if b} if table == "cycling" else {}
    columns = [column for column in next(iter(first.values())) if column not in NOT_COMPARED]
    found = {}
    for column in columns:
        names = cells if column == "cell_row_id" else {}
        values = [(one[column], names.get(other[column], other[column])) for one, other in both]
        filled = [(one, other) for one, other in values if one or other]
        if filled:
            found[column] = (len(filled), sum(same(one, other) for one, other in filled))
    return found, {"first": len(first), "second": len(second), "aligned": len(both)}


def markdown() -> str:
    """The agreement tables as Markdown."""
    lines = [
        "| table | rows, first | rows, second | aligned | cells compared | equal | share |",
        "|---|---|---|---|---|---|---|",
    ]
    details = []
    for table in TABLES:
        found, counts = agreement(table)
        compared, equal = (sum(each[place] for each in found.values()) for place in (0, 1))
        lines.append(
            f"| {table} | {counts['first']} | {counts['second']} | {counts['aligned']} | {compared} | {equal} "
            f"| {100 * equal / compared:.1f} % |"
        )
        each = "; ".join(
            f"`{column}` {equal}/{compared}" for column, (compared, equal) in found.items() if equal < compared
        )
        details.append(f"Columns of {table} that were not wholly alike (equal/compared): {each}.")
    return "\n".join([*lines, "", *[line for detail in details for line in (detail, "")]]).strip()


if __name__ == "__main__":
    print(markdown())
