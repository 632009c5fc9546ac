"""Designs of a request: read by the record models of the command line, bounded before anything expensive is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from fastapi import HTTPException

from features.tables.designs import Designs
from features.tables.mistakes import InputError, Mistake, shortened
from features.tables.records import Candidate, Measured, Row
from features.tables.rows import expectation
from models.candidates import candidate_designs, candidate_frame, read_design
from models.lab_calibration import measured_frame, parse_measured
from models.lab_effect.own_designs import OwnDesigns
from serving.server.batching import Deadline
from serving.server.settings import Settings

CHUNK, MOST_PAIRS, MOST_CURVE_PAIRS = 1_000, 200_000, 10_000
"""Designs predicted at a time; with measured ones, pairs of both: each takes a kilobyte, and forty for a curve."""
MOST_FIELDS, MOST_UNKNOWN = 100, 10
"""Of a design: each name that is not known is compared with all that are."""
LONGEST_NAME = 60
LONGEST_TEXT = 1_000
LONGEST_CIF = 200_000
KINDS = {dict: "an object", list: "a list"}
for record in (Candidate, Measured):  # before threads ask: older pydantic does not lock what it builds at first use
    record.model_rebuild()


def at_a_time(measured: int) -> int:
    """Return how many designs are predicted between two looks at the clock.

    Parameters
    ----------
    measured : int
        Number of measured designs, with each of which each design is compared.

    Examples
    --------
    >>> at_a_time(0), at_a_time(200), at_a_time(1_000)
    (1000, 1000, 200)
    """
    return min(CHUNK, max(1, MOST_PAIRS // max(1, measured)))


def check_count(name: str, count: int, most: int) -> None:
    """Refuse more than a server takes at once.

    Parameters
    ----------
    name : str
        Name of what is counted, for the message.
    count : int
        Of them in the request.
    most : int
        Highest count that is taken.

    Raises
    ------
    HTTPException
        413.

    Examples
    --------
    >>> check_count("designs", 3, 2)
    Traceback (most recent call last):
    fastapi.exceptions.HTTPException: 413: designs: got 3, expected at most 2 at once; send them in several requests
    """
    if count > most:
        raise HTTPException(413, f"{name}: got {count}, expected at most {most} at once; send them in several requests")


def check_pairs(designs: int, measured: int, settings: Settings, curve: bool = False) -> None:
    """Refuse more pairs of a design and a measured one than are compared in the time of a request.

    Parameters
    ----------
    designs, measured : int
        Of the request.
    settings : Settings
        Limits of the server.
    curve : bool
        Whether curves are asked for.

    Raises
    ------
    HTTPException
        413.
    """
    name = "designs with a curve" if curve else "designs"
    check_count(f"{name} times measured designs", designs * measured, MOST_CURVE_PAIRS if curve else settings.max_pairs)


def read_designs(designs: Iterable[Mapping[str, Any]], deadline: Deadline) -> list[Candidate | list[Mistake]]:
    """Read each design, or all its mistakes; line n is the n-th.

    Parameters
    ----------
    designs : iterable of mapping
        Plain values by column of `Candidate`; empty text and None mean not known.
    deadline : Deadline
        Asked before each design.

    Returns
    -------
    list of Candidate or list of Mistake
        One a design, in order.

    Raises
    ------
    InputError
        None can be used; with the mistakes of all.
    TooLongError
        The time is over.

    Examples
    --------
    >>> values = [{"electrolyte": "Li6PS5Cl"}, {"electrolyte": "Li3N", "cycle": -1}]
    >>> design, mistakes = read_designs(values, Deadline(60))
    >>> design.electrolyte, str(mistakes[0])[:22]
    ('Li6PS5Cl', 'line 2, column cycle: ')
    """
    read = []
    for line, values in enumerate(designs, start=1):
        deadline.check()
        read.append(_read(values, line))
    if not any(isinstance(design, Candidate) for design in read):
        mistakes = [mistake for of_one in read if isinstance(of_one, list) for mistake in of_one]
        raise InputError("no design can be used", mistakes)
    return read


def good_designs(read: Sequence[Candidate | list[Mistake]]) -> Designs:
    """Return the designs that can be used, as arrays.

    Parameters
    ----------
    read : sequence of Candidate or list of Mistake
        Of `read_designs`.
    """
    return candidate_designs(design for design in read if isinstance(design, Candidate))


def good_frame(read: Sequence[Candidate | list[Mistake]]) -> pd.DataFrame:
    """Return the designs that can be used, as the models read them.

    Parameters
    ----------
    read : sequence of Candidate or list of Mistake
        Of `read_designs`.
    """
    return candidate_frame(design for design in read if isinstance(design, Candidate))


def with_errors(read: Sequence[Candidate | list[Mistake]], results: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put results in the order of the designs, with the mistakes of those that have none.

    Parameters
    ----------
    read : sequence of Candidate or list of Mistake
        Of `read_designs`.
    results : iterator of dict
        Of the designs that can be used, in order; as many are taken as there are.

    Examples
    --------
    >>> read = [[Mistake(1, "cycle", "-1", "more than 0")], Candidate(electrolyte="Li3N")]
    >>> with_errors(read, iter([{"notices": []}]))
    [{'error': ['line 1, column cycle: got -1, expected more than 0']}, {'notices': []}]
    """
    return [
        next(results) if isinstance(design, Candidate) else {"error": [shortened(str(mistake)) for mistake in design]}
        for design in read
    ]


def read_measured(designs: Sequence[Mapping[str, Any]]) -> OwnDesigns | None:
    """Read own measured designs.

    Parameters
    ----------
    designs : sequence of mapping
        Plain values by column of `Measured`; empty text and None mean not known.

    Returns
    -------
    OwnDesigns or None
        None where there are none.

    Raises
    ------
    InputError
        Any that cannot be used; all mistakes at once.
    """
    if not designs:
        return None
    mistakes = [mistake for line, values in enumerate(designs, 1) for mistake in _oversized(Measured, values, line)]
    if mistakes:
        raise InputError(f"{len(mistakes)} mistakes in the measured designs", mistakes)
    return OwnDesigns(measured_frame(parse_measured(list(designs))))


def _read(values: Mapping[str, Any], line: int) -> Candidate | list[Mistake]:
    return _oversized(Candidate, values, line) or read_design(Candidate, values, line)


def _oversized(model: type[Row], values: Mapping[str, Any], line: int) -> list[Mistake]:
    """Find what no table could hold: nested values, names and texts without end."""
    if len(values) > MOST_FIELDS:
        return [Mistake(line, "", f"{len(values)} fields", f"at most {MOST_FIELDS}")]
    unknown = [name for name in values if name not in model.model_fields]
    if len(unknown) > MOST_UNKNOWN:
        names = ", ".join(shortened(name) for name in unknown[:3])
        problem = f"{len(unknown)} unknown columns ({names} and others)"
        return [Mistake(line, "", problem, "columns of this table")]
    mistakes = []
    for name, value in values.items():
        most = LONGEST_CIF if name == "cif_text" else LONGEST_TEXT
        if len(name) > LONGEST_NAME:
            mistakes.append(Mistake(line, f"{name[:LONGEST_NAME]}...", "an unknown column", "a column of this table"))
        elif isinstance(value, (dict, list)):
            expected = expectation(model, name) if name in model.model_fields else "a plain value"
            mistakes.append(Mistake(line, name, KINDS[type(value)], expected))
        elif isinstance(value, str) and len(value) > most:
            mistakes.append(Mistake(line, name, f"{len(value)} characters", f"at most {most}"))
    return mistakes
