from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from training.public import obelix
from training.public.connector import Converted

HEADER = (
    "ID,Reduced Composition,Z,True Composition,Ionic conductivity (S cm-1),Space group,Space group #,"
    "a,b,c,alpha,beta,gamma,Family,DOI,note,close match"
)
CELL = "4,5,6,90,90,120"


def table(folder: Path, *lines: str, cifs: dict[str, str] | None = None) -> Converted:
    """Invented rows in the layout of the table."""
    (folder / "all.csv").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    with zipfile.ZipFile(folder / "all_cifs.zip", "w") as archive:
        for name, text in (cifs or {}).items():
            archive.writestr(f"some_folder/{name}.cif", text)
    return obelix.rows(folder)


def test_a_row_with_everything(tmp_path: Path) -> None:
    line = f"ab1,Li6PS5Cl,4,Li24.0P4.0S20.0Cl4.0,2.5e-3,F-43m,216,{CELL},argyrodites,10.1000/AB.s001|10.1000/CD,odd,Yes"
    (row,) = table(tmp_path, line, cifs={"ab1": "data_x"}).rows
    assert row.measurement_id == "obelix:ab1"
    assert row.electrolyte == "Li6PS5Cl"
    assert row.composition == "Li24.0P4.0S20.0Cl4.0"
    assert (row.conductivity_s_per_cm, row.conductivity_qualifier, row.as_written) == (2.5e-3, "=", "2.5e-3")
    assert (row.space_group, row.formula_units_per_cell) == ("F-43m", 4)
    lattice = [getattr(row, f"lattice_{edge}_angstrom") for edge in "abc"]
    assert [*lattice, row.lattice_alpha_deg, row.lattice_beta_deg, row.lattice_gamma_deg] == [4, 5, 6, 90, 90, 120]
    assert row.electrolyte_class == "sulfide-argyrodite"
    assert row.temperature_c == 25
    # the supplement is its article's, capitals do not count
    assert row.source_id == "10.1000/ab|10.1000/cd"
    assert row.cif_text == "data_x"
    assert (row.seed, row.place) == ("obelix", "ab1")
    assert row.note == (
        "room temperature, by the collection's own definition; the CIF is of a closely matching structure; "
        "the collection remarks: odd"
    )


def test_a_bound_stays_a_bound(tmp_path: Path) -> None:
    converted = table(tmp_path, f"ab1,Li4SiO4,1,Li4SiO4,<1E-10,,,{CELL},,10.1/a,,")
    assert (converted.rows[0].conductivity_s_per_cm, converted.rows[0].conductivity_qualifier) == (1e-10, "<")
    assert converted.counts == {"rows": 1, "censored": 1, "refused": 0}


def test_the_composition_of_the_cell_wins_and_says_so(tmp_path: Path) -> None:
    # Li2O2 is half lithium, Li2O two thirds: the fractions differ by 1/6 + 1/6
    (row,) = table(tmp_path, f"ab1,Li2O,1,Li2O2,1e-6,P1,2,{CELL},garnet,,,").rows
    assert row.electrolyte == row.composition == "Li2O2"
    assert "the reduced composition, Li2O, is another one" in (row.note or "")
    assert "the number printed beside the space group, 2, is another one" in (row.note or "")
    assert row.source_id == "obelix:ab1"


def test_a_reduced_composition_without_amounts_gives_way(tmp_path: Path) -> None:
    (row,) = table(tmp_path, "ab1,Li2S-P2S5,,Li3PS4,1e-6,,,4,5,6,,,,,,,").rows
    assert row.electrolyte == "Li3PS4"
    assert (row.formula_units_per_cell, row.lattice_c_angstrom, row.lattice_alpha_deg) == (None, 6, None)


def test_a_symbol_that_cannot_be_read_gives_way_to_the_number(tmp_path: Path) -> None:
    (row,) = table(tmp_path, f"ab1,Li2O,1,Li2O,1e-6,Xyz,225,{CELL},,,,").rows
    assert row.space_group == "225"
    assert "space group printed as Xyz" in (row.note or "")


@pytest.mark.parametrize(
    ("family", "formula", "found"),
    [
        ("garnet", "Li7La3Zr2O12", "oxide-garnet"),
        ("argyrodites", "Li6PO5Cl", None),  # an argyrodite without sulfur is of none of our classes
        ("thio-LISICON", "Li4GeS4", "sulfide-thiolisicon"),
        ("thio-LISICON", "Li4GeSe4", None),
        ("chlorides", "Li3YCl6", "halide"),
        ("chlorides", "Li3OCl", None),
        ("oxides", "Li2ZrO3", None),
    ],
)
def test_a_family_gives_a_class_only_where_the_formula_fits(
    family: str, formula: str, found: str | None, tmp_path: Path
) -> None:
    (row,) = table(tmp_path, f"ab1,{formula},1,{formula},1e-6,,,{CELL},{family},,,").rows
    assert row.electrolyte_class == found


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"x,Li2O,1,Li2O,about 1e-6,,,{CELL},,,,", "the conductivity cannot be read: 'about 1e-6'"),
        ("x,Li2O,1,Li2O,1e-6,,,4,5,6?,90,90,90,,,,", r"column c cannot be read: '6\?'"),
        (f"x,Li2O,1,Li2Oo,1e-6,,,{CELL},,,,", "the formula cannot be read: Li2Oo"),
        (f"x,Li2O,1,Li2O,50,,,{CELL},,,,", "conductivity_s_per_cm: got 50.0, expected a plain number in S/cm"),
    ],
)
def test_what_cannot_be_read_is_refused(line: str, reason: str, tmp_path: Path) -> None:
    converted = table(tmp_path, line)
    assert converted.rows == []
    assert re.search(reason, converted.refused[0].reason)
    assert converted.refused[0].place == "x"


def test_the_real_table(tables: dict[str, Converted]) -> None:
    converted = tables["obelix"]
    # 599 rows, 37 of them printed as bounds and 321 with a CIF, by the collection's own README
    assert converted.counts == {"rows": 599, "censored": 37, "refused": 0}
    assert {row.conductivity_s_per_cm for row in converted.rows if row.conductivity_qualifier == "<"} == {1e-10, 1e-8}
    assert sum(row.cif_text is not None for row in converted.rows) == 321
    assert sum("|" in (row.source_id or "") for row in converted.rows) == 6
    by_id = {row.place: row for row in converted.rows}
    assert by_id["7cr"].conductivity_s_per_cm == 4.4e-18
    assert by_id["ro9"].source_id == "10.1039/c3dt52917g"
    # the one row whose columns disagree: cadmium is twice what the reduced composition says
    assert [row.place for row in converted.rows if "is another one: that of" in (row.note or "")] == ["r5y"]


def test_the_official_split_is_covered(tables: dict[str, Converted], datasets: Path) -> None:
    places = {row.place for row in tables["obelix"].rows}
    for file, count in (("train_idx.csv", 478), ("test_idx.csv", 121)):
        ids = (datasets / "obelix" / file).read_text().split()[1:]
        assert len(ids) == count
        assert set(ids) <= places
