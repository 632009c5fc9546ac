"""A silicon cell as a vector: anode, electrolyte, counter electrode, test conditions and the physics that ties them."""

from __future__ import annotations

import re
from typing import get_args

import numpy as np

from features import physics
from features.electrolyte_columns import DesignFeaturizer, Electrolytes
from features.family import family_features, family_values
from features.feature import Feature, coded, log10, number, one_of, per_text
from features.formulas.reader import FormulaError, fold, read_formula
from features.tables.designs import Coded, Designs
from features.tables.fields import Architecture

ARCHITECTURES = tuple(kind for kind in get_args(Architecture) if kind not in ("double-layer", "other"))
"""Those that enough papers report to learn from."""
CONDUCTIVITY = "log10_conductivity_s_per_cm"
"""Column the caller adds: the electrolyte's conductivity, measured where the design gives one, else predicted."""

_NANO = re.compile(r"\bnano|\bn-si|nanowire|nano-", re.IGNORECASE)
_MICRO = re.compile(r"[μµ]-?\s?si|\bu-si|micro|micron", re.IGNORECASE)
_CARBON = re.compile(r"graphi|carbon|CNT|CNF|@C\b|/C\b|-C\b|MXene|\bC/")
_LITHIUM_ALLOY = re.compile(r"Li-?(In|Sn)|In-?Li|Sn-?Li")
_GIVEN = "the design as given"
_RULE = "interface article, section "


def lithium_per_silicon(anode: str) -> float:
    """Li per Si of the anode as built, from its name (`Li21Si5` gives 4.2); 0 for silicon without lithium.

    Of layers and mixtures the most lithiated phase counts; a coating does not. NaN where no name is given, or where it
    holds lithium in a way that is no Li-Si alloy.
    """
    core = fold(anode).split("@")[0]
    ratios = []
    for piece in re.findall(r"Li\d*\.?\d*Si\d*\.?\d*(?![A-Za-z0-9.])", core):
        try:
            amounts = read_formula(piece).composition or {}
        except FormulaError:
            continue
        ratios.append(amounts["Li"] / amounts["Si"])
    if ratios:
        return float(max(ratios))
    return np.nan if not core or "Li" in core else 0.0


class CellFeatures(DesignFeaturizer):
    """Vector of a silicon cell under one test condition.

    Outputs, in order: architecture and state of the silicon (yes/no), sizes and thicknesses (log10), shares of the
    anode layer,
    lithium brought along, physics of DESIGN (size over critical diameter, strain, effective conductivity, local current
    density,
    pressure window), electrolyte family, its thickness and conductivity, counter electrode, N/P, pressures,
    temperature, currents
    and voltage window. `features_` lists them with unit and source. A value the design does not state is NaN.
    """

    required = ("electrolyte",)

    def _describe(self) -> list[Feature]:
        return [
            *[Feature(f"anode_{name.replace('-', '_')}", f"anode is {name}", "yes/no") for name in ARCHITECTURES],
            Feature("silicon_amorphous", "silicon is amorphous", "yes/no"),
            Feature("silicon_alloyed", "silicon is alloyed", "yes/no"),
            Feature("silicon_named_nano", "anode is called nano", "yes/no", "word in the anode's name"),
            Feature("silicon_named_micro", "anode is called micro", "yes/no", "word in the anode's name"),
            Feature("log10_silicon_size_nm", "silicon size", "log10 nm"),
            Feature("log10_film_thickness_nm", "silicon film thickness", "log10 nm"),
            Feature("size_over_critical", "silicon size over critical diameter", "1", _RULE + "1.1"),
            Feature("silicon_wt_pct", "silicon share of the anode", "wt%"),
            Feature("carbon_wt_pct", "carbon share of the anode", "wt%"),
            Feature("anode_electrolyte_wt_pct", "electrolyte share of the anode", "wt%"),
            Feature("anode_has_carbon", "anode holds carbon", "yes/no", "share, additive or name of the anode"),
            Feature("anode_coated", "silicon is coated", "yes/no"),
            Feature("prelithiated", "prelithiated", "yes/no"),
            Feature("lithium_per_silicon", "lithium in the fresh anode", "Li per Si", "formula in the anode's name"),
            Feature("lithium_reserve_mah_per_g", "lithium the fresh anode brings along", "mAh/g", "Faraday's law"),
            Feature("initial_strain_pct", "strain of the fresh anode against silicon", "%", _RULE + "1.2"),
            Feature("porosity_pct", "porosity", "%"),
            Feature("anode_loading_mg_per_cm2", "anode loading", "mg/cm²"),
            Feature("log10_anode_thickness_um", "anode thickness", "log10 µm"),
            *family_features(_GIVEN),
            Feature("log10_electrolyte_thickness_um", "electrolyte thickness", "log10 µm"),
            Feature(CONDUCTIVITY, "electrolyte conductivity", "log10 S/cm", "measured where given, else predicted"),
            Feature("conductivity_predicted", "electrolyte conductivity is predicted", "yes/no"),
            Feature(
                "log10_effective_conductivity",
                "conductivity inside the anode layer",
                "log10 S/cm",
                _RULE + "2.3; weight share stands for volume share, tortuosity after Bruggeman",
            ),
            Feature("second_electrolyte", "second electrolyte at the cathode", "yes/no"),
            Feature("full_cell", "full cell", "yes/no"),
            Feature(
                "counter_is_alloy", "counter electrode is a lithium alloy", "yes/no", "name of the counter electrode"
            ),
            Feature("cathode_loading_mg_per_cm2", "cathode loading", "mg/cm²"),
            Feature("np_ratio", "N/P ratio", "1"),
            Feature("log10_stack_pressure_mpa", "stack pressure", "log10 (1 + MPa)"),
            Feature(
                "pressure_window", "stack-pressure window", "0 lost, 1 between, 2 holds, 3 constrains", _RULE + "2.5"
            ),
            Feature("log10_fabrication_pressure_mpa", "pressing pressure", "log10 (1 + MPa)"),
            Feature("temperature_c", "test temperature", "°C"),
            Feature("log10_current_density_ma_per_cm2", "current density", "log10 mA/cm²"),
            Feature(
                "log10_local_current_density",
                "current density where the contact is",
                "log10 mA/cm²",
                _RULE + "2.3; contact share is the solid share of the anode, 1 where no porosity is given",
            ),
            Feature("log10_specific_current_ma_per_g", "specific current", "log10 mA/g"),
            Feature("log10_c_rate_per_h", "C-rate", "log10 1/h"),
            Feature("voltage_low_v", "lower cut-off", "V"),
            Feature("voltage_high_v", "upper cut-off", "V"),
        ]

    def _filled(self, X: Designs, electrolytes: Electrolytes) -> np.ndarray:
        anodes = coded(X, "anode")
        said = per_text(*anodes, bool) > 0
        states = one_of(X, "silicon_form", ("amorphous", "alloy"))
        size, film = number(X, "silicon_size_nm"), number(X, "film_thickness_nm")
        state = one_of(X, "silicon_form", ("amorphous", "crystalline"))
        amorphous = np.where(state.max(axis=1) == 1, state[:, 0], np.nan)
        lithium = per_text(*anodes, lithium_per_silicon)
        prelithiated = number(X, "prelithiated")
        conductivity = number(X, CONDUCTIVITY)
        share = number(X, "anode_electrolyte_wt_pct") / 100
        inside = physics.effective_conductivity_s_per_cm(10.0**conductivity, share, physics.bruggeman_tortuosity(share))
        current = number(X, "current_density_ma_per_cm2")
        porosity = number(X, "porosity_pct")
        contact = np.where(np.isnan(porosity), 1.0, 1 - porosity / 100)
        pressure = number(X, "stack_pressure_mpa")
        return np.column_stack(
            [
                one_of(X, "anode_architecture", ARCHITECTURES),
                states,
                _named(anodes, _NANO, said),
                _named(anodes, _MICRO, said),
                log10(size),
                log10(film),
                physics.size_over_critical_diameter(np.where(np.isnan(size), film, size), amorphous),
                number(X, "silicon_wt_pct"),
                number(X, "carbon_wt_pct"),
                number(X, "anode_electrolyte_wt_pct"),
                self._carbon(X, anodes, said),
                _said_yes(_given(X, "coating"), per_text(*anodes, lambda anode: "@" in anode) > 0, said),
                np.where(np.isnan(prelithiated) & (lithium > 0), 1.0, prelithiated),
                lithium,
                physics.lithium_reserve_mah_per_g(lithium),
                physics.volumetric_strain_pct(lithium),
                porosity,
                number(X, "anode_loading_mg_per_cm2"),
                log10(number(X, "anode_thickness_um")),
                family_values(electrolytes.classes)[electrolytes.held],
                log10(number(X, "electrolyte_thickness_um")),
                conductivity,
                np.isnan(number(X, "electrolyte_conductivity_s_per_cm")).astype(float),
                log10(inside),
                _given(X, "cathode_electrolyte").astype(float),
                one_of(X, "cell_type", ("full",)),
                per_text(
                    *coded(X, "counter_electrode"),
                    lambda name: float(_LITHIUM_ALLOY.search(name) is not None) if name else np.nan,
                ),
                number(X, "cathode_loading_mg_per_cm2"),
                number(X, "np_ratio"),
                np.log10(1 + pressure),
                physics.pressure_window(pressure),
                np.log10(1 + number(X, "fabrication_pressure_mpa")),
                number(X, "temperature_c"),
                log10(current),
                log10(physics.local_current_density_ma_per_cm2(current, contact)),
                log10(number(X, "specific_current_ma_per_g")),
                log10(number(X, "c_rate_per_h")),
                number(X, "voltage_low_v"),
                number(X, "voltage_high_v"),
            ]
        )

    @staticmethod
    def _carbon(X: Designs, anodes: Coded, said: np.ndarray) -> np.ndarray:
        share = number(X, "carbon_wt_pct")
        named = per_text(*anodes, lambda anode: _CARBON.search(anode) is not None) > 0
        return np.where(
            np.isnan(share), _said_yes(_given(X, "conductive_carbon"), named, said), (share > 0).astype(float)
        )


def _given(X: Designs, column: str) -> np.ndarray:
    """Whether a text is given, shape (n_designs,)."""
    return per_text(*coded(X, column), bool) > 0


def _said_yes(stated: np.ndarray, named: np.ndarray, said: np.ndarray) -> np.ndarray:
    """1 where a column or the anode's name says so, 0 where an anode is named and neither does, NaN without a name."""
    return np.where(stated | named, 1.0, np.where(said, 0.0, np.nan))


def _named(anodes: Coded, pattern: re.Pattern[str], said: np.ndarray) -> np.ndarray:
    return np.where(said, per_text(*anodes, lambda anode: pattern.search(anode) is not None), np.nan)
