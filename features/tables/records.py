"""The row models: one per table, shared by the CSV reader and the server, so both give the same message.

A unit is declared here, once, beside the column it belongs to; the data dictionary, the error messages,
the plots and the server's schema render it from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from features.tables.fields import (
    AS_PRINTED,
    CAPACITIES_AGREE,
    CELL_RULES,
    LIQUID_CLASSES,
    MOST_ICE_PCT,
    Architecture,
    CapacityBasis,
    CellType,
    Confidence,
    Doi,
    ElectrolyteClass,
    ElectrolyteState,
    EnergyOf,
    Form,
    PaperLabel,
    PartMeasured,
    Qualifier,
    RangeQualifier,
    Rule,
    SiliconForm,
    YesNo,
    broken_rule,
    quantity,
    text_field,
)


class Row(BaseModel):
    """Base of all rows: unknown columns are refused, numbers are finite, surrounding blanks are dropped."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True, defer_build=True)
    array_rules: ClassVar[Mapping[str, tuple[Rule, ...]]] = {}
    """Rules of the validators that hold between numbers alone, by the validator's name: whole columns can be checked
    by them."""


class Provenance(Row):
    """Where a row was taken from; every shipped row carries it."""

    source_id: PaperLabel | None = text_field(
        "paper that made the measurement: the id of a row of sources.csv, or the lab's own label"
    )
    doi: Doi | None = Field(
        default=None,
        description="DOI of that paper, where a user's row gives one instead of source_id",
        pattern=r"^10\.\d{4,9}/\S+$",
    )
    seed: str | None = text_field("review or paper the row was read from")
    place: str | None = text_field("place in it: table and row, section, caption")
    as_written: str | None = text_field("the values as printed")
    confidence: Confidence | None = text_field("how sure the reader is about text and alignment")
    in_training: YesNo = Field(
        default=True, description="no: kept, but left out of the default training set (duplicate, suspect)"
    )
    same_as: str | None = text_field("id of the preferred row that tells the same measurement")
    note: str | None = text_field("repairs, doubts, conflicts")

    @model_validator(mode="after")
    def _has_a_source(self) -> Self:
        if not (self.source_id or self.doi):
            raise broken_rule("source_id", "nothing, and no doi", "a source: a DOI or your lab's own label")
        return self

    @property
    def paper(self) -> str:
        """Group of the row in every split."""
        return str(self.source_id or self.doi)


class ElectrolyteDesign(Row):
    """An electrolyte at a temperature: what is known before anything is measured."""

    electrolyte: str | None = text_field("name or formula as written")
    composition: str | None = text_field(
        "normalised inorganic composition; empty for polymers and where no stoichiometry is printed"
    )
    electrolyte_class: ElectrolyteClass | None = text_field("family of the electrolyte")
    form: Form | None = text_field("glass, crystal, film, ...")
    temperature_c: float | None = quantity(
        "°C", "temperature of the measurement or test; empty where none is printed", ge=-150, le=700
    )
    space_group: str | None = text_field("Hermann-Mauguin symbol or number")
    lattice_a_angstrom: float | None = quantity("Å", "edge a of the unit cell", gt=0, le=200)
    lattice_b_angstrom: float | None = quantity("Å", "edge b of the unit cell", gt=0, le=200)
    lattice_c_angstrom: float | None = quantity("Å", "edge c of the unit cell", gt=0, le=200)
    lattice_alpha_deg: float | None = quantity("°", "angle alpha of the unit cell", gt=0, lt=180)
    lattice_beta_deg: float | None = quantity("°", "angle beta of the unit cell", gt=0, lt=180)
    lattice_gamma_deg: float | None = quantity("°", "angle gamma of the unit cell", gt=0, lt=180)
    formula_units_per_cell: float | None = quantity("1", "formula units in the unit cell, Z", gt=0, le=1000)
    cif_text: str | None = text_field("content of a CIF file of the structure")


class ElectrolyteRow(ElectrolyteDesign, Provenance):
    """One ionic-conductivity measurement (`electrolytes.csv`)."""

    measurement_id: str = Field(description="id of the row", min_length=1)
    electrolyte: str = Field(description="name or formula as written", min_length=1)
    conductivity_s_per_cm: float | None = quantity("S/cm", "ionic conductivity; low end of a range", gt=0, le=10)
    conductivity_qualifier: RangeQualifier = Field(
        default="=", description="= exact, < at most, > at least, ~ about, range"
    )
    conductivity_high_s_per_cm: float | None = quantity("S/cm", "high end of a range", gt=0, le=10)
    activation_energy_ev: float | None = quantity("eV", f"activation energy of conduction, {AS_PRINTED}", gt=0, le=3)
    activation_energy_of: EnergyOf | None = text_field(
        "what that energy was fitted on: conductivity times temperature, as ours are, or conductivity alone; empty "
        "where the page does not say"
    )
    part_measured: PartMeasured | None = text_field("total, bulk or grain boundary; empty where none is named")
    preparation: str | None = text_field("how the sample was made, in short words: glass, ball-milled, sintered, ...")

    @model_validator(mode="after")
    def _range_has_two_ends(self) -> Self:
        low, high = self.conductivity_s_per_cm, self.conductivity_high_s_per_cm
        if low is None and self.activation_energy_ev is None:
            raise broken_rule("conductivity_s_per_cm", "nothing", "a conductivity, or an activation energy")
        if (self.conductivity_qualifier == "range") != (high is not None):
            raise broken_rule(
                "conductivity_high_s_per_cm",
                "nothing" if high is None else f"{high:g}",
                "a value exactly when conductivity_qualifier is range",
            )
        if low is not None and high is not None and high < low:
            raise broken_rule("conductivity_high_s_per_cm", f"{high:g}", f"at least the low end, {low:g}")
        return self


class CellDesign(ElectrolyteDesign):
    """A silicon cell and how it is tested: what is known before it is built."""

    anode: str | None = text_field("anode as written")
    anode_architecture: Architecture | None = text_field("how silicon sits in the anode")
    silicon_form: SiliconForm | None = text_field("state of the silicon before cycling")
    silicon_size_nm: float | None = quantity("nm", "diameter of the silicon particles", gt=0, le=1e6)
    film_thickness_nm: float | None = quantity("nm", "thickness of a silicon film", gt=0, le=1e6)
    silicon_wt_pct: float | None = quantity("wt%", "silicon share of the anode layer", ge=0, le=100)
    carbon_wt_pct: float | None = quantity("wt%", "carbon share of the anode layer", ge=0, le=100)
    anode_electrolyte_wt_pct: float | None = quantity("wt%", "solid-electrolyte share of the anode layer", ge=0, le=100)
    binder: str | None = text_field("binder of the anode")
    binder_wt_pct: float | None = quantity("wt%", "binder share of the anode layer", ge=0, le=100)
    coating: str | None = text_field("coating of the silicon")
    prelithiated: YesNo | None = text_field("lithium in the anode before the first charge")
    porosity_pct: float | None = quantity("%", "porosity of anode or particle", ge=0, lt=100)
    anode_loading_mg_per_cm2: float | None = quantity("mg/cm²", "anode loading", gt=0, le=500)
    anode_thickness_um: float | None = quantity("µm", "anode thickness", gt=0, le=5000)
    electrolyte_thickness_um: float | None = quantity("µm", "thickness of the separating electrolyte", gt=0, le=10000)
    electrolyte_conductivity_s_per_cm: float | None = quantity(
        "S/cm", "measured conductivity of the electrolyte", gt=0, le=10
    )
    electrolyte_conductivity_temperature_c: float | None = quantity(
        "°C", "temperature of that conductivity", ge=-150, le=700
    )
    electrolyte_particle_size_nm: float | None = quantity("nm", "particle size of the electrolyte", gt=0, le=1e6)
    cathode_electrolyte: str | None = text_field("second electrolyte, at the cathode")
    cell_type: CellType | None = text_field("half (against lithium), full or symmetric")
    counter_electrode: str | None = text_field("counter electrode or cathode as written")
    cathode_loading_mg_per_cm2: float | None = quantity("mg/cm²", "cathode loading", gt=0, le=500)
    cathode_thickness_um: float | None = quantity("µm", "cathode thickness", gt=0, le=5000)
    np_ratio: float | None = quantity("1", "capacity of the anode over that of the cathode", gt=0, le=100)
    stack_pressure_mpa: float | None = quantity("MPa", "pressure while cycling (a torque is none)", ge=0, le=2000)
    fabrication_pressure_mpa: float | None = quantity("MPa", "pressure while pressing", ge=0, le=5000)
    current_density_ma_per_cm2: float | None = quantity("mA/cm²", "areal current", gt=0, le=1000)
    specific_current_ma_per_g: float | None = quantity("mA/g", "current per gram of active material", gt=0, le=1e6)
    c_rate_per_h: float | None = quantity("1/h", "C-rate of the discharge", gt=0, le=1000)
    voltage_low_v: float | None = quantity(
        "V", "lower cut-off; of half cells against Li-In if below 0, else Li/Li+", ge=-2, le=6
    )
    voltage_high_v: float | None = quantity("V", "upper cut-off, against what the lower one is", ge=-2, le=6)
    conductive_carbon: str | None = text_field("conductive additive")
    current_collector: str | None = text_field("current collector of the anode")
    buffer_layer: str | None = text_field("layer between anode and electrolyte")

    array_rules: ClassVar[Mapping[str, tuple[Rule, ...]]] = {"_shares_and_window_fit": CELL_RULES}

    @model_validator(mode="after")
    def _shares_and_window_fit(self) -> Self:
        for rule in CELL_RULES:
            rule.check(self)
        return self


class Candidate(CellDesign):
    """One candidate design in a table to predict. Only `electrolyte` is required."""

    electrolyte: str = Field(description="name or formula as written", min_length=1)
    cycle: float | None = quantity("1", "cycle at which retention is wanted; 100 where empty", ge=1, le=1e6)


class Measured(Candidate):
    """A design of the user's own laboratory with what was measured, to move the predictions of its other designs."""

    sample_id: str | None = text_field("cell or sample; rows of one sample and design are points of one life")
    conductivity_s_per_cm: float | None = quantity("S/cm", "measured at `temperature_c`", gt=0, le=10)
    ice_pct: float | None = quantity("%", "measured initial Coulombic efficiency", ge=0, le=100)
    retention_pct: float | None = quantity("%", "measured capacity retention at `cycle`", ge=0, le=100)
    cycle_life_80: float | None = quantity("1", "cycle at which the retention crossed 80 %", gt=1, le=1e6)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        measured = (self.conductivity_s_per_cm, self.ice_pct, self.retention_pct, self.cycle_life_80)
        if all(value is None for value in measured):
            raise broken_rule(
                "conductivity_s_per_cm", "nothing measured", "a conductivity, ICE, retention or cycle life"
            )
        if self.retention_pct is not None and (self.cycle is None or self.cycle < 2):
            raise broken_rule("cycle", str(self.cycle or "nothing"), "the cycle of retention_pct, 2 or later")
        if self.retention_pct is not None and self.cycle is not None and self.cycle_life_80 is not None:
            lived = self.cycle <= self.cycle_life_80
            if lived != (self.retention_pct >= 80):
                observed = (
                    f"{self.retention_pct:g} % at cycle {self.cycle:g} with 80 % crossed at {self.cycle_life_80:g}"
                )
                raise broken_rule("retention_pct", observed, "values of one falling curve")
        return self


class CellRow(CellDesign, Provenance):
    """One silicon cell under one test condition (`cells.csv`)."""

    cell_id: str = Field(description="id of the row", min_length=1)
    electrolyte_state: ElectrolyteState | None = text_field(
        "solid, gel or liquid; of its class where empty. Only solid cells teach the solid models"
    )
    first_capacity_mah_per_g: float | None = quantity(
        "mAh/g", "first-cycle capacity, per gram of what the paper says", gt=0, le=6000
    )
    first_areal_capacity_mah_per_cm2: float | None = quantity("mAh/cm²", "first-cycle capacity per area", gt=0, le=100)
    first_capacity_qualifier: Qualifier | None = text_field(
        "of the first capacity: = exact, < at most, > at least, ~ about"
    )
    first_capacity_basis: CapacityBasis | None = text_field(
        "mass of the first capacity: silicon, composite (silicon and what it is bound to), electrode (with carbon, "
        "electrolyte and binder) or cathode; empty where the paper does not say"
    )
    rate_capacity_mah_per_g: float | None = quantity(
        "mAh/g", "capacity in a rate test, never a first cycle", ge=0, le=6000
    )
    rate_areal_capacity_mah_per_cm2: float | None = quantity(
        "mAh/cm²", "capacity per area in a rate test", ge=0, le=100
    )
    ice_pct: float | None = quantity(
        "%",
        "initial Coulombic efficiency; above 100 of prelithiated half cells alone, and then in no training or figure",
        ge=0,
        le=MOST_ICE_PCT,
    )
    ice_qualifier: Qualifier | None = text_field("= exact, < at most, > at least, ~ about")
    average_ce_pct: float | None = quantity("%", "average Coulombic efficiency over cycling", ge=0, le=100.5)
    average_ce_qualifier: Qualifier | None = text_field("= exact, < at most, > at least, ~ about")
    energy_density_wh_per_kg: float | None = quantity(
        "Wh/kg", "energy per mass, on the paper's own basis", gt=0, le=2000
    )
    energy_density_wh_per_l: float | None = quantity(
        "Wh/L", "energy per volume, on the paper's own basis", gt=0, le=5000
    )
    electrode_expansion_pct: float | None = quantity("%", "thickness change of the electrode", ge=0, le=1000)
    resistance_ohm_cm2: float | None = quantity("Ω cm²", "interface or cell resistance per area", ge=0)
    resistance_ohm: float | None = quantity("Ω", "resistance as printed", ge=0)
    critical_current_density_ma_per_cm2: float | None = quantity(
        "mA/cm²", "current at which the cell shorts", gt=0, le=1000
    )

    @model_validator(mode="after")
    def _areal_and_gravimetric_agree(self) -> Self:
        areal, specific = self.first_areal_capacity_mah_per_cm2, self.first_capacity_mah_per_g
        loading = self.anode_loading_mg_per_cm2
        if areal and specific and loading and self.first_capacity_basis != "cathode":
            most = specific * loading / 1000  # of the whole layer; of a part of it, the areal capacity is smaller
            if areal > CAPACITIES_AGREE * most:
                layer = f"{specific:g} mAh/g and {loading:g} mg/cm²"
                expected = f"about {most:g} mAh/cm² at most, of {layer}; per gram of cathode?"
                raise broken_rule("first_areal_capacity_mah_per_cm2", f"{areal:g}", expected)
        return self

    @field_validator("ice_pct")
    @classmethod
    def _above_100_of_a_prelithiated_half_cell(cls, ice: float | None, info: ValidationInfo) -> float | None:
        cell = [info.data[name] for name in ("cell_type", "prelithiated") if name in info.data]
        if (ice or 0) > 100 and len(cell) == 2 and cell != ["half", True]:  # of fewer, one is a mistake itself
            may_be = cell[0] in ("half", None) and cell[1] is not False
            more = "; if it is a prelithiated half cell, state cell_type half and prelithiated yes" if may_be else ""
            raise broken_rule("ice_pct", f"{ice:g}", f"at most 100 %{more}")
        return ice

    @property
    def state(self) -> ElectrolyteState | None:
        """State of the electrolyte: as stated, else of its class or name; None where nothing names the electrolyte."""
        if self.electrolyte_state is not None:
            return self.electrolyte_state
        if self.electrolyte_class in LIQUID_CLASSES:
            return "gel" if self.electrolyte_class == "gel" else "liquid"
        return "solid" if self.electrolyte_class or self.electrolyte or self.composition else None


class CyclingRow(Provenance):
    """One point of a cell's life (`cycling.csv`)."""

    point_id: str = Field(description="id of the row", min_length=1)
    cell_id: str = Field(description="cell of cells.csv", min_length=1)
    cycle: float = Field(description="number of the cycle", ge=2, le=1e6, json_schema_extra={"unit": "1"})
    retention_pct: float | None = quantity("%", "capacity over that of the reference cycle, as printed", ge=0, le=300)
    retention_qualifier: Qualifier | None = text_field("= exact, < at most, > at least, ~ about")
    capacity_mah_per_g: float | None = quantity("mAh/g", "capacity at that cycle", ge=0, le=6000)
    areal_capacity_mah_per_cm2: float | None = quantity("mAh/cm²", "capacity per area at that cycle", ge=0, le=100)
    capacity_qualifier: Qualifier | None = text_field("= exact, < at most, > at least, ~ about")
    reference_cycle: float | None = quantity("1", "cycle the retention refers to; 1 where empty", ge=1, le=1e6)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.retention_pct is None and self.capacity_mah_per_g is None and self.areal_capacity_mah_per_cm2 is None:
            raise broken_rule("retention_pct", "nothing, and no capacity", "one of them")
        return self


class SourceRow(Row):
    """One paper (`sources.csv`)."""

    source_id: str = Field(description="id, used by the other tables", min_length=1)
    citation: str = Field(description="full citation as printed", min_length=5)
    doi: Doi | None = Field(
        default=None,
        description="only where the seed prints it or a look-up shows title and DOI together",
        pattern=r"^10\.\d{4,9}/\S+$",
    )
    doi_from: Literal["seed", "lookup"] | None = text_field("which of the two showed the DOI")
    first_author: str | None = text_field("surname")
    year: int | None = Field(default=None, description="year printed", ge=1900, le=2100)
    told_by: str = Field(description="review and reference number, each: `zhan:138; zhang-multiscale:60`", min_length=1)


TABLES: dict[str, type[Row]] = {
    "electrolytes": ElectrolyteRow,
    "cells": CellRow,
    "cycling": CyclingRow,
    "sources": SourceRow,
    "candidates": Candidate,
    "measured": Measured,
}
"""Row model of each table, by the table's file name."""
