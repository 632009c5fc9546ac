"""A row or a paper out of training and back: own rows marked, shipped ones listed, nothing lost, twice is once."""

import csv
import datetime
import shutil

import pytest

from features.tables.mistakes import InputError
from training.data.integrity import cross_checks
from training.data.load import SHIPPED, load_literature
from training.data.withdrawn import apply_withdrawals, leave_out, read_withdrawn
from training.intake.withdraw import withdraw

ROWS = (
    "id,electrolyte,sigma (mS/cm),T (°C),doi,note\n"
    "s1,Li6PS5Cl,2.3,25,10.1000/abc,pressed twice\n"
    "s2,Li3PS4,0.3,25,10.1000/abc,\n"
    "s3,Li3InCl6,1,25,10.1000/xyz,\n"
)
CELL = "cell_id,anode,electrolyte,ICE (%),doi\nlab-7,Si,Li6PS5Cl,84,10.1000/abc\n"
POINTS = "id,cell,cycle #,retention,doi\np1,lab-7,100,80,10.1000/abc\n"


@pytest.fixture
def folder(run, write, tmp_path):
    for text in (ROWS, CELL, POINTS):
        assert run("add", write(text), "--write").code == 0
    return tmp_path / "mydata"


def told(folder, table):
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return {next(iter(row.values())): (row["in_training"], row["note"]) for row in csv.DictReader(file)}


def withdrawn(folder):
    return {identity: line.why for identity, line in read_withdrawn(folder).items()}


def honoured(folder):
    folders = [SHIPPED, folder]
    return apply_withdrawals(load_literature(folders), folders)


TODAY = datetime.date.today().isoformat()


@pytest.mark.slow
def test_a_row_is_marked_kept_and_comes_back(run, folder, content):
    before = content()
    done = run("withdraw", "s1", "--why", "wet [box]")
    assert (done.code, "s1: 1 row of mydata out of the next training: s1" in done.out) == (0, True)
    assert told(folder, "electrolytes") == {
        "s1": ("no", f"pressed twice [WITHDRAWN {TODAY}: wet (box)]"),
        "s2": ("yes", ""),
        "s3": ("yes", ""),
    }
    once = content()
    again = run("withdraw", "s1", "--why", "another reason")
    assert (again.code, content()) == (0, once)
    assert "was out of training already; nothing changed" in again.out
    assert run("withdraw", "s1", "--undo").code == 0
    assert content() == before
    assert "was in training already" in run("withdraw", "s1", "--undo").out


@pytest.mark.slow
@pytest.mark.parametrize("name", ["10.1000/abc", "https://doi.org/10.1000/ABC"])
def test_a_paper_with_all_its_rows(run, folder, content, name):
    before = content()
    assert run("withdraw", name, "--why", "retracted").code == 0
    assert {row: mark for row, (mark, _) in told(folder, "electrolytes").items()} == {
        "s1": "no",
        "s2": "no",
        "s3": "yes",
    }
    assert told(folder, "cells")["lab-7"][0] == told(folder, "cycling")["p1"][0] == "no"
    literature = load_literature([SHIPPED, folder])
    assert not [row for row in literature.electrolytes if row.paper == "10.1000/abc" and row.in_training]
    run("withdraw", name, "--undo")
    assert content() == before


@pytest.mark.slow
def test_a_cell_takes_its_points_along(run, folder, content):
    before = content()
    run("withdraw", "lab-7", "--why", "shorted")
    assert (told(folder, "cells")["lab-7"][0], told(folder, "cycling")["p1"][0]) == ("no", "no")
    load_literature([SHIPPED, folder])
    back = run("withdraw", "p1", "--undo")
    assert (back.code, "its cell lab-7 is out" in back.err) == (2, True)
    run("withdraw", "lab-7", "--undo")
    assert content() == before


@pytest.mark.slow
def test_shipped_rows_are_listed_and_stay_as_they_are(run, folder):
    shipped = {path.name: path.read_bytes() for path in SHIPPED.glob("*.csv")}
    assert run("withdraw", "E051", "--why", "misread").code == 0
    assert withdrawn(folder) == {"E051": "misread"}
    literature = honoured(folder)
    row = next(row for row in literature.electrolytes if row.measurement_id == "E051")
    assert (row.in_training, row.note.endswith(f"[WITHDRAWN {TODAY}: misread]")) == (False, True)
    assert f"{folder.name}/withdrawn.csv" in literature.hashes
    once = (folder / "withdrawn.csv").read_bytes()
    run("withdraw", "E051", "--why", "again")
    assert (folder / "withdrawn.csv").read_bytes() == once
    run("withdraw", "E051", "--undo")
    assert withdrawn(folder) == {}
    assert next(row for row in honoured(folder).electrolytes if row.measurement_id == "E051").in_training
    assert {path.name: path.read_bytes() for path in SHIPPED.glob("*.csv")} == shipped


@pytest.mark.slow
def test_a_shipped_paper_goes_with_cells_and_points(folder):
    literature = load_literature([SHIPPED, folder])
    cells = {row.cell_id: row.paper for row in literature.cells if row.in_training}
    point = next(row for row in literature.cycling if row.in_training and row.cell_id in cells)
    paper = cells[point.cell_id]
    withdraw(paper, folder, "doubted", datetime.date(2026, 1, 2))
    after = honoured(folder)
    assert not [row for row in after.cells if row.paper == paper and row.in_training]
    assert not next(row for row in after.cycling if row.point_id == point.point_id).in_training
    assert not cross_checks(after)
    ids = [row.measurement_id for row in literature.electrolytes if row.paper != paper and row.in_training]
    assert [row.measurement_id for row in after.electrolytes if row.paper != paper and row.in_training] == ids


@pytest.mark.slow
def test_applying_twice_says_it_once(run, folder):
    run("withdraw", "E051", "--why", "misread")
    once = honoured(folder)
    assert apply_withdrawals(once, [SHIPPED, folder]).electrolytes == once.electrolytes


@pytest.mark.slow
def test_new_rows_of_a_withdrawn_paper_are_said_to_stay_out(run, folder, write):
    paper = next(row.paper for row in load_literature([SHIPPED]).electrolytes if row.measurement_id == "E051")
    run("withdraw", paper, "--why", "doubted")
    text = f"electrolyte,sigma (mS/cm),T (°C),source\nLi3PS4,0.3,40,{paper}\n"
    assert f"note: paper {paper} is withdrawn: its new rows stay out" in run("add", write(text)).out


@pytest.mark.slow
def test_a_withdrawn_row_is_not_added_again(run, folder, write, content):
    run("withdraw", "10.1000/abc", "--why", "retracted")
    before = content()
    done = run("add", write(ROWS), "--write")
    assert (done.code, content()) == (0, before)
    assert "line 2: s1 says so already (it is out of training)" in done.out


def test_a_folder_that_is_not_there_is_made_for_a_shipped_row(run, tmp_path):
    assert run("withdraw", "E051", "--why", "misread").code == 0
    assert withdrawn(tmp_path / "mydata") == {"E051": "misread"}
    assert run("withdraw", "E051", "--undo", "--into", "elsewhere").code == 2


def test_unknown_ids_tell_the_closest_and_make_nothing(run, tmp_path):
    done = run("withdraw", "E0511", "--why", "x")
    assert done.code == 2
    assert done.err.startswith("E0511: no row, source or DOI has this id; closest: E051")
    assert done.err.count(",") == 3  # one of the sentence, two between three ids
    assert not (tmp_path / "mydata").exists()


@pytest.mark.slow
def test_a_reason_is_required(run, folder):
    assert (run("withdraw", "s1").code, run("withdraw", "s1", "--why", "  ").code) == (2, 2)


@pytest.mark.slow
def test_a_spoilt_list_is_refused(folder, tmp_path):
    (folder / "withdrawn.csv").write_text("id,reason\nE051,x\n")
    with pytest.raises(InputError, match="expected the columns id, why, date, got id, reason"):
        withdrawn(folder)
    (folder / "withdrawn.csv").write_text("id,why,date\n,x,\n")
    with pytest.raises(InputError, match=r"withdrawn.csv line 2: got no id"):
        withdrawn(folder)


@pytest.mark.slow
def test_nothing_withdrawn_changes_nothing(folder):
    literature = load_literature([SHIPPED, folder])
    assert apply_withdrawals(literature, [SHIPPED, folder]) == literature
    shutil.rmtree(folder)
    assert withdrawn(folder) == {}


def test_a_paper_may_be_left_out_to_see_what_rests_on_it():
    every = load_literature([SHIPPED])
    rest = leave_out(every, ["li2025"])
    told = [row for row in [*every.cells, *every.cycling] if row.in_training and row.paper == "li2025"]
    assert told
    for table in ("electrolytes", "cells", "cycling"):
        kept = [row for row in getattr(rest, table) if row.in_training]
        assert kept == [row for row in getattr(every, table) if row.in_training and row.paper != "li2025"]
    with pytest.raises(ValueError, match="nobody1900: no such paper"):
        leave_out(every, ["li2025", "nobody1900"])
