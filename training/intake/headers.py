"""Which column of ours a column of a file is, and in which unit: by our name, by a name people use, or by a mapping."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from features.tables.columns import UNIT_WORDS, unit_of
from features.tables.mistakes import Mistake
from features.tables.records import Row
from features.tables.rows import closest
from training.intake.mapping import Mapped
from training.intake.units import UnitError, find_unit

IGNORED = frozenset({"line", "reasons"})
"""Columns a reject file has beside those of the file; ignored when it is added again."""
_BRACKETED = re.compile(r"(?P<name>.+?)\s*[(\[](?P<unit>[^()\[\]]*(?:\([^()]*\))?[^()\[\]]*)[)\]]\s*")
_PARTED = re.compile(r"\s*(?:/|,|\bin\b)\s*")
_WORDS = {"pct": "%", "angstrom": "Å", "per": "/"}


@dataclass(frozen=True)
class Column:
    """A column of a file that was recognised: its place, its header, our column and the unit its header states."""

    place: int
    header: str
    name: str
    unit: str = ""


@dataclass
class Header:
    """What a header line was read as."""

    columns: list[Column] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@lru_cache(maxsize=1)
def names() -> tuple[dict[str, list[str]], dict[str, str]]:
    """Columns by each name people use, and the reason for names that are refused."""
    meant, refused = dict[str, list[str]](), dict[str, str]()
    with Path(__file__).with_name("names.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["refused"]:
                refused[row["name"]] = row["refused"]
            else:
                meant.setdefault(row["name"], []).append(row["column"])
    return meant, refused


def fold_name(text: str) -> str:
    """A header in lower case, its words parted by single blanks; σ is sigma, % is pct.

    Examples
    --------
    >>> fold_name("Cycle #"), fold_name("N/P ratio"), fold_name("σ")
    ('cycle', 'n p ratio', 'sigma')
    """
    plain = unicodedata.normalize("NFKC", text).lower().replace("σ", "sigma").replace("%", " pct ")
    return " ".join(re.sub(r"[^\w°‰]+|_", " ", plain).split())


@lru_cache(maxsize=16)
def _meant_in(model: type[Row]) -> dict[str, list[str]]:
    """Columns of one table by folded name: our names, our names without the unit, and those of `names.csv`."""
    found: dict[str, list[str]] = {}
    for column in model.model_fields:
        found.setdefault(fold_name(column), []).append(column)
        endings = [word for word in UNIT_WORDS if column.endswith(f"_{word}")]
        if unit_of(model, column) and endings:
            stem = fold_name(column.removesuffix(f"_{max(endings, key=len)}"))
            found.setdefault(stem, []).append(column)
    for name, columns in names()[0].items():
        for column in columns:
            if column in model.model_fields and column not in found.setdefault(name, []):
                found[name].append(column)
    return {name: columns for name, columns in found.items() if columns}


def read_header(
    header: Sequence[str],
    model: type[Row],
    others: Mapping[str, type[Row]],
    mapping: Mapping[str, Mapped],
    table: str = "",
) -> Header:
    """Recognise the columns of a file.

    Parameters
    ----------
    header : names as written
    model : of the table the rows are for
    others : models of the other tables, to say where an unknown column belongs
    mapping : the user's own words for columns, which go first
    table : name of the file, for the mistakes

    Returns
    -------
    Header
        Columns recognised, and every mistake: a column twice, unknown, without a name, in a unit of another quantity.
    """
    read = Header()
    for place, written in enumerate(header):
        if written in IGNORED and written not in mapping:
            continue
        if not written:
            read.mistakes.append(Mistake(1, f"number {place + 1}", "no name", "a name", table))
            continue
        own = mapping.get(written)
        if own is not None and own.column is None:
            continue
        result = _mapped(place, written, own, model) if own else _recognised(place, written, model)
        if isinstance(result, Column):
            read.columns.append(result)
            _remark_on_unit(result, model, read)
        else:
            got, expected = result
            read.mistakes.append(Mistake(1, written, got, expected or _elsewhere(written, model, others), table))
    _refuse_doubles(read, table)
    return read


def _remark_on_unit(column: Column, model: type[Row], read: Header) -> None:
    unit = unit_of(model, column.name)
    if unit not in ("", "1") and not column.unit and column.header != column.name:
        read.remarks.append(f"column {column.header} names no unit: read as {unit} where its cells name none")


def _refuse_doubles(read: Header, table: str) -> None:
    for name in dict.fromkeys(column.name for column in read.columns):
        same = [column.header for column in read.columns if column.name == name]
        if len(same) > 1:
            got = f"{' and '.join(same)}, which are both {name}"
            read.mistakes.append(Mistake(1, same[1], got, "each column once; map one to nothing", table))


def _elsewhere(written: str, model: type[Row], others: Mapping[str, type[Row]]) -> str:
    for table, other in others.items():
        if isinstance(found := _recognised(0, written, other), Column):
            return f"a column of this table; {found.name} stands in {table}.csv: give it a file of its own"
    known = closest(written, [*model.model_fields, *_meant_in(model)])
    return f"a column of this table{known}; or map it to nothing to leave it out"


def _mapped(place: int, written: str, own: Mapped, model: type[Row]) -> Column | tuple[str, str]:
    found = _recognised(place, own.column or "", model)
    if not isinstance(found, Column):
        known = closest(own.column or "", model.model_fields)
        return f"the mapping to {own.column!r}", f"a column of this table{known}"
    return _with_unit(place, written, [found.name], own.unit or found.unit, model)


def _recognised(place: int, written: str, model: type[Row]) -> Column | tuple[str, str]:
    """The column a header names, or what is wrong with it; the second word is empty where the name is unknown."""
    if written in model.model_fields:
        return Column(place, written, written)
    meant, refused = _meant_in(model), names()[1]
    wrong: tuple[str, str] | None = None
    for name, unit in _readings(written):
        folded = fold_name(name)
        if folded in refused:
            return repr(written), refused[folded]
        if folded not in meant:
            continue
        found = _with_unit(place, written, meant[folded], unit, model)
        if isinstance(found, Column):
            return found
        wrong = wrong or found
    return wrong or ("an unknown column", "")


def _readings(written: str) -> Iterator[tuple[str, str]]:
    """Ways to part a header into name and unit, the likeliest first."""
    if match := _BRACKETED.fullmatch(written):
        yield match["name"], match["unit"].strip()
    yield written, ""
    for between in _PARTED.finditer(written):
        yield written[: between.start()], written[between.end() :].strip()
    words = re.split(r"[_\s]+", written)
    for count in range(1, min(5, len(words) - 1) + 1):
        unit = " ".join(_WORDS.get(word.lower(), word) for word in words[-count:])
        yield " ".join(words[:-count]), unit.replace(" / ", "/").replace(" %", "%")


def _with_unit(
    place: int, written: str, columns: Sequence[str], unit: str, model: type[Row]
) -> Column | tuple[str, str]:
    """The one of the columns that can be in this unit; of columns of text the first."""
    fitting, reasons = [], []
    for column in columns:
        into = unit_of(model, column)
        if not into and unit:
            reasons.append("a column of text, without a unit")
            continue
        if fold_name(unit) in ("", "no", "number") and into in ("1", ""):
            fitting.append(Column(place, written, column))
            continue
        try:
            find_unit(unit, into)
        except UnitError as error:
            reasons.append(str(error))
        else:
            fitting.append(Column(place, written, column, unit))
    if len(fitting) == 1 or (fitting and not unit_of(model, fitting[0].name)):
        return fitting[0]
    if fitting:
        choices = " or ".join(f"{each.name} ({unit_of(model, each.name)})" for each in fitting)
        return f"{written!r} without a unit", f"the unit in brackets: it may be {choices}"
    return f"the unit {unit!r}", " or ".join(dict.fromkeys(reasons))
