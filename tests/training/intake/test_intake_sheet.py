"""CSV, TSV, Excel and JSON lines give the same rows; files that cannot be used say why."""

import datetime
import json

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from features.tables.mistakes import InputError
from training.intake.draft import read_drafts
from training.intake.raw_table import read_sheet

HEADER = ["electrolyte", "sigma (mS/cm)", "T (°C)", "doi"]
ROW = ["Li6PS5Cl", "2.3", "25", "10.1000/abc"]


@pytest.fixture
def book(tmp_path):
    """Write a workbook; the function given fills its first sheet."""

    def write(fill, name="new.xlsx"):
        workbook = openpyxl.Workbook()
        fill(workbook.active)
        workbook.save(tmp_path / name)
        return tmp_path / name

    return write


def fill(sheet: Worksheet) -> None:
    sheet.append(HEADER)
    sheet.append(["Li6PS5Cl", 2.3, 25, "10.1000/abc"])


def test_four_formats_one_row(write, book):
    files = [
        write(",".join(HEADER) + "\n" + ",".join(ROW) + "\n", "a.csv"),
        write("\ufeff" + ";".join(HEADER) + "\r\n" + ";".join(ROW) + "\r\n", "semicolons.csv"),
        write("\t".join(HEADER) + "\n" + "\t".join(ROW) + "\n", "a.tsv"),
        write(json.dumps(dict(zip(HEADER, ["Li6PS5Cl", 2.3, 25, "10.1000/abc"], strict=True))) + "\n", "a.jsonl"),
        book(fill),
    ]
    rows = [read_drafts(path).rows[0].row for path in files]
    assert rows[0].conductivity_s_per_cm == 0.0023
    assert all(row == rows[0] for row in rows)


def test_lines_are_those_of_the_file(write):
    rows = 'Li6PS5Cl,1e-3,"two\nlines",10.1000/abc\nLi3PS4,x,,10.1000/abc\n'
    text = f"# a remark, with a comma\n\nelectrolyte,sigma,note,doi\n\n{rows}"
    drafts = read_drafts(write(text))
    assert drafts.rows[0].line == 5
    assert [mistake.line for mistake in drafts.mistakes] == [7]


def test_a_percent_format_of_excel_is_a_percentage(book):
    def percent(sheet):
        sheet.append(["anode", "ICE", "doi"])
        sheet.append(["Si", 0.843, "10.1000/abc"])
        sheet["B2"].number_format = "0.0%"

    assert read_drafts(book(percent)).rows[0].row.ice_pct == 84.3


def test_a_range_excel_took_for_a_date(book):
    def date(sheet):
        sheet.append(["anode", "ICE", "doi"])
        sheet.append(["Si", datetime.datetime(2026, 10, 20), "10.1000/abc"])

    mistake = read_drafts(book(date)).mistakes[0]
    assert "got a date, 2026-10-20" in str(mistake)
    assert "Excel made a date of it: format the cell as text" in str(mistake)


def test_merged_cells_are_named(book):
    def merged(sheet):
        fill(sheet)
        sheet.append(["Li3PS4", 0.3, 25, None])
        sheet.merge_cells("D2:D3")

    with pytest.raises(
        InputError, match="got merged cells D2:D3, expected each cell on its own: unmerge and fill them"
    ):
        read_drafts(book(merged))


def test_sheets_are_chosen_by_name(tmp_path):
    workbook = openpyxl.Workbook()
    fill(workbook.active)
    workbook.create_sheet("empty")
    workbook.save(tmp_path / "one.xlsx")
    assert len(read_sheet(tmp_path / "one.xlsx").lines) == 1
    fill(workbook.create_sheet("second"))
    workbook.save(tmp_path / "two.xlsx")
    with pytest.raises(InputError, match="expected one sheet with rows, got Sheet, second; choose with --sheet NAME"):
        read_sheet(tmp_path / "two.xlsx")
    assert len(read_sheet(tmp_path / "two.xlsx", "second").lines) == 1
    with pytest.raises(InputError, match="no sheet 'secnd'; it has Sheet, empty, second; closest: second"):
        read_sheet(tmp_path / "two.xlsx", "secnd")


UNUSABLE = {
    "empty": ("a.csv", "", "the file is empty, expected a header line and at least one row"),
    "remarks only": ("a.csv", "# nothing else\n", "the file is empty"),
    "header only": ("a.csv", "electrolyte,sigma\n", "holds a header and no rows"),
    "quotes": ("a.csv", 'electrolyte,sigma\n"Li,1\n', "the quotes do not pair up"),
    "nul": ("a.csv", "electrolyte\n\0\n", "line 2: got a NUL character, expected text"),
    "no workbook": ("a.xlsx", "electrolyte\nLi6PS5Cl\n", "not a whole workbook"),
    "no JSON": ("a.jsonl", '{"a": 1}\n{"a": \n', "line 2: got Expecting value"),
    "a list": ("a.jsonl", "[1, 2]\n", "line 1: got list, expected a JSON object"),
    "a key twice": ("a.jsonl", '{"a": 1, "a": 2}\n', "line 1: got the key 'a' twice"),
    "NaN": ("a.jsonl", '{"a": NaN}\n', "line 1: got NaN, which is no JSON"),
    "nested without end": ("a.jsonl", "[" * 100_000, "line 1: got maximum recursion depth exceeded"),
    "nested": ("a.jsonl", '{"a": {"b": 1}}\n', "line 1, column a: got dict, expected text, a number"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_unusable(write, name, text, message):
    with pytest.raises(InputError) as error:
        read_sheet(write(text, name))
    assert message in str(error.value)


def test_other_unusable_paths(tmp_path, write):
    with pytest.raises(InputError, match="no such file"):
        read_sheet(tmp_path / "a.csv")
    with pytest.raises(InputError, match="is a folder, expected a file"):
        read_sheet(tmp_path)
    with pytest.raises(InputError, match="--sheet is for workbooks"):
        read_sheet(write("a\n1\n"), "one")
    (tmp_path / "latin.csv").write_bytes(b"electrolyte\nLi6PS5Cl\n\xb5\n")
    with pytest.raises(InputError, match="line 3: got byte 0xb5, expected UTF-8 text"):
        read_sheet(tmp_path / "latin.csv")
    (tmp_path / "old.csv").write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match=r"this is a spreadsheet; save it as .xlsx"):
        read_sheet(tmp_path / "old.csv")
