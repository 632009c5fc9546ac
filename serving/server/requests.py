"""What a request may say. A design is checked one by one, by the record models of the command line: here it is only
described."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema

from features.tables.records import Candidate, Measured
from models.predictor import DEFAULT_LEVEL
from models.tasks.registry import TARGETS

EXAMPLE_DESIGN: dict[str, JsonValue] = {
    "electrolyte": "Li6PS5Cl",
    "temperature_c": 25,
    "anode": "micro-Si",
    "anode_architecture": "electrolyte-free",
    "silicon_wt_pct": 99.9,
    "counter_electrode": "NCM811",
    "cell_type": "full",
    "stack_pressure_mpa": 50,
    "cycle": 500,
}
Design = Annotated[dict[str, Any], WithJsonSchema(Candidate.model_json_schema())]
"""A candidate design as plain values; empty text and null mean not known."""
MeasuredDesign = Annotated[dict[str, Any], WithJsonSchema(Measured.model_json_schema())]
TargetColumn = Annotated[str, WithJsonSchema({"type": "string", "enum": list(TARGETS)})]
Level = Annotated[float, Field(gt=0, lt=1, description="share of papers whose values the interval should hold")]


class Asked(BaseModel):
    """Base of all bodies: what is not known is refused, not passed over."""

    model_config = ConfigDict(extra="forbid")


class PredictRequest(Asked):
    """Designs to predict; the fields of a design are the columns of the candidate table, see `GET /schema`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"designs": [EXAMPLE_DESIGN, {"electrolyte": "LLZTO"}], "level": 0.9}]}
    )

    designs: list[Design] = Field(min_length=1, description="one or many; each gets a result or an error, in order")
    level: Level = DEFAULT_LEVEL
    targets: list[TargetColumn] | None = Field(
        default=None, min_length=1, description="only these; all where not given"
    )
    precedents: int = Field(default=3, ge=0, le=20, description="nearest literature rows for each design and target")
    curve: bool = Field(default=False, description="also the retention curve with its band")
    measured: list[MeasuredDesign] = Field(
        default_factory=list, description="measured designs of your own laboratory: they move the others"
    )


class ExplainRequest(Asked):
    """Designs whose predictions are taken apart."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"designs": [EXAMPLE_DESIGN], "top": 5}]})

    designs: list[Design] = Field(min_length=1)
    targets: list[TargetColumn] | None = Field(
        default=None, min_length=1, description="only these; all where not given"
    )
    top: int = Field(default=12, ge=1, le=200, description="features named for each target, strongest first")
