"""The columns of a portion at once, and the same rows one by one: both must take, refuse and word alike."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.tables.chunks import PortionReader, open_source
from features.tables.columnar import read_rows
from features.tables.mistakes import InputError, Mistake
from features.tables.records import Candidate
from features.tables.rows import parse_row, read_table
from models.candidates import candidate_frame, read_design
from serving.predict.read import usable

COLUMNS = (
    "electrolyte", "temperature_c", "prelithiated", "cell_type", "silicon_wt_pct", "carbon_wt_pct", "voltage_low_v",
    "voltage_high_v", "anode", "mine", "cycle",
)  # fmt: skip
NASTY = (
    "5", "5.0", " 5 ", "5\t", "+5", "-5", "1_000", "1e3", "1e400", "-1e400", "1e-400", "nan", "NaN", "inf", "-inf",
    "Infinity", "", "  ", "−5", "5,0", "0x10", "1e", "e5", ".5", "5.", "--5", "５", "٥", "5\u00a0", "true", "True",
    "yes", "YES", " no ", "No", "maybe", "0", "1", "half", "Half", " full", "2026-01-01", "1d5", "5f", "0005", "-0",
    "99999999999999999999", "0.1000000000000000055511151231257827", "\x1c5", "\x855", "a\u2028b", "nan(1)", "None",
    "1 000", 'a "b"', '"', "x\ny", "60", "80", "101",
)  # fmt: skip
NAMES = ("Li6PS5Cl", "LLZTO", " Li3InCl6 ", "", "LPS")

Read = tuple[pd.DataFrame, list[int], list[str], dict[int, dict[str, str]]]


def by_row(path: Path) -> Read:
    table = read_table(path, Candidate, own_columns=True)
    said = sorted(str(mistake) for mistake in table.mistakes)
    return candidate_frame(table.rows), table.lines, said, table.rejected


def by_column(path: Path) -> Read:
    frames, lines, said, rejected, reader = list[pd.DataFrame](), list[int](), list[str](), dict[int, Any](), None
    for portion in open_source(path).portions:
        reader = reader or PortionReader()
        rows = read_rows(reader.read(portion), Candidate, path.name)
        frames.append(rows.designs.to_frame())
        lines += rows.lines.tolist()
        said += [str(mistake) for mistake in rows.mistakes]
        rejected |= {
            line: dict(zip(rows.table.column_names, cells, strict=False)) for line, cells in rows.rejected.items()
        }
    return pd.concat(frames, ignore_index=True), lines, sorted(said), rejected


def outcome(read: Callable[[Path], Read], path: Path) -> Read | str:
    try:
        return read(path)
    except InputError as error:
        return str(error)


def assert_alike(path: Path) -> None:
    one, many = outcome(by_row, path), outcome(by_column, path)
    if isinstance(one, str) and "a header and no rows" in one:  # said of blank rows when all of a file is read
        assert many == one or not len(many[0])
        return
    if isinstance(one, str) or isinstance(many, str):
        assert many == one
        return
    assert many[1:] == one[1:]
    for column in many[0].columns:
        if many[0][column].dtype.kind == "f":
            expected = pd.to_numeric(one[0][column]).to_numpy(dtype=float, na_value=np.nan)
            np.testing.assert_array_equal(many[0][column].to_numpy(), expected)
        else:
            assert many[0][column].astype(str).tolist() == one[0][column].fillna("").astype(str).tolist()


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """A text table with electrolytes and nasty cells: ragged, blank and quoted rows, all ends of lines, a BOM."""
    header = ["electrolyte", *draw(st.lists(st.sampled_from(COLUMNS[1:]), max_size=6, unique=True))]
    cell = st.one_of(st.sampled_from(("", "5", "25", "0.3")), st.sampled_from(NASTY))
    row = st.tuples(st.sampled_from(NAMES), *[cell for _ in header[1:]]).map(list)
    rows = draw(st.lists(row, min_size=1, max_size=8))
    for each in rows:
        each += draw(st.sampled_from(([], [], [], [""], ["x"])))
        if draw(st.integers(0, 9)) == 0:
            each[:] = [""] * len(each)
    end = draw(st.sampled_from(("\n", "\r\n", "\r")))
    if draw(st.booleans()):  # without any quotes: cells that would need them lose what needs them
        text = end.join(
            ",".join(each.replace(",", " ").replace('"', "'").replace("\n", " ") for each in line)
            for line in [header, *rows]
        )
    else:
        out = io.StringIO()
        quoting = draw(st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)))
        csv.writer(out, quoting=quoting, lineterminator=end).writerows([header, *rows])
        text = out.getvalue()
    text = draw(st.sampled_from(("", "", end))) + text + draw(st.sampled_from(("", end, end + end)))
    return draw(st.sampled_from((b"", b"", b"\xef\xbb\xbf"))) + text.encode()


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables())
def test_text_is_read_alike(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    assert_alike(tmp_path / "in.csv")


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("temperature_c", pa.array([25, None, 2**62, -200])),
        ("temperature_c", pa.array([25.5, np.nan, None, np.inf])),
        ("temperature_c", pa.array([0.1, None, 25.0, 1.5], pa.float32())),
        ("temperature_c", pa.array([Decimal("25.10"), None, Decimal("-3.00"), Decimal("999.99")])),
        ("temperature_c", pa.array([True, False, None, True])),
        ("temperature_c", pa.array(["25", " 60 ", "warm", None])),
        ("temperature_c", pa.array(["25", "60", "nan", None]).dictionary_encode()),
        ("temperature_c", pa.array([date(2026, 1, 1), None, None, date(2026, 1, 2)])),
        ("prelithiated", pa.array([True, False, None, True])),
        ("prelithiated", pa.array(["yes", "No", "perhaps", ""])),
        ("prelithiated", pa.array([1, 0, None, 2])),
        ("cell_type", pa.array(["half", "full", None, "quarter"]).dictionary_encode()),
        ("space_group", pa.array([225, 216, None, 1])),
        ("space_group", pa.array([225.0, np.nan, None, 1.0])),
        ("anode", pa.array([["a"], None, ["b", "c"], []])),
        ("anode", pa.array([b"Si", None, b"", b"x"])),
        ("silicon_wt_pct", pa.array([120.0, 100.0, 0.0, -1.0])),
    ],
)
def test_parquet_is_read_alike(tmp_path: Path, column: str, values: pa.Array) -> None:
    path = tmp_path / "in.parquet"
    table = pa.table({"electrolyte": ["Li6PS5Cl", "LLZTO", None, "LPS"], column: values, "carbon_wt_pct": [60.0] * 4})
    pq.write_table(table, path)
    assert_alike(path)


def test_a_column_that_changes_its_type_rejects_those_rows(tmp_path: Path) -> None:
    rows = [f"Li6PS5Cl,{place}" for place in range(20_000)]
    rows[17_000:17_002] = ["Li6PS5Cl,warm", "Li6PS5Cl,+30"]
    (tmp_path / "in.csv").write_text("\n".join(["electrolyte,cycle", "Li6PS5Cl,1", *rows[1:]]), encoding="utf-8")
    frame, lines, said, _ = by_column(tmp_path / "in.csv")
    assert len(frame) == 19_999
    assert 17_002 not in lines
    assert said == [
        "in.csv line 17002, column cycle: got 'warm', expected a plain number, at least 1 and at most 1e+06"
    ]
    assert frame["cycle"].iloc[17_000] == 30


def test_every_rule_between_columns_is_known_here() -> None:
    """One that is not would send every row the slow way."""
    assert set(Candidate.__pydantic_decorators__.model_validators) == set(Candidate.array_rules)


def test_what_is_wrong_with_the_same_words_is_found_out_once(tmp_path: Path) -> None:
    """600 bad rows of three kinds, each with a cell of its own: three are read, all are told with their line."""
    kinds = ("Li3N,hot", "Li3N,-500", ",25")
    rows = "".join(f"{kinds[number % 3]},{number}\n" for number in range(600))
    (tmp_path / "in.csv").write_text(f"electrolyte,temperature_c,mine\n{rows}", encoding="utf-8")
    calls = []

    def counted(model: type[Candidate], values: Any, line: int, table: str) -> Candidate | list[Mistake]:
        calls.append(line)
        return parse_row(model, values, line, table)

    (portion,) = open_source(tmp_path / "in.csv").portions
    read = read_rows(PortionReader().read(portion), Candidate, "in.csv", counted)
    assert calls == [2, 3, 4]
    assert [mistake.line for mistake in read.mistakes] == list(range(2, 602))
    assert read.rejected[601] == ["", "25", "599"]
    by_rows = read_table(tmp_path / "in.csv", Candidate, own_columns=True)
    assert [str(mistake) for mistake in read.mistakes] == [str(mistake) for mistake in by_rows.mistakes]


def test_good_rows_carry_no_texts_of_the_rejected(tmp_path: Path) -> None:
    """What is read of them is read of no others: of two of five."""
    rows = "Li3N,hot\nLLZTO,25\nLi2S,-500\nLi3PS4,25\nLi3InCl6,cold\n"
    (tmp_path / "in.csv").write_text(f"electrolyte,temperature_c\n{rows}", encoding="utf-8")
    (portion,) = open_source(tmp_path / "in.csv").portions
    read = read_rows(PortionReader().read(portion), Candidate, "in.csv")
    codes, texts = read.designs.coded("electrolyte")
    assert [texts[code] for code in codes] == ["LLZTO", "Li3PS4"]
    assert len(texts) == 2


def test_what_is_not_doubted_is_judged_by_the_row_model_alone(tmp_path: Path) -> None:
    """Of three bad rows one is doubted: the formula of the others need not be read again to say what is wrong."""
    (tmp_path / "in.csv").write_text("electrolyte,temperature_c\nLi3N,hot\nLPS,25\nLi3N,-500\n", encoding="utf-8")
    calls = []

    def counted(model: type[Candidate], values: Any, line: int, table: str) -> Candidate | list[Mistake]:
        calls.append(line)
        return [Mistake(line, "electrolyte", "'LPS'", "another", table)]

    (portion,) = open_source(tmp_path / "in.csv").portions
    read = read_rows(
        PortionReader().read(portion), Candidate, "in.csv", counted, lambda designs: np.array([False, True, False])
    )
    assert calls == [3]
    columns = [(mistake.line, mistake.column) for mistake in read.mistakes]
    assert columns == [(2, "temperature_c"), (3, "electrolyte"), (4, "temperature_c")]


def test_a_formula_that_cannot_be_read_is_told_beside_what_cells_and_rules_tell(tmp_path: Path) -> None:
    """Every electrolyte beside every other mistake, as read row by row; a wrong class says nothing of the formula."""
    names = ("Li6PS5Cl", "my best one", "Li600PS5Cl", "PEO-LiTFSI", "")
    others = ("25,,", "hot,,", "-500,polymerr,", "25,polymer,", "1_0,,3", "25,,3", "+25,,3", "+25,,")
    lines = [f"{name},{other}" for name in names for other in others]
    path = tmp_path / "in.csv"
    header = "electrolyte,temperature_c,electrolyte_class,voltage_low_v,voltage_high_v"
    path.write_text("\n".join([header, *(f"{line},2" for line in lines)]), encoding="utf-8")
    (portion,) = open_source(path).portions
    read, by_rows = usable(PortionReader().read(portion), path.name), read_table(path, Candidate, parse=read_design)
    assert read.lines.tolist() == by_rows.lines
    assert [str(mistake) for mistake in read.mistakes] == [str(mistake) for mistake in by_rows.mistakes]
    assert sorted(read.rejected) == sorted(by_rows.rejected)
    told = [mistake.column for mistake in read.mistakes if mistake.line == 2 + lines.index("my best one,1_0,,3")]
    assert told == ["temperature_c", "voltage_high_v", "electrolyte"]
    told = [
        mistake.column for mistake in read.mistakes if mistake.line == 2 + lines.index("my best one,-500,polymerr,")
    ]
    assert told == ["electrolyte_class", "temperature_c"]
