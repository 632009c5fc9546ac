"""A measurement told twice: skipped where it says the same, side by side where it says something else."""

import csv

import pytest

from training.data.load import SHIPPED, load_literature
from training.data.withdrawn import apply_withdrawals

HEADER = "electrolyte,sigma (mS/cm),T (°C),doi"
FIRST = f"{HEADER}\nLi6PS5Cl,2.3,25,10.1000/abc\n"
OTHER = f"{HEADER}\nLi6PS5Cl,2.9,25,10.1000/abc\n"


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def first(run, write, tmp_path):
    """The user's folder holds one row; its id is returned."""
    assert run("add", write(FIRST, "first.csv"), "--write").code == 0
    return rows(tmp_path / "mydata" / "electrolytes.csv")[0]["measurement_id"]


def test_another_value_is_shown_side_by_side_and_nothing_written(run, write, content, first):
    before = content()
    done = run("add", write(OTHER), "--write")
    assert (done.code, content()) == (3, before)
    assert "conflicts      1  choose --replace or --keep" in done.out
    lines = [line.split() for line in done.out.splitlines()]
    assert ["column", "own", first, "line", "2"] in lines
    assert ["conductivity_s_per_cm", "0.0023", "0.0029"] in lines
    assert "nothing written: decide first" in done.out


@pytest.mark.slow
def test_replace_keeps_the_id(run, write, first, tmp_path):
    assert run("add", write(OTHER), "--write", "--replace").code == 0
    (row,) = rows(tmp_path / "mydata" / "electrolytes.csv")
    assert (row["measurement_id"], row["conductivity_s_per_cm"]) == (first, "0.0029")
    again = run("add", write(OTHER), "--write")
    assert (again.code, "skipped        1" in again.out) == (0, True)


def test_keep_changes_nothing_and_adds_the_others(run, write, first, tmp_path):
    done = run("add", write(f"{OTHER}Li3PS4,0.3,25,10.1000/abc\n"), "--write", "--keep")
    assert done.code == 0
    held = [
        (row["electrolyte"], row["conductivity_s_per_cm"]) for row in rows(tmp_path / "mydata" / "electrolytes.csv")
    ]
    assert held == [("Li6PS5Cl", "0.0023"), ("Li3PS4", "0.0003")]


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\nLi6PS5Cl,2.3,25,10.1000/abc\n",
        "electrolyte,sigma (S/m),T (K),doi\nLi6PS5Cl,0.23,298.15,doi:10.1000/ABC\n",  # the same in other units
        f"{HEADER}\nLi₆PS₅Cl,2.3,,10.1000/abc\n",  # the same composition; no temperature counts as 25 °C
        f"{HEADER},id\nLi6PS5Cl,2.3,25,10.1000/abc,sample 9\n",  # the same under another id
    ],
)
def test_the_same_in_other_words_is_skipped(run, write, content, first, text):
    before = content()
    done = run("add", write(text), "--write")
    assert (done.code, content()) == (0, before)
    assert f"line 2: {first} says so already" in done.out


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\nLi6PS5Cl,2.9,60,10.1000/abc\n",  # another temperature
        f"{HEADER}\nLi6PS5Cl,2.9,25,10.1000/xyz\n",  # another paper
        f"{HEADER},form\nLi6PS5Cl,2.9,25,10.1000/abc,glass\n",  # another design
        "electrolyte,Ea (eV),T (°C),doi\nLi6PS5Cl,0.3,25,10.1000/abc\n",  # another quantity
    ],
)
def test_other_measurements_are_added(run, write, first, text):
    done = run("add", write(text))
    assert (done.code, "added          1" in done.out) == (0, True)


def test_another_mark_is_another_value(run, write, first):
    assert run("add", write(f"{HEADER}\nLi6PS5Cl,>2.3,25,10.1000/abc\n")).code == 3


def test_the_same_id_with_something_else_is_a_conflict(run, write, tmp_path):
    text = f"{HEADER},id\nLi6PS5Cl,2.3,25,10.1000/abc,s1\n"
    run("add", write(text), "--write")
    changed = text.replace("Li6PS5Cl,2.3,25", "Li3PS4,0.3,40")
    assert run("add", write(changed), "--write").code == 3
    assert run("add", write(changed), "--write", "--replace").code == 0
    assert [row["electrolyte"] for row in rows(tmp_path / "mydata" / "electrolytes.csv")] == ["Li3PS4"]


@pytest.mark.slow
def test_samples_with_ids_of_their_own_stand_side_by_side(run, write):
    text = f"{HEADER},sample\nLi6PS5Cl,2.3,25,our lab,s1\nLi6PS5Cl,2.9,25,our lab,s2\n".replace("doi", "source")
    assert run("add", write(text), "--write").code == 0
    done = run("add", write(text.replace("s1", "s3").replace("2.3", "2.5")), "--write")
    assert done.code == 0
    assert "note: line 2: another sample beside s1, s2, because it has an id of its own" in done.out
    unnamed = run("add", write(f"{HEADER}\nLi6PS5Cl,2.7,25,our lab\n".replace("doi", "source")))
    assert unnamed.code == 1
    assert "another value than s1, s2, s3 for the same design and conditions, expected the id" in unnamed.out


def test_two_values_in_one_file_are_both_rejected(run, write):
    done = run("add", write(f"{FIRST}Li6PS5Cl,2.9,25,10.1000/abc\nLi6PS5Cl,2.3,25,10.1000/xyz\n"))
    assert "rejected       2" in done.out
    assert "line 2, column measurement_id: got another value than line 3 for the same paper, design and" in done.out
    assert "line 3, column measurement_id: got another value than line 2" in done.out


def test_a_row_twice_in_one_file_counts_once(run, write):
    done = run("add", write(f"{FIRST}Li6PS5Cl,2.3,25,10.1000/abc\n"))
    assert "added          1\n  skipped        1" in done.out
    assert "line 3: says what line 2 says" in done.out


def test_an_id_twice_in_one_file(run, write):
    text = f"{HEADER},id\nLi6PS5Cl,2.3,25,10.1000/abc,s1\nLi3PS4,0.3,25,10.1000/abc,s1\n"
    done = run("add", write(text))
    assert "rejected       2" in done.out
    assert "column id: got 's1', expected an id of its own; line 3 has it too and says something else" in done.out


def test_a_cycling_point_stands_once_per_cell_and_cycle(run, write):
    text = "id,cell,cycle,retention (%),doi\np1,Z002,77,80,10.1000/abc\np2,Z002,77,90,10.1000/abc\n"
    done = run("add", write(text))
    assert "rejected       2" in done.out
    assert "expected one row per cell and cycle" in done.out


SHIPPED_ROW = "Li5.4PS4.4Cl1.6,~{value},25,{paper}"
"""E051 of the shipped table: about 8 mS/cm at 25 °C."""


@pytest.fixture
def paper():
    return next(row.paper for row in load_literature([SHIPPED]).electrolytes if row.measurement_id == "E051")


def test_a_shipped_row_is_known(run, write, paper):
    head = HEADER.replace("doi", "source")
    same = run("add", write(f"{head}\n{SHIPPED_ROW.format(value=8, paper=paper)}\n"))
    assert (same.code, "line 2: E051 says so already" in same.out) == (0, True)


@pytest.mark.slow
def test_a_shipped_row_is_replaced_by_being_withdrawn(run, write, paper, tmp_path):
    text = f"{HEADER.replace('doi', 'source')}\n{SHIPPED_ROW.format(value=6, paper=paper)}\n"
    assert run("add", write(text), "--write").code == 3
    shipped = (SHIPPED / "electrolytes.csv").read_bytes()
    assert run("add", write(text), "--write", "--replace").code == 0
    assert (SHIPPED / "electrolytes.csv").read_bytes() == shipped
    (row,) = rows(tmp_path / "mydata" / "electrolytes.csv")
    (out,) = rows(tmp_path / "mydata" / "withdrawn.csv")
    assert (out["id"], out["why"]) == ("E051", f"replaced by {row['measurement_id']}, user: new.csv")
    folders = [SHIPPED, tmp_path / "mydata"]
    literature = apply_withdrawals(load_literature(folders), folders)
    told = {each.measurement_id: each.in_training for each in literature.electrolytes}
    assert (told["E051"], told[row["measurement_id"]]) == (False, True)
    again = run("add", write(text), "--write")
    assert (again.code, "skipped        1" in again.out) == (0, True)


def test_the_id_of_a_shipped_row_of_another_measurement_is_refused(run, write):
    done = run("add", write(f"{HEADER},id\nLi6PS5Cl,2.3,25,10.1000/abc,E051\n"))
    assert done.code == 1
    assert "column id: got 'E051', expected an id of its own, or none: a shipped row of another" in done.out


@pytest.mark.slow
def test_both_tellings_are_kept_where_one_is_out_of_training(run, write, first, tmp_path):
    """As the shipped tables keep what sources disagree on: two rows, one preferred, the other names it."""
    text = f"{HEADER},in_training,same_as,note\nLi6PS5Cl,2.9,25,10.1000/abc,no,{first},from the abstract\n"
    assert run("add", write(text), "--write").code == 0
    assert [row["in_training"] for row in rows(tmp_path / "mydata" / "electrolytes.csv")] == ["yes", "no"]
    assert run("add", write(text.replace(first, "e-nobody").replace("2.9", "2.8"))).code == 1  # nothing has this id
    load_literature([SHIPPED, tmp_path / "mydata"])
