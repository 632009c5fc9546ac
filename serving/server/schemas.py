"""Shapes of requests and answers.

A design is checked one by one, by the record models of the command line: here it is only described. Answers are built
without these models, which are for the documentation; the tests hold real answers against them.
"""

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


class Failure(BaseModel):
    """No success: why, in words."""

    detail: list[str]


class TargetFacts(BaseModel):
    """A predicted quantity."""

    label: str
    unit: str
    log10: bool = Field(description="errors and plots are on the log10 scale")
    low: float = Field(description="no prediction is below, in `unit`")
    high: float = Field(description="no prediction is above, in `unit`")
    printed: str = Field(description="format of a printed value")
    error_unit: str
    part: str = Field(description="of the model; notices begin with it")
    far_above: float | None = Field(description="a design farther than this from every training row is far")
    skill: dict[str, Any] | None = Field(description="measured on papers never seen; null where it was not")


class Prediction(BaseModel):
    """A value in the target's unit, its interval, and the distance to the nearest training row in standard
    deviations."""

    value: float
    low: float
    high: float
    distance: float | None


class Precedent(BaseModel):
    """A literature row near a design; what the paper does not tell is not there."""

    model_config = ConfigDict(extra="forbid")

    row: str
    electrolyte: str | None = None
    anode: str | None = None
    counter_electrode: str | None = None
    temperature_c: float | None = None
    conductivity_s_per_cm: float | None = None
    conductivity_qualifier: str | None = Field(default=None, description="= exact, < at most, > at least, ~ about")
    ice_pct: float | None = None
    ice_qualifier: str | None = None
    cycle: float | None = None
    retention_pct: float | None = None
    qualifier: str | None = Field(default=None, description="of the retention")
    measured: str = Field(description="the value in words")
    paper: str
    doi: str = Field(description="empty where none is known: see the citation")
    citation: str
    distance: float | None = Field(default=None, description="in standard deviations")


class Curve(BaseModel):
    """Capacity retention in % of the first cycle, with its band."""

    cycle: list[float]
    retention_pct: list[float]
    low: list[float]
    high: list[float]


class Result(BaseModel):
    """One design: its predictions, or why it cannot be used."""

    predictions: dict[str, Prediction | None] | None = Field(
        default=None, description="by target column; null where the design says too little"
    )
    notices: list[str] | None = None
    precedents: dict[str, list[Precedent]] | None = None
    curve: Curve | None = None
    error: list[str] | None = Field(default=None, description="all mistakes of the design; line n is the n-th design")


class PredictReply(BaseModel):
    """Results in the order of the designs."""

    model: str
    level: float
    targets: dict[str, TargetFacts]
    results: list[Result]


class Step(BaseModel):
    """What one feature does to a prediction: a factor, or points."""

    feature: str
    label: str
    unit: str
    value: float | None = Field(description="of the feature, null where not known")
    said: str = Field(description="the value in words")
    contribution: float


class Explanation(BaseModel):
    """Base times all factors, or base plus all points, is the prediction."""

    scale: str = Field(description="factor or points")
    unit: str
    base: float
    prediction: float
    steps: list[Step]
    rest: float = Field(description="of all other features together")


class Explained(BaseModel):
    """One design: what moved its predictions, or why it cannot be used."""

    explanations: dict[str, Explanation | None] | None = None
    notices: list[str] | None = None
    error: list[str] | None = None


class ExplainReply(BaseModel):
    """Results in the order of the designs."""

    model: str
    results: list[Explained]


class FieldFacts(BaseModel):
    """A column of a design."""

    name: str
    label: str
    unit: str
    kind: str = Field(description="number, text, choice or yes_no")
    required: bool
    description: str
    multiline: bool = Field(description="the text may have several lines")
    choices: list[str] | None = None
    low: float | None = None
    high: float | None = None
    low_open: bool = Field(default=False, description="the low end itself is refused")
    high_open: bool = False
    known_low: float | None = Field(default=None, description="lowest value the model learned from")
    known_high: float | None = None


class FieldGroup(BaseModel):
    """Columns that belong together in a form."""

    name: str
    label: str
    fields: list[FieldFacts]


class SchemaReply(BaseModel):
    """What a design may hold, what is predicted, and how much at once."""

    schema_hash: str
    groups: list[FieldGroup]
    targets: dict[str, TargetFacts]
    limits: dict[str, float]


class Example(BaseModel):
    """A literature cell as a design, with what its paper measured."""

    title: str
    doi: str
    citation: str
    place: str
    design: dict[str, Any]
    measured: dict[str, float]


class ExamplesReply(BaseModel):
    """Literature cells to begin with, one a paper."""

    examples: list[Example]


class FormulaReply(BaseModel):
    """What a text was read as, or why it cannot be read; the object `silion formula` prints."""

    text: str
    composition: dict[str, float] | None = None
    form: str | None = None
    parts: list[dict[str, Any]] | None = None
    error: str | None = None


class PrecedentsReply(BaseModel):
    """The nearest rows of a design by target, or all rows by part of the model."""

    model: str
    nearest: dict[str, list[Precedent]] | None = None
    rows: dict[str, list[Precedent]] | None = None


class HealthReply(BaseModel):
    """Alive."""

    status: str


class ReadyReply(BaseModel):
    """A model is loaded."""

    status: str
    model: str
    generation: int


class VersionReply(BaseModel):
    """What answers."""

    package: str
    model: str = Field(description="SHA-256 of the bundle's manifest")
    code_version: str
    schema_hash: str
    format_version: int
    data_hashes: dict[str, str]
    packages: dict[str, str]


class PartFacts(BaseModel):
    """What a part of the model learned from."""

    rows: int
    papers: int
    elements: list[str]
    classes: list[str]
    ranges: dict[str, tuple[float, float]]


class ModelReply(BaseModel):
    """The model's card: targets with units, limits and skill by paper, and what it learned from."""

    model: str
    targets: dict[str, TargetFacts]
    parts: dict[str, PartFacts]
    data_hashes: dict[str, str]
    config: dict[str, Any]


class ReloadReply(BaseModel):
    """The model that answers from now on, in every worker."""

    changed: bool
    model: str
    was: str
    generation: int
    workers: int
