"""Energy density of a stack against hand calculations, the review's two points and its three limits."""

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Composition

from features import stack as module
from features.physics import Constant
from features.stack import (
    LLZO_DENSITY_G_PER_CM3,
    LPSCL_DENSITY_G_PER_CM3,
    PEO_DENSITY_G_PER_CM3,
    REVIEW_LIMIT_LLZO,
    REVIEW_LIMIT_LPSCL,
    REVIEW_LIMIT_PEO,
    REVIEW_TARGET,
    AreaBalance,
    Stack,
    areal_capacity_mah_per_cm2,
    cubic_density_g_per_cm3,
    fit_balance,
    fit_review_stack,
    layer_mass_mg_per_cm2,
    np_ratio,
)

RULES = Path(__file__).parents[2] / "data" / "literature" / "rules.csv"
CONSTANTS = {name: value for name, value in vars(module).items() if isinstance(value, Constant)}

EXAMPLE = Stack(
    cathode_loading_mg_per_cm2=20,
    cathode_active_share=0.8,
    cathode_capacity_mah_per_g=200,
    cathode_voltage_v=3.75,
    cathode_layer_density_g_per_cm3=2.5,
    np_ratio=1.25,
    anode_active_share=1,
    anode_capacity_mah_per_g=2500,
    anode_voltage_v=0.35,
    anode_layer_density_g_per_cm3=2,
    electrolyte_thickness_um=30,
    electrolyte_density_g_per_cm3=2,
    cathode_collector_thickness_um=10,
    cathode_collector_density_g_per_cm3=2.7,
    anode_collector_thickness_um=10,
    anode_collector_density_g_per_cm3=8.96,
)
"""By hand, per cm²:
capacity   20 mg x 200 mAh/g = 4 mAh; energy 4 x (3.75 - 0.35) = 13.6 mWh
cathode    20 / 0.8 = 25 mg, 25 mg / 2.5 g/cm3 = 100 um
anode      1.25 x 4 = 5 mAh, / 2500 mAh/g = 2 mg, / 2 g/cm3 = 10 um
collectors 10 um x 2.7 = 2.7 mg, 10 um x 8.96 = 8.96 mg
others     25 + 2 + 2.7 + 8.96 = 38.66 mg, 100 + 10 + 10 + 10 = 130 um
whole      + 30 um x 2 = 6 mg: 44.66 mg and 160 um
           13.6 mWh / 44.66 mg = 304.523 Wh/kg; 13.6 mWh / 0.016 cm3 = 850 Wh/L
"""


@pytest.fixture(scope="module")
def rules() -> dict[str, dict[str, str]]:
    with RULES.open(encoding="utf-8", newline="") as file:
        return {row["rule_id"]: row for row in csv.DictReader(file)}


def energy_density_over_thickness(stack, thickness_um):
    """Wh/kg and Wh/L of the stack with these electrolyte thicknesses (µm) in place of its own."""
    return stack.balance().energy_density(thickness_um, stack.electrolyte_density_g_per_cm3)


def stack_energy_density(stack):
    """Wh/kg and Wh/L of the stack as it is."""
    return tuple(map(float, energy_density_over_thickness(stack, stack.electrolyte_thickness_um)))


@pytest.mark.parametrize("constant", CONSTANTS.values(), ids=CONSTANTS)
def test_constant_is_the_number_of_its_rule(rules, constant):
    rule = rules[constant.rule_id]
    assert constant.value == float(rule["value"])
    assert constant.unit == rule["unit"]


def test_there_are_constants_to_compare():
    assert len(CONSTANTS) == 6


def test_thicknesses_and_target_are_in_the_words_of_their_rules(rules):
    assert rules["energy-density-lpscl-100um"]["subject"].endswith(f"{module.REVIEW_THICK_UM:g} um")
    assert rules["energy-density-lpscl-30um"]["subject"].endswith(f"{module.REVIEW_THIN_UM:g} um")
    for limit in (REVIEW_LIMIT_LLZO, REVIEW_LIMIT_LPSCL, REVIEW_LIMIT_PEO):
        assert rules[limit.rule_id]["quantity"].endswith(f"for {REVIEW_TARGET.value:g} Wh/kg")


@pytest.mark.parametrize(
    ("formula", "units", "edge", "density", "by_hand"),
    [
        # 4 x 268.364 / (6.02214e23 x (9.85e-8)^3) = 1073.456 / 575.519
        ("Li6PS5Cl", 4, 9.85, LPSCL_DENSITY_G_PER_CM3, 1.8652),
        # 8 x 839.746 / (6.02214e23 x (12.968e-8)^3) = 6717.968 / 1313.324
        ("Li7La3Zr2O12", 8, 12.968, LLZO_DENSITY_G_PER_CM3, 5.1153),
    ],
)
def test_crystal_densities(formula, units, edge, density, by_hand):
    mass = float(Composition(formula).weight)
    assert density == pytest.approx(by_hand, abs=1e-4)
    assert density == pytest.approx(float(cubic_density_g_per_cm3(mass, units, edge)), rel=3e-4)  # pymatgen's masses


def test_crystal_density_of_an_unknown_edge_is_unknown():
    assert np.isnan(cubic_density_g_per_cm3(268.364, 4, np.nan))


def test_peo_lies_between_amorphous_and_crystalline():
    assert 44.05 / 38.9 < PEO_DENSITY_G_PER_CM3 < 44.05 / 34.5


@pytest.mark.parametrize(
    ("loading", "capacity", "expected", "within"),
    [
        (20, 200, 4, 1e-12),
        (20, 138.9, 2.8, 0.05),  # double-layer paper: 2.778, printed as 2.8 mAh/cm2
        (12, 141.8, 1.7, 0.05),  # double-layer paper: 1.7016, printed as 1.7 mAh/cm2
        (0, 200, 0, 0),
        (np.nan, 200, np.nan, 0),
    ],
)
def test_areal_capacity(loading, capacity, expected, within):
    assert areal_capacity_mah_per_cm2(loading, capacity) == pytest.approx(expected, abs=within, nan_ok=True)


@pytest.mark.parametrize(
    ("anode", "cathode", "expected"),
    [(5, 4, 1.25), (0, 4, 0), (np.nan, 4, np.nan), (5, np.nan, np.nan), (-1, 4, np.nan), (5, -4, np.nan),
     (0, 0, np.nan), (5, 0, np.inf), (5, -0.0, np.inf)],
)  # fmt: skip
def test_np_ratio(anode, cathode, expected):
    assert np_ratio(anode, cathode) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("rule_np", "rule_capacity"),
    [(f"np-ratio-loading-{loading}", f"areal-capacity-loading-{loading}") for loading in (12, 36, 54)],
)
def test_np_ratio_of_the_double_layer_cells_by_cathode_loading(rules, rule_np, rule_capacity):
    # 18.75 / 1.7 = 11.03, 18.75 / 5.4 = 3.47, 18.75 / 7.8 = 2.404; printed 11, 3.5, 2.4
    anode = float(rules["theoretical-areal-capacity-1875"]["value"])
    printed = rules[rule_np]["value"]
    digits = len(printed.partition(".")[2])
    assert round(float(np_ratio(anode, float(rules[rule_capacity]["value"]))), digits) == float(printed)


def test_np_ratios_1_6_3_3_6_7_follow_only_when_cut_not_rounded():
    # The paper prints the three anodes (4.67, 9.37, 18.75 mAh/cm2) and says the cathode is the same, not which capacity
    # it has. Which anode is which N/P follows from thickness: cycled over (1 + expansion) gives 22.1, 50.2, 105 um.
    cycled = np.array([37.4, 64.9, 121.4]) / (1 + np.array([69.2, 29.3, 15.6]) / 100)
    np.testing.assert_allclose(cycled, [22.1, 50.2, 105.0], atol=0.05)
    anodes, printed = np.array([4.67, 9.37, 18.75]), np.array([1.6, 3.3, 6.7])
    # Taken as rounded, no one cathode fits, even with the anodes' own rounding: the first needs at least
    # 4.665 / 1.65 = 2.827 mAh/cm2, the last at most 18.755 / 6.65 = 2.820.
    assert ((anodes - 0.005) / (printed + 0.05)).max() > ((anodes + 0.005) / (printed - 0.05)).min()
    # The cathode printed for the 6.7 cell (20 mg/cm2 of 138.9 mAh/g) gives 1.681, 3.373, 6.749: cut, they are printed.
    ratios = np_ratio(anodes, areal_capacity_mah_per_cm2(20, 138.9))
    np.testing.assert_allclose(ratios, [1.681, 3.373, 6.749], atol=5e-4)
    np.testing.assert_allclose(np.floor(ratios * 10) / 10, printed)
    assert round(float(ratios[2]), 1) == 6.7  # this one rounded as well


def test_double_layer_anodes_go_with_their_free_silicon():
    # Milligrams of silicon without lithium: 25 % of 5 mg, 50 % of 5 mg, 50 % of 10 mg. The ratio is constant to 0.4 %;
    # the capacities themselves cannot be derived, the area of the mould is not printed.
    np.testing.assert_allclose(np.array([4.67, 9.37, 18.75]) / [1.25, 2.5, 5.0], 3.75, rtol=4e-3)


def test_layer_mass():
    # a litre spread over 1 m2 is 1 mm high: 1000 um x 1 g/cm3 = 1 kg/m2 = 100 mg/cm2
    assert layer_mass_mg_per_cm2(1000, 1) == pytest.approx(100)
    assert np.isnan(layer_mass_mg_per_cm2(np.nan, 1))


def test_stack_by_hand():
    assert EXAMPLE.voltage_v == pytest.approx(3.4)
    assert EXAMPLE.areal_capacity_mah_per_cm2 == pytest.approx(4)
    assert EXAMPLE.anode_loading_mg_per_cm2 == pytest.approx(2)
    assert EXAMPLE.cathode_thickness_um == pytest.approx(100)
    assert EXAMPLE.anode_thickness_um == pytest.approx(10)
    balance = EXAMPLE.balance()
    assert balance.energy_mwh_per_cm2 == pytest.approx(13.6)
    assert balance.other_mass_mg_per_cm2 == pytest.approx(38.66)
    assert balance.other_thickness_um == pytest.approx(130)
    assert stack_energy_density(EXAMPLE) == pytest.approx((13600 / 44.66, 850))


def test_units_agree_with_si():
    # 13.6 mWh/cm2 = 489.6 kJ/m2; 44.66 mg/cm2 = 0.4466 kg/m2; 160 um = 1.6e-4 m; 1 Wh = 3600 J
    per_kg, per_l = stack_energy_density(EXAMPLE)
    assert per_kg == pytest.approx(489.6e3 / 0.4466 / 3600)
    assert per_l == pytest.approx(489.6e3 / 1.6e-4 / 3600 / 1000)


def test_np_below_one_leaves_the_anode_in_charge():
    # N/P 0.5: 2 mAh/cm2, 6.8 mWh/cm2
    lean = dataclasses.replace(EXAMPLE, np_ratio=0.5)
    assert lean.areal_capacity_mah_per_cm2 == pytest.approx(2)
    assert lean.anode_loading_mg_per_cm2 == pytest.approx(0.8)
    assert lean.balance().energy_mwh_per_cm2 == pytest.approx(6.8)


def test_np_ratio_of_a_stack_is_the_ratio_of_its_capacities():
    anode = areal_capacity_mah_per_cm2(EXAMPLE.anode_loading_mg_per_cm2, EXAMPLE.anode_capacity_mah_per_g)
    assert np_ratio(anode, EXAMPLE.areal_capacity_mah_per_cm2) == pytest.approx(EXAMPLE.np_ratio)


def test_swelling_takes_volume_and_no_mass():
    # silicon layer of 10 um twice as thick: 170 um, 13.6 mWh / 0.017 cm3 = 800 Wh/L
    swollen = dataclasses.replace(EXAMPLE, anode_swelling_pct=100)
    assert stack_energy_density(swollen) == pytest.approx((13600 / 44.66, 800))


def test_scaling():
    thicknesses = ("electrolyte_thickness_um", "cathode_collector_thickness_um", "anode_collector_thickness_um")
    doubled = {name: 2 * getattr(EXAMPLE, name) for name in (*thicknesses, "cathode_loading_mg_per_cm2")}
    assert stack_energy_density(dataclasses.replace(EXAMPLE, **doubled)) == pytest.approx(stack_energy_density(EXAMPLE))


def test_stack_over_thickness():
    thickness = np.array([[30.0, 0.0, 1e6], [np.nan, -1.0, 100.0]])
    kept = thickness.copy()
    per_kg, per_l = energy_density_over_thickness(EXAMPLE, thickness)
    assert per_kg.shape == per_l.shape == (2, 3)
    np.testing.assert_array_equal(thickness, kept)
    # 0 um: 13.6 / 38.66 mg and / 130 um; 1e6 um: 13.6 mWh / 200038.66 mg; 100 um: 13.6 / 58.66 mg and / 230 um
    np.testing.assert_allclose(
        per_kg, [[13600 / 44.66, 13600 / 38.66, 13600 / 200038.66], [np.nan, np.nan, 13600 / 58.66]]
    )
    np.testing.assert_allclose(per_l, [[850, 136e3 / 130, 136e3 / 1000130], [np.nan, np.nan, 136e3 / 230]])
    alone = dataclasses.replace(EXAMPLE, electrolyte_thickness_um=100)
    assert stack_energy_density(alone) == (per_kg[1, 2], per_l[1, 2])


def test_unknown_field_stays_unknown():
    no_thickness = dataclasses.replace(EXAMPLE, cathode_layer_density_g_per_cm3=np.nan)
    per_kg, per_l = stack_energy_density(no_thickness)
    assert per_kg == pytest.approx(13600 / 44.66)  # the mass does not hang on it
    assert np.isnan(per_l)
    for name in ("np_ratio", "cathode_voltage_v", "electrolyte_density_g_per_cm3", "cathode_active_share"):
        assert np.isnan(stack_energy_density(dataclasses.replace(EXAMPLE, **{name: np.nan}))[0]), name


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("cathode_loading_mg_per_cm2", 0, "cathode_loading_mg_per_cm2 is 0; expected a finite number above 0"),
        ("np_ratio", -1, "np_ratio is -1; expected a finite number above 0; give NaN"),
        ("np_ratio", np.inf, "np_ratio is inf; expected a finite number above 0"),
        ("electrolyte_thickness_um", -5, "electrolyte_thickness_um is -5; expected a finite number, at least 0"),
        ("anode_active_share", 80, "anode_active_share is 80; expected a share above 0 and at most 1"),
        ("cathode_active_share", 0, "cathode_active_share is 0; expected a share above 0 and at most 1"),
        (
            "anode_voltage_v",
            4,
            "cathode_voltage_v is 3.75 with anode_voltage_v 4; expected the cathode above the anode",
        ),
    ],
)
def test_impossible_stack(field, value, message):
    with pytest.raises(ValueError, match=rf"Stack\.{message}"):
        dataclasses.replace(EXAMPLE, **{field: value})


def test_stack_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        EXAMPLE.np_ratio = 2


def test_impossible_balance():
    with pytest.raises(ValueError, match=r"AreaBalance\.energy_mwh_per_cm2 is 0; expected a finite number above 0"):
        AreaBalance(0, 10)
    with pytest.raises(
        ValueError, match=r"AreaBalance\.other_mass_mg_per_cm2 is -1; expected a finite number, at least"
    ):
        AreaBalance(10, -1)


def test_balance_of_nothing_but_electrolyte():
    per_kg, per_l = AreaBalance(10, 0, 0).energy_density([0, 100], 1)
    # 0 um weighs nothing: infinite; 100 um x 1 g/cm3 = 10 mg/cm2: 1000 Wh/kg and 10 mWh / 0.01 cm3 = 1000 Wh/L
    np.testing.assert_allclose(per_kg, [np.inf, 1000])
    np.testing.assert_allclose(per_l, [np.inf, 1000])


def test_thickness_limit():
    balance = EXAMPLE.balance()
    # 13600 / 304.523 = 44.66 mg/cm2, 6 mg/cm2 of them electrolyte: 30 um at 2 g/cm3, 15 um at 4 g/cm3
    np.testing.assert_allclose(balance.thickness_limit_um(13600 / 44.66, [2.0, 4.0]), [30, 15])
    # 13600 / 38.66 = 351.8 Wh/kg without any electrolyte
    assert balance.thickness_limit_um(13600 / 38.66 - 1e-9, 2) == pytest.approx(0, abs=1e-6)
    assert np.isnan(balance.thickness_limit_um([352, 0, -1, np.nan], 2)).all()
    assert np.isnan(balance.thickness_limit_um(300, [0, -1, np.nan])).all()
    assert np.isnan(balance.energy_density(30, [0, -1, np.nan])[0]).all()


def test_review_balance_by_hand():
    # 70 um x 1.8652 g/cm3 = 13.0564 mg/cm2; 1000/270.3 - 1000/350.8 = 3.699593 - 2.850627 = 0.848966 mg/mWh
    # E = 13.0564 / 0.848966 = 15.379 mWh/cm2; m0 = 15.379 x 3.699593 - 18.652 = 38.245 mg/cm2
    balance = fit_review_stack()
    assert balance.energy_mwh_per_cm2 == pytest.approx(15.379, abs=1e-3)
    assert balance.other_mass_mg_per_cm2 == pytest.approx(38.245, abs=2e-3)
    # plausible for the cell: at 3.4 V, 4.5 mAh/cm2, i.e. 22.6 mg/cm2 of NCM811 at 200 mAh/g
    assert 4 < balance.energy_mwh_per_cm2 / 3.4 < 5


def test_review_pair_is_reproduced_to_the_printed_digit_and_has_no_volume():
    per_kg, per_l = fit_review_stack().energy_density([100, 30], LPSCL_DENSITY_G_PER_CM3)
    assert [round(value, 1) for value in per_kg.tolist()] == [270.3, 350.8]
    assert np.isnan(per_l).all()


@pytest.mark.parametrize(
    ("printed", "density", "computed", "off_pct", "wh_per_kg_at_printed"),
    [
        (REVIEW_LIMIT_LLZO, LLZO_DENSITY_G_PER_CM3, 25.45, 10.7, 307.5),
        (REVIEW_LIMIT_LPSCL, LPSCL_DENSITY_G_PER_CM3, 69.80, -5.7, 295.5),
        (REVIEW_LIMIT_PEO, PEO_DENSITY_G_PER_CM3, 108.49, 17.9, 312.0),
    ],
    ids=["LLZO printed 23", "LPSCl printed 74", "PEO printed 92"],
)
def test_review_limits_are_missed_by_what_the_docstring_says(printed, density, computed, off_pct, wh_per_kg_at_printed):
    balance = fit_review_stack()
    limit = float(balance.thickness_limit_um(REVIEW_TARGET.value, density))
    assert limit == pytest.approx(computed, abs=0.01)
    assert 100 * (limit / printed.value - 1) == pytest.approx(off_pct, abs=0.05)
    assert float(balance.energy_density(printed.value, density)[0]) == pytest.approx(wh_per_kg_at_printed, abs=0.05)
    assert limit == pytest.approx(printed.value, rel=0.18)  # all three, the honest tolerance
    assert wh_per_kg_at_printed == pytest.approx(REVIEW_TARGET.value, rel=0.041)  # the same in Wh/kg


@pytest.mark.parametrize("density", [0.5, 1.64, LPSCL_DENSITY_G_PER_CM3, 1.86, 5.0])
def test_no_density_brings_the_lpscl_limit_to_74(density):
    # 1/W is linear in t: 30 + 70 x (1/300 - 1/350.8) / (1/270.3 - 1/350.8) = 30 + 70 x 0.568581 = 69.80
    balance = fit_balance((100, 30), (270.3, 350.8), density)
    assert balance.thickness_limit_um(300, density) == pytest.approx(69.80, abs=0.005)


@pytest.mark.parametrize("thick", [270.25, 270.35])
@pytest.mark.parametrize("thin", [350.75, 350.85])
def test_rounding_of_the_pair_moves_the_lpscl_limit_by_a_twentieth_of_a_micrometre(thick, thin):
    balance = fit_balance((100, 30), (thick, thin), 1)
    assert balance.thickness_limit_um(300, 1) == pytest.approx(69.80, abs=0.05)


def test_the_three_printed_limits_are_not_of_one_cell_with_these_densities():
    densities = [LLZO_DENSITY_G_PER_CM3, LPSCL_DENSITY_G_PER_CM3, PEO_DENSITY_G_PER_CM3]
    masses = layer_mass_mg_per_cm2([23, 74, 92], densities)
    np.testing.assert_allclose(masses, [11.77, 13.80, 11.04], atol=0.005)


def test_fit_finds_the_cell_it_came_from():
    per_kg, _ = energy_density_over_thickness(EXAMPLE, [80, 20])
    found = fit_balance((80, 20), tuple(per_kg), EXAMPLE.electrolyte_density_g_per_cm3)
    assert found.energy_mwh_per_cm2 == pytest.approx(13.6)
    assert found.other_mass_mg_per_cm2 == pytest.approx(38.66)


@pytest.mark.parametrize(
    ("thickness", "energy", "density"),
    [
        ((30, 100), (350.8, 270.3), 2),
        ((30, 30), (270.3, 350.8), 2),
        ((100, -1), (270.3, 350.8), 2),
        ((100, 30), (350.8, 270.3), 2),
        ((100, 30), (0, 270.3), 2),
        ((100, 30), (270.3, 350.8), 0),
        ((100, 30), (np.nan, 350.8), 2),
    ],
)
def test_fit_refuses_points_that_make_no_cell(thickness, energy, density):
    with pytest.raises(ValueError, match="expected the thicker electrolyte first, with the lower energy density"):
        fit_balance(thickness, energy, density)


def test_fit_refuses_a_rise_steeper_than_the_electrolyte_allows():
    # a third of the thickness and five times the energy density: more than if all mass were electrolyte
    with pytest.raises(ValueError, match="for the other layers; expected at least 0"):
        fit_balance((90, 30), (100, 500), 2)
