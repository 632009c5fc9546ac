"""Candidate designs as the models read them, and what makes one unusable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from features.electrolyte_columns import Electrolytes
from features.family import NAMED_ONLY
from features.feature import coded, per_text
from features.formulas.reader import MAX_LENGTH, FormulaError, read_formula
from features.tables.columns import columns_as_numbers, numeric_columns
from features.tables.designs import Designs, coded_texts
from features.tables.mistakes import InputError, Mistake
from features.tables.records import Candidate
from features.tables.rows import parse_row

CandidateT = TypeVar("CandidateT", bound=Candidate)

ANODE_COLUMNS = (
    "anode",
    "anode_architecture",
    "silicon_form",
    "silicon_size_nm",
    "film_thickness_nm",
    "silicon_wt_pct",
)

NAMING_COLUMNS = ("electrolyte", "composition", "electrolyte_class")
"""What `formula_mistake` looks at."""


def has_anode(designs: pd.DataFrame | Designs) -> np.ndarray:
    """Whether each design says anything of its anode, shape (n_designs,)."""
    held, as_numbers = Designs.of(designs), columns_as_numbers(Candidate)
    given = [
        np.isfinite(held.number(column)) if column in as_numbers else per_text(*held.coded(column), bool) > 0
        for column in ANODE_COLUMNS
    ]
    return np.asarray(np.any(given, axis=0))


def candidate_designs(rows: Iterable[Candidate]) -> Designs:
    """Designs as the models read them; one column per field, empty where not given."""
    as_numbers, (count, columns) = columns_as_numbers(Candidate), _columns(rows)
    numbers = {name: np.array(values, dtype=float) for name, values in columns.items() if name in as_numbers}
    texts = {name: coded_texts(values) for name, values in columns.items() if name not in as_numbers}
    return Designs(count, numbers, texts)


def candidate_frame(rows: Iterable[Candidate]) -> pd.DataFrame:
    """Designs as the frame the models read; one column per field, empty where not given: NaN where it holds numbers."""
    numbers, (_, columns) = set(numeric_columns(Candidate)), _columns(rows)
    return pd.DataFrame(
        {name: np.array(values, dtype=float) if name in numbers else values for name, values in columns.items()}
    )


def _columns(rows: Iterable[Candidate]) -> tuple[int, dict[str, list[Any]]]:
    """Number of the rows, and their values by field."""
    held = list(rows)
    return len(held), {name: [getattr(row, name) for row in held] for name in Candidate.model_fields}


def usable_rows(
    model: type[CandidateT], designs: Iterable[Mapping[str, Any]], what: str = "designs"
) -> list[CandidateT]:
    """Rows from plain values, all of them or none.

    Parameters
    ----------
    model : `Candidate` or `Measured`
    what : what to call them in the message

    Raises
    ------
    InputError
        Any that cannot be used; all mistakes at once, rows counted from 1.
    """
    rows, mistakes = list[CandidateT](), list[Mistake]()
    for line, values in enumerate(designs, start=1):
        row = read_design(model, values, line)
        if isinstance(row, list):
            mistakes += row
        else:
            rows.append(row)
    if mistakes:
        raise InputError(f"{len(mistakes)} mistakes in the {what}", mistakes)
    return rows


def read_design(model: type[CandidateT], values: Mapping[str, Any], line: int) -> CandidateT | list[Mistake]:
    """One design from plain values: the row, or all its mistakes, that of its formula among them."""
    row = parse_row(model, values, line)
    if not isinstance(row, list):
        mistake = formula_mistake(row, line)
        return [mistake] if mistake else row
    beside = formula_mistake_beside(values, line)
    return [*row, beside] if beside else row


def formula_mistake_beside(values: Mapping[str, Any], line: int, table: str = "") -> Mistake | None:
    """The mistake in the formula of a design that something else is wrong with, so that both are told at once; None
    where the wrong thing is a column that names the electrolyte."""
    named = parse_row(Candidate, {name: values[name] for name in NAMING_COLUMNS if name in values}, line, table)
    return None if isinstance(named, list) else formula_mistake(named, line, table)


def all_mistakes(mistakes: Iterable[Mistake], rejected: Mapping[int, Mapping[str, str]], table: str) -> list[Mistake]:
    """The mistakes of a table of designs, those in the formulas of rows that were refused for something else among
    them, by line.

    Parameters
    ----------
    rejected : the rejected rows as text, by line
    """
    found = list(mistakes)
    said = {(each.line, each.column) for each in found}
    cut = {each.line for each in found if not each.column}  # a row with a cell too many or too few has no columns
    for line, raw in rejected.items():
        values = {name: text.strip() for name, text in raw.items()}
        beside = None if line in cut else formula_mistake_beside(values, line, table)
        if beside and (line, beside.column) not in said:
            found.append(beside)
    return sorted(found, key=lambda each: each.line)


def unreadable(designs: pd.DataFrame | Designs, electrolytes: Electrolytes) -> np.ndarray:
    """Designs that `formula_mistake` refuses, shape (n_designs,); each distinct electrolyte is read once.

    Parameters
    ----------
    electrolytes : what `read_electrolytes` gave of the designs
    """
    amounts = electrolytes.amounts
    wrong = np.zeros(len(electrolytes.names), dtype=bool)
    for place in np.flatnonzero(~amounts.plain[amounts.codes]).tolist():
        wrong[place] = not _is_readable(electrolytes.written[place])
    wrong |= np.fromiter(map(len, electrolytes.written), dtype=np.int64, count=len(wrong)) > MAX_LENGTH
    found = wrong[electrolytes.codes]
    if found.any():
        named = per_text(*coded(designs, "electrolyte_class"), lambda held: held in NAMED_ONLY) > 0
        given = per_text(*coded(designs, "composition"), bool) > 0
        found &= ~named | given
    return np.asarray(found)


def _is_readable(text: str) -> bool:
    try:
        read_formula(text)
    except FormulaError:
        return False
    return True


def formula_mistake(row: Candidate, line: int, table: str = "") -> Mistake | None:
    """Why a design's electrolyte cannot be used, or None.

    A name without a stoichiometry passes where the class says that such names are usual (polymer, composite, gel,
    liquid, LiPON).
    """
    column = "composition" if row.composition else "electrolyte"
    try:
        read_formula(row.composition or row.electrolyte)
    except FormulaError as error:
        if row.electrolyte_class in NAMED_ONLY and not row.composition:
            return None
        expected = (
            f"a formula or a known name ({error}); or give electrolyte_class polymer, composite or "
            f"gel for a named material"
        )
        return Mistake(line, column, repr(row.composition or row.electrolyte), expected, table)
    return None
