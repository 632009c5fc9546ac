"""Reading tables: every kind of bad file, every mistake at once, and the same rows from CSV, TSV and Parquet."""

import re

import pandas as pd
import pytest

from features.tables import disk
from features.tables.mistakes import MOST_TOLD, InputError, Mistake
from features.tables.records import Candidate, CellRow, ElectrolyteRow, SourceRow
from features.tables.rows import check_columns, closest, expectation, parse_row, read_table


@pytest.fixture
def write(tmp_path):
    def write_file(content: str | bytes, name: str = "designs.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


GOOD = "electrolyte,anode,stack_pressure_mpa\nLi6PS5Cl,Si,50\n"

UNUSABLE: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "designs.csv: the file is empty, expected a header line and at least one row"),
    "blank lines only": ("\n \n\n", "the file is empty"),
    "header only": ("electrolyte,anode\n", "holds a header and no rows, expected at least one"),
    "latin 1": (
        b"electrolyte,anode\nLi6PS5Cl,Si\nLi3PS4,\xb5-Si\n",
        "designs.csv: not UTF-8; save it as 'CSV UTF-8'\n"
        "  designs.csv line 3: got byte 0xb5, expected UTF-8 text",
    ),
    "utf 16": ("electrolyte\nLi6PS5Cl\n".encode("utf-16"), "line 1: got byte 0xff"),
    "spreadsheet": (b"PK\x03\x04\x14\x00", "this is a spreadsheet, expected text; open it and save the sheet as"),
    "old spreadsheet": (b"\xd0\xcf\x11\xe0\xa1\xb1", "this is a spreadsheet"),
    "nul": ("electrolyte\nLi6PS5Cl\nLi3\0PS4\n", "line 3: got a NUL character, expected text"),
    "unclosed quote": (
        'electrolyte,anode\nLi6PS5Cl,Si\nLi3PS4,"Si\nLLZO,Si\n',
        "designs.csv: the quotes do not pair up\n  designs.csv line 3: got ",
    ),
    "text behind a quote": ('electrolyte,anode\n"Li6PS5Cl"x,Si\n', "the quotes do not pair up\n  designs.csv line 2"),
    "duplicate column": (
        "electrolyte,anode,anode\nLi6PS5Cl,Si,Si\n",
        "line 1, column anode: got this column twice, expected each column once",
    ),
    "unknown column": (
        "electrolyte,anod\nLi6PS5Cl,Si\n",
        "line 1, column anod: got an unknown column, expected a column of this table; closest: anode",
    ),
    "unknown column, nothing near": ("electrolyte,qqq\nLi6PS5Cl,1\n", "column qqq: got an unknown column, expected a"),
    "wrong unit": (
        "electrolyte,stack_pressure_bar\nLi6PS5Cl,500\n",
        "line 1, column stack_pressure_bar: got a known quantity in another unit, expected stack_pressure_mpa "
        "(in MPa); convert the values and rename the column",
    ),
    "wrong unit of temperature": ("electrolyte,temperature_k\nLi6PS5Cl,298\n", "expected temperature_c (in °C)"),
    "wrong unit of conductivity": (
        "electrolyte,electrolyte_conductivity_mS_per_cm\nLi6PS5Cl,3\n",
        "expected electrolyte_conductivity_s_per_cm (in S/cm)",
    ),
    "missing column": (
        "electrolite,anode\nLi6PS5Cl,Si\n",
        "line 1, column electrolyte: got no such column, expected it: name or formula as written; closest: electrolite",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_unusable_files(write, content, message):
    with pytest.raises(InputError, match=re.escape(message)):
        read_table(write(content), Candidate)


@pytest.mark.parametrize("name", ["designs.csv", "designs.tsv", "designs.parquet"])
def test_missing_file(tmp_path, name):
    with pytest.raises(InputError, match=rf"{name}: no such file"):
        read_table(tmp_path / name, Candidate)


@pytest.mark.parametrize("name", ["folder.csv", "folder"])
def test_folder(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match=f"{name}: is a folder, expected a file"):
        read_table(tmp_path / name, Candidate)


def test_folder_named_as_parquet(tmp_path):
    (tmp_path / "folder.parquet").mkdir()
    pd.DataFrame({"electrolyte": ["Li6PS5Cl"]}).to_parquet(tmp_path / "folder.parquet" / "part.parquet")
    with pytest.raises(InputError, match="is a folder"):
        read_table(tmp_path / "folder.parquet", Candidate)


@pytest.mark.parametrize("kept", [0, 3, 20, 0.5])
def test_truncated_parquet(tmp_path, kept):
    path = tmp_path / "designs.parquet"
    pd.DataFrame({"electrolyte": ["Li6PS5Cl"] * 50}).to_parquet(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept])
    with pytest.raises(InputError, match=r"designs\.parquet: not a whole Parquet file"):
        read_table(path, Candidate)


def mistakes_of_value(write, column: str, value: str, model=Candidate) -> list[str]:
    header, cells = ("cell_id,source_id", "Z1,zhan") if model is CellRow else ("electrolyte", "Li6PS5Cl")
    table = read_table(write(f"{header},{column}\n{cells},{value}\n"), model)
    assert table.rows == []
    return [str(mistake) for mistake in table.mistakes]


PRESSURE = "expected a plain number in MPa, at least 0 and at most 2000"


@pytest.mark.parametrize(
    ("model", "column", "value", "message"),
    [
        (CellRow, "ice_pct", "140", "got 140, expected at most 100 %; if it is a prelithiated half cell, state "
         "cell_type half and prelithiated yes"),
        (CellRow, "ice_pct", "301", "got '301', expected a plain number in %, at least 0 and at most 300"),
        (Candidate, "stack_pressure_mpa", "-5", f"got '-5', {PRESSURE}"),
        (Candidate, "stack_pressure_mpa", "5 MPa", f"got '5 MPa', {PRESSURE}"),
        (Candidate, "stack_pressure_mpa", "NaN", f"got 'NaN', {PRESSURE}"),
        (Candidate, "stack_pressure_mpa", "inf", f"got 'inf', {PRESSURE}"),
        (Candidate, "stack_pressure_mpa", "-", f"got '-', {PRESSURE}"),
        (Candidate, "stack_pressure_mpa", "<5", f"got '<5', {PRESSURE}"),
        (Candidate, "electrolyte_conductivity_s_per_cm", "5 mS/cm",
         "got '5 mS/cm', expected a plain number in S/cm, above 0 and at most 10"),
        (Candidate, "np_ratio", "much", "got 'much', expected a plain number, above 0 and at most 100"),
        (Candidate, "cell_type", "ful", "got 'ful', expected one of half, full, symmetric; closest: full"),
    ],
)  # fmt: skip
def test_bad_values(write, model, column, value, message):
    (mistake,) = mistakes_of_value(write, column, value, model)
    assert mistake.startswith(f"designs.csv line 2, column {column}: {message}")


def test_unknown_class_is_answered_with_the_choices_and_the_closest(write):
    (mistake,) = mistakes_of_value(write, "electrolyte_class", "sulfide-glas")
    assert "got 'sulfide-glas', expected one of oxide-garnet, oxide-nasicon, " in mistake
    assert re.search(r"; closest: sulfide-glass(, [a-z-]+){2}$", mistake)


@pytest.mark.parametrize(
    ("model", "column", "value", "words"),
    [(Candidate, "prelithiated", "maybe", "yes or no"), (CellRow, "doi", "see 10.1234/x", r"expected .*10\.\d+"),
     (SourceRow, "year", "MMXX", "number")],
)  # fmt: skip
def test_message_tells_what_may_stand_there(model, column, value, words):
    required = {"cell_id": "Z1", "source_id": "a", "citation": "A. Author", "told_by": "zhan:1", "electrolyte": "LLZO"}
    (mistake,) = parse_row(
        model, {**{key: text for key, text in required.items() if key in model.model_fields}, column: value}, 2
    )
    assert re.search(words, str(mistake))


def test_rule_between_columns_names_its_column(write):
    table = read_table(write("electrolyte,voltage_low_v,voltage_high_v\nLi6PS5Cl,2,1\n"), Candidate)
    (mistake,) = table.mistakes
    assert (mistake.line, mistake.column) == (2, "voltage_high_v")
    assert "got 1, expected above voltage_low_v, 2" in str(mistake)


def test_rule_between_columns_reads_as_a_sentence(write):
    table = read_table(write("electrolyte,voltage_low_v,voltage_high_v\nLi6PS5Cl,2,1\n"), Candidate)
    assert "expected got" not in str(table.mistakes[0])


def test_a_huge_cell_is_not_blamed_on_quotes(write):
    with pytest.raises(InputError) as refusal:
        read_table(write(f"electrolyte,anode\nLi6PS5Cl,{'a' * 140_000}\n"), Candidate)
    assert "quotes do not pair up" not in str(refusal.value)


def test_ragged_rows_are_rejected_and_the_others_read(write):
    table = read_table(write(GOOD + "Li3PS4,Si\nLLZO,Si,1,2\nLGPS,Si,5\n"), Candidate)
    assert [str(mistake) for mistake in table.mistakes] == [
        "designs.csv line 3: got 2 cells, expected 3, as in the header",
        "designs.csv line 4: got 4 cells, expected 3, as in the header",
    ]
    assert [row.electrolyte for row in table.rows] == ["Li6PS5Cl", "LGPS"]
    assert table.lines == [2, 5]
    assert table.rejected[3] == {"electrolyte": "Li3PS4", "anode": "Si"}


@pytest.mark.parametrize("in_memory", [0, 1, 1_000])
def test_rejected_rows_are_the_same_on_disk_and_in_memory(write, monkeypatch, in_memory):
    monkeypatch.setattr(disk, "IN_MEMORY", in_memory)
    table = read_table(write(GOOD + "Li3PS4,Si,x\nLLZO,Si,1\nLGPS,Si,y\nLPS,Si,-1\n"), Candidate)
    assert {line: row["stack_pressure_mpa"] for line, row in table.rejected.items()} == {3: "x", 5: "y", 6: "-1"}
    assert [(mistake.line, mistake.got) for mistake in table.mistakes] == [(3, "'x'"), (5, "'y'"), (6, "'-1'")]
    assert (table.mistakes[1].line, 4 in table.rejected, len(table.rejected)) == (5, False, 3)


def test_an_error_tells_the_first_mistakes_and_how_many_there_are():
    mistakes = [Mistake(line, "anode", "'Sn'", "silicon") for line in range(MOST_TOLD + 2)]
    lines = str(InputError("new.csv: no row can be used", mistakes)).splitlines()
    assert lines[0] == "new.csv: no row can be used"
    assert lines[MOST_TOLD:] == [
        f"  line {MOST_TOLD - 1}, column anode: got 'Sn', expected silicon",
        "  ... and 2 more",
    ]


def test_all_mistakes_of_all_rows_at_once(write):
    content = (
        "electrolyte,stack_pressure_mpa,cell_type,prelithiated\n"
        ",-1,half,yes\n"
        "Li6PS5Cl,5,full,no\n"
        "Li3PS4,5 MPa,whole,maybe\n"
        "LLZO,5\n"
    )
    table = read_table(write(content), Candidate)
    assert sorted((mistake.line, mistake.column) for mistake in table.mistakes) == [
        (2, "electrolyte"), (2, "stack_pressure_mpa"),
        (4, "cell_type"), (4, "prelithiated"), (4, "stack_pressure_mpa"),
        (5, ""),
    ]  # fmt: skip
    assert [mistake.line for mistake in table.mistakes] == [2, 2, 4, 4, 4, 5]
    assert (table.lines, sorted(table.rejected)) == ([3], [2, 4, 5])
    assert table.rows[0].prelithiated is False


def test_all_mistakes_of_the_header_at_once(write):
    with pytest.raises(InputError) as refusal:
        read_table(write("anode,anode,stack_pressure_bar,colour\nSi,Si,1,red\n"), Candidate)
    found = [mistake.column for mistake in refusal.value.mistakes]
    assert sorted(found) == ["anode", "colour", "electrolyte", "stack_pressure_bar"]
    assert str(refusal.value).startswith("designs.csv: the columns cannot be used\n  designs.csv line 1, column ")


def test_own_columns_are_kept_in_order_and_misspelt_ones_remarked(write):
    content = "zeta,electrolyte,alpha,stack_presure_mpa,temperature_note\n 1 ,Li6PS5Cl,,50,warm\n"
    table = read_table(write(content), Candidate, own_columns=True)
    assert [[(key, value) for key, value in raw.items() if key not in Candidate.model_fields] for raw in table.raw] == [
        [("zeta", " 1 "), ("alpha", ""), ("stack_presure_mpa", "50"), ("temperature_note", "warm")]
    ]
    assert table.columns == ["zeta", "electrolyte", "alpha", "stack_presure_mpa", "temperature_note"]
    assert table.raw[0]["electrolyte"] == "Li6PS5Cl"
    assert table.remarks == [
        "column stack_presure_mpa is not known and was kept as your own; did you mean stack_pressure_mpa?"
    ]


def test_a_wrong_unit_is_no_column_of_your_own():
    with pytest.raises(InputError, match="stack_pressure_mpa"):
        check_columns(["electrolyte", "stack_pressure_bar"], Candidate, own_columns=True, name="x")


def test_lines_are_counted_over_quoted_newlines_and_blank_lines(write):
    content = (
        "electrolyte,anode\n"  # 1
        '"Li6PS5Cl","Si\non two\nlines"\n'  # 2 to 4
        "\n , \n"  # 5, 6
        'Li3PS4,"Si\nagain"\n'  # 7, 8
        "LLZO,Si,ragged\n"  # 9
        "LGPS,Si\n"  # 10
    )
    table = read_table(write(content), Candidate)
    assert table.lines == [2, 7, 10]
    assert table.rows[0].anode == "Si\non two\nlines"
    assert [mistake.line for mistake in table.mistakes] == [9]


@pytest.mark.parametrize(
    "content",
    [
        GOOD.replace("\n", "\r\n"),
        GOOD.removesuffix("\n"),
        "\ufeff" + GOOD,
        GOOD.replace(",", "\t"),
        GOOD.replace("electrolyte,", " electrolyte ,").replace("Li6PS5Cl", '" Li6PS5Cl "'),
        "\n" + GOOD,
    ],
    ids=["windows", "no last newline", "byte order mark", "tabs in a csv", "blanks", "blank first line"],
)
def test_harmless_differences_of_writing(write, content):
    (row,) = read_table(write(content), Candidate).rows
    assert (row.electrolyte, row.anode, row.stack_pressure_mpa) == ("Li6PS5Cl", "Si", 50)


@pytest.mark.parametrize("name", ["designs.tsv", "designs.parquet"])
def test_other_formats_read_the_same_rows(write, tmp_path, name):
    content = (
        "electrolyte,anode,stack_pressure_mpa,prelithiated,cycle,mine\n"
        'Li6PS5Cl,"Si, nano",50,yes,100,a\nLi₇La₃Zr₂O₁₂,μ-Si,0.5,no,200,b\nLPSCl,,,,300,c\n'
    )
    csv_table = read_table(write(content), Candidate, own_columns=True)
    frame = pd.read_csv(tmp_path / "designs.csv")
    frame["prelithiated"] = frame["prelithiated"].map({"yes": True, "no": False}).astype(object)
    path = tmp_path / name
    if name.endswith("tsv"):
        path.write_text(content.replace('"Si, nano"', "Si@nano").replace(",", "\t").replace("Si@", "Si, "))
    else:
        frame.to_parquet(path)
    table = read_table(path, Candidate, own_columns=True)
    assert table.rows == csv_table.rows
    assert (table.lines, table.columns) == (csv_table.lines, csv_table.columns)
    assert table.rows[0].anode == "Si, nano"
    assert table.rows[1].prelithiated is False


def test_whole_numbers_in_parquet_are_read_where_a_gap_made_them_floats(tmp_path):
    frame = pd.DataFrame({"source_id": ["a", "b"], "citation": ["A. Author", "B. Author"], "told_by": "zhan:1"})
    frame["year"] = [2020, None]
    frame.to_parquet(tmp_path / "sources.parquet")
    assert [row.year for row in read_table(tmp_path / "sources.parquet", SourceRow).rows] == [2020, None]


def test_mistakes_of_parquet_name_their_row(tmp_path):
    frame = pd.DataFrame({"electrolyte": ["Li6PS5Cl", "Li3PS4", None], "stack_pressure_mpa": [5.0, -5.0, 5.0]})
    frame.to_parquet(tmp_path / "designs.parquet")
    table = read_table(tmp_path / "designs.parquet", Candidate)
    assert [(mistake.line, mistake.column) for mistake in table.mistakes] == [
        (3, "stack_pressure_mpa"),
        (4, "electrolyte"),
    ]


@pytest.mark.parametrize("content", [{"electrolyte": []}, {}], ids=["header only", "nothing"])
def test_parquet_without_rows_is_refused(tmp_path, content):
    pd.DataFrame(content).to_parquet(tmp_path / "designs.parquet")
    with pytest.raises(InputError, match=r"no rows|no such column|is empty"):
        read_table(tmp_path / "designs.parquet", Candidate)


def test_parse_row_takes_values_of_json_too():
    row = parse_row(Candidate, {"electrolyte": "Li6PS5Cl", "stack_pressure_mpa": 5, "anode": "", "binder": None}, 1)
    assert (row.stack_pressure_mpa, row.anode, row.binder) == (5.0, None, None)
    (mistake,) = parse_row(Candidate, {"electrolyte": "Li6PS5Cl", "stack_presure_mpa": 5}, 7)
    assert str(mistake).startswith(
        "line 7, column stack_presure_mpa: got an unknown column, expected a column of this table; "
        "closest: stack_pressure_mpa"
    )


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("conductivity_s_per_cm", "a plain number in S/cm, above 0 and at most 10"),
        ("temperature_c", "a plain number in °C, at least -150 and at most 700"),
        ("conductivity_qualifier", "one of =, <, >, ~, range"),
        ("space_group", "Hermann-Mauguin symbol or number"),
    ],
)
def test_expectation_in_words(column, words):
    found = expectation(ElectrolyteRow, column)
    if words.startswith("one of"):
        assert sorted(found.removeprefix("one of ").split(", ")) == sorted(words.removeprefix("one of ").split(", "))
    else:
        assert found == words


def test_closest_words_keep_their_case_and_may_be_none():
    assert closest("llzo", ["LLZO", "PEO"]) == "; closest: LLZO"
    assert closest("qqqq", ["LLZO", "PEO"]) == ""


def test_mistake_reads_as_one_line():
    assert (
        str(Mistake(3, "anode", "'x'", "text", "cells.csv")) == "cells.csv line 3, column anode: got 'x', expected text"
    )
    assert str(Mistake(3, "", "", "text")) == "line 3: expected text"
    assert (
        str(Mistake(0, "cell_id", "'Z9'", "a cell", "cells.csv"))
        == "cells.csv, column cell_id: got 'Z9', expected a cell"
    )


def test_input_error_is_a_value_error_and_lists_its_mistakes():
    mistakes = [Mistake(2, "anode", "'x'", "text"), Mistake(3, "", "", "text")]
    error = InputError("summary", mistakes)
    assert isinstance(error, ValueError)
    assert (error.mistakes, len(str(error).splitlines())) == (mistakes, 3)


def test_a_number_with_an_underscore_hides_no_other_mistake() -> None:
    found = parse_row(Candidate, {"electrolyte": "Li6PS5Cl", "stack_pressure_mpa": "1_0", "temperature_c": "x"}, 3)
    assert isinstance(found, list)
    assert [mistake.column for mistake in found] == ["stack_pressure_mpa", "temperature_c"]


def test_a_huge_cell_is_told_by_its_ends_and_a_huge_name_is_compared_with_nothing(write):
    """A message repeats 250 characters at each end; the quote of the repr is one of them."""
    table = read_table(write(f"electrolyte,temperature_c\nLi3N,{'9x' * 40_000}\n"), Candidate)
    assert [len(mistake.got) for mistake in table.mistakes] == [505]
    assert str(table.mistakes[0]).startswith("designs.csv line 2, column temperature_c: got '9x9x")
    with pytest.raises(InputError) as error:
        read_table(write(f"electrolyte,{'z' * 60_000}\nLi3N,1\n"), Candidate)
    assert len(str(error.value)) < 1_000
    assert closest("electrolyte" * 100, ["electrolyte"]) == ""
