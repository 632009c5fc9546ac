"""What the columns of all tables are made of: allowed words, DOIs, yes and no, quantities with their unit."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

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


def quantity(
    unit: str,
    what: str,
    *,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
) -> Any:
    """A finite number that need not be given, with its unit and its limits."""
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


def worded(what: str, default: str | None = None) -> Any:
    """A text, or one of some words, and what it says."""
    return Field(default=default, description=what)
