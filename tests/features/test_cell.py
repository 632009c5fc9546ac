"""The vector of a silicon cell, number by number."""

import numpy as np
import pandas as pd
import pytest

from features.cell import ARCHITECTURES, CONDUCTIVITY, CellFeatures, lithium_per_silicon
from features.family import FAMILIES
from features.tables.columns import choices_of
from features.tables.records import CellRow


@pytest.mark.parametrize(
    ("anode", "expected"),
    [
        ("Li15Si4", 3.75),
        ("Li21Si5", 4.2),
        ("Li21Si5/Si-Li21Si5 dual-layer composite anode", 4.2),
        ("Li4Si", 4),
        ("Li4.4Si", 4.4),
        ("LiSi", 1),
        ("Li12Si7 + Li13Si4", 3.25),  # the most lithiated phase counts
        ("Si", 0),
        ("99.9 wt% μ-Si", 0),
        ("Si0.7V0.3", 0),
        ("Si@C", 0),
        ("LixSi", np.nan),
        ("Li-Si", np.nan),
        ("LiSH46", np.nan),
        ("Li99999Si", np.nan),  # no amount the formula reader accepts
        ("", np.nan),
        pytest.param("Li₁₅Si₄", 3.75),
        pytest.param("Li2SiS3-10 wt% FeS film", np.nan),
        ("Si@LiSiPON", 0),
    ],
)
def test_lithium_per_silicon(anode, expected):
    assert lithium_per_silicon(anode) == pytest.approx(expected, nan_ok=True)


def vector_of(**design) -> pd.Series:
    return CellFeatures().fit_transform(pd.DataFrame([{"electrolyte": "Li6PS5Cl", **design}])).iloc[0]


def holds(vector: pd.Series, expected: dict[str, float]) -> None:
    assert {name: vector[name] for name in expected} == pytest.approx(expected, nan_ok=True)


def test_a_full_cell_by_hand():
    vector = vector_of(
        anode="nano-Si/C",
        anode_architecture="composite",
        silicon_form="amorphous",
        silicon_size_nm=87.0,
        silicon_wt_pct=60.0,
        carbon_wt_pct=15.0,
        anode_electrolyte_wt_pct=25.0,
        prelithiated=False,
        porosity_pct=20.0,
        anode_loading_mg_per_cm2=2.0,
        anode_thickness_um=10.0,
        electrolyte_thickness_um=100.0,
        electrolyte_conductivity_s_per_cm=1e-3,
        log10_conductivity_s_per_cm=-3.0,
        cathode_electrolyte="Li3InCl6",
        cell_type="full",
        counter_electrode="NCM811",
        cathode_loading_mg_per_cm2=20.0,
        np_ratio=1.2,
        stack_pressure_mpa=9.0,
        fabrication_pressure_mpa=99.0,
        temperature_c=60.0,
        current_density_ma_per_cm2=0.8,
        specific_current_ma_per_g=1000.0,
        c_rate_per_h=0.1,
        voltage_low_v=2.5,
        voltage_high_v=4.2,
    )
    holds(
        vector,
        {
            "anode_composite": 1, "anode_porous": 0, "silicon_amorphous": 1, "silicon_alloyed": 0,
            "silicon_named_nano": 1, "silicon_named_micro": 0,
            "log10_silicon_size_nm": 1.9395193,  # log10 87
            "log10_film_thickness_nm": np.nan,
            "size_over_critical": 0.1,  # 87 of 870 nm
            "silicon_wt_pct": 60, "carbon_wt_pct": 15, "anode_electrolyte_wt_pct": 25,
            "anode_has_carbon": 1, "anode_coated": 0, "prelithiated": 0,
            "lithium_per_silicon": 0, "initial_strain_pct": 0,
            "porosity_pct": 20, "anode_loading_mg_per_cm2": 2,
            "log10_anode_thickness_um": 1, "log10_electrolyte_thickness_um": 2,
            CONDUCTIVITY: -3, "conductivity_predicted": 0,
            # share 0.25, tortuosity 1 / sqrt(0.25) = 2: 1e-3 x 0.25 / 2 = 1.25e-4
            "log10_effective_conductivity": -3.90309,
            "second_electrolyte": 1, "full_cell": 1, "counter_is_alloy": 0,
            "cathode_loading_mg_per_cm2": 20, "np_ratio": 1.2,
            "log10_stack_pressure_mpa": 1,  # log10 (1 + 9)
            "pressure_window": 2,  # 5 to 30 MPa
            "log10_fabrication_pressure_mpa": 2,  # log10 (1 + 99)
            "temperature_c": 60,
            "log10_current_density_ma_per_cm2": -0.09691,  # log10 0.8
            "log10_local_current_density": 0,  # 0.8 / (1 - 0.2) = 1
            "log10_specific_current_ma_per_g": 3, "log10_c_rate_per_h": -1,
            "voltage_low_v": 2.5, "voltage_high_v": 4.2,
            "family_sulfide": 1, "family_argyrodite": 1, "family_oxide": 0,
        },
    )  # fmt: skip


def test_what_is_not_stated_is_nan():
    vector = vector_of()
    said = {name for name in vector.index if not np.isnan(vector[name])}
    # the electrolyte's name tells its family; the two flags tell that something is absent
    assert said == {*(f"family_{name}" for name in FAMILIES), "conductivity_predicted", "second_electrolyte"}
    assert (vector["conductivity_predicted"], vector["second_electrolyte"]) == (1, 0)


def test_unknown_electrolyte_has_no_family():
    assert vector_of(electrolyte="nonsense").filter(like="family_").isna().all()


@pytest.mark.parametrize(
    ("design", "expected"),
    [
        ({"anode": "Li15Si4"}, {"lithium_per_silicon": 3.75, "initial_strain_pct": 280, "prelithiated": 1}),
        ({"anode": "Li15Si4", "prelithiated": False}, {"prelithiated": 0}),
        ({"anode": "Si", "prelithiated": True}, {"prelithiated": 1, "lithium_per_silicon": 0}),
        ({"anode": "Si"}, {"prelithiated": np.nan, "initial_strain_pct": 0}),
        ({"anode": "LixSi"}, {"lithium_per_silicon": np.nan, "initial_strain_pct": np.nan}),
        # 4.2 x 280 / 3.75
        ({"anode": "Li21Si5"}, {"initial_strain_pct": 313.6}),
        ({"anode": "Si", "coating": "LiNbO3"}, {"anode_coated": 1}),
        ({"anode": "Si@C"}, {"anode_coated": 1, "anode_has_carbon": 1}),
        ({"anode": "Si/graphite"}, {"anode_has_carbon": 1}),
        ({"anode": "Si/CNTs/C/Li6PS5Cl"}, {"anode_has_carbon": 1}),
        ({"anode": "Si", "conductive_carbon": "VGCF"}, {"anode_has_carbon": 1}),
        ({"anode": "Si"}, {"anode_has_carbon": 0, "anode_coated": 0}),
        ({"anode": "Si/graphite", "carbon_wt_pct": 0.0}, {"anode_has_carbon": 0}),
        ({"anode": "μ-Si"}, {"silicon_named_micro": 1, "silicon_named_nano": 0}),
        ({"anode": "µSi"}, {"silicon_named_micro": 1}),
        ({"anode": "Nano Si@LPSCl"}, {"silicon_named_nano": 1, "silicon_named_micro": 0}),
        ({"silicon_size_nm": 75.0, "silicon_form": "crystalline"}, {"size_over_critical": 0.5}),
        ({"film_thickness_nm": 300.0, "silicon_form": "crystalline"}, {"size_over_critical": 2,
                                                                       "log10_film_thickness_nm": 2.4771213}),
        ({"silicon_size_nm": 150.0, "film_thickness_nm": 1.0, "silicon_form": "crystalline"},
         {"size_over_critical": 1}),
        ({"silicon_form": "alloy"}, {"silicon_alloyed": 1, "silicon_amorphous": 0}),
        ({"cell_type": "half"}, {"full_cell": 0}),
        ({"counter_electrode": "Li-In"}, {"counter_is_alloy": 1}),
        ({"counter_electrode": "LiIn"}, {"counter_is_alloy": 1}),
        ({"counter_electrode": "Li"}, {"counter_is_alloy": 0}),
        ({"counter_electrode": "LiNi0.8Co0.1Mn0.1O2"}, {"counter_is_alloy": 0}),
        ({"stack_pressure_mpa": 0.0}, {"log10_stack_pressure_mpa": 0, "pressure_window": 0}),
        ({"stack_pressure_mpa": 370.0}, {"pressure_window": 3}),
        ({"current_density_ma_per_cm2": 10.0}, {"log10_local_current_density": 1}),  # no porosity given: full contact
        # nothing conducts inside a layer without electrolyte; the logarithm of 0 is unknown
        ({"anode_electrolyte_wt_pct": 0.0, CONDUCTIVITY: -3.0}, {"log10_effective_conductivity": np.nan}),
        ({"anode_electrolyte_wt_pct": 100.0, CONDUCTIVITY: -3.0}, {"log10_effective_conductivity": -3}),
        ({"electrolyte_class": "gel"}, {"family_gel": 1, "family_liquid": 1, "family_sulfide": 0}),
    ],
)  # fmt: skip
def test_single_statements(design, expected):
    holds(vector_of(**design), expected)


@pytest.mark.parametrize(
    ("design", "expected"),
    [
        pytest.param({"silicon_size_nm": 150.0}, {"size_over_critical": np.nan}, id="form unsaid: 1, as crystalline"),
        pytest.param({"coating": "LiNbO3"}, {"anode_coated": 1}, id="coating stated, anode not named: NaN"),
        pytest.param({"conductive_carbon": "VGCF"}, {"anode_has_carbon": 1}, id="carbon stated, anode not named: NaN"),
        pytest.param(
            {"anode": "Li2SiS3-10 wt% FeS film"}, {"initial_strain_pct": np.nan, "prelithiated": np.nan},
            id="thiosilicate taken for Li2Si: 149 %, prelithiated",
        ),
    ],
)  # fmt: skip
def test_statements_lost_or_made_up(design, expected):
    holds(vector_of(**design), expected)


def test_architectures_are_words_of_the_table():
    assert set(ARCHITECTURES) <= set(choices_of(CellRow, "anode_architecture"))


def test_every_architecture_has_its_own_column():
    X = pd.DataFrame({"electrolyte": "Li6PS5Cl", "anode_architecture": list(ARCHITECTURES)})
    columns = [f"anode_{name.replace('-', '_')}" for name in ARCHITECTURES]
    np.testing.assert_array_equal(CellFeatures().fit_transform(X)[columns], np.eye(len(ARCHITECTURES)))
