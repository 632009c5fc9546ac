"""Designs to explain, read from a table of any length: some at a time, with what is wrong with the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import pandas as pd

from features.tables.chunks import PortionReader, Source, open_source
from features.tables.mistakes import InputError, Mistake
from features.tables.records import Candidate
from features.tables.rows import check_columns
from models.bundle import Bundle
from models.explain.what_if import Questions
from reporting.console import progress
from reporting.explain.explanation_page import explain
from serving.predict.prediction_text import name_among
from serving.predict.read import usable

MOST_MISTAKES = 100
"""Mistakes kept in words; the others are counted."""


@dataclass
class ExplainResult:
    """Result of `explain_file`.

    Attributes
    ----------
    written : files, the page first
    remarks : things worth saying that reject nothing
    mistakes : why rows were left out, the first of them
    rejected_rows : how many were left out
    """

    written: list[Path]
    remarks: list[str]
    mistakes: list[Mistake] = field(default_factory=list)
    rejected_rows: int = 0


def explain_file(
    source: str | Path,
    folder: Path,
    bundle: Bundle,
    targets: list[str] | None = None,
    questions: Questions | None = None,
    raw: bool = False,
) -> ExplainResult:
    """Explain the designs of a table, or of all tables of a folder, portion by portion.

    Parameters
    ----------
    source : str or Path
        A CSV, TSV or Parquet file, or a folder of them with the same columns.
    folder : Path
        Gets the page and its files.
    bundle : Bundle
        The model.
    targets : list of str or None
        Columns of `TARGETS`; all where None.
    questions : Questions or None
        Further questions about the designs; none where None.
    raw : bool
        Keep texts that a spreadsheet would run as formulas.

    Raises
    ------
    InputError
        A file cannot be used, or no row of it.
    """
    table = open_source(Path(source))
    result = ExplainResult([], check_columns(table.columns, Candidate, own_columns=True, name=Path(source).name))
    chunks = _chunks(table, result)
    first = next(chunks, None)
    if first is None:
        raise InputError(f"{source}: no row can be used", result.mistakes)
    with progress(table.rows, "explaining", "design") as step:
        result.written = explain(
            bundle, folder, first[1], first[0], targets, questions, step, chunks=chain([first], chunks), raw=raw
        )
    return result


def _chunks(table: Source, result: ExplainResult) -> Iterator[tuple[list[str], pd.DataFrame]]:
    """Yield names and designs of each portion that has any."""
    reader = PortionReader()
    for portion in table.portions:
        rows = usable(reader.read(portion), portion.path.name)
        result.rejected_rows += len(rows.rejected)
        result.mistakes += rows.mistakes[: max(MOST_MISTAKES - len(result.mistakes), 0)]
        if len(rows.lines):
            names = rows.table.column(name_among(rows.table.column_names))
            yield [str(name) for name in names.to_pylist()], rows.designs.to_frame()
