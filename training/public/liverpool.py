"""The Liverpool Ionics Dataset: composition, temperature, conductivity and family of lithium conductors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from features.tables.records import ElectrolyteRow
from training.public.connector import (
    Converted,
    Refused,
    build_row,
    fitting_class,
    paper_of,
    read_amounts,
    read_cells,
    read_number,
)

FAMILIES = {
    "NASICON": "oxide-nasicon",
    "Garnet": "oxide-garnet",
    "Perovskite": "oxide-perovskite",
    "Anti-Perovskite": "oxide-antiperovskite",
    "Argyrodite": "sulfide-argyrodite",
    "Thio-LISICON": "sulfide-thiolisicon",
    "Glass": "sulfide-glass",
}
FORMS = {"Glass": "glass", "Glass-Ceramic": "glass-ceramic"}


def rows(folder: Path) -> Converted:
    """Read `LiIonDatabase.csv`; each row prints its temperature in °C. An id that stands twice gets its line added.

    Parameters
    ----------
    folder : Path
        The table's folder in the cache.
    """
    converted, seen = Converted(), set[str]()
    for line, cells in read_cells(folder / "LiIonDatabase.csv"):
        place = f"{cells['ID']} (line {line})" if cells["ID"] in seen else cells["ID"]
        seen.add(place)
        converted.add(_row(cells, place))
    return converted


def _row(cells: Mapping[str, str], place: str) -> ElectrolyteRow | Refused:
    formula, printed = cells["composition"], cells["target"]
    text = f"{formula}; {printed} at {cells['temperature']} °C"
    measured = read_number(printed)
    if measured is None:
        return Refused(place, text, f"the conductivity cannot be read: {printed!r}")
    below = cells["temperature"].startswith("-")
    temperature = read_number(cells["temperature"].removeprefix("-"))
    if temperature is None or temperature[0] != "=":
        return Refused(place, text, f"the temperature cannot be read: {cells['temperature']!r}")
    amounts = read_amounts(formula)
    if isinstance(amounts, str):
        return Refused(place, text, amounts)
    return build_row(
        {
            "measurement_id": f"liverpool:{place}",
            "electrolyte": formula,
            "composition": formula if amounts else None,
            "electrolyte_class": fitting_class(FAMILIES, cells["family"], amounts),
            "form": FORMS.get(cells["family"]),
            "temperature_c": -temperature[1] if below else temperature[1],
            "conductivity_s_per_cm": measured[1],
            "conductivity_qualifier": measured[0],
            "source_id": paper_of([cells["source"]], cells["source"] or f"liverpool:{place}"),
            "seed": "liverpool",
            "place": place,
            "as_written": printed,
        },
        place,
        text,
    )
