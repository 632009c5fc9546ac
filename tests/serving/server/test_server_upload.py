"""A table in, the same table out."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from features.tables.sheets import WORKBOOK_TYPE
from models.bundle import load_bundle
from models.predictor import Predictor
from serving.predict.batch import predict_file
from serving.server.app import app_of
from serving.server.settings import Settings
from tests.shared import ROOT

CSV, PARQUET = {"Content-Type": "text/csv; charset=utf-8"}, {"Content-Type": "application/vnd.apache.parquet"}
TABLE = "name,electrolyte,anode,stack_pressure_mpa\na,LLZTO,Si,\nb,LPS,Si,5\nc,Li6PS5Cl,nano-Si,-5\nd,Li3N,,\n"


def test_a_good_table_comes_back_as_the_command_line_writes_it(
    api: TestClient, bundle_folder: Path, tmp_path: Path
) -> None:
    """The same bytes in every cell; the empty column of errors is all that is added."""
    source = ROOT / "data" / "examples" / "candidates.csv"
    predict_file(source, tmp_path / "cli.csv", Predictor(load_bundle(bundle_folder)))
    answer = api.post("/predict/file", content=source.read_bytes(), headers=CSV)
    assert answer.status_code == 200
    own = (tmp_path / "cli.csv").read_text(encoding="utf-8").splitlines()
    assert answer.text.splitlines() == [f"{own[0]},error", *(f"{line}," for line in own[1:])]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="upload_predicted.csv"'


def test_every_row_comes_back_with_its_numbers_or_its_mistakes(api: TestClient) -> None:
    answer = api.post("/predict/file", content=TABLE, headers=CSV)
    assert (answer.headers["X-Silion-Rows"], answer.headers["X-Silion-Rejected"]) == ("4", "2")
    table = pd.read_csv(io.StringIO(answer.text))
    assert table["name"].tolist() == ["a", "b", "c", "d"]
    assert table["conductivity_s_per_cm"].notna().tolist() == [True, False, False, True]
    assert table["ice_pct_low"].notna().tolist() == [True, False, False, False]
    assert table["error"].fillna("").str.slice(0, 35).tolist() == [
        "", "upload.csv line 3, column electroly", "upload.csv line 4, column stack_pre", ""
    ]  # fmt: skip


def test_a_ranked_table_begins_with_the_best_and_ends_with_the_errors(api: TestClient) -> None:
    answer = api.post("/predict/file?rank=conductivity_s_per_cm", content=TABLE, headers=CSV)
    table = pd.read_csv(io.StringIO(answer.text))
    assert table["rank"].tolist() == [1, 2, 3, 4]
    good = table["conductivity_s_per_cm"].dropna().tolist()
    assert good == sorted(good, reverse=True)
    assert table["error"].isna().tolist() == [True, True, False, False]
    # two designs are left, both among the best ten of two: no order could tell more than none does
    assert answer.headers["X-Silion-Order"].startswith("ionic conductivity: cannot be told apart: by ionic")
    assert "X-Silion-Order" not in api.post("/predict/file", content=TABLE, headers=CSV).headers


@pytest.mark.parametrize(("kind", "separator"), [("text/tab-separated-values", "\t"), ("text/csv", ",")])
def test_the_level_is_that_of_the_intervals(api: TestClient, kind: str, separator: str) -> None:
    content = f"electrolyte{separator}note\nLLZTO{separator}mine\n"
    widths = []
    for level in (0.5, 0.8):
        answer = api.post(f"/predict/file?level={level}", content=content, headers={"Content-Type": kind})
        row = pd.read_csv(io.StringIO(answer.text), sep=separator).iloc[0]
        widths.append(row["conductivity_s_per_cm_high"] / row["conductivity_s_per_cm_low"])
    assert widths[0] < widths[1]


def parquet(table: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    table.to_parquet(out, index=False)
    return out.getvalue()


def test_parquet_keeps_its_types(api: TestClient) -> None:
    mine = pd.DataFrame({"number": [7, 8, 9], "electrolyte": ["LLZTO", "LPS", "Li6PS5Cl"], "silicon_wt_pct": 50.0})
    answer = api.post("/predict/file", content=parquet(mine), headers=PARQUET)
    table = pd.read_parquet(io.BytesIO(answer.content))
    pd.testing.assert_frame_equal(table[list(mine)], mine)
    assert table["conductivity_s_per_cm"].notna().tolist() == [True, False, True]
    assert "LPS is Li3PS4" in table["error"][1]


@pytest.mark.parametrize(
    ("content", "headers", "code", "words"),
    [
        (TABLE, {"Content-Type": "text/plain"}, 415, "got 'text/plain', expected one of text/csv"),
        (TABLE, {}, 415, "expected one of text/csv"),
        ("", CSV, 422, "the file is empty"),
        ("electrolyte\n", CSV, 422, "no rows"),
        ("electrolyte\nLPS\n", CSV, 422, "LPS is Li3PS4"),
        ("name\na\n", CSV, 422, "column electrolyte: got no such column"),
        ("electrolyte,ice_pct\nLi3N,80\n", CSV, 422, "a column that the predictions are written to"),
        (b"\xff\xfe\x00", CSV, 422, "expected UTF-8 text"),
        ('electrolyte\n"Li3N\n', CSV, 422, "expected a closing quote"),
        (b"PK\x03\x04 and so on", CSV, 422, "this is a spreadsheet"),
        (b"PAR1 and no more", PARQUET, 422, "not a whole Parquet file"),
        ("electrolyte\n" + "Li3N\n" * 30, CSV, 413, "rows of the table: got 21, expected at most 20"),
        (parquet(pd.DataFrame({"electrolyte": ["Li3N"] * 21})), PARQUET, 413, "got 21, expected at most 20"),
        (",".join(["electrolyte", *map(str, range(400))]) + "\n", CSV, 422, "got 401 columns, expected at most 300"),
        (parquet(pd.DataFrame({str(each): [1] for each in range(301)})), PARQUET, 422, "got 301 columns"),
    ],
)
def test_a_table_that_cannot_be_used_is_told_in_words(
    bundle_folder: Path, content: str | bytes, headers: dict[str, str], code: int, words: str
) -> None:
    server = TestClient(app_of(load_bundle(bundle_folder), Settings(max_designs=20)))
    answer = server.post("/predict/file", content=content, headers=headers)
    assert answer.status_code == code
    assert words in " ".join(answer.json()["detail"])
    assert "/tmp" not in answer.text


def test_a_small_parquet_file_that_holds_a_table_without_end(bundle_folder: Path) -> None:
    """One long text, a thousand times: a few kilobytes that unpack to 50 MB."""
    long = pa.table({"electrolyte": ["Li3N"] * 1000, "note": pa.array(["x" * 50_000] * 1000).dictionary_encode()})
    out = io.BytesIO()
    pq.write_table(long.cast(pa.schema([("electrolyte", pa.string()), ("note", pa.string())])), out)
    assert len(out.getvalue()) < 200_000
    server = TestClient(app_of(load_bundle(bundle_folder), Settings(max_body_bytes=1_000_000)))
    answer = server.post("/predict/file", content=out.getvalue(), headers=PARQUET)
    assert answer.status_code == 422
    assert "unpack" in answer.json()["detail"][0]


@pytest.mark.parametrize("query", ["rank=volts", "level=2", "level=nan", "level=high"])
def test_what_is_asked_of_a_table_is_checked(api: TestClient, query: str) -> None:
    answer = api.post(f"/predict/file?{query}", content=TABLE, headers=CSV)
    assert answer.status_code == 422
    assert query.split("=")[0] in answer.json()["detail"][0]


def test_a_workbook_is_answered_with_text(api: TestClient) -> None:
    """Its first sheet gives the bytes that the same rows give as CSV."""
    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    for line in TABLE.splitlines():
        book.active.append([cell or None for cell in line.split(",")])
    book.save(out)
    answer = api.post("/predict/file", content=out.getvalue(), headers={"Content-Type": WORKBOOK_TYPE})
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="upload_predicted.csv"'
    as_csv = api.post("/predict/file", content=TABLE, headers=CSV)
    assert answer.text.replace("upload.xlsx", "upload.csv") == as_csv.text


def test_a_workbook_of_cells_without_end_is_counted_by_the_child() -> None:
    """300,000 cells of two elements each in a few kilobytes, one row more than may be: openpyxl sees none of them."""
    from openpyxl import Workbook

    book, out = io.BytesIO(), io.BytesIO()
    Workbook().save(book)
    row = "<row>" + "<c><v>1</v></c>" * 100 + "</row>"
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{row * 3_000}'
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, f"{sheet}</sheetData></worksheet>" if part.endswith("sheet1.xml") else old.read(part))
    assert len(out.getvalue()) < 50_000
    server = TestClient(app_of(load_bundle(ROOT / "tests" / "bundles" / "v1_capacities")))
    answer = server.post("/predict/file", content=out.getvalue(), headers={"Content-Type": WORKBOOK_TYPE})
    assert answer.status_code == 422
    assert answer.json()["detail"][0].startswith("upload: the workbook has more than 600000 elements")


def test_semicolons_and_decimal_commas(api: TestClient) -> None:
    answer = api.post("/predict/file", content="Electrolyte;temperature_c\nLLZTO;25,5\n", headers=CSV)
    table = pd.read_csv(io.StringIO(answer.text))
    assert table["temperature_c"].tolist() == [25.5]
