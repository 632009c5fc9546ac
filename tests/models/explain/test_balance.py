"""The balance of the first cycle: its terms and what is reported of them, on numbers worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.bundle import load_bundle
from models.explain.lithium_balance import (
    NO_CONSTANT,
    OTHER_CLASS,
    PRINTED,
    TERMS,
    amounts,
    balanced_target,
    first_cycles,
    lithium_terms,
)
from models.tasks.registry import TARGETS
from tests.shared import ROOT


def test_priors_are_differences_of_what_the_reviews_print() -> None:
    rules = pd.read_csv(ROOT / "data" / "literature" / "rules.csv").set_index("rule_id")["value"].astype(float)
    for term in TERMS:
        losses = [100 - rules[rule] for rule in term.rules]
        expected = losses[0] - losses[1] if len(losses) == 2 else sum(losses)
        assert term.prior == pytest.approx(expected, abs=0.05)


def test_what_is_told_of_a_rule_is_what_the_table_holds() -> None:
    rules = pd.read_csv(ROOT / "data" / "literature" / "rules.csv", dtype=str).set_index("rule_id")
    papers = {"zhang-multiscale": "RSC Adv. 15, 33561", "zhang-double-layer": "free from external pressure"}
    assert set(PRINTED) == {rule for term in TERMS for rule in term.rules}
    for rule, text in PRINTED.items():
        row = rules.loc[rule]
        assert text.startswith(f"{row['value']} %,")
        assert f", {row['place']})" in text
        assert papers[row["seed"]] in text


def test_terms_of_a_cell() -> None:
    cell = {
        "stack_pressure_mpa": [0.5, None], "silicon_size_nm": [15.0, None], "voltage_high_v": [0.18, 4.2],
        "voltage_low_v": [-0.6, 2.5],
        "counter_electrode": ["Li-In", "NCM811"], "cell_type": ["half", "full"],
    }  # fmt: skip
    names = [
        "family_oxide",
        "family_garnet",
        "family_nasicon",
        "anode_has_carbon",
        "prelithiated",
        "lithium_per_silicon",
    ]
    vectors = pd.DataFrame([[0, 0, 0, 1, 0, np.nan], [0, 1, 0, 0, 0, 4.2]], columns=names)
    # 150 / 15 nm is one decade; 0.18 V against Li-In are 0.80 V against lithium, 0.2 V short of 1 V
    assert amounts(pd.DataFrame(cell), vectors) == pytest.approx(
        np.array([[1, 0, 1, 1, 0, 1, 0.2], [1, 1, 0, 0, 1, 0, 0]])
    )


@pytest.mark.parametrize(
    ("counter_electrode", "low", "high", "short"),
    [
        ("LiIn", -0.6, 0.18, 0.2),  # against Li-In: 0.80 V against lithium, 0.2 V below 1 V
        ("Li0.5In", -0.6, 0.18, 0.2),
        ("Li0.5In-Li6PS5Cl", -0.6, 0.18, 0.2),
        ("In/InLi", -0.6, 0.18, 0.2),
        ("indium foil", -0.6, 0.18, 0.2),
        ("Li-In", -0.6, 0.88, 0.0),  # 1.5 V against lithium
        ("Li-In", 0.005, 0.8, 0.2),  # converted to Li/Li+, as it begins above 0 V
        ("Li0.5In-Li6PS5Cl", 0.0, 0.8, 0.2),
        ("Li-In", 0.005, 1.5, 0.0),
        ("Li", -0.6, 0.8, 0.2),
        ("Li-Sn", -0.6, 0.8, 0.2),
        ("Li3InCl6", -0.6, 0.8, 0.2),  # indium, but no alloy of it
    ],
)
def test_the_window_tells_what_its_volts_are_against(
    counter_electrode: str, low: float, high: float, short: float
) -> None:
    design = {"cell_type": "half", "counter_electrode": counter_electrode, "voltage_low_v": low, "voltage_high_v": high}
    columns = ("stack_pressure_mpa", "silicon_size_nm")
    terms = amounts(
        pd.DataFrame([design | dict.fromkeys(columns, np.nan)]),
        pd.DataFrame([[0.0] * len(VECTORS)], columns=VECTORS),
    )
    assert terms[0, -1] == pytest.approx(short)


VECTORS = ["family_sulfide", "family_polymer", "family_oxide", "family_garnet", "family_nasicon", "anode_has_carbon",
           "prelithiated", "lithium_per_silicon"]  # fmt: skip


COLUMNS = (
    "stack_pressure_mpa", "silicon_size_nm", "voltage_low_v", "voltage_high_v", "counter_electrode", "cell_type",
)  # fmt: skip


def told(vector: list[float], **stated: object) -> list[tuple[str, float | None, str]]:
    designs = pd.DataFrame([{name: stated.get(name) for name in COLUMNS}])
    (shares,) = lithium_terms(designs, pd.DataFrame([vector], columns=VECTORS))
    return [(share.label.split(":")[0].split(";")[0], share.points, share.missing) for share in shares]


def test_a_described_cell_is_told_its_terms() -> None:
    """Half of the 90 % interval: 1.645 times 10 points. Coarser by a tenth of 150 nm: ten times the area."""
    shares = told([1, 0, 0, 0, 0, 1, 0, np.nan], stack_pressure_mpa=0.5, silicon_size_nm=15.0, cell_type="full")
    assert shares == [
        ("interphase on the electrolyte-facing area", 10.0, ""),
        ("carbon area that decomposes the electrolyte", 17.3, ""),
        ("lithium trapped by lost contact", 23.1, ""),
        ("finer silicon", 0.0, ""),
        ("the cathode's own loss", None, NO_CONSTANT),
    ]
    stated = {"stack_pressure_mpa": 5.0, "silicon_size_nm": 150.0, "cell_type": "full"}
    designs = pd.DataFrame([dict.fromkeys(COLUMNS) | stated])
    ((area, cathode),) = lithium_terms(designs, pd.DataFrame([[1, 0, 0, 0, 0, 0, 0, np.nan]], columns=VECTORS))
    assert (area.text, cathode.text) == ("10 (-6 to 26)", f"not known: {NO_CONSTANT}")
    assert (area.low, area.high) == (pytest.approx(10 - 16.45, abs=0.01), pytest.approx(10 + 16.45, abs=0.01))
    assert area.source.startswith("90 %, micrometre silicon with Li6PS5Cl (Zhang et al., RSC Adv.")


def test_a_term_whose_descriptor_is_missing_says_so() -> None:
    unknown = [np.nan] * len(VECTORS)
    assert told(unknown) == [
        ("interphase on the electrolyte-facing area", None, "electrolyte_class is missing"),
        ("interphase with an oxide", None, "electrolyte_class is missing"),
        ("carbon area that decomposes the electrolyte", None, "carbon_wt_pct is missing"),
        ("lithium trapped by lost contact", None, "stack_pressure_mpa is missing"),
        ("lithium brought along", None, "prelithiated is missing"),
        ("finer silicon", None, "silicon_size_nm is missing"),
        ("lithium left in silicon below the cut-off, per V", None, "cell_type is missing"),
    ]


@pytest.mark.parametrize(
    ("stated", "missing"),
    [
        ({}, "voltage_high_v is missing"),
        ({"voltage_high_v": 0.8}, "counter_electrode is missing"),
        ({"voltage_high_v": 0.8, "voltage_low_v": -0.6}, "counter_electrode is missing"),
        ({"voltage_high_v": 0.8, "voltage_low_v": 0.01}, ""),  # against Li/Li+, whatever the counter electrode
        ({"voltage_high_v": 0.8, "counter_electrode": "LiIn"}, "voltage_low_v is missing"),
        ({"voltage_high_v": 0.8, "counter_electrode": "LiIn", "voltage_low_v": -0.8}, None),  # 1.42 V
        ({"voltage_high_v": 0.18, "counter_electrode": "LiIn", "voltage_low_v": -0.6}, ""),  # 0.80 V
        ({"voltage_high_v": 0.8, "counter_electrode": "Li"}, ""),
        ({"voltage_high_v": 1.2}, None),  # above 1 V against either
    ],
)
def test_a_cut_off_is_judged_where_it_is_known_what_it_is_against(
    stated: dict[str, object], missing: str | None
) -> None:
    last = told([1, 0, 0, 0, 0, 0, 0, np.nan], cell_type="half", silicon_size_nm=15.0, stack_pressure_mpa=5.0, **stated)
    expected = [] if missing is None else [("lithium left in silicon below the cut-off, per V",)]
    assert [share[:1] for share in last if share[0].startswith("lithium left")] == expected
    assert last[-1][2] == (missing or "")


@pytest.mark.parametrize(
    ("family", "missing"), [("sulfide", ""), ("garnet", ""), ("oxide", ""), ("polymer", OTHER_CLASS)]
)
def test_only_sulfides_and_oxides_have_a_constant_of_the_interphase(family: str, missing: str) -> None:
    vector = [float(name == f"family_{family}") for name in VECTORS]
    assert told(vector)[0] == ("interphase on the electrolyte-facing area", None if missing else 10.0, missing)


def test_a_design_without_an_anode_has_no_first_cycle(bundle_folder: Path) -> None:
    bundle = load_bundle(bundle_folder)
    designs = pd.DataFrame([{"electrolyte": "Li6PS5Cl", "anode": "Si/C", "stack_pressure_mpa": 0.0},
                            {"electrolyte": "Li6PS5Cl"}])  # fmt: skip
    first, second = first_cycles(bundle, "ice_pct", designs)
    assert second is None
    assert first is not None
    points = {share.label: share.points for share in first}
    assert points["lithium trapped by lost contact"] == 23.1
    assert points["carbon area that decomposes the electrolyte"] == 17.3
    assert "interphase with an oxide" not in points  # the class is known, and is none


def test_the_balance_belongs_to_the_efficiency_of_the_first_cycle() -> None:
    assert balanced_target(TARGETS) == "ice_pct"
    assert balanced_target(["conductivity_s_per_cm", "retention_pct"]) is None
