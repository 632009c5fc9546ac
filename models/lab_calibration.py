"""Predictions moved by a laboratory's own measured designs, and drawn to measurements of the very composition."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from features.electrolyte_columns import Electrolytes
from features.feature import number
from features.tables.designs import Designs
from features.tables.mistakes import InputError
from features.tables.records import Measured
from models.candidates import has_anode, stated_designs, usable_rows
from models.known.cells import KnownCells, shrink_to_cells, spread_of_papers
from models.known.measurements import Conditions, Measurements
from models.known.same_design import same_designs
from models.known.scatter import PRIOR_WEIGHT
from models.known.shrinkage import Show, Shrunk, shrink_to_papers
from models.lab_effect.kernel import REPLICATE_SHARE, Replicates
from models.lab_effect.own_designs import OwnRows
from models.tasks.part import Part, published_bounds
from models.tasks.registry import TASKS

LIFE_CYCLE = 100.0
"""Cycle that a printed life counts as a point at."""
BORROWED = "as far as conductivities of one laboratory go together: too few papers have several values of this"
UNMOVED = (
    "not moved by your measured designs: the papers do not show that designs of one laboratory miss alike here, "
    "so measure this very design to have it told near your value"
)
FAR_TEMPERATURE_C = 30.0
"""A design tested this far from every measured one gets a notice."""


def measured_frame(rows: Iterable[Measured]) -> pd.DataFrame:
    """Measured designs as the frame the models read; one column per field, empty where not given.

    Parameters
    ----------
    rows : iterable of Measured
        Measured designs.
    """
    return pd.DataFrame([row.model_dump() for row in rows], columns=list(Measured.model_fields))


def parse_measured(designs: Any) -> list[Measured]:
    """Measured designs from plain values.

    Parameters
    ----------
    designs : array
        List of objects, as JSON gives them.

    Raises
    ------
    InputError
        No list of objects, or any that cannot be used; all mistakes at once, rows counted from 1.
    """
    if not isinstance(designs, list) or not all(isinstance(values, dict) for values in designs):
        raise InputError("measured: expected a list of objects, one per measured design")
    return usable_rows(Measured, designs, "measured designs")


def own_rows(name: str, part: Part, measured: pd.DataFrame) -> OwnRows | None:
    """Read measured designs as rows of one part; None where none of them has its quantity.

    Parameters
    ----------
    name : str
        Of the part, a key of `TASKS`.
    part : Part
        Its fitted model.
    measured : DataFrame
        Columns of `Measured`, for cells with the column of `with_conductivity`; NaN where a quantity was not measured.

    Raises
    ------
    ValueError
        The model keeps nothing to use own measurements with.
    """
    values = own_values(name, part, measured)
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return None
    if part.lab is None or part.domain is None:
        raise ValueError("this model was saved before own measurements could be used; train again")
    rows = measured.iloc[known].reset_index(drop=True)
    errors = values[known] - _shrink_to_papers(name, part, rows, part.predict(rows)[0])
    lives, first = None, np.arange(len(rows))
    if any(target.at_cycle for target in TASKS[name].targets):
        points = _points(rows)
        first = np.array([places[0] for places in points])
        lives = [_life(number(rows, "cycle")[places], errors[places]) for places in points]
        errors = np.array([life[1].mean() for life in lives])
    rows = rows.iloc[first].reset_index(drop=True)
    return OwnRows(part.featurizer.transform(rows), errors, number(rows, "temperature_c"), rows, lives)


def _points(rows: pd.DataFrame) -> list[np.ndarray]:
    """Return the places of each sample's rows; a row that names no sample is one of its own."""
    names = rows["sample_id"] if "sample_id" in rows else pd.Series([None] * len(rows))
    places: dict[object, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name if isinstance(name, str) else place, []).append(place)
    return [np.array(group) for group in places.values()]


def _life(cycles: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of one life in ascending order, those of one cycle as their mean."""
    points, place = np.unique(np.where(np.isnan(cycles), LIFE_CYCLE, cycles), return_inverse=True)
    return points, np.bincount(place, errors) / np.bincount(place)


def own_measurements(name: str, part: Part, measured: pd.DataFrame) -> Measurements:
    """Read measured designs as measurements of their compositions, or of what is written alike.

    Parameters
    ----------
    name : str
        Key of `TASKS`.
    part : Part
        Its fitted model.
    measured : DataFrame
        Columns of `Measured`.
    """
    names = [str(place) for place in range(1, len(measured) + 1)]
    return Measurements.of(measured, own_values(name, part, measured), ["own"] * len(measured), names, by_name=True)


def own_values(name: str, part: Part, measured: pd.DataFrame) -> np.ndarray:
    """Return measured values on the model's scale, shape (n_rows,).

    NaN where not given, where a cell's anode is not described, and where a value only bounds what is learnt.

    Parameters
    ----------
    name : str
        Key of `TASKS`.
    part : Part
        Its fitted model.
    measured : DataFrame
        Columns of `Measured`.
    """
    values = TASKS[name].measured(partial(number, measured), part.settings)
    return np.where(has_anode(measured), values, np.nan) if TASKS[name].of_cells else values


def moved(
    part: Part,
    own: OwnRows,
    vectors: np.ndarray,
    temperature_c: np.ndarray,
    centre: np.ndarray,
    spread: np.ndarray,
    half: np.ndarray,
    level: float,
    same: np.ndarray | None = None,
    cycle: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, list[list[str]]]:
    """Predictions and half widths after the laboratory's own measurements, with the notices on each design.

    Parameters
    ----------
    part : Part
        The fitted model, with what it learned of laboratories.
    own : OwnRows
        Measured designs with the model's errors on them.
    vectors : ndarray, shape (n_designs, n_features)
        Features of the designs.
    temperature_c : ndarray, shape (n_designs,)
        NaN where a design states none.
    centre, spread, half : ndarray, shape (n_designs,)
        Predictions, deviation of the members and half widths without the measurements, on the model's scale.
    level : float
        Share of papers' values that the intervals are to hold.
    same : ndarray of bool, shape (n_designs, n_samples), optional
        Measured samples that are of the very design; None where it is not compared.
    cycle : ndarray, shape (n_designs,), optional
        Cycle that each design is predicted at; None where nothing has a cycle.
    """
    if part.lab is None or part.domain is None:
        raise ValueError("this model was saved before own measurements could be used; train again")
    count, kernel = len(own.errors), part.lab.working
    to = part.domain.between(vectors, own.vectors)
    among = own.cache.once("among", partial(part.domain.between, own.vectors, own.vectors))
    errors = own.errors_at(np.ones(len(vectors)) if cycle is None else cycle)
    if same is None or own.designs is None:
        same = np.zeros(to.shape, dtype=bool)
        pull = kernel.between(to) @ own.cache.once("inverse", partial(kernel.inverse, among))
    else:
        of_one = own.cache.once("alike", partial(same_designs, Designs.of(own.designs), own.designs))
        replicate = REPLICATE_SHARE * (kernel.shared + kernel.noise)
        replicate = own.cache.once("replicate", partial(pooled_replicates, own.errors, of_one, replicate))
        pull, deviation = kernel.recalled(Replicates(of_one, same, replicate), among, to)
    known = np.asarray(same.any(axis=1))
    changed = None if part.lab.is_borrowed else part.lab.half_width(among, to, spread, level)
    width = half if changed is None or not kernel.shared else changed
    if known.any():
        width = np.where(known, np.fmin(NormalDist().inv_cdf((1 + level) / 2) * deviation, half), width)
    notices = []
    for row in range(len(vectors)):
        if known[row]:
            samples = int(same[row].sum())
            notices.append([f"drawn to {samples} measured sample{'s' * (samples > 1)} of this very design of yours"])
        elif not kernel.shared:
            notices.append([UNMOVED])
        else:
            notices.append(_moves(part, own, to[row], temperature_c[row], count, narrowed=changed is not None))
    return centre + (pull * errors).sum(axis=1), width, notices


def _moves(part: Part, own: OwnRows, to: np.ndarray, temperature_c: float, count: int, *, narrowed: bool) -> list[str]:
    """Return what moved one design that was not measured itself, and what of it is doubtful."""
    text = f"moved by {count} measured design{'s' if count > 1 else ''} of yours"
    if part.lab is not None and part.lab.is_borrowed:
        text += f" {BORROWED}"
    notices = [text]
    if part.domain is not None and to.min() > part.domain.far:
        notices.append(f"far from all of them (distance {to.min():.2f})")
    gap = np.abs(temperature_c - own.temperature_c)
    if np.isfinite(gap).any() and np.nanmin(gap) > FAR_TEMPERATURE_C:
        notices.append(f"tested {np.nanmin(gap):g} °C from the nearest of them")
    if not narrowed:
        notices.append("too few papers to calibrate the interval with them: its width is that without")
    return notices


def pooled_replicates(errors: np.ndarray, of_one: np.ndarray, replicate: float) -> float:
    """Return the variance that samples of one design differ by: the expected one, and what the own samples show.

    Parameters
    ----------
    errors : ndarray, shape (n_samples,)
        On the model's scale.
    of_one : ndarray of bool, shape (n_samples, n_samples)
        Which samples are of one design.
    replicate : float
        Expected variance; counts as `PRIOR_WEIGHT` degrees of freedom.

    Examples
    --------
    Two samples 2 apart add one degree of freedom, with a sum of squares of 2:

    >>> pooled_replicates(np.array([1.0, 3.0]), np.ones((2, 2), dtype=bool), 0.1)
    0.2727272727272727
    """
    design = np.unique(of_one, axis=0, return_inverse=True)[1].ravel()
    means = np.bincount(design, errors) / np.bincount(design)
    squares = float(((errors - means[design]) ** 2).sum())
    return (PRIOR_WEIGHT * replicate + squares) / (PRIOR_WEIGHT + len(errors) - len(means))


def measured_text(name: str, own: pd.DataFrame, same: np.ndarray) -> list[str | None]:
    """Return in words what the laboratory measured of each very design; None where nothing.

    Parameters
    ----------
    name : str
        Key of `TASKS`.
    own : DataFrame
        All that was measured, columns of `Measured`.
    same : ndarray of bool, shape (n_designs, n_rows)
        Which rows are of the very design.
    """
    cycle, texts = number(own, "cycle"), dict[bytes, str | None]()
    for row in np.asarray(np.unique(same, axis=0)):
        pieces = list[str]()
        for target in TASKS[name].targets:
            values = number(own, target.column)
            places = np.flatnonzero(row & np.isfinite(values))
            cycles = [f" ({cycle[place]:g} cycles)" if target.at_cycle else "" for place in places]
            printed = [f"{values[place]:.3g} {target.unit}{end}" for place, end in zip(places, cycles, strict=True)]
            if printed:
                pieces.append(f"{target.label} {', '.join(printed)}")
        texts[row.tobytes()] = f"your own: {', '.join(pieces)}" if pieces else None
    return [texts[row.tobytes()] for row in same]


@cache
def show_of(name: str) -> Show:
    """Return what prints a value of a quantity's scale in its target's unit.

    Parameters
    ----------
    name : str
        Key of `TASKS`.

    Examples
    --------
    >>> show_of("conductivity")(-3.0)
    '1.0e-03 S/cm'
    """
    target = TASKS[name].targets[0]
    return lambda value: f"{target.show(float(target.unscaled(value)))} {target.unit}"


def _shrink_to_papers(name: str, part: Part, rows: pd.DataFrame, predicted: np.ndarray) -> np.ndarray:
    """Predictions of measured designs, drawn to what papers measured of them."""
    designs, any_level = Designs.of(rows), 0.5  # no interval is read
    drawn = shrink_to_measured(name, part, designs, None, predicted, np.zeros(len(rows)), any_level)
    return drawn.centre if drawn else predicted


def shrink_to_measured(
    name: str,
    part: Part,
    designs: Designs,
    read: Electrolytes | None,
    centre: np.ndarray,
    half: np.ndarray,
    level: float,
) -> Shrunk | None:
    """Draw predictions to what papers measured of the composition, or of the very cell; None where none can be found.

    Parameters
    ----------
    name : str
        Key of `TASKS`.
    part : Part
        Its fitted model.
    designs : Designs
        Columns of `Candidate`.
    read : Electrolytes or None
        What `read_electrolytes` gave of them, where that was done already.
    centre, half : ndarray, shape (n_designs,)
        Predictions and half widths of their intervals without, on the model's scale.
    level : float
        Share of papers whose values the intervals should hold, 0 to 1.
    """
    if TASKS[name].draws_to_measured:
        conditions = Conditions.of(designs, read) if part.known else None
        return shrink_to_papers(part.known, conditions, centre, half, level, show_of(name))
    cells = known_cells(name, part)
    if cells is None or part.lab is None:
        return None
    spread = spread_of_papers(part.lab.kernel.shared + part.lab.kernel.noise, REPLICATE_SHARE)
    return shrink_to_cells(cells, designs, spread, centre, half, level)


def known_cells(name: str, part: Part) -> KnownCells | None:
    """Return the cells that a model was trained on, with what papers measured of them; None where it kept none.

    Parameters
    ----------
    name : str
        Key of `TASKS`.
    part : Part
        Its fitted model.
    """
    domain = part.domain
    if part.cells or domain is None or not domain.designs:
        return part.cells
    lower, upper = published_bounds(TASKS[name], part)
    rows, result = domain.precedents, TASKS[name].result
    part.cells = KnownCells(
        stated_designs(domain.designs),
        np.where(lower == upper, lower, np.nan),
        domain.papers,
        [row["doi"] or row["paper"] for row in rows],
        [f"{result} {row['measured'].removeprefix('= ')}" for row in rows],
    )
    return part.cells
