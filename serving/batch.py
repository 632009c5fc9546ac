"""A table of candidate designs in, the same table with predictions out."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from textwrap import shorten

import pandas as pd

from features.records import Candidate, Measured
from features.tables import InputError, Mistake, Table, read_table
from models.designs import candidate_frame, formula_mistake
from models.own import measured_frame
from models.predictor import Predictions, Predictor, check_targets
from models.targets import TARGETS

DIGITS = "%.6g"
WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": lambda table, path: table.to_csv(path, index=False, float_format=DIGITS, lineterminator="\n"),
    ".tsv": lambda table, path: table.to_csv(path, index=False, float_format=DIGITS, lineterminator="\n", sep="\t"),
    ".parquet": lambda table, path: table.to_parquet(path, index=False),
}
"""How a table is written, by the ending of its name."""


@dataclass
class BatchResult:
    """What `predict_file` did.

    Attributes
    ----------
    table : the user's columns and the predictions, in the order of the input
    mistakes : why the other rows were rejected
    rejected, nearest : where the rejected rows and the nearest literature rows were written; None where there are none
    remarks : things worth saying that reject nothing
    """

    table: pd.DataFrame
    predictions: Predictions
    mistakes: list[Mistake]
    rejected: Path | None
    nearest: Path
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
        got = "a column that the predictions are written to"
        found = [Mistake(1, column, got, f"another name, such as {column}_measured", name) for column in clash]
        raise InputError(f"{name}: the columns cannot be used", found)
    kept: Table[Candidate] = Table(
        mistakes=table.mistakes, rejected=table.rejected, remarks=table.remarks, columns=table.columns
    )
    for row, line, raw in zip(table.rows, table.lines, table.raw, strict=True):
        if mistake := formula_mistake(row, line, name):
            kept.mistakes.append(mistake)
            kept.rejected[line] = raw
        else:
            kept.rows.append(row)
            kept.lines.append(line)
            kept.raw.append(raw)
    kept.mistakes.sort(key=lambda each: each.line)
    if own_columns := [column for column in table.columns if column not in Candidate.model_fields]:
        kept.remarks.append(f"kept as your own, not read by the model: {', '.join(own_columns)}")
    return kept


def read_measured(path: str | Path, remarks: list[str]) -> pd.DataFrame:
    """Read measured designs; rows that cannot be used are left out and said in the remarks.

    Raises
    ------
    InputError
        The file cannot be used, or no row of it: nothing is predicted then, as it would not be what was asked for.
    """
    table, name = read_table(path, Measured, own_columns=True), Path(path).name
    good = []
    for row, line in zip(table.rows, table.lines, strict=True):
        if mistake := formula_mistake(row, line, name):
            table.mistakes.append(mistake)
        else:
            good.append(row)
    table.mistakes.sort(key=lambda each: each.line)
    if not good:
        raise InputError(
            f"{name}: no measured design can be used; leave --calibrate out to predict without", table.mistakes
        )
    remarks += [f"{name}: {remark}" for remark in table.remarks]
    if ignored := [column for column in table.columns if column not in Measured.model_fields]:
        remarks.append(f"{name}: not read: {', '.join(ignored)}")
    remarks += [f"left out of the calibration: {mistake}" for mistake in table.mistakes]
    return measured_frame(good)


def predict_file(
    source: str | Path,
    out: str | Path,
    predictor: Predictor,
    *,
    targets: Sequence[str] | None = None,
    level: float = 0.9,
    calibrate: str | Path | None = None,
) -> BatchResult:
    """Predict every good row of a table; every file is written aside, then renamed.

    Beside OUT stand `OUT.nearest.csv`, the nearest literature rows of each design with their papers, and, where rows
    were rejected, `OUT.rejected.csv` with the reasons.

    Parameters
    ----------
    calibrate : table of measured designs of the same laboratory, columns of `Measured`

    Raises
    ------
    InputError
        A file cannot be used, no row of it can, or the output may not be written there.
    """
    check_targets(targets)
    source, out = Path(source), _target(Path(out), [Path(each) for each in (source, calibrate) if each])
    candidates = read_candidates(source)
    if not candidates.rows:
        raise InputError(f"{source.name}: no row can be used", candidates.mistakes)
    measured = read_measured(calibrate, candidates.remarks) if calibrate else None
    frame = candidate_frame(candidates.rows)
    predictions = predictor.predict(frame, targets=targets, level=level, measured=measured)
    table = pd.concat([_own_table(source, candidates), predictions.table], axis=1)
    out.parent.mkdir(parents=True, exist_ok=True)
    rejected = _write_rejected(candidates, out.with_name(f"{out.name}.rejected.csv"))
    nearest = _write_nearest(
        design_names(candidates), candidates.lines, predictions, out.with_name(f"{out.name}.nearest.csv")
    )
    with _whole(out) as aside:
        WRITERS[out.suffix](table, aside)
    return BatchResult(table, predictions, candidates.mistakes, rejected, nearest, candidates.remarks)


def _target(out: Path, sources: Sequence[Path]) -> Path:
    """Where to write, links followed; refuses the inputs themselves, devices and unknown kinds of file."""
    if out.suffix not in WRITERS:
        raise InputError(f"{out}: unknown ending {out.suffix or '(none)'}, expected one of {', '.join(WRITERS)}")
    out = out.resolve()
    written = [out, *(out.with_name(f"{out.name}.{end}.csv") for end in ("nearest", "rejected"))]
    if clash := [
        each for each in written for source in sources if each.exists() and source.exists() and each.samefile(source)
    ]:
        raise InputError(f"{clash[0]}: is the input itself; choose another name for the output")
    if out.exists() and not out.is_file():
        raise InputError(f"{out}: is no regular file; choose another name for the output")
    return out


def _own_table(source: Path, candidates: Table[Candidate]) -> pd.DataFrame:
    """The user's columns of the good rows: with their types from Parquet, as text from CSV."""
    if source.suffix == ".parquet":
        places = [line - 2 for line in candidates.lines]
        return pd.read_parquet(source).iloc[places].reset_index(drop=True)
    return pd.DataFrame(candidates.raw, columns=candidates.columns)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A file to write beside the wanted one, renamed when the block ends and gone if it fails."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield aside
        aside.rename(path)
    finally:
        aside.unlink(missing_ok=True)


def _write_rejected(candidates: Table[Candidate], path: Path) -> Path | None:
    if not candidates.rejected:
        path.unlink(missing_ok=True)
        return None
    with _whole(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["line", "reasons", *candidates.columns])
        for line in sorted(candidates.rejected):
            reasons = "; ".join(str(mistake) for mistake in candidates.mistakes if mistake.line == line)
            writer.writerow([line, reasons, *(candidates.rejected[line].get(name, "") for name in candidates.columns)])
    return path


def _write_nearest(names: list[str], lines: list[int], predictions: Predictions, path: Path) -> Path:
    columns = ["row", "distance", "electrolyte", "anode", "temperature_c", "measured", "doi", "citation"]
    with _whole(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["design", "line", "target", "rank", *columns], lineterminator="\n")
        writer.writeheader()
        for name, line, by_target in zip(names, lines, predictions.precedents, strict=True):
            for target, rows in by_target.items():
                for rank, row in enumerate(rows, start=1):
                    said = {column: row.get(column, "") for column in columns}
                    writer.writerow({"design": name, "line": line, "target": target, "rank": rank, **said})
    return path


def design_names(candidates: Table[Candidate]) -> list[str]:
    """What to call each design: the user's first own column, else the electrolyte."""
    table = pd.DataFrame(candidates.raw, columns=candidates.columns)
    return [str(name) for name in table[name_column(table)]]


def name_column(table: pd.DataFrame) -> str:
    """The column that names a design for people: the first of the user's own, else the electrolyte."""
    ours = ("notice", *(f"{column}{end}" for column in TARGETS for end in ("", "_low", "_high")))
    own = [column for column in table.columns if column not in Candidate.model_fields and column not in ours]
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
    """The first rows for a terminal: name and, per target, the value with its interval."""
    names = name_column(table)
    header = ["design", *(f"{target.label} ({target.unit})" for column, target in TARGETS.items() if column in table)]
    lines = []
    for _, row in table.head(limit).iterrows():
        cells = [str(row[names])[:42]]
        for column, target in TARGETS.items():
            if column in table:
                low, value, high = (target.show(row[column + end]) for end in ("_low", "", "_high"))
                cells.append(f"{value} [{low} to {high}]" if value else "-")
        lines.append(cells)
    widths = [max(len(line[place]) for line in [header, *lines]) for place in range(len(header))]
    printed = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in [header, *lines]
    ]
    if len(table) > limit:
        printed.append(f"... and {len(table) - limit} more")
    return "\n".join(printed)
