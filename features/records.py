"""The row models: one per table, shared by the CSV reader and the server, so both give the same message.

A unit is declared here, once, beside the column it belongs to; the data dictionary, the error messages,
the plots and the server's schema render it from here.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

ElectrolyteClass = Literal[
    "oxide-garnet",
    "oxide-nasicon",
    "oxide-perovskite",
    "oxide-antiperovskite",
    "lipon",
    "sulfide-glass",
    "sulfide-thiolisicon",
    "sulfide-lgps",
    "sulfide-argyrodite",
    "sulfide-other",
    "halide",
    "hydride",
    "polymer",
    "composite",
    "gel",
    "liquid",
]
Form = Literal[
    "crystalline", "glass", "glass-ceramic", "film", "single-crystal", "nanoporous", "pressed-powder", "membrane"
]
Architecture = Literal[
    "thin-film",
    "composite",
    "electrolyte-free",
    "core-shell",
    "silicon-carbon",
    "alloy",
    "porous",
    "nanowire",
    "double-layer",
    "other",
]
SiliconForm = Literal["crystalline", "amorphous", "alloy", "oxide", "nitride"]
CellType = Literal["half", "full", "symmetric"]
Qualifier = Literal["=", "<", ">", "~"]
RangeQualifier = Literal["=", "<", ">", "~", "range"]
Confidence = Literal["high", "medium", "low"]

LIQUID_CLASSES = frozenset({"liquid", "gel"})
"""Classes whose cells are kept and flagged: they teach about the anode, not about the solid interface."""


RULE_SEPARATOR = " | "
"""A rule between columns raises ValueError(column | got | expected); the reader makes a message of it."""


def broken_rule(column: str, got: str, expected: str) -> ValueError:
    """A rule between several columns of a row that does not hold."""
    return ValueError(RULE_SEPARATOR.join((column, got, expected)))


def _yes_no(value: object) -> object:
    return {"yes": True, "no": False}.get(value.strip().lower(), value) if isinstance(value, str) else value


def plain_doi(value: object) -> object:
    """A DOI in lower case, without resolver or prefix; other values as they are."""
    if isinstance(value, str):
        return re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", value.strip(), flags=re.IGNORECASE).lower()
    return value


def _plain_if_doi(value: object) -> object:
    plain = plain_doi(value)
    return plain if isinstance(plain, str) and plain.startswith("10.") else value


Doi = Annotated[str, BeforeValidator(plain_doi)]
PaperLabel = Annotated[str, BeforeValidator(_plain_if_doi)]
YesNo = Annotated[bool, BeforeValidator(_yes_no)]


def _quantity(
    unit: str,
    what: str,
    *,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
) -> Any:
    return Field(
        default=None,
        description=what,
        allow_inf_nan=False,
        json_schema_extra={"unit": unit},
        gt=gt,
        ge=ge,
        lt=lt,
        le=le,
    )


def _text(what: str, default: str | None = None) -> Any:
    return Field(default=default, description=what)


class Row(BaseModel):
    """Base of all rows: unknown columns are refused, numbers are finite, surrounding blanks are dropped."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


class Provenance(Row):
    """Where a row was taken from; every shipped row carries it."""

    source_id: PaperLabel | None = _text(
        "paper that made the measurement: the id of a row of sources.csv, or the lab's own label"
    )
    doi: Doi | None = Field(
        default=None,
        description="DOI of that paper, where a user's row gives one instead of source_id",
        pattern=r"^10\.\d{4,9}/\S+$",
    )
    seed: str | None = _text("review or paper the row was read from")
    place: str | None = _text("place in it: table and row, section, caption")
    as_written: str | None = _text("the values as printed")
    confidence: Confidence | None = _text("how sure the reader is about text and alignment")
    in_training: YesNo = Field(
        default=True, description="no: kept, but left out of the default training set (duplicate, suspect)"
    )
    same_as: str | None = _text("id of the preferred row that tells the same measurement")
    note: str | None = _text("repairs, doubts, conflicts")

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

    electrolyte: str | None = _text("name or formula as written")
    composition: str | None = _text(
        "normalised inorganic composition; empty for polymers and where no stoichiometry is printed"
    )
    electrolyte_class: ElectrolyteClass | None = _text("family of the electrolyte")
    form: Form | None = _text("glass, crystal, film, ...")
    temperature_c: float | None = _quantity(
        "°C", "temperature of the measurement or test; empty where none is printed", ge=-150, le=700
    )
    space_group: str | None = _text("Hermann-Mauguin symbol or number")
    lattice_a_angstrom: float | None = _quantity("Å", "edge a of the unit cell", gt=0, le=200)
    lattice_b_angstrom: float | None = _quantity("Å", "edge b of the unit cell", gt=0, le=200)
    lattice_c_angstrom: float | None = _quantity("Å", "edge c of the unit cell", gt=0, le=200)
    lattice_alpha_deg: float | None = _quantity("°", "angle alpha of the unit cell", gt=0, lt=180)
    lattice_beta_deg: float | None = _quantity("°", "angle beta of the unit cell", gt=0, lt=180)
    lattice_gamma_deg: float | None = _quantity("°", "angle gamma of the unit cell", gt=0, lt=180)
    formula_units_per_cell: float | None = _quantity("1", "formula units in the unit cell, Z", gt=0, le=1000)
    cif_text: str | None = _text("content of a CIF file of the structure")


class ElectrolyteRow(ElectrolyteDesign, Provenance):
    """One ionic-conductivity measurement (`electrolytes.csv`)."""

    measurement_id: str = Field(description="id of the row", min_length=1)
    electrolyte: str = Field(description="name or formula as written", min_length=1)
    conductivity_s_per_cm: float | None = _quantity("S/cm", "ionic conductivity; low end of a range", gt=0, le=10)
    conductivity_qualifier: RangeQualifier = Field(
        default="=", description="= exact, < at most, > at least, ~ about, range"
    )
    conductivity_high_s_per_cm: float | None = _quantity("S/cm", "high end of a range", gt=0, le=10)
    activation_energy_ev: float | None = _quantity("eV", "activation energy of conduction", gt=0, le=3)

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

    anode: str | None = _text("anode as written")
    anode_architecture: Architecture | None = _text("how silicon sits in the anode")
    silicon_form: SiliconForm | None = _text("state of the silicon before cycling")
    silicon_size_nm: float | None = _quantity("nm", "diameter of the silicon particles", gt=0, le=1e6)
    film_thickness_nm: float | None = _quantity("nm", "thickness of a silicon film", gt=0, le=1e6)
    silicon_wt_pct: float | None = _quantity("wt%", "silicon share of the anode layer", ge=0, le=100)
    carbon_wt_pct: float | None = _quantity("wt%", "carbon share of the anode layer", ge=0, le=100)
    anode_electrolyte_wt_pct: float | None = _quantity(
        "wt%", "solid-electrolyte share of the anode layer", ge=0, le=100
    )
    binder: str | None = _text("binder of the anode")
    binder_wt_pct: float | None = _quantity("wt%", "binder share of the anode layer", ge=0, le=100)
    coating: str | None = _text("coating of the silicon")
    prelithiated: YesNo | None = _text("lithium in the anode before the first charge")
    porosity_pct: float | None = _quantity("%", "porosity of anode or particle", ge=0, lt=100)
    anode_loading_mg_per_cm2: float | None = _quantity("mg/cm²", "anode loading", gt=0, le=500)
    anode_thickness_um: float | None = _quantity("µm", "anode thickness", gt=0, le=5000)
    electrolyte_thickness_um: float | None = _quantity("µm", "thickness of the separating electrolyte", gt=0, le=10000)
    electrolyte_conductivity_s_per_cm: float | None = _quantity(
        "S/cm", "measured conductivity of the electrolyte", gt=0, le=10
    )
    electrolyte_conductivity_temperature_c: float | None = _quantity(
        "°C", "temperature of that conductivity", ge=-150, le=700
    )
    electrolyte_particle_size_nm: float | None = _quantity("nm", "particle size of the electrolyte", gt=0, le=1e6)
    cathode_electrolyte: str | None = _text("second electrolyte, at the cathode")
    cell_type: CellType | None = _text("half (against lithium), full or symmetric")
    counter_electrode: str | None = _text("counter electrode or cathode as written")
    cathode_loading_mg_per_cm2: float | None = _quantity("mg/cm²", "cathode loading", gt=0, le=500)
    cathode_thickness_um: float | None = _quantity("µm", "cathode thickness", gt=0, le=5000)
    np_ratio: float | None = _quantity("1", "capacity of the anode over that of the cathode", gt=0, le=100)
    stack_pressure_mpa: float | None = _quantity("MPa", "pressure while cycling (a torque is none)", ge=0, le=2000)
    fabrication_pressure_mpa: float | None = _quantity("MPa", "pressure while pressing", ge=0, le=5000)
    current_density_ma_per_cm2: float | None = _quantity("mA/cm²", "areal current", gt=0, le=1000)
    specific_current_ma_per_g: float | None = _quantity("mA/g", "current per gram of active material", gt=0, le=1e6)
    c_rate_per_h: float | None = _quantity("1/h", "C-rate of the discharge", gt=0, le=1000)
    voltage_low_v: float | None = _quantity("V", "lower cut-off", ge=-2, le=6)
    voltage_high_v: float | None = _quantity("V", "upper cut-off", ge=-2, le=6)
    conductive_carbon: str | None = _text("conductive additive")
    current_collector: str | None = _text("current collector of the anode")
    buffer_layer: str | None = _text("layer between anode and electrolyte")

    @model_validator(mode="after")
    def _shares_and_window_fit(self) -> Self:
        shares = [self.silicon_wt_pct, self.carbon_wt_pct, self.anode_electrolyte_wt_pct, self.binder_wt_pct]
        if (total := sum(share for share in shares if share is not None)) > 100.5:
            raise broken_rule("silicon_wt_pct", f"shares of the anode of {total:g} wt%", "at most 100 wt% in sum")
        low, high = self.voltage_low_v, self.voltage_high_v
        if low is not None and high is not None and high <= low:
            raise broken_rule("voltage_high_v", f"{high:g}", f"above voltage_low_v, {low:g}")
        return self


class Candidate(CellDesign):
    """One candidate design in a table to predict. Only `electrolyte` is required."""

    electrolyte: str = Field(description="name or formula as written", min_length=1)
    cycle: float | None = _quantity("1", "cycle at which retention is wanted; 100 where empty", ge=1, le=1e6)


class Measured(Candidate):
    """A design of the user's own laboratory with what was measured, to move the predictions of its other designs."""

    conductivity_s_per_cm: float | None = _quantity("S/cm", "measured at `temperature_c`", gt=0, le=10)
    ice_pct: float | None = _quantity("%", "measured initial Coulombic efficiency", ge=0, le=100)
    retention_pct: float | None = _quantity("%", "measured capacity retention at `cycle`", ge=0, le=100)
    cycle_life_80: float | None = _quantity("1", "cycle at which the retention crossed 80 %", gt=1, le=1e6)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        told = (self.conductivity_s_per_cm, self.ice_pct, self.retention_pct, self.cycle_life_80)
        if all(value is None for value in told):
            raise broken_rule(
                "conductivity_s_per_cm", "nothing measured", "a conductivity, ICE, retention or cycle life"
            )
        if self.retention_pct is not None and (self.cycle is None or self.cycle < 2):
            raise broken_rule("cycle", str(self.cycle or "nothing"), "the cycle of retention_pct, 2 or later")
        if self.retention_pct is not None and self.cycle is not None and self.cycle_life_80 is not None:
            lived = self.cycle <= self.cycle_life_80
            if lived != (self.retention_pct >= 80):
                got = f"{self.retention_pct:g} % at cycle {self.cycle:g} with 80 % crossed at {self.cycle_life_80:g}"
                raise broken_rule("retention_pct", got, "values of one falling curve")
        return self


class CellRow(CellDesign, Provenance):
    """One silicon cell under one test condition (`cells.csv`)."""

    cell_id: str = Field(description="id of the row", min_length=1)
    first_capacity_mah_per_g: float | None = _quantity(
        "mAh/g", "first-cycle capacity, per gram of what the paper says", gt=0, le=6000
    )
    first_areal_capacity_mah_per_cm2: float | None = _quantity("mAh/cm²", "first-cycle capacity per area", gt=0, le=100)
    first_capacity_qualifier: Qualifier | None = _text("of the first capacity: = exact, < at most, > at least, ~ about")
    rate_capacity_mah_per_g: float | None = _quantity(
        "mAh/g", "capacity in a rate test, never a first cycle", ge=0, le=6000
    )
    rate_areal_capacity_mah_per_cm2: float | None = _quantity(
        "mAh/cm²", "capacity per area in a rate test", ge=0, le=100
    )
    ice_pct: float | None = _quantity("%", "initial Coulombic efficiency", ge=0, le=100)
    ice_qualifier: Qualifier | None = _text("= exact, < at most, > at least, ~ about")
    average_ce_pct: float | None = _quantity("%", "average Coulombic efficiency over cycling", ge=0, le=100.5)
    average_ce_qualifier: Qualifier | None = _text("= exact, < at most, > at least, ~ about")
    energy_density_wh_per_kg: float | None = _quantity(
        "Wh/kg", "energy per mass, on the paper's own basis", gt=0, le=2000
    )
    energy_density_wh_per_l: float | None = _quantity(
        "Wh/L", "energy per volume, on the paper's own basis", gt=0, le=5000
    )
    electrode_expansion_pct: float | None = _quantity("%", "thickness change of the electrode", ge=0, le=1000)
    resistance_ohm_cm2: float | None = _quantity("Ω cm²", "interface or cell resistance per area", ge=0)
    resistance_ohm: float | None = _quantity("Ω", "resistance as printed", ge=0)
    critical_current_density_ma_per_cm2: float | None = _quantity(
        "mA/cm²", "current at which the cell shorts", gt=0, le=1000
    )


class CyclingRow(Provenance):
    """One point of a cell's life (`cycling.csv`)."""

    point_id: str = Field(description="id of the row", min_length=1)
    cell_id: str = Field(description="cell of cells.csv", min_length=1)
    cycle: float = Field(description="number of the cycle", ge=2, le=1e6, json_schema_extra={"unit": "1"})
    retention_pct: float | None = _quantity("%", "capacity over that of the reference cycle, as printed", ge=0, le=300)
    retention_qualifier: Qualifier | None = _text("= exact, < at most, > at least, ~ about")
    capacity_mah_per_g: float | None = _quantity("mAh/g", "capacity at that cycle", ge=0, le=6000)
    areal_capacity_mah_per_cm2: float | None = _quantity("mAh/cm²", "capacity per area at that cycle", ge=0, le=100)
    capacity_qualifier: Qualifier | None = _text("= exact, < at most, > at least, ~ about")
    reference_cycle: float | None = _quantity("1", "cycle the retention refers to; 1 where empty", ge=1, le=1e6)

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
    doi_from: Literal["seed", "lookup"] | None = _text("which of the two showed the DOI")
    first_author: str | None = _text("surname")
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
