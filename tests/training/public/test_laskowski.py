from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from features.composition import composition_of
from training.public import laskowski
from training.public.connector import Converted
from training.public.laskowski import Layout, read_layout

LOOKUP = "ref. number,DOI\n1,10.1000/ONE\n2,10.1002/chin.199900001\n3,10.1000/three.s001\n4,10.1000/four\n"


def iter_lines(layout: Layout) -> list[int]:
    """Every line number the layout accounts for."""
    return [*(line for entry in layout.entries for line in entry.lines), *layout.names, *layout.refused]


def table(folder: Path, *lines: str) -> Converted:
    """Invented lines in the layout of the table."""
    (folder / laskowski.TABLE).write_text("\r\n".join(lines) + "\r\n", encoding="utf-8", newline="")
    (folder / laskowski.LOOKUP).write_text(LOOKUP, encoding="utf-8")
    return laskowski.rows(folder)


def test_a_row(tmp_path: Path) -> None:
    (row,) = table(tmp_path, "Li4SiS4,5.00E-08̅,0.56̅,P2 /m 1,11,γ-thing,59708,1").rows
    assert (row.measurement_id, row.electrolyte, row.composition) == ("laskowski:line 1", "Li4SiS4", "Li4SiS4")
    assert (row.conductivity_s_per_cm, row.activation_energy_ev, row.temperature_c) == (5e-8, 0.56, 25)
    # the symbol lost its subscript to the end; the number did not
    assert row.space_group == "11"
    assert row.source_id == "10.1000/one"
    assert row.as_written == "Li4SiS4; 5.00E-08̅; 0.56̅; P2 /m 1; 11; γ-thing; 59708; 1"
    assert row.note == "room temperature, by the collection's own definition; named γ-thing"


def test_a_bound_and_a_row_without_conductivity(tmp_path: Path) -> None:
    bound, barrier = table(tmp_path, "LiBO2,<1E-10,,,,,,1", "Li2O,,0.7,,,,,1").rows
    assert (bound.conductivity_s_per_cm, bound.conductivity_qualifier) == (1e-10, "<")
    assert (barrier.conductivity_s_per_cm, barrier.activation_energy_ev) == (None, 0.7)


@pytest.mark.parametrize(
    ("lines", "electrolyte"),
    [
        # the reference stands in any of the three lines, the formula's middle may stand beside the values
        (["Li6.4La3Zr1.4Ta0.6O1,,,,,,,1", '"",1e-4,0.3,Ia3̅d,230,,,', "2,,,,,,,"], "Li6.4La3Zr1.4Ta0.6O12"),
        (["0.5Li2S-,,,,,,,", '"",1e-4,0.3,,,,,1', "0.5SiS2,,,,,,,"], "0.5Li2S-0.5SiS2"),
        (["0.5Li2O-,,,,,,,1", "0.1TiO2-,1e-4,0.3,,,,,", "0.4P2O5,,,,,,,"], "0.5Li2O-0.1TiO2-0.4P2O5"),
        (["Li3PS4 – 5 wt%,,0.3,,,,,1", '"",1e-4,,,,,,', "Al2O3,,,,,,,"], "Li3PS4-5 wt% Al2O3"),
        (["0.9(0.6Li S-0.4SiS )-2 2,,0.3,,,,,1", '"",1e-4,,,,,,', "0.1LiI,,,,,,,"], "0.9(0.6Li2S-0.4SiS2)-0.1LiI"),
    ],
)
def test_rows_broken_over_three_lines(lines: list[str], electrolyte: str, tmp_path: Path) -> None:
    (row,) = table(tmp_path, *lines, "LiI,1e-7,,,,,,1").rows[:-1]
    assert row.electrolyte == electrolyte
    assert (row.conductivity_s_per_cm, row.activation_energy_ev, row.source_id) == (1e-4, 0.3, "10.1000/one")
    assert row.place == "lines 1 to 3"


def test_two_rows_are_not_taken_for_one_broken(tmp_path: Path) -> None:
    # both print a reference: the first lost its values, the second is whole
    converted = table(tmp_path, "Li2S,,,,,,,1", "Li2O,1e-4,,,,,,1", "LiI,,,,,,,")
    assert [row.electrolyte for row in converted.rows] == ["Li2O"]
    assert [(each.place, each.reason) for each in converted.refused] == [
        ("line 1", "neither a conductivity nor an activation energy"),
        ("line 3", "neither a conductivity nor an activation energy"),
    ]


def test_common_names_and_section_headings(tmp_path: Path) -> None:
    lines = ['"",,,,,β-,,', "LiBO2,1e-8,,,,LiB,,1", '"",,,,,O2,,', '"",,,,,,,', "Garnets,,,,,,,"]
    converted = table(tmp_path, *lines)
    (row,) = converted.rows
    assert "named" not in (row.note or "")  # the name is printed over three lines
    assert [each.place for each in converted.refused] == ["line 5"]
    layout = read_layout("\r\n".join(lines))
    assert layout.names == [1, 3, 4]
    assert sorted(iter_lines(layout)) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("reference", "paper", "note"),
    [
        ("3-4", "10.1000/three|10.1000/four", ""),
        ("2", "10.1002/chin.199900001", "an abstract in ChemInform"),
        ("77", "laskowski:ref 77", ""),
        ("", "laskowski:line 1", "no reference printed"),
        ("see text", "laskowski:line 1", "reference printed as see text"),
    ],
)
def test_papers(reference: str, paper: str, note: str, tmp_path: Path) -> None:
    (row,) = table(tmp_path, f"LiI,1e-7,,,,,,{reference}").rows
    assert row.source_id == paper
    assert note in (row.note or "")


@pytest.mark.parametrize(
    ("symbol", "number", "found", "note"),
    [
        ("P2 /m 1", "11", "11", ""),
        ("Pnma", "", "Pnma", ""),
        ("Pnmb1", "", None, "space group printed as Pnmb1"),
        ("", "", None, ""),
        ("R3̅c", "999", None, "space group number printed as 999"),
    ],
)
def test_space_groups(symbol: str, number: str, found: str | None, note: str, tmp_path: Path) -> None:
    (row,) = table(tmp_path, f"LiI,1e-7,,{symbol},{number},,,1").rows
    assert row.space_group == found
    assert note in (row.note or "")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Li 6 La Ta3 1.5Pm0.5O12,1e-4,,,,,,1", "fit in 2 ways"),
        ("0.5Li2-0.5SiS2,1e-4,,,,,,1", "a component without an anion, 0.5Li2: a letter is missing"),
        ("0.9Li3PS4·10ZnO,1e-4,,,,,,1", "the amounts 0.9 and 10 are not on one scale"),
        ("Li3Si05S4,1e-4,,,,,,1", "no amount: '05' has a letter O in it or lacks a decimal point"),
        ("Lao.5Li0.5TiO3,1e-4,,,,,,1", "the formula cannot be read: Lao.5Li0.5TiO3"),
        ("LiI,1e-4?,,,,,,1", "the conductivity cannot be read: '1e-4?'"),
        ("LiI,1e-4,<0.5,,,,,1", "the energy cannot be read: '<0.5'"),
        ("LiI,<1E10,,,,,,1", "conductivity_s_per_cm: got 10000000000.0"),
        (",,,,,,,1", "no formula"),
        ("LiI,1e-7", "2 cells, expected 8"),
    ],
)
def test_what_cannot_be_read_is_refused(line: str, reason: str, tmp_path: Path) -> None:
    converted = table(tmp_path, line)
    assert converted.rows == []
    assert reason in converted.refused[0].reason


def test_every_line_of_the_real_table_ends_somewhere(datasets: Path, tables: dict[str, Converted]) -> None:
    layout = read_layout((datasets / "laskowski" / laskowski.TABLE).read_text(encoding="utf-8"))
    assert sorted(iter_lines(layout)) == list(range(1, 1929))
    assert (len(layout.entries), len(layout.names), len(layout.refused)) == (1345, 28, 1)
    converted = tables["laskowski"]
    assert converted.counts == {"rows": 1301, "censored": 50, "refused": 45}
    assert len(converted.rows) + len(converted.refused) == len(layout.entries) + len(layout.refused)
    assert all(row.source_id and not row.source_id.startswith("laskowski:ref") for row in converted.rows)


# A reader looked these lines up and wrote down what each says; no part of the table may be kept here, so only digests
# are: of the atomic fractions to four decimals, the conductivity and the activation energy.
SPOTS = {
    1: "9d9db33f544c2450",
    3: "e120138abc9ea22e",
    14: "6e2b415269596889",
    26: "2f75bfd654ae9ba2",
    75: "0a97cffee425bd76",
    107: "63fe233f76de333f",
    108: "21adf1246930b5f9",
    274: "4e30cb028354e3a5",
    320: "2c0b23fb071bf820",
    330: "f91185361c2c34f2",
    365: "d14188b364090248",
    509: "8287d76bf0c50237",
    528: "f7aac5e19f054d79",
    586: "3c93b39baeebb26c",
    657: "98005b014106e42f",
    667: "dbe46556735c01f1",
    721: "5a0e506598917a31",
    820: "ca09ee61b57f7997",
    838: "f0974d17e8ad9c9e",
    880: "b6bd53c5bde10a1d",
    929: "7de9026d6292fc97",
    958: "7e63945db4726633",
    972: "e1154622d4adedc5",
    1068: "ed49ab4e48469d1a",
    1125: "3e2cd5db3494c6c5",
    1246: "8b9c3ad97fe94baa",
    1382: "ba7c07c223ef67c4",
    1642: "39ace5451184bd40",
    1768: "39f678a92fe92b2f",
    1925: "1201928b9761c486",
    1928: "d0188490cab614ef",
}


@pytest.mark.parametrize("line", SPOTS)
def test_spots(line: int, tables: dict[str, Converted]) -> None:
    (row,) = (row for row in tables["laskowski"].rows if row.measurement_id == f"laskowski:line {line}")
    found = composition_of("", row.composition or "")
    assert found is not None
    total, energy = sum(found.values()), row.activation_energy_ev
    words = [f"{element}{found[element] / total:.4f}" for element in sorted(found)]
    text = " ".join([*words, f"{row.conductivity_s_per_cm:g}", "None" if energy is None else f"{energy:g}"])
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == SPOTS[line], text
