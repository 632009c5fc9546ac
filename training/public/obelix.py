"""OBELiX: lithium solid electrolytes at room temperature, with space group, lattice and, for half of them, a CIF."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from features.crystal.space_group import space_group_number
from features.formulas.nearness import NEARLY_ONE
from features.tables.records import ElectrolyteRow
from training.data.groups import atomic_fractions
from training.public.connector import (
    ROOM_TEMPERATURE_C,
    ROOM_TEMPERATURE_NOTE,
    Converted,
    Refused,
    build_row,
    fitting_class,
    joined_notes,
    paper_of,
    read_amounts,
    read_cells,
    read_number,
)

FAMILIES = {
    "garnet": "oxide-garnet",
    "NASICON": "oxide-nasicon",
    "perovskites": "oxide-perovskite",
    "antiperovskite": "oxide-antiperovskite",
    "argyrodites": "sulfide-argyrodite",
    "argyrodite": "sulfide-argyrodite",
    "LGPS": "sulfide-lgps",
    "thio-LISICON": "sulfide-thiolisicon",
    "halides": "halide",
    "Halide": "halide",
    "chlorides": "halide",
    "cholorides": "halide",
    "fluorides": "halide",
    "hydrides": "hydride",
    "LIPON": "lipon",
}
"""Families that map to one of our classes, spelt as the table spells them."""

NUMBERS = {
    "Z": "formula_units_per_cell",
    "a": "lattice_a_angstrom",
    "b": "lattice_b_angstrom",
    "c": "lattice_c_angstrom",
    "alpha": "lattice_alpha_deg",
    "beta": "lattice_beta_deg",
    "gamma": "lattice_gamma_deg",
}
"""Our column of each column of numbers."""


def rows(folder: Path) -> Converted:
    """Read `all.csv`, with the structures of `all_cifs.zip`.

    The temperature is 25 °C in every row, as the collection holds room-temperature values and prints none. Where the
    two composition columns disagree, the one of the unit cell counts for both and a note says so.

    Parameters
    ----------
    folder : Path
        The table's folder in the cache.
    """
    cifs = _read_cifs(folder / "all_cifs.zip")
    converted = Converted()
    for _, cells in read_cells(folder / "all.csv"):
        converted.add(_row(cells, cifs))
    return converted


def test_ids(folder: Path) -> frozenset[str]:
    """Return the ids of the benchmark's test rows, as `measurement_id` writes them: no training takes them.

    Parameters
    ----------
    folder : Path
        The table's folder in the cache.
    """
    return frozenset(f"obelix:{cells['ID']}" for _, cells in read_cells(folder / "test_idx.csv"))


def _read_cifs(path: Path) -> dict[str, str]:
    """Return the text of each CIF of the archive, by the id of its row."""
    with zipfile.ZipFile(path) as archive:
        members = [PurePosixPath(name) for name in archive.namelist() if name.endswith(".cif")]
        return {member.stem: archive.read(str(member)).decode("utf-8") for member in members}


def _row(cells: Mapping[str, str], cifs: Mapping[str, str]) -> ElectrolyteRow | Refused:
    place, reduced, true = cells["ID"], cells["Reduced Composition"], cells["True Composition"]
    printed = cells["Ionic conductivity (S cm-1)"]
    text = f"{reduced}; {printed}"
    measured = read_number(printed)
    if measured is None:
        return Refused(place, text, f"the conductivity cannot be read: {printed!r}")
    values: dict[str, float] = {}
    for column, name in NUMBERS.items():
        number = read_number(cells[column])
        if cells[column] and (number is None or number[0] != "="):
            return Refused(place, text, f"column {column} cannot be read: {cells[column]!r}")
        if number:
            values[name] = number[1]
    amounts = read_amounts(true)
    if isinstance(amounts, str):
        return Refused(place, text, amounts)
    reduced_amounts = read_amounts(reduced)
    agree = not isinstance(reduced_amounts, str) and _difference(amounts, reduced_amounts) <= NEARLY_ONE
    group, group_note = _space_group(cells["Space group"], cells["Space group #"])
    cif = cifs.get(place)
    return build_row(
        {
            **values,
            "measurement_id": f"obelix:{place}",
            "electrolyte": reduced if agree else true,
            "composition": true,
            "electrolyte_class": fitting_class(FAMILIES, cells["Family"], amounts),
            "temperature_c": ROOM_TEMPERATURE_C,
            "conductivity_s_per_cm": measured[1],
            "conductivity_qualifier": measured[0],
            "space_group": group,
            "cif_text": cif,
            "source_id": paper_of(cells["DOI"].split("|"), f"obelix:{place}"),
            "seed": "obelix",
            "place": place,
            "as_written": printed,
            "note": joined_notes(
                ROOM_TEMPERATURE_NOTE,
                "" if agree else f"the reduced composition, {reduced}, is another one: that of the unit cell is used",
                group_note,
                "the CIF is of a closely matching structure" if cif and cells["close match"] else "",
                f"the collection remarks: {cells['note']}" if cells["note"] else "",
            ),
        },
        place,
        text,
    )


def _difference(first: Mapping[str, float] | None, second: Mapping[str, float] | None) -> float:
    """Return the sum of absolute differences of the atomic fractions, infinite where one is unknown."""
    if not first or not second:
        return float("inf")
    return float(np.abs(atomic_fractions(first) - atomic_fractions(second)).sum())


def _space_group(symbol: str, number: str) -> tuple[str | None, str]:
    """Return the symbol where it can be read, else the number; and a note where the two disagree."""
    by_symbol, by_number = (space_group_number(group) if group else None for group in (symbol, number))
    if by_symbol is None:
        return number or None, f"space group printed as {symbol}" if symbol else ""
    differ = by_symbol != by_number
    return symbol, f"the number printed beside the space group, {number}, is another one" if differ else ""
