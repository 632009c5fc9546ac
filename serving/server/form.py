"""The columns of a design as a form shows them, in groups with units and known ranges, and example cells."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from features.crystal.stated_structures import reads_structure
from features.formulas.reader import MAX_LENGTH
from features.tables.columns import choices_of, kinds_of, unit_of
from features.tables.records import Candidate, CellDesign, CellRow, CyclingRow, SourceRow
from features.tables.rows import read_table
from models.bundle import Bundle
from models.tasks.ice import has_usual_ice
from models.tasks.registry import LINK
from serving.server.settings import Settings

GROUPS = {
    ("main", "The cell in ten fields"): (
        "electrolyte temperature_c anode silicon_wt_pct silicon_size_nm carbon_wt_pct counter_electrode np_ratio "
        "stack_pressure_mpa cycle"
    ),
    ("electrolyte", "More of the electrolyte"): (
        "composition electrolyte_class form electrolyte_thickness_um electrolyte_conductivity_s_per_cm "
        "electrolyte_conductivity_temperature_c electrolyte_particle_size_nm"
    ),
    ("anode", "More of the anode"): (
        "anode_architecture silicon_form film_thickness_nm anode_electrolyte_wt_pct binder binder_wt_pct "
        "conductive_carbon coating prelithiated porosity_pct anode_loading_mg_per_cm2 anode_thickness_um "
        "current_collector buffer_layer"
    ),
    ("cathode", "More of cathode and cell"): (
        "cell_type cathode_loading_mg_per_cm2 cathode_thickness_um cathode_electrolyte"
    ),
    ("test", "More of the test"): (
        "fabrication_pressure_mpa current_density_ma_per_cm2 specific_current_ma_per_g c_rate_per_h voltage_low_v "
        "voltage_high_v"
    ),
    ("structure", "Crystal structure (optional)"): (
        "space_group lattice_a_angstrom lattice_b_angstrom lattice_c_angstrom lattice_alpha_deg lattice_beta_deg "
        "lattice_gamma_deg formula_units_per_cell cif_text"
    ),
}
"""Columns by name and title of their group, in the order of a form."""

ENDINGS = (
    "_s_per_cm", "_mg_per_cm2", "_ma_per_cm2", "_ma_per_g", "_per_h",
    "_pct", "_angstrom", "_deg", "_mpa", "_nm", "_um", "_c", "_v",
)  # fmt: skip
LABELS = {
    "np_ratio": "N/P ratio",
    "c_rate_per_h": "C-rate",
    "cif_text": "CIF",
    "silicon_wt_pct": "silicon share",
    "carbon_wt_pct": "carbon share",
    "anode_electrolyte_wt_pct": "electrolyte share of the anode",
    "binder_wt_pct": "binder share",
    "voltage_low_v": "lower cut-off voltage",
    "voltage_high_v": "upper cut-off voltage",
}
"""Names of columns that people call otherwise."""
SUGGESTED = ("electrolyte", "anode", "counter_electrode")
MOST_SUGGESTED = 200
"""Columns whose texts of the tables are offered while one types, the most frequent so many."""


def groups(bundle: Bundle) -> list[dict[str, Any]]:
    """Describe every column of a design, with the range of the rows the model learned from.

    Parameters
    ----------
    bundle : Bundle
        The model.

    Returns
    -------
    list of dict
        By group in the order of a form, see `serving.server.schemas.FieldGroup`.
    """
    known, texts = known_ranges(bundle), suggestions(bundle)
    ignored = () if reads_structure(bundle.parts[LINK].featurizer) else ("structure",)
    return [
        {
            "name": name,
            "label": f"{label}: this model does not read it" if name in ignored else label,
            "fields": [
                {**_field(column, known.get(column)), "suggestions": texts.get(column, [])}
                for column in columns.split()
            ],
        }
        for (name, label), columns in GROUPS.items()
    ]


def suggestions(bundle: Bundle) -> dict[str, list[str]]:
    """Return the texts of `SUGGESTED` columns in the rows the model learned from, the most frequent first.

    Parameters
    ----------
    bundle : Bundle
        The model; a part without a domain, as old ones are, adds nothing.
    """
    rows = {
        (name, place): row
        for name, part in bundle.parts.items()
        for place, row in enumerate(part.domain.precedents if part.domain else [])
    }
    counts = {column: Counter(row[column] for row in rows.values() if row.get(column)) for column in SUGGESTED}
    return {column: [text for text, _ in count.most_common(MOST_SUGGESTED)] for column, count in counts.items()}


def known_ranges(bundle: Bundle) -> dict[str, tuple[float, float]]:
    """Return the lowest and highest value of each column over the training rows of all parts.

    Parameters
    ----------
    bundle : Bundle
        The model; a part without a domain, as old ones are, adds nothing.

    Returns
    -------
    dict of str to (float, float)
        In the unit of the column.
    """
    ranges: dict[str, tuple[float, float]] = {}
    for part in bundle.parts.values():
        for column, (low, high) in (part.domain.ranges if part.domain else {}).items():
            before = ranges.get(column, (low, high))
            ranges[column] = (min(low, before[0]), max(high, before[1]))
    return ranges


def limits(settings: Settings) -> dict[str, float]:
    """Return how much a server takes at once.

    Parameters
    ----------
    settings : Settings
        Limits of the server.

    Examples
    --------
    >>> limits(Settings())["designs"]
    10000
    """
    return {
        "designs": settings.max_designs,
        "measured": settings.max_measured,
        "designs_times_measured": settings.max_pairs,
        "curves": settings.max_curves,
        "explained": settings.max_explained,
        "nearest": settings.max_nearest,
        "body_bytes": settings.max_body_bytes,
        "formula_characters": MAX_LENGTH,
        "seconds": settings.seconds,
    }


def _field(column: str, known: tuple[float, float] | None) -> dict[str, Any]:
    field, unit, choices = Candidate.model_fields[column], unit_of(Candidate, column), choices_of(Candidate, column)
    kind = "choice" if choices else "yes_no" if bool in kinds_of(Candidate, column) else "number" if unit else "text"
    rules = {type(rule).__name__: getattr(rule, type(rule).__name__.lower(), None) for rule in field.metadata}
    return {
        "name": column,
        "label": _label(column),
        "unit": "" if unit == "1" else unit,
        "kind": kind,
        "required": field.is_required(),
        "description": field.description or "",
        "multiline": column == "cif_text",
        "choices": list(choices) or None,
        "low": rules.get("Gt", rules.get("Ge")),
        "high": rules.get("Lt", rules.get("Le")),
        "low_open": "Gt" in rules,
        "high_open": "Lt" in rules,
        "known_low": known[0] if known else None,
        "known_high": known[1] if known else None,
    }


def _label(column: str) -> str:
    """Name a column without the unit it ends in.

    >>> [_label(column) for column in ("stack_pressure_mpa", "np_ratio", "anode")]
    ['stack pressure', 'N/P ratio', 'anode']
    """
    if column in LABELS:
        return LABELS[column]
    ending = next((unit for unit in ENDINGS if unit_of(Candidate, column) and column.endswith(unit)), "")
    return column.removesuffix(ending).replace("_", " ")


LITERATURE = Path(__file__).resolve().parents[2] / "data" / "literature"
COUNT = 8
Described = tuple[CellRow, SourceRow, dict[str, float]]
"""A cell, its source, and what was measured, by column."""


@cache
def examples(folder: Path = LITERATURE) -> list[dict[str, Any]]:
    """Choose the cells that are described best, of as many architectures as there are.

    Parameters
    ----------
    folder : Path
        Of the tables of the literature.

    Returns
    -------
    list of dict
        At most `COUNT`, one a paper, see `serving.server.schemas.Example`; empty where the tables are not shipped
        along.
    """
    if not all((folder / f"{name}.csv").is_file() for name in ("cells", "cycling", "sources")):
        return []
    sources = {row.source_id: row for row in read_table(folder / "sources.csv", SourceRow).rows}
    points = read_table(folder / "cycling.csv", CyclingRow).rows
    cells = []
    for cell in read_table(folder / "cells.csv", CellRow).rows:
        source = sources.get(cell.paper)
        if source is None or not cell.in_training or not cell.electrolyte or not cell.anode or cell.state != "solid":
            continue
        measured = _measured(cell, [point for point in points if point.cell_id == cell.cell_id])
        if measured:
            cells.append((cell, source, measured))
    cells.sort(key=lambda cell: (-len(cell[2]), -len(_design(cell[0])), cell[0].cell_id))
    return [_example(*cell) for cell in _spread(cells)]


def _spread(cells: list[Described]) -> list[Described]:
    """Take the first of each paper; first one of each architecture, then whatever comes."""
    papers: dict[str, Described] = {}
    for cell in cells:
        papers.setdefault(cell[0].paper, cell)
    first = {cell[0].anode_architecture: cell for cell in reversed(papers.values())}
    chosen = list(first.values())[::-1]
    return [*chosen, *(cell for cell in papers.values() if cell not in chosen)][:COUNT]


def _measured(cell: CellRow, points: list[CyclingRow]) -> dict[str, float]:
    values: dict[str, float | None] = {"ice_pct": cell.ice_pct if has_usual_ice(cell) else None}
    judged = [point for point in points if point.retention_pct is not None and point.in_training]
    if judged:
        last = max(judged, key=lambda point: point.cycle)
        values |= {"retention_pct": last.retention_pct, "cycle": last.cycle}
    return {name: value for name, value in values.items() if value is not None}


def _design(cell: CellRow) -> dict[str, Any]:
    return {
        name: value for name in CellDesign.model_fields if (value := getattr(cell, name)) is not None and value != ""
    }


def _example(cell: CellRow, source: SourceRow, measured: dict[str, float]) -> dict[str, Any]:
    design = _design(cell) | ({"cycle": measured["cycle"]} if "cycle" in measured else {})
    title = " | ".join(str(design[name]) for name in ("anode", "electrolyte", "counter_electrode") if name in design)
    return {
        "title": title,
        "doi": source.doi or "",
        "citation": source.citation,
        "place": ", ".join(filter(None, [cell.seed, cell.place])),
        "design": design,
        "measured": measured,
    }
