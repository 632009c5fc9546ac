"""Adding a file: dry run, writing, adding again, rejected rows corrected, every mistake at once."""

import csv

import pytest

from training.data.load import SHIPPED, load_literature


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


FILE = (
    "electrolyte,sigma (mS/cm),T (K),Ea (eV),doi,source\n"
    "Li6PS5Cl,2.3±0.1,298.15,0.3,https://doi.org/10.1000/ABC,\n"
    "75Li2S-25P2S5,~0.5,RT,,10.1000/abc,\n"
    "Li6.4La3Zr1.4Ta0.6O12,0.2–0.4,300 K,,,our lab\n"
)


def test_a_dry_run_writes_nothing(run, write, tmp_path):
    done = run("add", write(FILE))
    assert done.code == 0
    assert "new.csv: 3 rows of electrolytes\n  added          3\n" in done.out
    assert "dry run, nothing written; --write does it" in done.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.csv"]


def test_what_is_written(run, write, tmp_path):
    assert run("add", write(FILE), "--write").code == 0
    first, second, third = rows(tmp_path / "mydata" / "electrolytes.csv")
    assert (first["conductivity_s_per_cm"], first["temperature_c"], first["activation_energy_ev"]) == (
        "0.0023",
        "25",
        "0.3",
    )
    assert first["composition"] == "Li6PS5Cl"
    assert first["as_written"] == "sigma (mS/cm): 2.3±0.1; T (K): 298.15"
    assert first["note"] == "conductivity_s_per_cm ± 0.0001 S/cm, written 2.3±0.1"
    # 75 Li2S + 25 P2S5: 150 Li, 50 P, 75 + 125 = 200 S
    assert (second["electrolyte"], second["composition"]) == ("75Li2S-25P2S5", "Li150S200P50")
    assert (second["conductivity_qualifier"], second["note"]) == ("~", "RT = 25")
    assert (third["conductivity_s_per_cm"], third["conductivity_high_s_per_cm"]) == ("0.0002", "0.0004")
    assert (third["conductivity_qualifier"], third["temperature_c"], third["source_id"]) == (
        "range",
        "26.85",
        "our lab",
    )
    sources = rows(tmp_path / "mydata" / "sources.csv")
    assert [(each["source_id"], each["citation"], each["doi"], each["told_by"]) for each in sources] == [
        ("10.1000/abc", "10.1000/abc", "10.1000/abc", "user: new.csv"),
        ("our lab", "our lab", "", "user: new.csv"),
    ]


@pytest.mark.slow
def test_the_folder_loads_beside_the_shipped_tables(run, write, tmp_path):
    before = load_literature([SHIPPED])
    run("add", write(FILE), "--write")
    cells = "cell_id,anode,electrolyte,ICE (%),pressure [bar],C-rate,doi\nlab-7,Si,Li6PS5Cl,84,500,C/10,10.1000/abc\n"
    assert run("add", write(cells, "cells.csv"), "--write").code == 0
    points = "cell,cycle #,retention,doi\nlab-7,100,>80 %,10.1000/abc\nlab-7,200,~72 %,10.1000/abc\n"
    assert run("add", write(points, "points.csv"), "--write").code == 0
    literature = load_literature([SHIPPED, tmp_path / "mydata"])
    assert len(literature.electrolytes) == len(before.electrolytes) + 3
    cell = next(row for row in literature.cells if row.cell_id == "lab-7")
    assert (cell.stack_pressure_mpa, cell.c_rate_per_h, cell.ice_pct, cell.paper) == (50.0, 0.1, 84.0, "10.1000/abc")
    lives = [
        (row.cycle, row.retention_pct, row.retention_qualifier) for row in literature.cycling if row.cell_id == "lab-7"
    ]
    assert lives == [(100.0, 80.0, ">"), (200.0, 72.0, "~")]


@pytest.mark.slow
def test_adding_twice_changes_nothing(run, write, content, tmp_path):
    run("add", write(FILE), "--write")
    before = content()
    again = run("add", write(FILE, "renamed.csv"), "--write")
    assert (again.code, content()) == (0, before)
    assert "skipped        3" in again.out
    assert "nothing new: nothing to write" in again.out
    assert not list(tmp_path.glob("*.rejected*"))


def test_ids_are_made_of_what_a_row_says(run, write, tmp_path):
    run("add", write(FILE), "--write", "--into", "one")
    lines = FILE.splitlines()
    run("add", write("\n".join([lines[0], *lines[:0:-1]]) + "\n", "turned.csv"), "--write", "--into", "two")
    ids = [
        {row["measurement_id"]: row["electrolyte"] for row in rows(tmp_path / each / "electrolytes.csv")}
        for each in ("one", "two")
    ]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 3


BAD = """electrolyte,sigma (mS/cm),T (K),Ea (eV),doi,source
Li6PS5Cl,2.3,298.15,0.3,10.1000/abc,
Li6PS5Cl,1C,lots,9,10.1000/abc,
Qx9Zz,1,298,,10.1000/abc,
Li3PS4,0.3,298,,10.1000,
Li3PS4,0.3,298,,,
Li3PS4,0.3
Li7La3Zr2O13,0.3,298,,,our lab
Li3PS4,0.3,298,,,one|two
"""
EXPECTED = [
    "new.csv line 3, column sigma (mS/cm): got '1C', expected a quantity in S/cm; a C-rate belongs into c_rate_per_h",
    "new.csv line 3, column T (K): got 'lots', expected a number",
    "new.csv line 3, column Ea (eV): got '9', expected a plain number in eV, above 0 and at most 3",
    "new.csv line 4, column electrolyte: got 'Qx9Zz', expected a formula or a known name",
    "new.csv line 5, column doi: got '10.1000', expected a DOI such as 10.1000/182",
    "new.csv line 6, column source: got nothing, and no doi, expected a source: a DOI or your lab's own label",
    "new.csv line 7: got 2 cells, expected 6, as in the header",
    # 7 x 1 + 3 x 3 + 2 x 4 - 13 x 2 = -2
    "new.csv line 8, column composition: got a charge of -2.00",
    "new.csv line 9, column source: got 'one|two', expected one paper: '|' parts several",
]


def test_all_mistakes_at_once_and_the_good_row_kept(run, write, tmp_path):
    done = run("add", write(BAD), "--write")
    assert done.code == 1
    for message in EXPECTED:
        assert message in done.out
    assert len(rows(tmp_path / "mydata" / "electrolytes.csv")) == 1
    assert "rejected rows, with reasons: new.csv.rejected.csv" in done.out.replace(f"{tmp_path}/", "")


def test_rejected_rows_are_corrected_and_added_again(run, write, tmp_path):
    run("add", write(BAD), "--write")
    rejected = tmp_path / "new.csv.rejected.csv"
    with rejected.open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    assert header == ["line", "reasons", "electrolyte", "sigma (mS/cm)", "T (K)", "Ea (eV)", "doi", "source"]
    assert [line[0] for line in lines] == ["3", "4", "5", "6", "7", "8", "9"]
    assert lines[1][2:] == ["Qx9Zz", "1", "298", "", "10.1000/abc", ""]  # as in the file
    lines[1][2] = "Li3InCl6"
    with rejected.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, lines[1]])
    done = run("add", rejected, "--write")
    assert done.code == 0
    assert [row["electrolyte"] for row in rows(tmp_path / "mydata" / "electrolytes.csv")] == ["Li6PS5Cl", "Li3InCl6"]


@pytest.mark.slow
def test_a_corrected_reject_file_is_never_overwritten(run, write, tmp_path):
    run("add", write(BAD), "--write")
    run("add", write(BAD), "--write")
    assert [path.name for path in tmp_path.glob("*.rejected*")] == ["new.csv.rejected.csv"]
    (tmp_path / "new.csv.rejected.csv").write_text("my corrections\n")
    run("add", write(BAD), "--write")
    assert (tmp_path / "new.csv.rejected.csv").read_text() == "my corrections\n"
    assert (tmp_path / "new.csv.rejected-2.csv").exists()


def test_a_dry_run_writes_no_reject_file(run, write, tmp_path):
    assert run("add", write(BAD)).code == 1
    assert not list(tmp_path.glob("*.rejected*"))


def test_an_unusable_header_tells_its_cells_too(run, write):
    done = run(
        "add",
        write("electrolyte,sigma (bar),T (K),operator,doi\nLi6PS5Cl,1,cold,me,10.1000/abc\n"),
        "--table",
        "electrolytes",
    )
    assert done.code == 2
    for message in (
        "column sigma (bar): got the unit 'bar'",
        "column operator: got an unknown",
        "line 2, column T (K): got 'cold'",
    ):
        assert message in done.err


def test_a_mapping_leaves_columns_out(run, write):
    text = "Stoff,Leitwert,wer,doi\nLi6PS5Cl,2.3,me,10.1000/abc\n"
    mapping = write("theirs,ours,unit\nStoff,electrolyte,\nLeitwert,sigma,mS/cm\nwer,,\nwann,,\n", "map.csv")
    done = run("add", write(text), "--mapping", mapping)
    assert (done.code, "0.0023 S/cm" in done.out) == (0, True)
    assert "note: the mapping names 'wann', which is no column of this file" in done.out


def test_rows_that_are_not_told_by_a_source_are_refused(run, write):
    done = run("add", write("electrolyte,sigma\nLi6PS5Cl,1e-3\n"))
    assert (done.code, "expected a source: a DOI or your lab's own label" in done.out) == (1, True)


def test_words_are_read_where_only_one_can_be_meant(run, write, tmp_path):
    header = "anode,electrolyte,class,cell_type,prelithiated,ICE (%),doi"
    text = f"{header}\nSi,Li6PS5Cl,Argyrodite,Half cell,Yes,84,10.1000/abc\n"
    assert run("add", write(text), "--write").code == 0
    row = rows(tmp_path / "mydata" / "cells.csv")[0]
    assert (row["electrolyte_class"], row["cell_type"], row["prelithiated"]) == ("sulfide-argyrodite", "half", "yes")
    wrong = run("add", write(text.replace("Argyrodite", "sulfide")))
    assert "column class: got 'sulfide', expected one of oxide-garnet" in wrong.out


def test_marks_where_no_column_holds_them(run, write, tmp_path):
    text = "anode,electrolyte,ICE,Si size (nm),doi\nSi,Li6PS5Cl,84,~100,10.1000/abc\nSi,Li3PS4,84,>100,10.1000/abc\n"
    done = run("add", write(text), "--write")
    assert "line 3, column Si size (nm): got '>100', expected the value itself: there is no column for" in done.out
    assert rows(tmp_path / "mydata" / "cells.csv")[0]["note"] == "silicon_size_nm is about: ~100"


def test_a_mark_in_cell_and_column_must_agree(run, write):
    text = "anode,electrolyte,ICE,ice_qualifier,doi\nSi,Li6PS5Cl,~84,>,10.1000/abc\nSi,Li3PS4,~84,about,10.1000/abc\n"
    done = run("add", write(text))
    assert "column ICE: got '~84' and ice_qualifier '>', expected one mark: in the cell or in its column" in done.out
    assert "added          1" in done.out


def test_a_point_needs_its_cell(run, write):
    done = run("add", write("cell,cycle,retention (%),doi\nZ01,100,80,10.1000/abc\n"))
    assert done.code == 1
    assert "column cell: got 'Z01' in row p-" in done.out
    assert "expected a cell_id of cells.csv; closest: Z091" in done.out


@pytest.mark.parametrize(("words", "message"), [(("--replace", "--keep"), "not allowed with")])
def test_replace_and_keep_exclude_each_other(run, write, capsys, words, message):
    with pytest.raises(SystemExit) as stopped:
        run("add", write(FILE), *words)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_the_shipped_folder_is_refused(run, write):
    done = run("add", write(FILE), "--write", "--into", SHIPPED)
    assert (done.code, "the shipped tables stay as they are" in done.err) == (2, True)
    assert not (SHIPPED / ".lock").exists()


def test_own_tables_with_mistakes_are_refused_before_anything(run, write, content, tmp_path):
    run("add", write(FILE), "--write")
    path = tmp_path / "mydata" / "electrolytes.csv"
    path.write_text(path.read_text().replace("0.0023", "a lot"))
    before = content()
    done = run("add", write(FILE), "--write")
    assert (done.code, content()) == (2, before)
    assert "correct its tables first" in done.err
    assert "got 'a lot'" in done.err


def test_what_others_typed_into_a_table_stays(run, write, tmp_path):
    (tmp_path / "mydata").mkdir()
    typed = 'measurement_id,electrolyte,conductivity_s_per_cm,source_id\nm1,Li3PS4,3.0E-4,"my lab"\n'
    (tmp_path / "mydata" / "electrolytes.csv").write_text(typed)
    assert run("add", write(FILE), "--write").code == 0
    first = rows(tmp_path / "mydata" / "electrolytes.csv")[0]
    assert {name: value for name, value in first.items() if value} == {
        "measurement_id": "m1", "electrolyte": "Li3PS4", "conductivity_s_per_cm": "3.0E-4", "source_id": "my lab"
    }  # fmt: skip


def test_a_capacity_says_per_gram_of_what(run, write):
    header = "anode,electrolyte,cell_type,first_capacity_mah_per_g,first_capacity_basis,doi\n"
    cells = ["Si,Li6PS5Cl,full,147.3,", "nano-Si,Li6PS5Cl,full,2911,silicon", "Si film,Li6PS5Cl,half,2807,"]
    done = run("add", write(header + "".join(f"{cell},10.1000/abc\n" for cell in cells)))
    told = [line.strip() for line in done.out.splitlines() if "per gram of what" in line]
    assert told == [
        "line 2: 147.3 mAh/g, per gram of what? State first_capacity_basis (silicon, composite, electrode, cathode); "
        "until then it teaches no first capacity",
        "line 4: 2807 mAh/g, per gram of what? State first_capacity_basis (silicon, composite, electrode, cathode); "
        "until then it counts as per gram of an anode mass not named",
    ], done.out
    wrong = run("add", write(f"{header}Si,Li6PS5Cl,full,147.3,copper,10.1000/abc\n"))
    assert "column first_capacity_basis: got 'copper', expected one of silicon, composite, electrode" in wrong.out


def test_an_ice_above_100_is_kept_and_flagged(run, write, content):
    header = "anode,electrolyte,cell_type,prelithiated,ICE/%,doi\n"
    cells = ["LixSi,Li6PS5Cl,half,yes,132", "Si,Li6PS5Cl,half,no,132", "LixSi,Li6PS5Cl,full,yes,132"]
    done = run("add", write(header + "".join(f"{cell},10.1000/abc\n" for cell in cells)), "--write")
    assert done.code == 1
    assert "line 2: 132 % of a prelithiated half cell; in no training and no figure" in done.out
    for line in (3, 4):
        assert f"line {line}, column ICE/%: got '132', expected at most 100 %\n" in done.out
    listed = run("list", "--data", "mydata")
    assert "ICE above 100 %, of prelithiated half cells, in no training and no figure: 1" in listed.out
    assert (
        "cells 1, cycling 0, sources 1, ICE above 100 % (in no training) 1: no mistakes" in run("check", "mydata").out
    )


def test_areal_and_gravimetric_capacities_of_one_cell_agree(run, write):
    columns = "anode_loading_mg_per_cm2,first_capacity_mah_per_g,first_areal_capacity_mah_per_cm2"
    cell = f"anode,electrolyte,{columns},doi\nSi,Li6PS5Cl,2,1507,AREAL,10.1000/abc\n"
    # 2 mg/cm2 of 1507 mAh/g are 3.014 mAh/cm2; ten times as much is another basis or another unit
    assert run("add", write(cell.replace("AREAL", "3.0"))).code == 0
    wrong = run("add", write(cell.replace("AREAL", "30")))
    assert wrong.code == 1
    assert "expected about 3.014 mAh/cm² at most, of 1507 mAh/g and 2 mg/cm²; per gram of cathode?" in wrong.out


def test_shares_over_100_are_told_once(run, write):
    header = "anode,electrolyte,silicon_wt_pct,carbon_wt_pct,anode_electrolyte_wt_pct,doi\n"
    wrong = run("add", write(header + "Si,Li6PS5Cl,60,20,40,10.1000/abc\n"))
    assert wrong.code == 1
    assert (
        wrong.out.count(
            "column silicon_wt_pct: got '60', shares of the anode of 120 wt%, expected at most 100 wt% in sum"
        )
        == 1
    )
