"""The Liverpool Ionics Dataset: composition, temperature, conductivity and family of lithium conductors."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from features.tables.records import ElectrolyteRow
from training.public.converted import (
    Converted,
    Refused,
    build_row,
    fitting_class,
    paper_of,
    read_amounts,
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
    """Rows of `LiIonDatabase.csv`; each prints its temperature in °C. An id that stands twice gets its line added."""
    converted, seen = Converted(), set[str]()
    with (folder / "LiIonDatabase.csv").open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        for cells in reader:
            place = cells["ID"].strip()
            place = f"{place} (line {reader.line_num})" if place in seen else place
            seen.add(place)
            converted.add(_row({name: (cell or "").strip() for name, cell in cells.items()}, place))
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
