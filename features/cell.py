"""A silicon cell as a vector: anode, electrolyte, counter electrode, test conditions and the physics that ties them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import get_args

import numpy as np

from features import physics
from features.electrolyte_columns import DesignFeaturizer, DesignSource, family_outputs
from features.feature import AS_GIVEN, Feature, Output, log10, per_text, yes_no
from features.formulas.reader import FormulaError, fold, read_formula
from features.tables.designs import Coded
from features.tables.fields import Architecture

ARCHITECTURES = tuple(kind for kind in get_args(Architecture) if kind not in ("double-layer", "other"))
"""Those that enough papers report to learn from."""
CONDUCTIVITY = "log10_conductivity_s_per_cm"
"""Column the caller adds: the electrolyte's conductivity, measured where the design gives one, else predicted."""

_NANO = re.compile(r"\bnano|\bn-si|nanowire|nano-", re.IGNORECASE)
_MICRO = re.compile(r"[μµ]-?\s?si|\bu-si|micro|micron", re.IGNORECASE)
_CARBON = re.compile(r"graphi|carbon|CNT|CNF|@C\b|/C\b|-C\b|MXene|\bC/")
_COATING = re.compile("@")
_LITHIUM_ALLOY = re.compile(r"Li-?(In|Sn)|In-?Li|Sn-?Li")
_RULE = "interface article, section "


def lithium_per_silicon(anode: str) -> float:
    """Read how much lithium per silicon the anode holds as built, from its name.

    Of layers and mixtures the most lithiated phase counts; a coating does not.

    Parameters
    ----------
    anode : str
        As the design names it; empty where it does not.

    Returns
    -------
    float
        Li per Si; 0 for silicon without lithium. NaN where no name is given, or where it holds lithium in a way that
        is no Li-Si alloy.

    Examples
    --------
    >>> [lithium_per_silicon(anode) for anode in ("Li21Si5", "Si@C", "Li-Si")]
    [4.2, 0.0, nan]
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


class Cells(DesignSource):
    """Cells whose outputs are computed: what several outputs share, each computed at its first use."""

    @cached_property
    def anodes(self) -> Coded:
        """Names of the anodes."""
        return self.designs.coded("anode")

    @cached_property
    def anode_is_named(self) -> np.ndarray:
        """True where a design names its anode, shape (n_designs,)."""
        return per_text(*self.anodes, bool) > 0

    @cached_property
    def architectures(self) -> dict[str, np.ndarray]:
        """Yes/no by architecture of the anode."""
        return self.flags("anode_architecture", ARCHITECTURES)

    @cached_property
    def silicon_forms(self) -> dict[str, np.ndarray]:
        """Yes/no by form of the silicon."""
        return self.flags("silicon_form", ("amorphous", "alloy", "crystalline"))

    @cached_property
    def lithium_per_silicon(self) -> np.ndarray:
        """Lithium per silicon of the anode as built, shape (n_designs,)."""
        return per_text(*self.anodes, lithium_per_silicon)

    def anode_matches(self, pattern: re.Pattern[str]) -> np.ndarray:
        """Return True where the name of the anode holds a pattern, shape (n_designs,).

        Parameters
        ----------
        pattern : Pattern
            Looked for anywhere in the name.
        """
        return per_text(*self.anodes, lambda anode: pattern.search(anode) is not None) > 0

    def is_given(self, column: str) -> np.ndarray:
        """Return True where a text is given, shape (n_designs,).

        Parameters
        ----------
        column : str
            Name of a text column.
        """
        return per_text(*self.designs.coded(column), bool) > 0

    def stated_or_named(self, in_column: np.ndarray, pattern: re.Pattern[str]) -> np.ndarray:
        """Return 1 where a column or the anode's name says so, 0 where an anode is named and neither does, else NaN.

        Parameters
        ----------
        in_column : ndarray of bool, shape (n_designs,)
            True where the column says so.
        pattern : Pattern
            What the anode's name then holds.
        """
        return np.where(in_column | self.anode_matches(pattern), 1.0, np.where(self.anode_is_named, 0.0, np.nan))


def _column(column: str, label: str, unit: str, source: str = AS_GIVEN) -> Output[Cells]:
    return Output(Feature(column, label, unit, source), lambda cells: cells.number(column))


def _log10(column: str, label: str, unit: str) -> Output[Cells]:
    return Output(Feature(f"log10_{column}", label, f"log10 {unit}"), lambda cells: log10(cells.number(column)))


def _log10_of_pressure(column: str, label: str) -> Output[Cells]:
    return Output(
        Feature(f"log10_{column}", label, "log10 (1 + MPa)"), lambda cells: np.log10(1 + cells.number(column))
    )


def _architecture(name: str) -> Callable[[Cells], np.ndarray]:
    return lambda cells: cells.architectures[name]


def _name_holds(pattern: re.Pattern[str]) -> Callable[[Cells], np.ndarray]:
    return lambda cells: np.where(cells.anode_is_named, cells.anode_matches(pattern), np.nan)


def _size_over_critical(cells: Cells) -> np.ndarray:
    """Size of the particles, else thickness of the film, over the critical diameter of the state the silicon is in."""
    size, film = cells.number("silicon_size_nm"), cells.number("film_thickness_nm")
    amorphous, crystalline = cells.silicon_forms["amorphous"], cells.silicon_forms["crystalline"]
    state = np.where(np.maximum(amorphous, crystalline) == 1, amorphous, np.nan)
    return np.asarray(physics.size_over_critical_diameter(np.where(np.isnan(size), film, size), state))


def _has_carbon(cells: Cells) -> np.ndarray:
    """By the share given, else by the additive or the anode's name."""
    share = cells.number("carbon_wt_pct")
    named = cells.stated_or_named(cells.is_given("conductive_carbon"), _CARBON)
    return np.where(np.isnan(share), named, (share > 0).astype(float))


def _prelithiated(cells: Cells) -> np.ndarray:
    """As given, else 1 where the anode's name holds lithium."""
    prelithiated = cells.number("prelithiated")
    return np.where(np.isnan(prelithiated) & (cells.lithium_per_silicon > 0), 1.0, prelithiated)


def _effective_conductivity(cells: Cells) -> np.ndarray:
    share = cells.number("anode_electrolyte_wt_pct") / 100
    tortuosity = physics.bruggeman_tortuosity(share)
    return log10(physics.effective_conductivity_s_per_cm(10.0 ** cells.number(CONDUCTIVITY), share, tortuosity))


def _counter_is_alloy(cells: Cells) -> np.ndarray:
    return per_text(
        *cells.designs.coded("counter_electrode"),
        lambda name: float(_LITHIUM_ALLOY.search(name) is not None) if name else np.nan,
    )


def _local_current_density(cells: Cells) -> np.ndarray:
    porosity = cells.number("porosity_pct")
    contact = np.where(np.isnan(porosity), 1.0, 1 - porosity / 100)
    current = cells.number("current_density_ma_per_cm2")
    return log10(physics.local_current_density_ma_per_cm2(current, contact))


ANODE: tuple[Output[Cells], ...] = (
    *(yes_no(f"anode_{name.replace('-', '_')}", f"anode is {name}", _architecture(name)) for name in ARCHITECTURES),
    yes_no("silicon_amorphous", "silicon is amorphous", lambda cells: cells.silicon_forms["amorphous"]),
    yes_no("silicon_alloyed", "silicon is alloyed", lambda cells: cells.silicon_forms["alloy"]),
    yes_no("silicon_named_nano", "anode is called nano", _name_holds(_NANO), "word in the anode's name"),
    yes_no("silicon_named_micro", "anode is called micro", _name_holds(_MICRO), "word in the anode's name"),
    _log10("silicon_size_nm", "silicon size", "nm"),
    _log10("film_thickness_nm", "silicon film thickness", "nm"),
    Output(
        Feature("size_over_critical", "silicon size over critical diameter", "1", _RULE + "1.1"), _size_over_critical
    ),
    _column("silicon_wt_pct", "silicon share of the anode", "wt%"),
    _column("carbon_wt_pct", "carbon share of the anode", "wt%"),
    _column("anode_electrolyte_wt_pct", "electrolyte share of the anode", "wt%"),
    yes_no("anode_has_carbon", "anode holds carbon", _has_carbon, "share, additive or name of the anode"),
    yes_no(
        "anode_coated",
        "silicon is coated",
        lambda cells: cells.stated_or_named(cells.is_given("coating"), _COATING),
    ),
    yes_no("prelithiated", "prelithiated", _prelithiated),
    Output(
        Feature("lithium_per_silicon", "lithium in the fresh anode", "Li per Si", "formula in the anode's name"),
        lambda cells: cells.lithium_per_silicon,
    ),
    Output(
        Feature("lithium_reserve_mah_per_g", "lithium the fresh anode brings along", "mAh/g", "Faraday's law"),
        lambda cells: physics.lithium_reserve_mah_per_g(cells.lithium_per_silicon),
    ),
    Output(
        Feature("initial_strain_pct", "strain of the fresh anode against silicon", "%", _RULE + "1.2"),
        lambda cells: physics.volumetric_strain_pct(cells.lithium_per_silicon),
    ),
    _column("porosity_pct", "porosity", "%"),
    _column("anode_loading_mg_per_cm2", "anode loading", "mg/cm²"),
    _log10("anode_thickness_um", "anode thickness", "µm"),
)

ELECTROLYTE: tuple[Output[Cells], ...] = (
    *family_outputs(AS_GIVEN),
    _log10("electrolyte_thickness_um", "electrolyte thickness", "µm"),
    _column(CONDUCTIVITY, "electrolyte conductivity", "log10 S/cm", "measured where given, else predicted"),
    yes_no(
        "conductivity_predicted",
        "electrolyte conductivity is predicted",
        lambda cells: np.isnan(cells.number("electrolyte_conductivity_s_per_cm")),
    ),
    Output(
        Feature(
            "log10_effective_conductivity",
            "conductivity inside the anode layer",
            "log10 S/cm",
            _RULE + "2.3; weight share stands for volume share, tortuosity after Bruggeman",
        ),
        _effective_conductivity,
    ),
    yes_no(
        "second_electrolyte", "second electrolyte at the cathode", lambda cells: cells.is_given("cathode_electrolyte")
    ),
)

CELL_AND_TEST: tuple[Output[Cells], ...] = (
    yes_no("full_cell", "full cell", lambda cells: cells.flags("cell_type", ("full",))["full"]),
    yes_no(
        "counter_is_alloy", "counter electrode is a lithium alloy", _counter_is_alloy, "name of the counter electrode"
    ),
    _column("cathode_loading_mg_per_cm2", "cathode loading", "mg/cm²"),
    _column("np_ratio", "N/P ratio", "1"),
    _log10_of_pressure("stack_pressure_mpa", "stack pressure"),
    Output(
        Feature("pressure_window", "stack-pressure window", "0 lost, 1 between, 2 holds, 3 constrains", _RULE + "2.5"),
        lambda cells: physics.pressure_window(cells.number("stack_pressure_mpa")),
    ),
    _log10_of_pressure("fabrication_pressure_mpa", "pressing pressure"),
    _column("temperature_c", "test temperature", "°C"),
    _log10("current_density_ma_per_cm2", "current density", "mA/cm²"),
    Output(
        Feature(
            "log10_local_current_density",
            "current density where the contact is",
            "log10 mA/cm²",
            _RULE + "2.3; contact share is the solid share of the anode, 1 where no porosity is given",
        ),
        _local_current_density,
    ),
    _log10("specific_current_ma_per_g", "specific current", "mA/g"),
    _log10("c_rate_per_h", "C-rate", "1/h"),
    _column("voltage_low_v", "lower cut-off", "V"),
    _column("voltage_high_v", "upper cut-off", "V"),
)


class CellFeatures(DesignFeaturizer):
    """Vector of a silicon cell under one test condition.

    Outputs, in order: architecture and state of the silicon (yes/no), sizes and thicknesses (log10), shares of the
    anode layer, lithium brought along, physics of DESIGN (size over critical diameter, strain, effective conductivity,
    local current density, pressure window), electrolyte family, its thickness and conductivity, counter electrode, N/P,
    pressures, temperature, currents and voltage window. `features_` lists them with unit and source. A value the design
    does not state is NaN.

    Examples
    --------
    >>> import pandas as pd
    >>> designs = pd.DataFrame({"electrolyte": ["Li6PS5Cl"], "anode": ["Li15Si4"], "stack_pressure_mpa": [50.0]})
    >>> vectors = CellFeatures().fit_transform(designs)
    >>> vectors[["lithium_per_silicon", "initial_strain_pct", "pressure_window"]].to_numpy().tolist()
    [[3.75, 280.0, 1.0]]
    """

    required = ("electrolyte",)
    source = Cells

    def _outputs(self) -> tuple[Output[Cells], ...]:
        return (*ANODE, *ELECTROLYTE, *CELL_AND_TEST)
