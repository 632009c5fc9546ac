"""A table to fill in: the meaning of each column as remarks above, the header, one row that is plainly an example."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from features.tables.columns import choices_of, columns_of, kinds_of, unit_of
from features.tables.described import DESCRIPTORS, missing
from features.tables.mistakes import InputError
from features.tables.records import Row
from features.tables.rows import closest, expectation
from training.intake.draft import ADDABLE, EXAMPLE
from training.intake.folder import write_files
from training.intake.raw_table import COMMENT, csv_text

EXAMPLES: dict[str, dict[str, str]] = {
    "electrolytes": {
        "measurement_id": "example-1",
        "electrolyte": "Li6PS5Cl",
        "electrolyte_class": "sulfide-argyrodite",
        "form": "pressed-powder",
        "temperature_c": "25",
        "conductivity_s_per_cm": "2.3 mS/cm",
    },
    "cells": {
        "cell_id": "example-1",
        "electrolyte": "Li6PS5Cl",
        "temperature_c": "60 °C",
        "anode": "Si 80 wt%, C 5 wt%, Li6PS5Cl 15 wt%",
        "anode_architecture": "composite",
        "silicon_size_nm": "0.1 µm",
        "silicon_wt_pct": "80",
        "carbon_wt_pct": "5",
        "anode_electrolyte_wt_pct": "15",
        "cell_type": "half",
        "stack_pressure_mpa": "500 bar",
        "c_rate_per_h": "C/10",
        "first_capacity_mah_per_g": "2500",
        "first_capacity_basis": "silicon",
        "ice_pct": "~84",
    },
    "cycling": {"point_id": "example-1", "cell_id": "example-1", "cycle": "100", "retention_pct": ">80"},
}
"""Made-up values that show how cells may be written; a row whose source is `example` is never added."""
_INTRODUCTION = (
    "A template of Silion: fill in below the example row and add the file with: silion data add FILE",
    "Leave out columns you do not need. Every row needs a source: source_id (your lab's own label, or one we know) or "
    "doi. Ids are made where you give none.",
    "A cell may name its unit (2.3 mS/cm, 298 K, 500 bar) and say >99, ~80, 80±2, 1.2×10^-3; a C-rate is 1C or C/10.",
)
MOST_ROWS = 1_000
"""Rows of a sheet that have drop-down lists."""
LONGEST_LIST = 255
"""Characters of a drop-down list that Excel takes."""
_WIDTH = 16


def template_text(table: str) -> str:
    """Return the file: remarks, header, example row.

    Parameters
    ----------
    table : str
        electrolytes, cells or cycling.

    Raises
    ------
    InputError
        Unknown table, with the closest names.
    """
    if table not in ADDABLE:
        raise InputError(f"{table}: no such table; choose one of {', '.join(ADDABLE)}{closest(table, ADDABLE)}")
    model = ADDABLE[table]
    columns = columns_of(model)
    remarks = [*_INTRODUCTION, *([_described(EXAMPLES[table])] if table == "cells" else [])]
    for column in columns:
        field, unit = model.model_fields[column], unit_of(model, column)
        allowed = expectation(model, column)
        meaning = field.description or ""
        limits = "" if allowed == meaning else f": {allowed}"
        remarks.append(f"{column}{f' [{unit}]' if unit else ''}: {meaning}{limits}")
    example = _example(table)
    rows = [columns, [example.get(column, "") for column in columns]]
    return csv_text([*([f"{COMMENT}{remark}"] for remark in remarks), *rows])


def _example(table: str) -> dict[str, str]:
    return {**EXAMPLES[table], "source_id": EXAMPLE, "note": "an example, never added: delete or leave it"}


def _described(example: dict[str, str]) -> str:
    """Return the descriptors that a model learns from, and how many the example states."""
    nine = "; ".join(f"{descriptor.label} ({' or '.join(descriptor.columns)})" for descriptor in DESCRIPTORS)
    lacking = ", ".join(descriptor.label for descriptor in missing(example))
    count = f"{len(DESCRIPTORS) - len(missing(example))} of {len(DESCRIPTORS)}"
    return f"A cell teaches most where it states these nine: {nine}. The example states {count}, not {lacking}."


def write_template(table: str, path: Path) -> None:
    """Write the template to a new file; a name that ends in .xlsx gives a workbook of all tables.

    Parameters
    ----------
    table : str
        electrolytes, cells or cycling; the first sheet of a workbook.
    path : Path
        The file.

    Raises
    ------
    InputError
        The file exists, or cannot be written.
    """
    if table not in ADDABLE:
        template_text(table)  # says which there are
    if path.exists():
        raise InputError(f"{path}: is there already; choose another name, a filled template would be lost")
    if path.suffix.lower() != ".xlsx":
        write_files({path: template_text(table)})
        return
    order = [table, *(name for name in ADDABLE if name != table)]
    write_files({path: _workbook({name: ADDABLE[name] for name in order})})


def _workbook(models: Mapping[str, type[Row]]) -> bytes:
    """Return the content of an .xlsx file with one sheet per table, in the order given.

    Row 1 holds the columns with their meaning as notes, row 2 their units, row 3 an example that is never added.
    """
    from openpyxl import Workbook
    from openpyxl.comments import Comment
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    book.remove(book.worksheets[0])
    for table, model in models.items():
        sheet, example = book.create_sheet(table), _example(table)
        for place, column in enumerate(columns_of(model), start=1):
            letter, unit = get_column_letter(place), unit_of(model, column)
            head = sheet.cell(1, place, column)
            head.font = Font(bold=True)
            text = f"{model.model_fields[column].description or column}. {expectation(model, column)}"
            head.comment = Comment(
                "\n".join([*_INTRODUCTION, text]) if place == 1 else text, "Silion", height=140, width=320
            )
            sheet.cell(2, place, "" if unit == "1" else unit).font = Font(italic=True)
            sheet.cell(3, place, example.get(column))
            sheet.column_dimensions[letter].width = _WIDTH
            if choices := _choices(model, column):
                listed = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
                if len(",".join(choices)) <= LONGEST_LIST:
                    listed.add(f"{letter}3:{letter}{MOST_ROWS}")
                    sheet.add_data_validation(listed)
        sheet.freeze_panes = "B3"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _choices(model: type[Row], column: str) -> Sequence[str]:
    return choices_of(model, column) or (("yes", "no") if bool in kinds_of(model, column) else ())
