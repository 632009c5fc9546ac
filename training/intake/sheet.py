"""A file of rows as text cells with their lines: CSV, TSV, Excel or JSON lines; nothing is interpreted here."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from features.tables.files import SPREADSHEET_MARKS, decoded, unpaired
from features.tables.mistakes import InputError, Mistake

COMMENT = "# "
"""Lines above the header that begin so are skipped: the dictionary of a template stands there."""
SEPARATORS = ",\t;"


@dataclass(frozen=True)
class Line:
    """One row of a file: the line it begins on (its place, where the file has no lines) and its cells."""

    number: int
    cells: list[str]


@dataclass
class Sheet:
    """A file as text.

    Attributes
    ----------
    name : of the file
    header : names of the columns as written
    lines : rows with at least one cell that is not empty
    mistakes : what is wrong with the file apart from its values (merged cells)
    """

    name: str
    header: list[str]
    lines: list[Line] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)


def read_sheet(path: Path, worksheet: str | None = None) -> Sheet:
    """Read a file by its ending: `.xlsx` and `.xlsm` are workbooks, `.jsonl` and `.ndjson` JSON lines, all else text.

    Raises
    ------
    InputError
        Missing, empty, not UTF-8, of another kind than its ending says, or `worksheet` given for a file without sheets.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder, expected a file")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        from training.intake.workbook import read_workbook

        header, lines, mistakes = read_workbook(content, path.name, worksheet)
        return _sheet(path.name, [Line(0, header), *lines], mistakes)
    if worksheet:
        raise InputError(f"{path.name}: --sheet is for workbooks (.xlsx); this file has no sheets")
    if content.startswith(SPREADSHEET_MARKS):
        raise InputError(f"{path.name}: this is a spreadsheet; save it as .xlsx or as 'CSV UTF-8'")
    text = decoded(content, path.name)
    is_json = path.suffix.lower() in (".jsonl", ".ndjson", ".json")
    return _sheet(path.name, _json_lines(text, path.name) if is_json else _text_lines(text, path), [])


def _sheet(name: str, lines: Iterable[Line], mistakes: list[Mistake]) -> Sheet:
    found = iter(lines)
    first = next(found, None)
    if first is None:
        raise InputError(f"{name}: the file is empty, expected a header line and at least one row")
    header = [cell.strip() for cell in first.cells]
    while header and not header[-1]:  # spreadsheets leave empty columns at the end
        header.pop()
    sheet = Sheet(name, header, [line for line in found if any(cell.strip() for cell in line.cells)], mistakes)
    if not sheet.lines:
        raise InputError(f"{name}: the file holds a header and no rows, expected at least one")
    return sheet


def _text_lines(text: str, path: Path) -> Iterator[Line]:
    """Rows of CSV or TSV; the separator is the one the header holds most of, a tab where the file ends in .tsv."""
    header = next((line for line in text.splitlines() if line.strip() and not is_comment(line)), "")
    separator = "\t" if path.suffix.lower() == ".tsv" else max(SEPARATORS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins, in_front = 1, True
    try:
        for cells in reader:
            in_front = in_front and (not any(cell.strip() for cell in cells) or is_comment(cells[0]))
            if not in_front:
                yield Line(begins, cells)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise unpaired(error, begins, path.name) from None


def is_comment(text: str) -> bool:
    """Whether a line, or its first cell, is a remark above the header."""
    return text.lstrip().lstrip('"').startswith(COMMENT) or text.strip() == "#"


def _json_lines(text: str, name: str) -> Iterator[Line]:
    """Objects, one a line; the header is every key in the order of its first appearance."""
    objects: list[tuple[int, Mapping[str, Any]]] = []
    mistakes = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            held = json.loads(line, object_pairs_hook=_without_doubles, parse_constant=_refuse_constant)
        except ValueError as error:
            mistakes.append(Mistake(number, "", str(error), "one JSON object a line, each key once", name))
            continue
        if not isinstance(held, dict):
            mistakes.append(Mistake(number, "", type(held).__name__, "a JSON object", name))
            continue
        mistakes += [
            Mistake(number, key, type(value).__name__, "text, a number, true, false or null", name)
            for key, value in held.items()
            if isinstance(value, dict | list)
        ]
        objects.append((number, held))
    if mistakes:
        raise InputError(f"{name}: not JSON lines that can be used", mistakes)
    if objects:
        header = list(dict.fromkeys(key for _, held in objects for key in held))
        yield Line(0, header)
        yield from (Line(number, [as_text(held.get(key)) for key in header]) for number, held in objects)


def _without_doubles(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if doubled := sorted({key for key in keys if keys.count(key) > 1}):
        raise ValueError(f"the key {doubled[0]!r} twice")
    return dict(pairs)


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word}, which is no JSON")


def as_text(value: object) -> str:
    """A value of a workbook or of JSON as people would type it; empty where there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return plain_number(value)
    return str(value)


def plain_number(value: float) -> str:
    """The shortest text that reads back as the same number."""
    return repr(value).removesuffix(".0")
