"""The list of looks at rows that nothing may be chosen on, `benchmarks/looks.csv`."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Mapping
from pathlib import Path

LOOKS = Path(__file__).resolve().parent / "looks.csv"


def add_look(figures: Mapping[str, Mapping[str, float]]) -> int:
    """Write one look down, what it showed by method or in the method's words, and return its number."""
    with LOOKS.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    number, today = max((int(row[0]) for row in rows), default=0) + 1, datetime.date.today().isoformat()
    with LOOKS.open("a", encoding="utf-8", newline="") as file:
        for method, values_by_name in figures.items():
            values = [f"{values_by_name[name]:.3f}" if name in values_by_name else "" for name in header[3:]]
            csv.writer(file, lineterminator="\n").writerow([number, today, method, *values])
    return number


def last_look(method: str) -> Mapping[str, str] | None:
    """Return the last look whose method begins so, by column; None where there is none."""
    with LOOKS.open(encoding="utf-8", newline="") as file:
        looks = [row for row in csv.DictReader(file) if row["method"].startswith(method)]
    return looks[-1] if looks else None
