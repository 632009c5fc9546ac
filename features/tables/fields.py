"""Kinds of columns and rules between them, shared by all tables: allowed words, DOIs, yes and no, quantities."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from features.tables.mistakes import Mistake

ElectrolyteClass = Literal[
    "oxide-garnet",
    "oxide-nasicon",
    "oxide-perovskite",
    "oxide-antiperovskite",
    "oxide-other",
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
CapacityBasis = Literal["silicon", "composite", "electrode", "cathode"]
Qualifier = Literal["=", "<", ">", "~"]
RangeQualifier = Literal["=", "<", ">", "~", "range"]
Confidence = Literal["high", "medium", "low"]
PartMeasured = Literal["total", "bulk", "grain-boundary"]
EnergyOf = Literal["sigma_t", "sigma"]

ElectrolyteState = Literal["solid", "gel", "liquid"]

LIQUID_CLASSES = frozenset({"liquid", "gel"})
"""Classes whose cells are kept and flagged: they teach about the anode, not about the solid interface."""


RULE_SEPARATOR = " | "
"""A rule between columns raises ValueError(column | got | expected); the reader makes a message of it."""


def broken_rule(column: str, got: str, expected: str) -> ValueError:
    """Return the error of a rule between several columns of a row that does not hold.

    Parameters
    ----------
    column, got, expected : str
        As the message names them.
    """
    return ValueError(RULE_SEPARATOR.join((column, got, expected)))


def rule_mistake(broken: str, line: int, table: str) -> Mistake:
    """Return the mistake of a rule that does not hold.

    Parameters
    ----------
    broken : str
        Text of `broken_rule`.
    line : int
        Line of the table, 0 for none.
    table : str
        Name of the file.
    """
    column, got, expected = broken.split(RULE_SEPARATOR)
    return Mistake(line, column, got, expected, table)


@dataclass(frozen=True)
class Rule:
    """A rule between number columns of a row, written once for single rows and for whole columns.

    Attributes
    ----------
    columns : tuple of str
        Columns it reads.
    is_broken : callable
        Numbers of the columns in, in their units, as floats or as arrays of shape (n_rows,); whether they break it out.
    error : callable
        The error of one row that breaks it, from its numbers.
    empty : float
        What stands for a number that is not given.

    Examples
    --------
    >>> rising = Rule(("low", "high"), lambda low, high: high <= low, lambda low, high: broken_rule("high", "", "more"))
    >>> rising.breaks({"low": np.array([1.0, 2.0]), "high": np.array([2.0, np.nan])}).tolist()
    [False, False]
    """

    columns: tuple[str, ...]
    is_broken: Callable[..., Any]
    error: Callable[..., ValueError]
    empty: float = np.nan

    def check(self, row: object) -> None:
        """Raise the error where a row breaks the rule.

        Parameters
        ----------
        row : object
            Has the columns as attributes, None where not given.

        Raises
        ------
        ValueError
            It does: the error of `broken_rule`.
        """
        values = [getattr(row, name) for name in self.columns]
        numbers = [self.empty if value is None else value for value in values]
        if self.is_broken(*numbers):
            raise self.error(*numbers)

    def breaks(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return whether each row breaks the rule, shape (n_rows,), or () where no column is there.

        Parameters
        ----------
        columns : mapping
            Numbers by column, NaN where not given, each of shape (n_rows,); columns may be absent.
        """
        empty = np.array(self.empty)
        numbers = [columns.get(name, empty) for name in self.columns]
        return np.asarray(self.is_broken(*(np.where(np.isnan(number), empty, number) for number in numbers)))

    def error_at(self, columns: Mapping[str, np.ndarray], place: int) -> ValueError:
        """Return the error of one row of whole columns, which breaks the rule.

        Parameters
        ----------
        columns : mapping
            As for `breaks`.
        place : int
            Of the row.
        """
        numbers = [float(columns[name][place]) if name in columns else np.nan for name in self.columns]
        return self.error(*(self.empty if np.isnan(number) else number for number in numbers))


MOST_ICE_PCT = 300.0
"""Of a prelithiated half cell, which gives back more than the first charge put in; of others 100."""
AS_PRINTED = "as printed: 0.026 eV too low where read from sigma instead of sigma T"
"""Remark on a printed activation energy: hardly a paper states of which of the two it is the slope."""
CAPACITIES_AGREE = 1.5
"""Times the capacity per gram and the loading that a capacity per area may be: both are often rounded."""
CELL_RULES = (
    Rule(
        ("silicon_wt_pct", "carbon_wt_pct", "anode_electrolyte_wt_pct", "binder_wt_pct"),
        lambda *shares: sum(shares) > 100.5,
        lambda *shares: broken_rule(
            "silicon_wt_pct", f"shares of the anode of {sum(shares):g} wt%", "at most 100 wt% in sum"
        ),
        empty=0.0,
    ),
    Rule(
        ("voltage_low_v", "voltage_high_v"),
        lambda low, high: high <= low,
        lambda low, high: broken_rule("voltage_high_v", f"{high:g}", f"above voltage_low_v, {low:g}"),
    ),
)


def _yes_no(value: object) -> object:
    return {"yes": True, "no": False}.get(value.strip().lower(), value) if isinstance(value, str) else value


LONGEST_DOI = 300
"""Characters; what is longer is none."""
_RESOLVER = re.compile(r"(?:https?://)?(?:(?:dx|www)\.)?doi\.org/|doi:\s*", re.IGNORECASE)


def plain_doi(value: object) -> object:
    """Return a DOI in lower case, without resolver, prefix, query, fragment and punctuation behind it.

    Parameters
    ----------
    value : object
        As written, several parted by `|`; what is no text stays as it is.

    Examples
    --------
    >>> plain_doi("https://doi.org/10.1016/J.ENSM.2023.102875?via=ihub#sec2")
    '10.1016/j.ensm.2023.102875'
    >>> plain_doi("doi: 10.1016/0038-1098(76)90000-1. | www.doi.org/10.1000/182)")
    '10.1016/0038-1098(76)90000-1|10.1000/182'
    """
    if not isinstance(value, str):
        return value
    return "|".join(_plain(part) for part in value.split("|"))


def _plain(doi: str) -> str:
    text = doi.strip()
    while prefix := _RESOLVER.match(text):
        text = text[prefix.end() :].lstrip()
    text = re.split(r"[?#]", text, maxsplit=1)[0].lower()
    while text and len(text) <= LONGEST_DOI and (text[-1] in ".,;:\"'/" or _closes_nothing(text)):
        text = text[:-1].rstrip()
    return text


def _closes_nothing(text: str) -> bool:
    return text[-1] in _OPENS and text.count(text[-1]) > text.count(_OPENS[text[-1]])


_OPENS = {")": "(", "]": "[", "}": "{", ">": "<"}


def _plain_if_doi(value: object) -> object:
    plain = plain_doi(value)
    return plain if isinstance(plain, str) and plain.startswith("10.") else value


Doi = Annotated[str, BeforeValidator(plain_doi)]
PaperLabel = Annotated[str, BeforeValidator(_plain_if_doi)]
YesNo = Annotated[bool, BeforeValidator(_yes_no)]


def quantity(
    unit: str,
    description: str,
    *,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
) -> Any:
    """Return the field of a finite number that need not be given, with its unit and its limits.

    Parameters
    ----------
    unit : str
        As printed; 1 where the number has no dimension.
    description : str
        Meaning of the column, for the dictionary of the data.
    gt, ge, lt, le : float or None
        Limits in that unit: above, at least, below, at most; None sets none.
    """
    return Field(
        default=None,
        description=description,
        allow_inf_nan=False,
        json_schema_extra={"unit": unit},
        gt=gt,
        ge=ge,
        lt=lt,
        le=le,
    )


def text_field(description: str) -> Any:
    """Return the field of a text, or of one of some words, with its meaning.

    Parameters
    ----------
    description : str
        Meaning of the column, for the dictionary of the data.
    """
    return Field(default=None, description=description)
