"""A file of rows as text cells with their lines: CSV, TSV, Excel or JSON lines; nothing is interpreted here."""

from __future__ import annotations

import csv
import io
import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, count, groupby, islice
from pathlib import Path
from typing import Any

import numpy as np

from features.tables.chunks import ROWS, check_text
from features.tables.disk import Spill
from features.tables.files import SPREADSHEET_MARKS, TextLines, header_of, records, regular_file
from features.tables.mistakes import InputError, Mistake, Mistakes
from features.tables.sheets import as_text, worksheet_rows
from training.intake.headers import IGNORED
from training.intake.notation.layout import is_title, is_unit_row, separator_line, with_units

COMMENT = "# "
"""Lines above the header that begin so are skipped: the dictionary of a template."""
SEPARATORS = ",\t;"


@dataclass(frozen=True)
class Line:
    """One row of a file.

    Attributes
    ----------
    number : int
        The line it begins on; its place, where the file has no lines.
    cells : list of str
        As written.
    """

    number: int
    cells: list[str]


class Lines:
    """Rows of a file, read anew at each iteration: they never lie in memory together.

    Parameters
    ----------
    read : callable
        Yields all lines of the file.
    skipped : int
        Filled lines above the rows: titles, header, units.
    """

    def __init__(self, read: Callable[[], Iterable[Line]], skipped: int = 0) -> None:
        self._read, self._skipped = read, skipped
        self._count = sum(1 for _ in self)

    def __iter__(self) -> Iterator[Line]:
        filled = (line for line in self._read() if any(cell.strip() for cell in line.cells))
        return islice(filled, self._skipped, None)

    def __len__(self) -> int:
        return self._count


class Rejects:
    """Rejected rows with their reasons; those beyond the first wait on disk."""

    def __init__(self) -> None:
        self._rows, self._lines = Spill(), array("q")

    def add(self, line: int, cells: Sequence[str], reasons: Iterable[str]) -> None:
        """Add a row, or further reasons of a row.

        Parameters
        ----------
        line : int
            Of the file.
        cells : sequence of str
            As written.
        reasons : iterable of str
            Why, one or more.
        """
        self._lines.append(line)
        self._rows.append([cells, [*reasons]])

    def __len__(self) -> int:
        return len(np.unique(self._lines))

    def __iter__(self) -> Iterator[tuple[int, list[str], list[str]]]:
        """Yield line, cells and reasons of each row, in the order of the file."""
        by_line = map(int, np.argsort(self._lines, kind="stable"))
        for line, places in groupby(by_line, self._lines.__getitem__):
            entries = [self._rows.get(place) for place in places]
            yield line, entries[0][0], [reason for _, reasons in entries for reason in reasons]


@dataclass
class Sheet:
    """A file as text.

    Attributes
    ----------
    name : str
        Of the file.
    header : list of str
        Names of the columns as written.
    lines : Lines
        Rows with at least one cell that is not empty.
    mistakes : list of Mistake
        Of the file apart from its values (merged cells).
    remarks : list of str
        Lines that are no rows: a title, units.
    header_line : int
        Number of the header's line.
    """

    name: str
    header: list[str]
    lines: Lines
    mistakes: list[Mistake] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    header_line: int = 1


def read_sheet(path: Path, worksheet: str | None = None) -> Sheet:
    """Read a file by its ending: `.xlsx` and `.xlsm` are workbooks, `.jsonl` and `.ndjson` JSON lines, all else text.

    Parameters
    ----------
    path : Path
        The file.
    worksheet : str, optional
        Sheet of a workbook; the only filled one where None.

    Raises
    ------
    InputError
        Missing, empty, not UTF-8, of another kind than its ending says, or `worksheet` given for a file without sheets.
    """
    if regular_file(path).suffix.lower() in (".xlsx", ".xlsm"):
        return _workbook(path.read_bytes(), path.name, worksheet)
    if worksheet:
        raise InputError(f"{path.name}: --sheet is for workbooks (.xlsx); this file has no sheets")
    with path.open("rb") as file:
        if file.read(8).startswith(SPREADSHEET_MARKS):
            raise InputError(f"{path.name}: this is a spreadsheet; save it as .xlsx or as 'CSV UTF-8'")
    check_text(path)
    is_json = path.suffix.lower() in (".jsonl", ".ndjson", ".json")
    return _sheet(path.name, partial(_json_lines if is_json else _text_lines, path))


def _sheet(name: str, read: Callable[[], Iterable[Line]]) -> Sheet:
    """Return the first line under a title as header, with the units under it, and the rest as rows."""
    remarks, lines = list[str](), Lines(read)
    filled, above = iter(lines), 1
    first, second = next(filled, None), next(filled, None)
    while first and second and is_title(first.cells, second.cells):
        remarks.append(f"line {first.number} taken as a title: {next(cell for cell in first.cells if cell.strip())}")
        first, second, above = second, next(filled, None), above + 1
    if not first:
        raise InputError(f"{name}: the file is empty, expected a header line and at least one row")
    header = header_of(first.cells)
    if second and is_unit_row(second.cells):
        remarks.append(f"line {second.number} taken as the units of the columns")
        header, above = with_units(header, second.cells), above + 1
    if len(lines) == above:
        raise InputError(f"{name}: the file holds a header and no rows, expected at least one")
    return Sheet(name, header, Lines(read, above), remarks=remarks, header_line=first.number)


def _lines_of(path: Path) -> Iterator[str]:
    """Lines of a text file with their endings."""
    with path.open("rb") as file:
        yield from TextLines(file, path.name, ROWS)


def _text_lines(path: Path) -> Iterator[Line]:
    """Read rows of CSV or TSV; the separator is the one the header holds most of, a tab where the file ends in .tsv."""
    above_header = True
    for begins, cells in records(_lines_of(path), _separator(path), path.name):
        above_header = above_header and (not any(cell.strip() for cell in cells) or _is_remark(cells))
        if not above_header:
            yield Line(begins, cells)


def _separator(path: Path) -> str:
    """Return what a line `sep=` states, a tab in a .tsv, else what the header holds most of; a title does not count."""
    lines = (line.rstrip("\r\n") for line in _lines_of(path))
    filled = list(islice((line for line in lines if line.strip() and not _is_comment(line)), 2))
    if filled and (declared := separator_line(filled[0])):
        return declared
    if path.suffix.lower() == ".tsv" or not filled:
        return "\t"
    separators = [max(SEPARATORS, key=line.count) for line in filled]
    rows = [line.split(separator) for line, separator in zip(filled, separators, strict=False)]
    return separators[1] if len(rows) > 1 and is_title(rows[0], rows[1]) else separators[0]


def _is_remark(cells: Sequence[str]) -> bool:
    """Return whether a line is a comment or states the separator: `sep=,` and `sep=;` are cut at that."""
    states_separator = cells[0].strip().lower() == "sep=" and not any(cell.strip() for cell in cells[1:])
    return states_separator or _is_comment(cells[0])


def _is_comment(text: str) -> bool:
    """Return whether a line, or its first cell, is a remark above the header."""
    return text.lstrip().lstrip('"').startswith(COMMENT) or text.strip() == "#"


def _json_lines(path: Path) -> Iterator[Line]:
    """Read objects, one a line; the header is every key in the order of its first appearance."""
    mistakes, keys = Mistakes(), dict[str, None]()
    for _, row in _objects(path, mistakes):
        keys.update(dict.fromkeys(row))
    if mistakes:
        raise InputError(f"{path.name}: not JSON lines that can be used", mistakes)
    if keys:
        yield Line(0, [*keys])
        yield from (Line(number, [as_text(row.get(key)) for key in keys]) for number, row in _objects(path, mistakes))


def _objects(path: Path, mistakes: Mistakes) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the object of each line; other lines, and values that are no cells, become mistakes."""
    expected = "text, a number, true, false or null"
    for number, line in enumerate(_lines_of(path), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.rstrip("\r\n"), object_pairs_hook=_distinct_keys, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            mistakes += [Mistake(number, "", str(error), "one JSON object a line, each key once", path.name)]
            continue
        if not isinstance(row, dict):
            mistakes += [Mistake(number, "", type(row).__name__, "a JSON object", path.name)]
            continue
        wrong = [(key, type(value).__name__) for key, value in row.items() if isinstance(value, dict | list)]
        mistakes += [Mistake(number, key, kind, expected, path.name) for key, kind in wrong]
        yield number, row


def _distinct_keys(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if doubled := sorted({key for key in keys if keys.count(key) > 1}):
        raise ValueError(f"the key {doubled[0]!r} twice")
    return dict(pairs)


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word}, which is no JSON")


def _workbook(content: bytes, name: str, worksheet: str | None) -> Sheet:
    """Read one worksheet; the line of a row is its number in the sheet, merged cells are mistakes."""
    read = worksheet_rows(content, name, worksheet)
    used = [Line(number, cells) for number, cells in read.rows]
    while used and _is_comment(used[0].cells[0]):
        used.pop(0)
    if not used:
        raise InputError(f"{name}: the sheet is empty, expected a header line and at least one row")
    sheet = _sheet(name, lambda: used)
    sheet.mistakes = [mistake for last_row, mistake in read.merged if last_row >= sheet.header_line]
    return sheet


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Return rows as the text of a CSV file.

    Parameters
    ----------
    rows : iterable of iterables
        The header first; None is an empty cell.

    Examples
    --------
    >>> csv_text([["id", "why"], ["E051", "misread, twice"]])
    'id,why\\nE051,"misread, twice"\\n'
    """
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def rejected_file(rejects: Rejects, header: Sequence[str], file: Path) -> dict[Path, Iterable[str]]:
    """Return `FILE.rejected.csv`: the rejected rows as they stand in the file, their lines and reasons in front.

    An existing reject file with another content may have been corrected by hand: the next number is taken.

    Parameters
    ----------
    rejects : Rejects
        The rows.
    header : sequence of str
        Names of the columns; `IGNORED` ones are left out.
    file : Path
        Where it stands.

    Returns
    -------
    dict of Path to iterable of str
        The text, line by line, by the path to write to; empty where nothing was rejected.
    """
    if not rejects:
        return {}
    numbers = chain([""], (f"-{number}" for number in count(2)))
    paths = (file.with_name(f"{file.name}.rejected{number}.csv") for number in numbers)
    path = next(path for path in paths if not path.exists() or _holds(path, _rejected_lines(rejects, header)))
    return {path: _rejected_lines(rejects, header)}


def _rejected_lines(rejects: Rejects, header: Sequence[str]) -> Iterator[str]:
    places = [place for place, name in enumerate(header) if name not in IGNORED]
    yield csv_text([["line", "reasons", *(header[place] for place in places)]])
    for line, cells, reasons in rejects:
        named = [cells[place] for place in places if place < len(cells)]
        yield csv_text([[line, "; ".join(reasons), *named, *cells[len(header) :]]])


def _holds(path: Path, pieces: Iterable[str]) -> bool:
    with path.open("rb") as file:
        return all(file.read(len(piece)) == piece for piece in map(str.encode, pieces)) and not file.read(1)
