"""Shapes of requests and answers.

A design is checked one by one, by the record models of the command line: here it is only described. Answers are built
without these models, which are for the documentation; the tests hold real answers against them.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, FailFast, Field, JsonValue, WithJsonSchema

from features.tables.records import Candidate, Measured
from models.predictor import DEFAULT_LEVEL
from models.tasks.registry import ON_REQUEST, TARGETS, all_targets

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
Designs = Annotated[list[Design], FailFast()]  # what is no object ends the reading: a million mistakes take a gigabyte
MeasuredDesigns = Annotated[list[Annotated[dict[str, Any], WithJsonSchema(Measured.model_json_schema())]], FailFast()]
TargetColumn = Annotated[str, WithJsonSchema({"type": "string", "enum": list(TARGETS)})]
ToldColumn = Annotated[str, WithJsonSchema({"type": "string", "enum": list(all_targets())})]
Level = Annotated[float, Field(gt=0, lt=1, description="share of papers whose values the interval should hold")]


class Body(BaseModel):
    """Base of all bodies: what is not known is refused, not passed over."""

    model_config = ConfigDict(extra="forbid")


class PredictRequest(Body):
    """Designs to predict; the fields of a design are the columns of the candidate table, see `GET /schema`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"designs": [EXAMPLE_DESIGN, {"electrolyte": "LLZTO"}], "level": 0.9}]}
    )

    designs: Designs = Field(min_length=1, description="one or many; each gets a result or an error, in order")
    level: Level = DEFAULT_LEVEL
    targets: list[ToldColumn] | None = Field(
        default=None, min_length=1, max_length=100, description=f"only these; else all but {', '.join(ON_REQUEST)}"
    )
    precedents: int = Field(default=3, ge=0, le=20, description="nearest literature rows for each design and target")
    curve: bool = Field(default=False, description="also the retention curve with its band")
    measured: MeasuredDesigns = Field(
        default_factory=list, description="measured designs of your own laboratory: they move the others"
    )


class ExplainRequest(Body):
    """Designs whose predictions are taken apart."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"designs": [EXAMPLE_DESIGN], "top": 5}]})

    designs: Designs = Field(min_length=1)
    targets: list[TargetColumn] | None = Field(
        default=None, min_length=1, max_length=100, description="only these; all where not given"
    )
    top: int = Field(default=12, ge=1, le=200, description="features named for each target, strongest first")


class CompareRequest(Body):
    """Designs of one laboratory, each pair of which is compared."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"designs": [{"electrolyte": "Li6PS5Cl"}, {"electrolyte": "Li6PS5Br"}]}]}
    )

    designs: Designs = Field(min_length=2)
    level: Level = DEFAULT_LEVEL
    targets: list[TargetColumn] | None = Field(
        default=None, min_length=1, max_length=100, description="only these; all that have differences where not given"
    )


class LifeRequest(Body):
    """First cycles of cells, as a table of text."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "table": "cell,cycle,capacity_ah\n"
                    + "\n".join(f"A,{cycle},{1.1 - 0.0005 * cycle:.4f}" for cycle in range(1, 21)),
                    "at_least": [300],
                }
            ]
        }
    )

    table: str = Field(description="CSV or TSV: cell, cycle and capacity_ah, capacity_mah or capacity_mah_per_g")
    threshold_pct: float = Field(default=80.0, ge=60, le=97, description="end of life, % of the initial capacity")
    level: Level = DEFAULT_LEVEL
    at_least: list[Annotated[int, Field(ge=1, le=1_000_000)]] = Field(
        default_factory=list, max_length=20, description="probability to outlive so many cycles"
    )
    finished: str | None = Field(default=None, description="a like table of your own cells cycled to the end")
    voltage: str | None = Field(
        default=None,
        description="discharge curves of LFP cells as CSV: cell, cycle, voltage_v, capacity_ah of cycles 10 and 100",
    )


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
    range_only: bool = Field(description="no model learns it: its `value` is always null")
    far_above: float | None = Field(description="a design farther than this from every training row is far")
    skill: dict[str, Any] | None = Field(description="measured on papers never seen; null where it was not")


class Prediction(BaseModel):
    """A value in the target's unit, its interval, and the distance to the nearest training row."""

    value: float | None = Field(description="null where no skill is shown: the ends are what comparable papers report")
    low: float
    high: float
    distance: float | None = Field(description="in standard deviations")


class ActivationEnergy(BaseModel):
    """Activation energy of conduction with its interval, eV."""

    value: float
    low: float
    high: float
    printed: str | None = Field(default=None, description="what papers print of this very electrolyte, in words")


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
    same_family: bool | None = Field(default=None, description="as the design's electrolyte; null where one is unknown")
    paper: str
    doi: str = Field(description="empty where none is known: see the citation")
    citation: str
    distance: float | None = Field(default=None, description="in standard deviations")


class Curve(BaseModel):
    """Capacity retention in % of the first cycle, with its band; null where only the band can be told."""

    cycle: list[float]
    retention_pct: list[float | None]
    low: list[float]
    high: list[float]


class Result(BaseModel):
    """One design: its predictions, or why it cannot be used."""

    predictions: dict[str, Prediction | None] | None = Field(
        default=None, description="by target column; null where the design says too little"
    )
    measured: dict[str, str] | None = Field(
        default=None, description="what papers, or you, measured of this very electrolyte, by target column"
    )
    range_of: str | None = Field(
        default=None, description="which targets have no point, and whose values their ranges hold"
    )
    activation_energy_ev: ActivationEnergy | None = Field(
        default=None,
        description="of sigma T, drawn to what papers print; null where the model knows none",
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
    """Contribution of one feature to a prediction: a factor, or points."""

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
    prediction: float | None = Field(description="null where no skill is shown: see `range_of`")
    steps: list[Step]
    rest: float = Field(description="of all other features together")


class Difference(BaseModel):
    """Design a less design b, in the target's `error_unit`, with its interval."""

    difference: float
    low: float
    high: float
    a_above_b: float = Field(description="probability that a lies above b, 0 to 1")


class ComparedPair(BaseModel):
    """Two of the designs, by their places from 1."""

    a: int
    b: int
    differences: dict[str, Difference | None] = Field(description="by target; null where no difference is judged")


class CompareReply(BaseModel):
    """All pairs, and what to know of each target's differences."""

    model: str
    level: float
    pairs: list[ComparedPair]
    notices: list[str]


class LifePath(BaseModel):
    """Points of a curve from the last cycle given to the life; null where only a range is told."""

    cycle: list[float]
    retention_pct: list[float | None]
    retention_pct_low: list[float]
    retention_pct_high: list[float]


class MeasuredPath(BaseModel):
    """The cycles that were given, without formation and tests."""

    cycle: list[float]
    retention_pct: list[float]


class CellLife(BaseModel):
    """One cell."""

    cell: str
    cycles_given: float
    retention_pct: float = Field(description="at the last cycle given")
    threshold_pct: float
    cycle_life: float | None = Field(description="null where only a range is told")
    cycle_life_low: float
    cycle_life_high: float
    outlives: dict[str, float] = Field(description="probability by number of cycles")
    rests_on: str
    notices: list[str]
    curve: LifePath | None = Field(description="null where the life was measured")
    measured: MeasuredPath


class LifeReply(BaseModel):
    """Cells in the order of the table, and why others could not be told."""

    level: float
    results: list[CellLife]
    mistakes: list[str]


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
    suggestions: list[str] = Field(default_factory=list, description="texts of the tables, the most frequent first")
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
    """Fields of a design, targets that are predicted, and limits of one request."""

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
    """Composition that a text was read as, or why it cannot be read; the object `silion formula` prints."""

    text: str
    composition: dict[str, float] | None = None
    form: str | None = None
    parts: list[dict[str, Any]] | None = None
    question: str | None = None
    error: str | None = None


class PrecedentsReply(BaseModel):
    """The nearest rows of a design by target, or all rows by part of the model."""

    model: str
    nearest: dict[str, list[Precedent]] | None = None
    rows: dict[str, list[Precedent]] | None = None


class HealthReply(BaseModel):
    """Alive."""

    status: str


class ReadyReply(HealthReply):
    """A model is loaded."""

    model: str
    generation: int


class VersionReply(BaseModel):
    """Package, model and data that answer."""

    package: str
    model: str = Field(description="SHA-256 of the bundle's manifest")
    code_version: str
    schema_hash: str
    format_version: int
    data_hashes: dict[str, str]
    packages: dict[str, str]


class PartFacts(BaseModel):
    """Rows, papers and ranges that a part of the model learned from."""

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
    regimes: dict[str, Any]
    data_hashes: dict[str, str]
    config: dict[str, Any]


class ReloadReply(BaseModel):
    """The model that answers from now on, in every worker."""

    changed: bool
    model: str
    was: str
    generation: int
    workers: int
