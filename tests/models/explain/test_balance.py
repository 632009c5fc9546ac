"""The balance of the first cycle: its terms and what is told of them, on numbers worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.bundle import load_bundle
from models.explain.balance import NO_CONSTANT, PRINTED, TERMS, Balance, amounts, first_cycles, shares_told
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
    # the prior alone: 10 + 17.3 + 23.1 of the first, 10 + 6.8 - 25.8 of the second
    assert Balance.prior().loss(amounts(pd.DataFrame(cell), vectors)) == pytest.approx([50.4, -9.0])


def test_a_constant_of_a_paper_held_out_is_not_used() -> None:
    blind = Balance.prior(frozenset({"ice-pure-si-pressure-free"}))
    assert blind.mean.tolist() == [10.0, 6.8, 17.3, 0.0, 0.0, 0.0, 0.0]
    assert np.sqrt(np.diag(blind.covariance)).tolist() == [10.0, 10.0, 10.0, 20.0, 20.0, 10.0, 10.0]


def test_ten_cells_of_one_paper_move_less_than_of_ten_papers() -> None:
    terms, loss = np.repeat(np.eye(1, 7), 10, axis=0), np.full(10, 30.0)
    one = Balance.prior().moved(terms, loss, np.full(10, "a")).mean[0]
    ten = Balance.prior().moved(terms, loss, np.array(list("abcdefghij"))).mean[0]
    assert 10.0 < one <= ten < 30.0


VECTORS = ["family_argyrodite", "family_oxide", "family_garnet", "family_nasicon", "anode_has_carbon", "prelithiated",
           "lithium_per_silicon"]  # fmt: skip


def told(vector: list[float], **stated: object) -> list[tuple[str, float | None, str]]:
    columns = ("stack_pressure_mpa", "silicon_size_nm", "voltage_high_v", "counter_electrode", "cell_type")
    designs = pd.DataFrame([{name: stated.get(name) for name in columns}])
    (shares,) = shares_told(designs, pd.DataFrame([vector], columns=VECTORS))
    return [(share.label.split(":")[0].split(";")[0], share.points, share.missing) for share in shares]


def test_a_described_cell_is_told_its_terms() -> None:
    """Half of the 90 % interval: 1.645 times 10 points. Coarser by a tenth of 150 nm: ten times the area."""
    shares = told([1, 0, 0, 0, 1, 0, np.nan], stack_pressure_mpa=0.5, silicon_size_nm=15.0, cell_type="full")
    assert shares == [
        ("interphase on the electrolyte-facing area", 10.0, ""),
        ("carbon area that decomposes the electrolyte", 17.3, ""),
        ("lithium trapped by lost contact", 23.1, ""),
        ("finer silicon", 0.0, ""),
        ("the cathode's own loss", None, NO_CONSTANT),
    ]
    designs = pd.DataFrame([{"stack_pressure_mpa": 5.0, "silicon_size_nm": 150.0, "cell_type": "full",
                             "voltage_high_v": None, "counter_electrode": None}])  # fmt: skip
    ((area, _),) = shares_told(designs, pd.DataFrame([[1, 0, 0, 0, 0, 0, np.nan]], columns=VECTORS))
    assert (area.low, area.high) == (pytest.approx(10 - 16.45, abs=0.01), pytest.approx(10 + 16.45, abs=0.01))
    assert area.source.startswith("90 %, micrometre silicon with Li6PS5Cl (Zhang et al., RSC Adv.")


def test_a_term_whose_descriptor_is_missing_says_so() -> None:
    unknown = [np.nan] * len(VECTORS)
    assert told(unknown)[1:] == [
        ("interphase with an oxide", None, "electrolyte_class is missing"),
        ("carbon area that decomposes the electrolyte", None, "carbon_wt_pct is missing"),
        ("lithium trapped by lost contact", None, "stack_pressure_mpa is missing"),
        ("lithium brought along", None, "prelithiated is missing"),
        ("finer silicon", None, "silicon_size_nm is missing"),
        ("lithium left in silicon below the cut-off, per V", None, "cell_type is missing"),
    ]
    assert told(unknown, cell_type="half")[-1][2] == "voltage_high_v is missing"
    # 0.18 V against Li-In are 0.80 V against lithium, 0.2 V short
    half = told(unknown, cell_type="half", voltage_high_v=0.18, counter_electrode="Li-In")
    assert half[-1] == ("lithium left in silicon below the cut-off, per V", 0.0, "")


def test_a_design_without_an_anode_has_no_first_cycle(bundle_folder: Path) -> None:
    bundle = load_bundle(bundle_folder)
    designs = pd.DataFrame([{"electrolyte": "Li6PS5Cl", "anode": "Si/C", "stack_pressure_mpa": 0.0},
                            {"electrolyte": "Li6PS5Cl"}])  # fmt: skip
    first, second = first_cycles(bundle, designs)
    assert second is None
    assert first is not None
    points = {share.label: share.points for share in first}
    assert points["lithium trapped by lost contact"] == 23.1
    assert points["carbon area that decomposes the electrolyte"] == 17.3
    assert "interphase with an oxide" not in points  # the class is known, and is none
