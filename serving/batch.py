"""A table of candidate designs in, the same table with predictions out."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from textwrap import shorten

import pandas as pd

from features.records import Candidate
from features.tables import InputError, Mistake, Table, read_table
from models.predictor import Predictions, Predictor, candidate_frame, check_targets, formula_mistake
from models.targets import TARGETS

DIGITS = "%.6g"


@dataclass
class BatchResult:
    """What `predict_file` did.

    Attributes
    ----------
    table : the user's columns and the predictions, in the order of the input
    mistakes : why the other rows were rejected
    rejected : where they were written, or None
    remarks : things worth saying that reject nothing
    """

    table: pd.DataFrame
    predictions: Predictions
    mistakes: list[Mistake]
    rejected: Path | None
    remarks: list[str]


def read_candidates(path: str | Path) -> Table[Candidate]:
    """Read candidate designs; rows whose formula cannot be read are moved to the rejected ones.

    Raises
    ------
    InputError
        The file cannot be used, or holds a column that the predictions would overwrite.
    """
    table = read_table(path, Candidate, own_columns=True)
    name = Path(path).name
    taken = [f"{column}{end}" for column in TARGETS for end in ("", "_low", "_high")] + ["notice"]
    if clash := [column for column in table.columns if column in taken]:
        found = [
            Mistake(
                1,
                column,
                "a column that the predictions are written to",
                "another name, such as " + column + "_measured",
                name,
            )
            for column in clash
        ]
        raise InputError(f"{name}: the columns cannot be used", found)
    kept: Table[Candidate] = Table(
        mistakes=table.mistakes, rejected=table.rejected, remarks=table.remarks, columns=table.columns
    )
    for row, line, own, raw in zip(table.rows, table.lines, table.own, table.raw, strict=True):
        if mistake := formula_mistake(row, line, name):
            kept.mistakes.append(mistake)
            kept.rejected[line] = raw
        else:
            kept.rows.append(row)
            kept.lines.append(line)
            kept.own.append(own)
            kept.raw.append(raw)
    kept.mistakes.sort(key=lambda each: each.line)
    return kept


def predict_file(
    source: str | Path,
    out: str | Path,
    predictor: Predictor,
    *,
    targets: Sequence[str] | None = None,
    level: float = 0.9,
) -> BatchResult:
    """Predict every good row of a table; write the table aside, then rename it, and the rejected rows beside it.

    Raises
    ------
    InputError
        The file cannot be used, or no row of it can.
    """
    check_targets(targets)
    out = Path(out)
    candidates = read_candidates(source)
    if not candidates.rows:
        raise InputError(f"{Path(source).name}: no row can be used", candidates.mistakes)
    predictions = predictor.predict(candidate_frame(candidates.rows), targets=targets, level=level)
    table = pd.concat([pd.DataFrame(candidates.raw, columns=candidates.columns), predictions.table], axis=1)
    out.parent.mkdir(parents=True, exist_ok=True)
    rejected = _write_rejected(candidates, out.with_name(f"{out.name}.rejected.csv"))
    _write(table, out)
    return BatchResult(table, predictions, candidates.mistakes, rejected, candidates.remarks)


def _write(table: pd.DataFrame, out: Path) -> None:
    aside = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        if out.suffix == ".parquet":
            table.to_parquet(aside, index=False)
        else:
            table.to_csv(
                aside, index=False, float_format=DIGITS, sep="\t" if out.suffix == ".tsv" else ",", lineterminator="\n"
            )
        aside.rename(out)
    finally:
        aside.unlink(missing_ok=True)


def _write_rejected(candidates: Table[Candidate], path: Path) -> Path | None:
    if not candidates.rejected:
        path.unlink(missing_ok=True)
        return None
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with aside.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["line", "reasons", *candidates.columns])
            for line in sorted(candidates.rejected):
                reasons = "; ".join(str(mistake) for mistake in candidates.mistakes if mistake.line == line)
                writer.writerow(
                    [line, reasons, *(candidates.rejected[line].get(column, "") for column in candidates.columns)]
                )
        aside.rename(path)
    finally:
        aside.unlink(missing_ok=True)
    return path


def name_column(table: pd.DataFrame) -> str:
    """The column that names a design for people: the first of the user's own, else the electrolyte."""
    own = [
        column
        for column in table.columns
        if column not in Candidate.model_fields and column != "notice" and not str(column).startswith(tuple(TARGETS))
    ]
    return str(own[0]) if own else "electrolyte"


def text_notices(table: pd.DataFrame, limit: int = 12) -> str:
    """Notices for a terminal, shortened: first those that all designs share, then each design's own."""
    names = name_column(table)
    each = [[notice for notice in str(row).split("; ") if notice] for row in table["notice"].head(limit)]
    shared = [notice for notice in dict.fromkeys(chain.from_iterable(each)) if all(notice in own for own in each)]
    lines = [f"  all: {notice}" for notice in shared]
    for name, own in zip(table[names].head(limit), each, strict=True):
        if rest := [notice for notice in own if notice not in shared]:
            lines.append("  " + shorten(f"{str(name)[:42]}: {'; '.join(rest)}", 180, placeholder=" ..."))
    return "\n".join(lines)


def text_table(table: pd.DataFrame, limit: int = 12) -> str:
    """The first rows for a terminal: name, value with its interval per target, first notices."""
    names = name_column(table)
    header = ["design", *(f"{target.label} ({target.unit})" for column, target in TARGETS.items() if column in table)]
    lines = []
    for _, row in table.head(limit).iterrows():
        cells = [str(row[names])[:42]]
        for column, target in TARGETS.items():
            if column in table:
                known = row[column] == row[column]
                ends = (
                    f"{target.show(row[column])} [{target.show(row[column + '_low'])} to "
                    f"{target.show(row[column + '_high'])}]"
                )
                cells.append(ends if known else "-")
        lines.append(cells)
    widths = [max(len(line[place]) for line in [header, *lines]) for place in range(len(header))]
    printed = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in [header, *lines]
    ]
    if len(table) > limit:
        printed.append(f"... and {len(table) - limit} more")
    return "\n".join(printed)
