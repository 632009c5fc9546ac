"""A design space read from its file: what it becomes, and every mistake with its line, all at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.tables.mistakes import InputError
from serving.screen.design_space import Space
from serving.screen.space_reader import KEEP_KEYS, KEYS, read_space
from tests.shared import ROOT

CELL = "electrolyte: Li6PS5Cl\ndesign: {anode: nano-Si, silicon_wt_pct: [50, 60]}\n"


def read(folder: Path, content: str) -> Space:
    path = folder / "space.yaml"
    path.write_text(content, encoding="utf-8")
    return read_space(path)


@pytest.mark.parametrize(
    ("content", "size"),
    [
        ("electrolyte: Li6PS5Cl", 1),
        ("electrolyte: Li6PS5{Cl,Br,I}", 3),
        ("electrolyte: {formula: Li7-xLa3Zr2-xTaxO12, x: 0..1 step 0.05}", 21),
        # two halides x 11 amounts, and one garnet with two dopants of three amounts
        (
            "electrolyte:\n  - {formula: 'Li6PS5Cl(1-x){Br,I}(x)', x: 0..1 step 0.1}\n"
            "  - {formula: Li7La3Zr2O12, dopant: [Al, Ga], site: Li, x: [0.1, 0.2, 0.3]}",
            22 + 6,
        ),
        # 2 x 3 x 5
        (CELL + "  \n", 2),
        ("electrolyte: Li6PS5{Cl,Br}\ndesign: {temperature_c: [25, 60, 80], stack_pressure_mpa: 0..8 step 2}", 30),
        ("electrolyte: Li6PS5Cl\ndesign: {temperature_c: 0..100}\nsample: {method: sobol, points: 1000}", 1000),
    ],
)
def test_sizes_by_hand(tmp_path: Path, content: str, size: int) -> None:
    assert read(tmp_path, content).size == size


def test_what_is_predicted_follows_the_anode(tmp_path: Path) -> None:
    assert read(tmp_path, "electrolyte: Li6PS5Cl").targets == ("conductivity_s_per_cm",)
    assert len(read(tmp_path, CELL).targets) == 4
    assert read(tmp_path, CELL + "targets: ice_pct").targets == ("ice_pct",)
    asked = read(tmp_path, CELL + "targets: [first_capacity_mah_per_g, ice_pct]")
    assert (asked.targets, asked.ranges) == (("ice_pct",), ("first_capacity_mah_per_g",))


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("electrolyte: Li6PS5Cl\ntargets: activation_energy_ev", 2),
        ("electrolyte: Li6PS5Cl\ntargets: [conductivity_s_per_cm, activation_energy_ev]", 2),
        (CELL + "targets:\n  - ice_pct\n  - activation_energy_ev\n  - capacity_mah_per_g", 5),
    ],
)
def test_the_activation_energy_is_refused_in_one_sentence(tmp_path: Path, content: str, line: int) -> None:
    with pytest.raises(InputError) as refused:
        read(tmp_path, content)
    (said,) = refused.value.mistakes
    assert str(said).startswith(f"space.yaml line {line}, column targets: got activation_energy_ev, expected")
    assert str(said).endswith("a screen does not tell the activation energy: use `silion predict` on what it keeps")
    assert read(tmp_path, CELL).ranges == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("design: {temperature_c: 25}", "column electrolyte: got no such key, expected at least one formula"),
        ("electrolyte: []", "column electrolyte: got an empty list"),
        ("electrolyte: Li6PS5Clx", "column x: got no values for the x of Li6PS5Clx, expected such as x: "),
        ("electrolyte: LPSCm", "column electrolyte: got 'LPSCm'.*closest known names: LPSCl"),
        ("electrolyte: {x: 1}", "column formula: got nothing"),
        ("electrolyte: {formula: Li6PS5Cl, x: 0..1 step 0.1}", "column x: got values of x, expected x in the formula"),
        ("electrolyte: {formula: Li6PS5Clx, x: 0..1}", "expected a step or points on a grid"),
        ("electrolyte: {formula: Li6PS5Clx, x: -1}", "a number from 0 to 1000"),
        ("electrolyte: {formula: Li6PS5Cl, doped: Al}", "column doped: got an unknown key.*closest: dopant"),
        ("electrolyte: {formula: Li6PS5Cl, dopant: Ge, x: 0.1}", "column site: got nothing"),
        ("electrolyte: {formula: Li6PS5Cl, dopant: Ge, site: P}", "column x: got nothing, expected the amount"),
        ("electrolyte: {formula: Li6PS5Cl, dopant: Fe, site: P, x: 0.1}", "one certain charge in place of Fe"),
        ("electrolyte: {formula: Li6PS5Cl, dopant: Ge, site: Zr, x: 0.1}", "column site: got Zr, expected an elem"),
        ("electrolyte: {formula: Li6PS5Cl, site: P}", "column site: got no dopant to go with it"),
        ("electrolyte: {formula: Li6PS5Cl, electrolyte_class: sulfid}", "column electrolyte_class: got 'sulfid'"),
        ("electrolyte: {formula: [Li6PS5Cl]}", "column formula: got a list or keys, expected one value"),
        ("electrolyte: [[Li6PS5Cl]]", "column electrolyte: got a list, expected a formula"),
        ("electrolyte: LPSCl\ndesign: {temperature_c: 25,5}", "column 5: got an unknown key, expected a decimal point"),
        ("electrolyte: LPSCl\ndesign: {temperature_c: 0 - 100}", "got '0 - 100', expected a range such as 0..1 step"),
        (CELL + "desing: {}", "line 3, column desing: got an unknown key.*closest: design"),
        ("electrolyte: Li6PS5Cl\ndesign: {temperature_k: 300}", "column temperature_k: .*closest: temperature_c"),
        ("electrolyte: Li6PS5Cl\ndesign: {temperature_c: -300}", "column temperature_c: got '-300'.*at least -150"),
        ("electrolyte: Li6PS5Cl\ndesign: {temperature_c: -300..0 step 5}", "column temperature_c: got '-300'"),
        ("electrolyte: Li6PS5Cl\ndesign: {temperature_c: 0..1 by 2}", "a range such as 0..1 step 0.05"),
        ("electrolyte: Li6PS5Cl\ndesign: {cell_type: [full, hlaf]}", "column cell_type: got 'hlaf'.*half"),
        ("electrolyte: Li6PS5Cl\ndesign: {temperature_c: {low: 0}}", "got a list or keys, expected single values"),
        ("electrolyte: Li6PS5Cl\ndesign: {temperature_c: []}", "column temperature_c: got an empty list"),
        ("electrolyte: Li6PS5Cl\ndesign: 5", "column design: got no keys"),
        (CELL + "constraints: silicon_wt < 5", "column constraints: got 'silicon_wt < 5'.*silicon_wt_pct"),
        (CELL + "constraints: [stack_pressure_mpa < 5]", "a known column in place of stack_pressure_mpa"),
        (CELL + "sample: sobl", "column method: got 'sobl'.*sobol"),
        (CELL + "sample: sobol", "column points: got nothing, expected how many"),
        (CELL + "sample: {method: grid, points: 5}", "no points: a grid takes every combination"),
        (CELL + "sample: {method: latin-hypercube, points: 2000000}", "a whole number from 1 to 1,000,000"),
        (CELL + "sample: {method: sobol, points: 1.5}", "column points: got '1.5', expected a whole number"),
        (CELL + "sample: {method: sobol, points: 8, seed: -1}", "column seed: got '-1'"),
        (CELL + "targets: [ice]", "column targets: got 'ice'.*closest: ice_pct"),
        ("electrolyte: Li6PS5Cl\ntargets: [ice_pct]", "column targets: got ice_pct, expected an anode under design"),
        (
            CELL + "targets: [capacity_mah_per_g]",
            "column targets: got capacity_mah_per_g, expected beside them what designs are chosen by, one of cond",
        ),
        (
            CELL + "targets: [ice_pct, capacity_mah_per_g]\nkeep: {top: 2, by: {capacity_mah_per_g: high}}",
            "column capacity_mah_per_g: got an unknown key",
        ),
        (CELL + "keep: {where: ice_low_pct > 85}", "column where.*closest: .*ice_pct_low"),
        (CELL + "keep: {domain: close}", "column domain: got 'close', expected one of any, near, inside"),
        (CELL + "keep: {pareto: [ice_pct]}", "column pareto: got no keys"),
        (CELL + "keep: {pareto: {ice_pct: up}}", "column ice_pct: got 'up', expected one of high, low"),
        (CELL + "keep: {pareto: {ice: high}}", "column ice: got an unknown key.*closest: ice_pct"),
        (CELL + "keep: {top: 5}", "column by: got 0 columns, expected one column"),
        (CELL + "keep: {by: {ice_pct: high}}", "column top: got nothing"),
        (CELL + "keep: {top: 0, by: {ice_pct: high}}", "column top: got '0', expected a whole number from 1"),
        (CELL + "energy: 5", "column energy: got no keys"),
        (CELL + "energy: {stack: review}", "got nothing for electrolyte_thickness_um, electrolyte_density_g_per_cm3"),
        (CELL + "energy: {stack: review, np_ratio: 1}", "column np_ratio: got a layer, expected no such key"),
        (CELL + "energy: {np_ratio: 1.1}", "got nothing for cathode_loading_mg_per_cm2, .*nothing is assumed silently"),
        (CELL + "energy: {stack: review, electrolyte_density_g_per_cm3: heavy}", "a known column in place of heavy"),
        (
            "electrolyte: {formula: Li6PS5Cl, form: glass}\ndesign: {form: [glass, film]}",
            "column form: got a value here and under design",
        ),
        (CELL + "map: [silicon_wt_pct]", "column map: got 1 columns"),
    ],
)  # fmt: skip
def test_mistakes(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(tmp_path, content)


def test_all_mistakes_at_once_with_their_lines(tmp_path: Path) -> None:
    content = (
        "electrolyte:\n  - Li6PS5Clx\n  - LPSCm\ndesign:\n  temperature_c: -300\n  stack_pressure_bar: 5\n"
        "constraints:\n  - temperature_c > 5\n  - abs(temperature_c) > 5\nkeep:\n  top: many\n"
    )
    with pytest.raises(InputError) as caught:
        read(tmp_path, content)
    assert [mistake.line for mistake in caught.value.mistakes] == [2, 3, 5, 6, 9, 11]


def test_a_space_that_explodes_is_refused_with_its_size(tmp_path: Path) -> None:
    # 100,001 x 100,001 x 100,001: one quadrillion
    content = (
        "electrolyte: Li6PS5Cl\ndesign:\n  temperature_c: 0..100 step 0.001\n  stack_pressure_mpa: 0..100 step 0.001\n"
        "  silicon_wt_pct: 0..100 step 0.001\n"
    )
    with pytest.raises(InputError, match=r"1e\+15 designs, expected at most 100,000,000.*100,001 values.*sobol"):
        read(tmp_path, content)


LISTING = re.findall(r"```yaml\n(.*?)```", (ROOT / "data" / "examples" / "README.md").read_text("utf-8"), re.DOTALL)[0]


def test_the_listing_of_the_readme_is_a_space(tmp_path: Path) -> None:
    """Every key of the language stands in it."""
    space = read(tmp_path, LISTING)
    assert space.size == 10_000
    assert {*KEYS} <= set(re.findall(r"^(\w+):", LISTING, re.MULTILINE))
    assert {*KEEP_KEYS} <= set(re.findall(r"^  (\w+):", LISTING, re.MULTILINE))
    assert space.selection.diverse
    assert space.selection.pessimistic


@pytest.mark.slow
@settings(max_examples=300)
@given(
    st.integers(0, len(LISTING)),
    st.integers(0, 12),
    st.text(alphabet="x1.~-+*/(){}[]:,&!#'\"|>\n\t Liµ\x00", max_size=6),
)
def test_a_spoilt_space_is_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, place: int, gone: int, written: str
) -> None:
    """Whatever is struck out or typed in: a space, or an InputError."""
    spoilt = LISTING[:place] + written + LISTING[place + gone :]
    try:
        assert read(tmp_path_factory.mktemp("spoilt"), spoilt).size > 0
    except InputError as error:
        assert len(str(error)) > 20  # noqa: PT017  # both outcomes are right


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ("electrolyte: {formula: Li2ZrCl6, dopant: [Y, Fe], site: Zr, x: 0..1 step 0.5}", "dopant"),
        (CELL + "keep: {top: 3, by: {ice: high}}", "ice"),
    ],
)
def test_one_mistake_is_said_once(tmp_path: Path, content: str, key: str) -> None:
    """Nothing is said of the amount of a dopant that was refused, nor of a ranking whose column is unknown."""
    with pytest.raises(InputError) as error:
        read(tmp_path, content)
    assert [mistake.column for mistake in error.value.mistakes] == [key]
