"""A workbook to fill in: a sheet per table with units, drop-down lists and notes, which `data add` takes whole."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from features.tables.columns import choices_of, columns_of, kinds_of, unit_of
from features.tables.records import Row
from features.tables.rows import expectation

MOST_ROWS = 1_000
"""Rows of a sheet that have drop-down lists."""
LONGEST_LIST = 255
"""Characters of a drop-down list that Excel takes."""
_WIDTH = 16


def workbook_of(
    models: Mapping[str, type[Row]], examples: Mapping[str, Mapping[str, str]], remarks: Sequence[str]
) -> bytes:
    """Return the content of an .xlsx file with one sheet per table.

    Row 1 holds the columns with their meaning as notes, row 2 their units, row 3 an example that is never added.

    Parameters
    ----------
    models : mapping of str to type of Row
        Row model of each table, in the order of the sheets.
    examples : mapping of str to (mapping of str to str)
        Cells of the example by column, by table.
    remarks : sequence of str
        What the first note says of all tables.
    """
    from openpyxl import Workbook
    from openpyxl.comments import Comment
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    book.remove(book.worksheets[0])
    for table, model in models.items():
        sheet = book.create_sheet(table)
        for place, column in enumerate(columns_of(model), start=1):
            letter, unit = get_column_letter(place), unit_of(model, column)
            head = sheet.cell(1, place, column)
            head.font = Font(bold=True)
            text = f"{model.model_fields[column].description or column}. {expectation(model, column)}"
            head.comment = Comment("\n".join([*remarks, text]) if place == 1 else text, "Silion", height=140, width=320)
            sheet.cell(2, place, "" if unit == "1" else unit).font = Font(italic=True)
            sheet.cell(3, place, examples[table].get(column))
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
