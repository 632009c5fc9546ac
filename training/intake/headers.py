"""A column of a file as one of ours, with its unit: by our name, by a usual name, or by the user's mapping."""

from __future__ import annotations

import csv
import re
import shlex
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from features.tables.columns import UNIT_WORDS, unit_of
from features.tables.mistakes import Mistake
from features.tables.records import Row
from features.tables.rows import closest
from training.intake.notation.header_conditions import TEMPERATURE_OF, take_cycle, take_factor, take_temperature
from training.intake.notation.logarithms import BASES, take_logarithm
from training.intake.notation.mapping import Mapped
from training.intake.number_text import UnitError, find_unit

ENDS = ".."
"""Between our columns of the low and the high end, where a name of `names.csv` means both."""
POINTS = "cycling"
"""Table of the points of cells' lives."""
IGNORED = frozenset({"line", "reasons"})
"""Columns a reject file has beside those of the file; ignored when it is added again."""
_BRACKETED = re.compile(r"(?P<name>.+?)\s*[(\[](?P<unit>[^()\[\]]*(?:\([^()]*\))?[^()\[\]]*)[)\]]\s*")
_PARTED = re.compile(r"\s*(?:/|,|\bin\b)\s*")
_WORDS = {"pct": "%", "angstrom": "Å", "per": "/"}
Wrong: TypeAlias = tuple[str, str]
"""What was got and what was expected; the latter is empty where the name is unknown."""


@dataclass(frozen=True)
class Column:
    """A column of a file that was recognised.

    Attributes
    ----------
    place : int
        Among the columns of the file, from 0.
    header : str
        As written.
    name : str
        Our column.
    unit : str
        What the header or the mapping states; empty where neither does.
    power : int
        Power of ten that every number of the column is multiplied by.
    high : str
        Our column of the high end, where a cell holds both ends of a range; else empty.
    implied : tuple of (str, float)
        Conditions in the header, the same for each row: our column and its value (25 °C, cycle 100).
    logarithm : str
        Word for the logarithm that the numbers are, one of `BASES`; empty where they are the values themselves.
    """

    place: int
    header: str
    name: str
    unit: str = ""
    power: int = 0
    high: str = ""
    implied: tuple[tuple[str, float], ...] = ()
    logarithm: str = ""


@dataclass
class Header:
    """A header line as read.

    Attributes
    ----------
    columns : list of Column
        Those that were recognised.
    mistakes : list of Mistake
        Of the others.
    remarks : list of str
        Remarks that refuse nothing.
    points : list of Column
        Columns of a table of cells that are points of their lives: the retention after 100 cycles.
    twins : list of Column
        Logarithms of a column of the same file: checked against it, and not read.
    """

    columns: list[Column] = field(default_factory=list)
    points: list[Column] = field(default_factory=list)
    twins: list[Column] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@lru_cache(maxsize=1)
def names() -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return the columns by each name people use, and the reason for names that are refused."""
    meant, refused = dict[str, list[str]](), dict[str, str]()
    with Path(__file__).with_name("names.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["refused"]:
                refused[row["name"]] = row["refused"]
            else:
                meant.setdefault(row["name"], []).append(row["column"])
    return meant, refused


def fold_name(text: str) -> str:
    """Return a header in lower case, its words parted by single blanks; σ is sigma, % is pct.

    Parameters
    ----------
    text : str
        As written.

    Examples
    --------
    >>> fold_name("Cycle #"), fold_name("N/P ratio"), fold_name("σ")
    ('cycle', 'n p ratio', 'sigma')
    """
    plain = unicodedata.normalize("NFKC", text).lower().replace("σ", "sigma").replace("%", " pct ")
    return " ".join(re.sub(r"[^\w°‰]+|_", " ", plain).split())


@lru_cache(maxsize=16)
def _meant_in(model: type[Row]) -> dict[str, list[str]]:
    """Return columns of one table by folded name: our names, ours without the unit, and those of `names.csv`."""
    meant: dict[str, list[str]] = {}
    for column in model.model_fields:
        meant.setdefault(fold_name(column), []).append(column)
        endings = [word for word in UNIT_WORDS if column.endswith(f"_{word}")]
        if unit_of(model, column) and endings:
            stem = fold_name(column.removesuffix(f"_{max(endings, key=len)}"))
            meant.setdefault(stem, []).append(column)
    for name, columns in names()[0].items():
        for column in columns:
            if set(column.split(ENDS)) <= model.model_fields.keys() and column not in meant.get(name, []):
                meant.setdefault(name, []).append(column)
    return meant


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
    header : sequence of str
        Names as written.
    model : type of Row
        Of the table the rows are for.
    others : mapping of str to type of Row
        Models of the other tables, to name the one an unknown column belongs to.
    mapping : mapping of str to Mapped
        The user's own words for columns, which go first.
    table : str
        Name of the file, for the mistakes.

    Returns
    -------
    Header
        Columns recognised, and every mistake: a column twice, unknown, without a name, in a unit of another quantity.

    Examples
    --------
    >>> from features.tables.records import ElectrolyteRow
    >>> header = read_header(["σ (mS/cm)", "T/K", "colour"], ElectrolyteRow, {}, {})
    >>> [(column.name, column.unit) for column in header.columns]
    [('conductivity_s_per_cm', 'mS/cm'), ('temperature_c', 'K')]
    >>> [mistake.got for mistake in header.mistakes]
    ['an unknown column']
    """
    read, logarithms = Header(), list[tuple[int, str, str]]()

    def refuse(written: str, problem: str, expected: str) -> None:
        read.mistakes.append(Mistake(1, written, problem, expected or _elsewhere(written, model, others), table))

    for place, written in enumerate(header):
        if not written:
            refuse(f"number {place + 1}", "no name", "a name")
            continue
        own = mapping.get(written)
        if (own is None and written in IGNORED) or (own is not None and own.column is None):
            continue
        column = _mapped(place, written, own, model) if own else _recognised(place, written, model)
        if isinstance(column, Column):
            read.columns.append(column)
            unit = unit_of(model, column.name)
            if unit not in ("", "1") and not column.unit and written != column.name and "%" not in written:
                read.remarks.append(f"column {written} names no unit: read as {unit} where its cells name none")
        elif point := _point(place, written, model, others):
            read.points.append(point)
        elif take_logarithm(text := (own.column if own else None) or written):
            logarithms.append((place, written, text))
        else:
            refuse(written, *column)
    for place, written, text in logarithms:
        column = _logarithm(place, written, text, read, model)
        if not isinstance(column, Column):
            refuse(written, *column)
        elif twin := next((known for known in read.columns if known.name == column.name), None):
            read.twins.append(column)
            read.remarks.append(f"column {written} left out: the logarithm of {twin.header}")
        else:
            read.columns.append(column)
            read.remarks.append(f"column {written} read as the values that it holds the {column.logarithm} of")
    _refuse_doubles(read, table)
    return read


def _logarithm(place: int, written: str, text: str, read: Header, model: type[Row]) -> Column | Wrong:
    """Return a column of logarithms, of a column beside it or in a unit of its own, or the problem with it."""
    word, name = take_logarithm(text) or ("", "")
    column = _recognised(place, name, model)
    same = [candidate for candidate in read.columns if fold_name(candidate.header) == fold_name(name)]
    column = same[0] if same else column
    if not isinstance(column, Column) or column.high or not (unit := unit_of(model, column.name)):
        return "an unknown column", ""
    beside = next((known for known in read.columns if known.name == column.name), None)
    with_unit = column if column.unit or beside is None else beside
    own_unit = with_unit.unit or (unit if beside or name == column.name else "")
    if not own_unit:
        return repr(written), f"its unit, such as log10 {name} ({unit}){_left_out(written)}"
    if beside is None and len(BASES[word]) > 1:
        clear = shlex.quote(f"{written}=log10 {name}")
        return repr(written), f"log10 or ln in its name, as in --mapping {clear}{_left_out(written)}"
    return replace(column, place=place, header=written, logarithm=word, unit=own_unit, power=with_unit.power)


def _point(place: int, written: str, model: type[Row], others: Mapping[str, type[Row]]) -> Column | None:
    """Return a column of a table of cells that is one point of their lives, its cycle in the header; else None."""
    if "anode" not in model.model_fields or POINTS not in others:
        return None
    column = _recognised(place, written, others[POINTS])
    return column if isinstance(column, Column) and "cycle" in dict(column.implied) else None


def _refuse_doubles(read: Header, table: str) -> None:
    for name in dict.fromkeys(column.name for column in read.columns):
        same = [column.header for column in read.columns if column.name == name]
        if len(same) > 1:
            problem = f"{' and '.join(same)}, which are both {name}"
            read.mistakes.append(Mistake(1, same[1], problem, f"each column once{_left_out(same[1])}", table))


def _elsewhere(written: str, model: type[Row], others: Mapping[str, type[Row]]) -> str:
    for table, other_model in others.items():
        if isinstance(column := _recognised(0, written, other_model), Column):
            return f"a column of this table; {column.name} stands in {table}.csv: give it a file of its own"
    known = closest(written, [*model.model_fields, *_meant_in(model)])
    return f"a column of this table{known}{_left_out(written)}"


def _left_out(written: str) -> str:
    return f"; to leave it out: --mapping {shlex.quote(f'{written}=')}"


def _mapped(place: int, written: str, own: Mapped, model: type[Row]) -> Column | Wrong:
    column = _recognised(place, own.column or "", model)
    if not isinstance(column, Column):
        expected = f"a column of this table{closest(own.column or '', model.model_fields)}"
        return f"the mapping to {own.column!r}", expected
    bracket, unit = _BRACKETED.fullmatch(written), own.unit or column.unit
    named = _with_unit(place, written, [column.name], bracket["unit"].strip(), model) if bracket and not unit else None
    return named if isinstance(named, Column) else _with_unit(place, written, [column.name], unit, model)


def _recognised(place: int, written: str, model: type[Row]) -> Column | Wrong:
    """Return the column a header names, or the problem with it."""
    if written in model.model_fields:
        return Column(place, written, written)
    column = _named(place, written, model)
    if isinstance(column, Column):
        return column
    text, temperature = take_temperature(written)
    text, cycle = take_cycle(text)
    if text == written or not isinstance(named := _named(place, text, model), Column):
        return column
    temperature_column = TEMPERATURE_OF.get(named.name, "temperature_c")
    implied = ((temperature_column, temperature), ("cycle", cycle))
    if any(value is not None and (name not in model.model_fields or name == named.name) for name, value in implied):
        return column
    return replace(named, header=written, implied=tuple((name, value) for name, value in implied if value is not None))


def _named(place: int, written: str, model: type[Row]) -> Column | Wrong:
    """Return the column that a header without conditions names, or the problem with it."""
    meant, refused = _meant_in(model), names()[1]
    wrong: Wrong | None = None
    for name, unit in _readings(written):
        folded = fold_name(name)
        if folded in refused:
            return repr(written), f"{refused[folded]}{_left_out(written)}"
        if folded not in meant:
            continue
        column = _with_unit(place, written, meant[folded], unit, model)
        if isinstance(column, Column):
            return column
        wrong = wrong or column
    return wrong or ("an unknown column", "")


def _readings(written: str) -> Iterator[tuple[str, str]]:
    """Yield ways to part a header into name and unit, the likeliest first."""
    if match := _BRACKETED.fullmatch(written):
        yield match["name"], match["unit"].strip()
    yield written, ""
    for between in _PARTED.finditer(written):
        yield written[: between.start()], written[between.end() :].strip()
    parts = re.split(r"[_\s]+", written)
    for count in range(1, min(5, len(parts) - 1) + 1):
        if count == 2:  # mS_cm
            yield " ".join(parts[:-2]), "/".join(parts[-2:])
        unit = " ".join(_WORDS.get(word.lower(), word) for word in parts[-count:])
        yield " ".join(parts[:-count]), unit.replace(" / ", "/").replace(" %", "%")


def _with_unit(place: int, written: str, columns: Sequence[str], unit: str, model: type[Row]) -> Column | Wrong:
    """Return the one of the columns that can be in this unit; of columns of text the first."""
    fitting, reasons = [], []
    for ends in columns:
        column, _, high = ends.partition(ENDS)
        into = unit_of(model, column)
        if not into and unit:
            reasons.append("a column of text, without a unit")
            continue
        if fold_name(unit) in ("", "no", "number") and into in ("1", ""):
            fitting.append(Column(place, written, column, high=high))
            continue
        plain, power = take_factor(unit)
        try:
            find_unit(plain, into)
        except UnitError as error:
            reasons.append(str(error))
        else:
            fitting.append(Column(place, written, column, plain, power, high))
    if len(fitting) == 1 or (fitting and not unit_of(model, fitting[0].name)):
        return fitting[0]
    if fitting:
        choices = " or ".join(f"{column.name} ({unit_of(model, column.name)})" for column in fitting)
        return f"{written!r} without a unit", f"the unit in brackets: it may be {choices}"
    return f"the unit {unit!r}", " or ".join(dict.fromkeys(reasons))
