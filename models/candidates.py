"""Candidate designs as the models read them, and what makes one unusable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from features.electrolyte_columns import Electrolytes
from features.family import NAMED_ONLY
from features.feature import coded, per_text
from features.formulas.charge import TOLERANCE
from features.formulas.elements import ELEMENT_INDEX
from features.formulas.misprints import HUGE, may_be_confused, misprint, objection
from features.formulas.reader import MAX_LENGTH, FormulaError, shared_reading
from features.tables.columns import columns_as_numbers, numeric_columns
from features.tables.designs import Designs, coded_texts
from features.tables.mistakes import InputError, Mistake
from features.tables.records import Candidate, CellDesign, Measured
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
"""Columns that `formula_mistake` looks at."""


def has_anode(designs: pd.DataFrame | Designs) -> np.ndarray:
    """Return whether each design says anything of its anode, shape (n_designs,).

    Parameters
    ----------
    designs : DataFrame or Designs, shape (n_designs, n_columns)
        Columns of `Candidate`; any may be absent.

    Examples
    --------
    >>> has_anode(pd.DataFrame({"electrolyte": ["LPS", "LPS"], "anode": ["micro-Si", None]})).tolist()
    [True, False]
    """
    columns, as_numbers = Designs.of(designs), columns_as_numbers(Candidate)
    masks = [
        np.isfinite(columns.number(name)) if name in as_numbers else per_text(*columns.coded(name), bool) > 0
        for name in ANODE_COLUMNS
    ]
    return np.asarray(np.any(masks, axis=0))


def candidate_designs(rows: Iterable[Candidate]) -> Designs:
    """Return designs as the models read them; one column per field, empty where not given.

    Parameters
    ----------
    rows : iterable of Candidate
        One per design.
    """
    return _designs(*_columns(rows))


def stated_designs(rows: Sequence[Mapping[str, Any]]) -> Designs:
    """Return cells as the models read them, from plain values.

    Parameters
    ----------
    rows : sequence of mapping
        Columns of `CellDesign`; what is not stated is absent.

    Examples
    --------
    >>> designs = stated_designs([{"anode": "Si", "cell_type": "full"}, {"anode": "Si", "np_ratio": 1.1}])
    >>> designs.coded("cell_type"), designs.number("np_ratio").tolist()
    ((array([0, 1]), ['full', '']), [nan, 1.1])
    """
    return _designs(len(rows), {name: [row.get(name) for row in rows] for name in CellDesign.model_fields})


def _designs(count: int, columns: Mapping[str, list[Any]]) -> Designs:
    as_numbers = columns_as_numbers(Candidate)
    numbers = {name: np.array(values, dtype=float) for name, values in columns.items() if name in as_numbers}
    texts = {name: coded_texts(values) for name, values in columns.items() if name not in as_numbers}
    return Designs(count, numbers, texts)


def candidate_frame(rows: Iterable[Candidate]) -> pd.DataFrame:
    """Return designs as a frame, shape (n_designs, n_columns): one column per field, in the field's unit.

    Parameters
    ----------
    rows : iterable of Candidate
        One per design. What is not given is NaN in a column of numbers, None elsewhere.

    Examples
    --------
    >>> frame = candidate_frame([Candidate(electrolyte="Li6PS5Cl", temperature_c=25)])
    >>> frame[["electrolyte", "temperature_c", "np_ratio"]].values.tolist()
    [['Li6PS5Cl', 25.0, nan]]
    """
    numbers, (_, columns) = set(numeric_columns(Candidate)), _columns(rows)
    return pd.DataFrame(
        {name: np.array(values, dtype=float) if name in numbers else values for name, values in columns.items()}
    )


def _columns(rows: Iterable[Candidate]) -> tuple[int, dict[str, list[Any]]]:
    """Return the number of the rows, and their values by field."""
    designs = list(rows)
    return len(designs), {name: [getattr(row, name) for row in designs] for name in Candidate.model_fields}


def usable_rows(
    model: type[CandidateT], designs: Iterable[Mapping[str, Any]], noun: str = "designs"
) -> list[CandidateT]:
    """Read rows from plain values, all of them or none.

    Parameters
    ----------
    model : type
        Type `Candidate` or `Measured`.
    designs : iterable of mapping
        Values of each design by column; None and the empty text mean not given.
    noun : str
        Name of the designs in the message.

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
        raise InputError(f"{len(mistakes)} mistakes in the {noun}", mistakes)
    return rows


def read_design(
    model: type[CandidateT], values: Mapping[str, Any], line: int, table: str = ""
) -> CandidateT | list[Mistake]:
    """Read one design from plain values: the row, or all its mistakes, that of its formula among them.

    Parameters
    ----------
    model : type
        Type `Candidate` or `Measured`.
    values : mapping
        Values by column; None and the empty text mean not given.
    line : int
        Line of the table, or place among the designs, from 1.
    table : str
        Name of the file; empty where there is none.

    Examples
    --------
    >>> [str(mistake) for mistake in read_design(Candidate, {"electrolyte": "Li6PS5Cl", "cycle": 0}, 3, "new.csv")]
    ['new.csv line 3, column cycle: got 0, expected a plain number, at least 1 and at most 1e+06']
    """
    row = parse_row(model, values, line, table)
    if not isinstance(row, list):
        mistake = formula_mistake(row, line, table)
        return [mistake] if mistake else row
    if any(mistake.column in NAMING_COLUMNS for mistake in row):
        return row
    # that of the formula comes beside the others, unless a column that names the electrolyte is wrong itself
    naming = parse_row(Candidate, {name: values[name] for name in NAMING_COLUMNS if name in values}, line, table)
    mistake = None if isinstance(naming, list) else _formula_mistake(naming, line, table, issubclass(model, Measured))
    return [*row, mistake] if mistake else row


def unreadable(designs: pd.DataFrame | Designs, electrolytes: Electrolytes) -> np.ndarray:
    """Return the designs that `formula_mistake` refuses, shape (n_designs,); each distinct electrolyte is read once.

    Parameters
    ----------
    designs : DataFrame or Designs, shape (n_designs, n_columns)
        Columns of `Candidate`.
    electrolytes : Electrolytes
        What `read_electrolytes` gave of the designs.
    """
    return np.asarray(unread(designs, electrolytes) | _objected(electrolytes)[electrolytes.codes])


def unread(designs: pd.DataFrame | Designs, electrolytes: Electrolytes) -> np.ndarray:
    """Return the designs whose electrolyte cannot be read and whose class names no stoichiometry; shape (n_designs,).

    Parameters
    ----------
    designs : DataFrame or Designs, shape (n_designs, n_columns)
        Columns of `Candidate`.
    electrolytes : Electrolytes
        What `read_electrolytes` gave of the designs.
    """
    amounts = electrolytes.amounts
    is_unread = np.zeros(len(electrolytes.names), dtype=bool)
    for place in np.flatnonzero(~amounts.plain[amounts.codes]).tolist():
        is_unread[place] = not _is_readable(electrolytes.written[place])
    is_unread |= np.fromiter(map(len, electrolytes.written), dtype=np.int64, count=len(is_unread)) > MAX_LENGTH
    refused = is_unread[electrolytes.codes]
    if refused.any():
        is_named = per_text(*coded(designs, "electrolyte_class"), lambda name: name in NAMED_ONLY) > 0
        has_formula = per_text(*coded(designs, "composition"), bool) > 0
        refused &= ~is_named | has_formula
    return np.asarray(refused)


def refuse_unread(designs: Designs, electrolytes: Electrolytes) -> None:
    """Refuse designs whose electrolyte cannot be read, all of them at once.

    Parameters
    ----------
    designs : Designs, shape (n_designs, n_columns)
        Columns of `Candidate`.
    electrolytes : Electrolytes
        What `read_electrolytes` gave of the designs.

    Raises
    ------
    InputError
        With the number of each such design, from 1.
    """
    if (rows := np.flatnonzero(unread(designs, electrolytes))).size:
        written = np.asarray(electrolytes.written, dtype=object)[electrolytes.codes[rows]]
        mistakes = [
            Mistake(place + 1, "electrolyte", repr(text), "a formula that can be read, or a class that has none")
            for place, text in zip(rows.tolist(), written.tolist(), strict=True)
        ]
        raise InputError(f"{len(mistakes)} designs cannot be predicted", mistakes)


def _objected(electrolytes: Electrolytes) -> np.ndarray:
    """Electrolytes that `misprint` doubts, shape (n_electrolytes,); never neutral ones.

    Others are read one by one, but for those without carbon and with usual subscripts whose letters are no other's:
    against them there is nothing to say.
    """
    amounts, fractions = electrolytes.amounts, electrolytes.amounts.fractions
    with np.errstate(invalid="ignore"):
        is_neutral = np.abs(amounts.charge) <= TOLERANCE
        usual = amounts.plain & (fractions[ELEMENT_INDEX["C"]] == 0)
    largest = np.zeros(len(usual))
    np.maximum.at(largest, amounts.owner, amounts.amount)
    usual &= largest < HUGE
    objected = np.zeros(len(electrolytes.names), dtype=bool)
    doubtful = np.flatnonzero(~is_neutral[amounts.codes])
    texts = [electrolytes.written[place] for place in doubtful.tolist()]
    is_usual = usual[amounts.codes[doubtful]]
    is_usual[is_usual] = ~may_be_confused([*compress(texts, is_usual)])
    for place, text in zip(doubtful[~is_usual].tolist(), compress(texts, ~is_usual), strict=True):
        objected[place] = misprint(text) is not None
    return objected


def _is_readable(text: str) -> bool:
    try:
        shared_reading(text)
    except FormulaError:
        return False
    return True


def formula_mistake(row: Candidate, line: int, table: str = "") -> Mistake | None:
    """Return why a design's electrolyte cannot be used, or None.

    A name without a stoichiometry passes where the class says that such names are usual (polymer, composite, gel,
    liquid, LiPON). A formula that can be read and is hardly what was meant does not pass, nor does one without lithium
    where something was measured of it: nothing is to be learnt from conductors of other ions.

    Parameters
    ----------
    row : Candidate
        The design.
    line : int
        Line of the table, or place among the designs, from 1.
    table : str
        Name of the file; empty where there is none.

    Examples
    --------
    >>> formula_mistake(Candidate(electrolyte="PEO-LiTFSI", electrolyte_class="polymer"), 2) is None
    True
    >>> formula_mistake(Candidate(electrolyte="my best one"), 2).column
    'electrolyte'
    """
    return _formula_mistake(row, line, table, isinstance(row, Measured))


def _formula_mistake(row: Candidate, line: int, table: str, with_lithium: bool) -> Mistake | None:
    values = {name: getattr(row, name) for name in NAMING_COLUMNS}
    return naming_mistake(values, line, table, with_lithium=with_lithium)


def naming_mistake(
    values: Mapping[str, str | None], line: int = 0, table: str = "", *, with_lithium: bool = False
) -> Mistake | None:
    """Return why what names a design's electrolyte cannot be used, or None, as `formula_mistake` does of the design.

    Parameters
    ----------
    values : mapping
        `NAMING_COLUMNS`, each right by itself; empty or None where not given, absent where the table has none.
    line : int
        As for `formula_mistake`; 0 for none.
    table : str
        Name of the file; empty where there is none.
    with_lithium : bool
        Whether a formula without lithium is refused as well.
    """
    composition = values.get("composition")
    column, written = ("composition", composition) if composition else ("electrolyte", values["electrolyte"] or "")
    try:
        shared_reading(written)
    except FormulaError as error:
        if values.get("electrolyte_class") in NAMED_ONLY and not composition:
            return None
        expected = (
            f"a formula or a known name ({error}); or give electrolyte_class polymer, composite or "
            f"gel for a named material"
        )
        return Mistake(line, column, repr(written), expected, table)
    if question := (objection if with_lithium else misprint)(written):
        return Mistake(line, column, repr(written), question, table)
    return None
