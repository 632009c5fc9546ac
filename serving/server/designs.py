"""Designs of a request: read by the record models of the command line, bounded before anything expensive is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from fastapi import HTTPException

from features.tables.designs import Designs
from features.tables.mistakes import InputError, Mistake
from features.tables.records import Candidate, Measured, Row
from features.tables.rows import expectation
from models.candidates import candidate_designs, candidate_frame, read_design
from models.lab_calibration import measured_frame, parse_measured
from serving.server.batching import Deadline

MOST_FIELDS = 100
LONGEST_NAME = 60
LONGEST_TEXT = 1_000
LONGEST_CIF = 200_000
KINDS = {dict: "an object", list: "a list"}


def check_count(what: str, count: int, most: int) -> None:
    """Refuse more than a server takes at once.

    Raises
    ------
    HTTPException
        413.
    """
    if count > most:
        raise HTTPException(413, f"{what}: got {count}, expected at most {most} at once; send them in several requests")


def read_designs(designs: Iterable[Mapping[str, Any]], deadline: Deadline) -> list[Candidate | list[Mistake]]:
    """Each design, or all its mistakes; line n is the n-th.

    Raises
    ------
    InputError
        None can be used; with the mistakes of all.
    """
    found = []
    for line, values in enumerate(designs, start=1):
        deadline.check()
        found.append(_read(values, line))
    if not any(isinstance(each, Candidate) for each in found):
        raise InputError("no design can be used", [each for rows in found if isinstance(rows, list) for each in rows])
    return found


def good_designs(found: Sequence[Candidate | list[Mistake]]) -> Designs:
    """The designs that can be used, as arrays."""
    return candidate_designs(each for each in found if isinstance(each, Candidate))


def good_frame(found: Sequence[Candidate | list[Mistake]]) -> pd.DataFrame:
    """The designs that can be used, as the models read them."""
    return candidate_frame(each for each in found if isinstance(each, Candidate))


def read_measured(designs: Sequence[Mapping[str, Any]]) -> pd.DataFrame | None:
    """Own measured designs; None where there are none.

    Raises
    ------
    InputError
        Any that cannot be used; all mistakes at once.
    """
    if not designs:
        return None
    if mistakes := [each for line, values in enumerate(designs, 1) for each in _oversized(Measured, values, line)]:
        raise InputError(f"{len(mistakes)} mistakes in the measured designs", mistakes)
    return measured_frame(parse_measured(list(designs)))


def _read(values: Mapping[str, Any], line: int) -> Candidate | list[Mistake]:
    return _oversized(Candidate, values, line) or read_design(Candidate, values, line)


def _oversized(model: type[Row], values: Mapping[str, Any], line: int) -> list[Mistake]:
    """What no table could hold: nested values, names and texts without end."""
    if len(values) > MOST_FIELDS:
        return [Mistake(line, "", f"{len(values)} fields", f"at most {MOST_FIELDS}")]
    found = []
    for name, value in values.items():
        most = LONGEST_CIF if name == "cif_text" else LONGEST_TEXT
        if len(name) > LONGEST_NAME:
            found.append(Mistake(line, f"{name[:LONGEST_NAME]}...", "an unknown column", "a column of this table"))
        elif isinstance(value, (dict, list)):
            what = expectation(model, name) if name in model.model_fields else "a plain value"
            found.append(Mistake(line, name, KINDS[type(value)], what))
        elif isinstance(value, str) and len(value) > most:
            found.append(Mistake(line, name, f"{len(value)} characters", f"at most {most}"))
    return found
