"""The template is a file that can be added: its example is skipped, its remarks say what each column means."""

import csv

import pytest

from features.tables.columns import columns_of
from features.tables.mistakes import InputError
from training.intake.draft import ADDABLE
from training.intake.template import template_text


@pytest.mark.parametrize("table", ADDABLE)
def test_every_column_is_explained_and_the_example_is_never_added(run, table, tmp_path):
    done = run("template", table, "-o", "mine.csv")
    assert (done.code, done.out) == (0, "written: mine.csv; fill it in, then: silion data add mine.csv\n")
    text = (tmp_path / "mine.csv").read_text(encoding="utf-8")
    remarks = [row[0] for row in csv.reader(text.splitlines()) if row[0].startswith("# ")]
    for column in columns_of(ADDABLE[table]):
        assert any(remark.startswith((f"# {column}:", f"# {column} [")) for remark in remarks)
    added = run("add", "mine.csv", "--write")
    assert (added.code, "1 row of " + table in added.out, "the example of the template" in added.out) == (0, True, True)
    assert not (tmp_path / "mydata").exists()


@pytest.mark.parametrize("table", ADDABLE)
def test_the_example_would_be_a_good_row_under_another_source(run, write, table):
    text = template_text(table).replace(",example,", ",my lab,")
    if table == "cycling":
        text = text.replace("example-1,example-1", "example-1,Z002")
    done = run("add", write(text))
    assert (done.code, "added          1" in done.out) == (0, True), done.out


def test_units_and_limits_are_told():
    text = template_text("cells")
    assert (
        "# stack_pressure_mpa [MPa]: pressure while cycling (a torque is none): a plain number in MPa, at least 0"
        in text
    )


def test_the_nine_that_describe_a_cell_are_told_and_the_example_is_scored():
    # the example states size, three shares, pressure, current and temperature; no loading and no lower cut-off
    text = template_text("cells")
    assert "A cell teaches most where it states these nine: particle size or film thickness (silicon_size_nm or" in text
    assert "The example states 7 of 9, not anode loading, lower cut-off." in text
    assert "these nine" not in template_text("cycling")


def test_a_new_cell_is_scored_by_what_describes_it(run, write):
    cells = "electrolyte,anode,silicon_size_nm,c_rate_per_h,ice_pct,source_id\nLi6PS5Cl,Si,100,C/10,84,my lab\n"
    lines = run("add", write(cells)).out.splitlines()
    place = lines.index("described (of nine descriptors):")
    assert lines[place + 1].startswith("  line 2: 2 of 9; to add, rarest first: ")
    assert lines[place + 1].count(",") == 7  # seven that it does not state, and the one before "rarest"
    assert "described" not in run("add", write("electrolyte,conductivity_s_per_cm,source_id\nLi3N,1e-3,my lab\n")).out


def test_a_filled_template(run, tmp_path):
    run("template", "electrolytes", "-o", "mine.csv")
    path = tmp_path / "mine.csv"
    *_, header, _ = path.read_text(encoding="utf-8").splitlines()
    given = {"electrolyte": "Li3PS4", "conductivity_s_per_cm": "0.3 mS/cm", "source_id": "my lab"}
    filled = ",".join(given.get(column, "") for column in header.split(","))
    path.write_text(path.read_text(encoding="utf-8") + filled + "\n", encoding="utf-8")
    done = run("add", path, "--write")
    assert (done.code, "0.0003 S/cm" in done.out) == (0, True)


def test_printed_and_never_over_a_file(run, tmp_path):
    assert run("template", "cycling").out == template_text("cycling")
    (tmp_path / "mine.csv").write_text("filled")
    done = run("template", "cycling", "-o", "mine.csv")
    assert (done.code, (tmp_path / "mine.csv").read_text()) == (2, "filled")
    assert "is there already" in done.err


def test_an_unknown_table():
    with pytest.raises(InputError, match=r"cels: no such table; choose one of .*closest: cells"):
        template_text("cels")
