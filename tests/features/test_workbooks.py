"""A workbook is bounded before it is opened."""

from __future__ import annotations

import io
import struct
import zipfile

import openpyxl
import pytest

from features.tables import workbooks
from features.tables.mistakes import InputError
from features.tables.workbooks import check_workbook, open_workbook

SHEET = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def book(fill=lambda sheet: sheet.append(["electrolyte", "Li6PS5Cl"])) -> bytes:
    workbook, out = openpyxl.Workbook(), io.BytesIO()
    fill(workbook.active)
    workbook.save(out)
    return out.getvalue()


def with_part(name: str, part: bytes) -> bytes:
    """A workbook with one part in the place of its own."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.namelist():
            new.writestr(each, part if each == name else old.read(each))
    return out.getvalue()


def sheet(rows: str, after: str = "", before: str = "") -> bytes:
    return f'{before}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{after}</worksheet>'.encode()


CELL = '<row r="1"><c r="A1" t="inlineStr"><is><t>Li3N</t></is></c></row>'


def test_a_workbook_is_opened() -> None:
    assert [cell.value for cell in open_workbook(book(), "new.xlsx").active[1]] == ["electrolyte", "Li6PS5Cl"]
    assert open_workbook(with_part(SHEET, sheet(CELL)), "new.xlsx").active["A1"].value == "Li3N"


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
HOSTILE = {
    "entities": (sheet(CELL, before=LAUGHS), "declares a document type"),
    "entities in UTF-16": (sheet(CELL, before=LAUGHS).decode().encode("utf-16"), "declares a document type"),
    "entities behind blanks": (b" " * 70_000 + sheet(CELL, before=LAUGHS), "declares a document type"),
    "the last corner": (sheet('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), "reaches to row 1048576"),
    "merged to the last corner": (
        sheet(CELL, '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'),
        "merged cells and links cover more than 1000000 cells",
    ),
    "a link over all": (sheet(CELL, '<hyperlinks><hyperlink ref="$A$1:xfd1048576"/></hyperlinks>'), "merged cells and"),
    "elements without end": (sheet("<row/>" * 2_000_001), "more than 2000000 elements"),
    "not XML": (b"<worksheet", "not a whole workbook"),
    "a picture as sheet": (b"\x89PNG", "not a whole workbook"),
    "bytes without end": (b" " * 104_857_600 + sheet(CELL), "unpacks to"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("part", "words"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_workbook_is_refused(part: bytes, words: str) -> None:
    content = with_part(SHEET, part)
    assert len(content) < 200_000
    with pytest.raises(InputError, match=words):
        open_workbook(content, "new.xlsx")


def test_a_part_that_holds_more_than_it_says() -> None:
    """The directory says 10 bytes: no more of it is unpacked, and what is left out is seen."""
    content = bytearray(with_part(SHEET, sheet(CELL * 5_000)))
    entry = content.rindex(b"PK\x01\x02", 0, content.rindex(SHEET.encode()))
    content[entry + 24 : entry + 28] = struct.pack("<I", 10)
    with pytest.raises(InputError, match="not a whole workbook"):
        check_workbook(bytes(content), "new.xlsx")


def test_a_damaged_or_locked_workbook() -> None:
    whole = book()
    for damaged in (b"", whole[:-40], whole[: len(whole) // 2], b"PK\x03\x04", whole.replace(b"[Content", b"[content")):
        with pytest.raises(InputError, match="not a whole workbook"):
            open_workbook(damaged, "new.xlsx")
    locked = bytearray(whole)
    locked[whole.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(InputError, match="encrypted"):
        check_workbook(bytes(locked), "new.xlsx")


def test_parts_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MOST_PARTS", 3)
    with pytest.raises(InputError, match="parts, expected at most 3"):
        check_workbook(book(), "new.xlsx")
