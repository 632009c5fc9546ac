"""The table of Laskowski et al. (2023): formula, conductivity, activation energy and space group, out of a PDF."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from features.crystal.space_group import space_group_number
from features.tables.records import ElectrolyteRow
from training.public.connector import (
    ROOM_TEMPERATURE_C,
    ROOM_TEMPERATURE_NOTE,
    Converted,
    Refused,
    build_row,
    joined_notes,
    paper_of,
    read_amounts,
    read_number,
)
from training.public.subscripts import Scattered, restore

TABLE, LOOKUP = "laskowski_semi-fromatted.csv", "doi_lookup_table.csv"
COLUMNS = ("formula", "conductivity", "energy", "symbol", "number", "name", "icsd", "reference")

_BARE_LITHIUM = re.compile(r"(?:^|[-*(])[\d.]*Li\d*(?=[-*)]|$)")
_COUNTED = re.compile(r"(?:^|[-*·])(\d+\.?\d*|\.\d+)(?=[A-Z(])")
_REFERENCES = re.compile(r"(\d+)(?:-(\d+))?")
_ABSTRACT = "chin."


@dataclass(frozen=True)
class Entry:
    """One row of the table, which may be broken over three lines.

    Attributes
    ----------
    lines : tuple of int
        Their numbers.
    cells : tuple of tuples of str
        Cells of each line.
    """

    lines: tuple[int, ...]
    cells: tuple[tuple[str, ...], ...]

    @property
    def pieces(self) -> list[str]:
        """The formula, as far as each line prints it."""
        return [line[0] for line in self.cells if line[0]]

    @property
    def values(self) -> dict[str, str]:
        """The other columns by name; each is printed in one of the lines."""
        columns = zip(COLUMNS[1:], zip(*(line[1:] for line in self.cells), strict=True), strict=True)
        return {column: "".join(cells) for column, cells in columns}

    @property
    def place(self) -> str:
        """Place of the row: its first line."""
        return f"line {self.lines[0]}"

    @property
    def text(self) -> str:
        """The printed text, in one line."""
        return "; ".join(filter(None, [" / ".join(self.pieces), *self.values.values()]))


@dataclass(frozen=True)
class Layout:
    """The lines of the table by kind; every line number stands in one of the three.

    Attributes
    ----------
    entries : list of Entry
        Rows with a value.
    names : list of int
        Lines that print nothing but a common name.
    refused : dict of int to Refused
        Lines that fit nowhere.
    """

    entries: list[Entry]
    names: list[int]
    refused: dict[int, Refused]


def rows(folder: Path) -> Converted:
    """Read the table, with the DOI of each reference number.

    Lines that print nothing but a compound's common name belong to no value and are passed over. The temperature is
    25 °C in every row, as the table's conductivity column is headed as that at room temperature and prints no other.

    Parameters
    ----------
    folder : Path
        The table's folder in the cache.
    """
    layout = read_layout((folder / TABLE).read_text(encoding="utf-8-sig"))
    dois = read_lookup((folder / LOOKUP).read_text(encoding="utf-8-sig"))
    converted = Converted(refused=list(layout.refused.values()))
    for entry in layout.entries:
        alone = not {entry.lines[0] - 1, entry.lines[-1] + 1} & set(layout.names)
        converted.add(_row(entry, dois, entry.values["name"] if alone else ""))
    return converted


def read_lookup(text: str) -> dict[int, list[str]]:
    """Read the DOIs of each reference number.

    Parameters
    ----------
    text : str
        The look-up table.

    Examples
    --------
    >>> read_lookup("ref. number,DOI\\n7,10.1000/a\\n7,10.1000/b\\n")
    {7: ['10.1000/a', '10.1000/b']}
    """
    dois: dict[int, list[str]] = {}
    for cells in csv.DictReader(io.StringIO(text)):
        dois.setdefault(int(cells["ref. number"]), []).append(cells["DOI"].strip())
    return dois


def read_layout(text: str) -> Layout:
    """Sort the lines into entries, lines with a common name or nothing, and lines that fit nowhere.

    Parameters
    ----------
    text : str
        The table.
    """
    lines = [tuple(cell.strip() for cell in line) for line in csv.reader(io.StringIO(text, newline=""))]
    layout = Layout([], [], {})
    index = 0
    while index < len(lines):
        line, number = lines[index], index + 1
        broken = _broken(lines[index : index + 3])
        if len(line) != len(COLUMNS):
            reason = f"{len(line)} cells, expected {len(COLUMNS)}"
            layout.refused[number] = Refused(f"line {number}", "; ".join(line), reason)
        elif not any(cell for column, cell in zip(COLUMNS, line, strict=True) if column != "name"):
            layout.names.append(number)
        elif broken:
            layout.entries.append(Entry((number, number + 1, number + 2), tuple(lines[index : index + 3])))
            index += 2
        elif line[0] and (line[1] or line[2]):
            layout.entries.append(Entry((number,), (line,)))
        else:
            reason = "neither a conductivity nor an activation energy" if line[0] else "no formula"
            layout.refused[number] = Refused(f"line {number}", "; ".join(filter(None, line)), reason)
        index += 1
    return layout


def _broken(lines: Sequence[tuple[str, ...]]) -> bool:
    """Return whether three lines are one row: a formula, its values with or without a part of it, the formula's end."""
    if len(lines) < 3 or any(len(line) != len(COLUMNS) for line in lines):
        return False
    first, middle, end = lines
    once = all(sum(bool(cell) for cell in cells) <= 1 for cells in zip(*(line[1:] for line in lines), strict=True))
    return bool(first[0] and not first[1] and middle[1] and end[0] and not any(end[1:])) and once


def _row(entry: Entry, dois: Mapping[int, list[str]], name: str) -> ElectrolyteRow | Refused:
    values, place = entry.values, entry.place
    try:
        formula = restore(entry.pieces)
    except Scattered as error:
        return Refused(place, entry.text, str(error))
    if reason := _misprint(formula):
        return Refused(place, entry.text, reason)
    amounts = read_amounts(formula)
    if isinstance(amounts, str):
        return Refused(place, entry.text, amounts)
    numbers = {column: read_number(values[column]) for column in ("conductivity", "energy") if values[column]}
    for column, number in numbers.items():
        if number is None or (column == "energy" and number[0] != "="):
            return Refused(place, entry.text, f"the {column} cannot be read: {values[column]!r}")
    conductivity, energy = numbers.get("conductivity"), numbers.get("energy")
    paper, paper_note = _paper(values["reference"], dois, place)
    group, group_note = _space_group(values["symbol"], values["number"])
    as_printed = re.sub(r"\s", "", "".join(entry.pieces)) == formula
    return build_row(
        {
            "measurement_id": f"laskowski:{place}",
            "electrolyte": formula,
            "composition": formula if amounts else None,
            "temperature_c": ROOM_TEMPERATURE_C,
            "conductivity_s_per_cm": conductivity[1] if conductivity else None,
            "conductivity_qualifier": conductivity[0] if conductivity else None,
            "activation_energy_ev": energy[1] if energy else None,
            "space_group": group,
            "source_id": paper,
            "seed": "laskowski",
            "place": f"lines {entry.lines[0]} to {entry.lines[-1]}" if len(entry.lines) > 1 else place,
            "as_written": entry.text,
            "note": joined_notes(
                ROOM_TEMPERATURE_NOTE,
                "" if as_printed else "formula put together from what the PDF extraction left",
                f"named {name}" if name else "",
                group_note,
                paper_note,
            ),
        },
        place,
        entry.text,
    )


def _misprint(formula: str) -> str:
    """Return why a formula that could be read must not be; empty where nothing is wrong."""
    if bare := _BARE_LITHIUM.search(formula):
        return f"a component without an anion, {bare[0].strip('-*(')}: a letter is missing"
    counts = [float(count) for count in _COUNTED.findall(formula)]
    if counts and min(counts) < 1 and max(counts) >= 2:
        return f"the amounts {min(counts):g} and {max(counts):g} are not on one scale"
    return ""


def _paper(reference: str, dois: Mapping[int, list[str]], place: str) -> tuple[str, str]:
    """Return the label of the paper and a note about doubtful ones; a range of references is all of them."""
    numbers = _REFERENCES.fullmatch(reference)
    if not numbers:
        printed = f"reference printed as {reference}" if reference else "no reference printed"
        return f"laskowski:{place}", printed
    first, last = int(numbers[1]), int(numbers[2] or numbers[1])
    papers = [doi for number in range(first, last + 1) for doi in dois.get(number, [])]
    abstract = any(_ABSTRACT in doi for doi in papers)
    note = "the DOI is of an abstract in ChemInform, not of the paper" if abstract else ""
    return paper_of(papers, f"laskowski:ref {reference}"), note


def _space_group(symbol: str, number: str) -> tuple[str | None, str]:
    """Return the number, which the extraction left whole; the symbol only where no number stands beside it."""
    if number:
        known = space_group_number(number)
        return (number, "") if known else (None, f"space group number printed as {number}")
    known = space_group_number(symbol) if symbol else None
    return (symbol, "") if known else (None, f"space group printed as {symbol}" if symbol else "")
