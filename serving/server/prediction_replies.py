"""Answers to requests for predictions: the numbers of `silion predict`, arranged for JSON."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from features.electrolyte_columns import read_electrolytes
from features.tables.designs import Designs
from features.tables.mistakes import InputError, Mistake
from features.tables.records import Candidate
from models.candidates import has_anode
from models.lab_effect.own_designs import OwnDesigns
from models.predictions import ENDS, RANGE_OF, Predictions
from models.tasks.conductivity import ACTIVATION_ENERGY
from models.tasks.fade import RETENTION
from models.tasks.registry import TARGETS, all_targets, is_range_alone, part_of
from models.tasks.task import DEFAULT_CYCLE
from serving.server.batching import Deadline
from serving.server.generations import ServedModel
from serving.server.request_designs import at_a_time, good_designs, read_designs, read_measured, with_errors
from serving.server.schemas import PredictRequest

MOST_SHARED = 20
"""Designs of a request that shares a call with others."""


def target_facts(model: ServedModel, targets: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
    """Describe each predicted quantity, and how well it is predicted.

    Parameters
    ----------
    model : ServedModel
        Its skill, and beyond which distance a design is far from its training rows.
    targets : sequence of str, optional
        Columns of `all_targets`; all where None.

    Returns
    -------
    dict
        By column, see `serving.server.schemas.TargetFacts`.

    Raises
    ------
    ValueError
        A target that does not exist.
    """
    facts = model.bundle.facts
    skill = facts.get("skill", {}) | facts.get("ranges", {}) | {ACTIVATION_ENERGY.column: facts.get("energies") or None}
    by_column = {}
    for column in model.bundle.told(targets):
        domain = model.bundle.parts[part_of(column)].domain if column in TARGETS else None
        facts = {name: value for name, value in vars(all_targets()[column]).items() if name != "column"}
        by_column[column] = {
            **facts,
            "part": part_of(column),
            "range_only": is_range_alone(column),
            "far_above": domain.far if domain else None,
            "skill": skill.get(column),
        }
    return by_column


def predict(model: ServedModel, request: PredictRequest, deadline: Deadline) -> dict[str, Any]:
    """Answer a request with one result or error per design, in order.

    Parameters
    ----------
    model : ServedModel
        The one that answers.
    request : PredictRequest
        Designs, and what is wanted of them.
    deadline : Deadline
        Asked between chunks of designs.

    Returns
    -------
    dict
        See `serving.server.schemas.PredictReply`.

    Raises
    ------
    InputError, ValueError
        No design can be used, a measured one cannot, or the level is beyond the number of papers.
    TooLongError
        The time is over.
    """
    measured = read_measured(request.measured)
    read = read_designs(request.designs, deadline)
    designs = good_designs(read)
    results = _results(model, designs, request, measured, deadline)
    if request.curve:
        # predicted first: a level beyond the papers is refused in the same words with and without a curve
        predicted = list(results)
        drawn = curves(model, designs, request.level, measured)
        results = ({**result, "curve": curve} for result, curve in zip(predicted, drawn, strict=True))
    return _reply(model, request, read, results)


def alike(model: ServedModel, request: PredictRequest) -> Hashable | None:
    """Return what requests have in common that one call may answer.

    Parameters
    ----------
    model : ServedModel
        The one that answers.
    request : PredictRequest
        Designs, and what is wanted of them.

    Returns
    -------
    Hashable or None
        Equal for requests that may share a call; None for a request that shall be answered alone.
    """
    if request.curve or request.measured or len(request.designs) > MOST_SHARED:
        return None
    return model.generation, tuple(request.targets or ()), request.level, request.precedents


def predict_alike(
    model: ServedModel, requests: Sequence[PredictRequest], deadline: Deadline
) -> list[dict[str, Any] | ValueError]:
    """Answer requests that are `alike` as `predict` would, by one call.

    Parameters
    ----------
    model : ServedModel
        The one that answers.
    requests : sequence of PredictRequest
        For which `alike` is equal.
    deadline : Deadline
        Asked between chunks of designs.

    Returns
    -------
    list of dict or ValueError
        In the order of the requests; an error of one is its own.

    Raises
    ------
    TooLongError
        The time is over.
    """
    read: list[list[Candidate | list[Mistake]] | ValueError] = []
    for request in requests:
        try:
            read.append(read_designs(request.designs, deadline))
        except InputError as error:
            read.append(error)
    usable = [design for designs in read if isinstance(designs, list) for design in designs]
    results: Iterator[dict[str, Any]] = iter(())
    if usable:
        results = _results(model, good_designs(usable), requests[0], None, deadline)
    return [
        _reply(model, request, designs, results) if isinstance(designs, list) else designs
        for request, designs in zip(requests, read, strict=True)
    ]


def _reply(
    model: ServedModel,
    request: PredictRequest,
    read: Sequence[Candidate | list[Mistake]],
    results: Iterator[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "model": model.short,
        "level": request.level,
        "targets": target_facts(model, request.targets),
        "results": with_errors(read, results),
    }


def _results(
    model: ServedModel,
    designs: Designs,
    request: PredictRequest,
    measured: OwnDesigns | None,
    deadline: Deadline,
) -> Iterator[dict[str, Any]]:
    step = at_a_time(0 if measured is None else len(measured))
    for begin in range(0, len(designs), step):
        deadline.check()
        chunk = designs.take(slice(begin, begin + step))
        predictions = model.predictor.predict(
            chunk, targets=request.targets, level=request.level, precedents=request.precedents, measured=measured,
            points=False,
        )  # fmt: skip
        yield from results_of(predictions, read_electrolytes(chunk).class_names)


def results_of(predictions: Predictions, families: Sequence[str | None]) -> list[dict[str, Any]]:
    """Arrange each design's predictions, notices and nearest rows.

    Parameters
    ----------
    predictions : Predictions
        Of any number of designs.
    families : sequence of str or None
        Class of each design's electrolyte; None where it is unknown.

    Returns
    -------
    list of dict
        By design, see `serving.server.schemas.Result`.
    """
    columns, texts = predictions.columns, {name: column.to_pylist() for name, column in predictions.texts.items()}
    by_target = {}
    for column in all_targets():
        if column in columns:
            ends = (columns[column + end].tolist() for end in ENDS)
            by_target[column] = list(zip(*ends, _distances(predictions, part_of(column)), strict=True))
    energies: list[dict[str, Any] | None] = [None] * len(predictions)
    if predictions.energies is not None:
        rows = zip(predictions.energies.values.tolist(), predictions.energies.printed.to_pylist(), strict=True)
        names = ("value", "low", "high", "printed")
        energies = [dict(zip(names, (*row, printed), strict=True)) for row, printed in rows]
    range_texts = texts.get(RANGE_OF, [None] * len(predictions))
    measured = {column: texts.to_pylist() for column, texts in predictions.measured_by.items()}
    return [
        {
            "predictions": {column: _prediction(*rows[place]) for column, rows in by_target.items()},
            "measured": {column: by[place] for column, by in measured.items() if by[place]},
            "range_of": range_texts[place] or None,
            "activation_energy_ev": energies[place],
            "notices": notice.split("; ") if notice else [],
            "precedents": {
                column: [{**row, "same_family": same_family(row.get("electrolyte"), families[place])} for row in rows]
                for column, rows in precedents.items()
            },
        }
        for place, (notice, precedents) in enumerate(zip(texts["notice"], predictions.precedents, strict=True))
    ]


def same_family(electrolyte: str | None, family: str | None) -> bool | None:
    """Return whether an electrolyte is of a family; None where either is unknown.

    Parameters
    ----------
    electrolyte : str or None
        As a paper writes it.
    family : str or None
        Class of a design's electrolyte.

    Examples
    --------
    >>> same_family("Li6PS5Br", "sulfide-argyrodite"), same_family("LLZO", "sulfide-argyrodite"), same_family("?", None)
    (True, False, None)
    """
    own = _family(electrolyte) if electrolyte and family else None
    return None if own is None else own == family


@lru_cache(maxsize=4096)
def _family(electrolyte: str) -> str | None:
    return read_electrolytes(pd.DataFrame({"electrolyte": [electrolyte]})).class_names[0]


def _distances(predictions: Predictions, part: str) -> list[float | None]:
    distances = predictions.distances.get(part)
    return [None] * len(predictions) if distances is None else list(distances.tolist())


def _prediction(value: float, low: float, high: float, distance: float | None) -> dict[str, float | None] | None:
    if low != low:
        return None
    return {"value": None if value != value else value, "low": low, "high": high, "distance": distance}


LAST_CYCLE = 1_000
"""Last cycle of the curves, unless a design asks for a later one."""
POINTS, NAMES = 41, ("retention_pct", "low", "high")


def curve_cycles(cycles: np.ndarray) -> list[int]:
    """Choose the cycles of the curves, dense where cells fade fast.

    Parameters
    ----------
    cycles : ndarray, shape (n_designs,)
        Cycle that each design asks for.

    Returns
    -------
    list of int
        From 1 to the last that is asked for, at least to `LAST_CYCLE`.

    Examples
    --------
    >>> curve_cycles(np.array([200.0, 500.0]))[:5], curve_cycles(np.array([1500.5]))[-1]
    ([1, 2, 3, 4, 5], 1501)
    """
    last = max(LAST_CYCLE, int(np.ceil(cycles.max(initial=0.0))))
    return [int(cycle) for cycle in np.unique(np.geomspace(1, last, POINTS).round())]


def curves(
    model: ServedModel, designs: Designs, level: float, measured: OwnDesigns | None
) -> list[dict[str, Any] | None]:
    """Draw each design's curve of capacity retention, None where it describes no anode.

    Its points are predictions as any other, one of them at the cycle that the design asks for: the curve cannot differ
    from what is predicted there.

    Parameters
    ----------
    model : ServedModel
        The one that answers.
    designs : Designs
        To draw.
    level : float
        Share of papers whose values the band should hold, 0 to 1.
    measured : OwnDesigns or None
        Own measured designs, which move the others; None where there are none.

    Returns
    -------
    list of dict or None
        By design, see `serving.server.schemas.Curve`.
    """
    described = has_anode(designs)
    drawn = iter(_cell_curves(model, designs.take(described), level, measured) if described.any() else [])
    return [next(drawn) if cell else None for cell in described]


def _cell_curves(
    model: ServedModel, cells: Designs, level: float, measured: OwnDesigns | None
) -> list[dict[str, list[Any]]]:
    stated_cycles = cells.number("cycle")
    own_cycles = np.where(np.isnan(stated_cycles), DEFAULT_CYCLE, stated_cycles)
    cycles = curve_cycles(own_cycles)
    table = model.predictor.predict(
        cells, targets=[RETENTION.column], level=level, precedents=0, measured=measured, cycles=cycles, points=False
    ).table
    places = [[] if cycle in cycles else [int(np.searchsorted(cycles, cycle))] for cycle in own_cycles]
    shared = {"cycle": np.tile(np.array(cycles, dtype=float), (len(cells), 1))}
    for name, end in zip(NAMES, ENDS, strict=True):
        shared[name] = table[[f"{RETENTION.column}_at_{cycle}{end}" for cycle in cycles]].to_numpy(dtype=float)
    own = {"cycle": own_cycles} | {
        name: table[RETENTION.column + end].to_numpy(dtype=float) for name, end in zip(NAMES, ENDS, strict=True)
    }
    drawn = [
        {name: np.insert(shared[name][row], places[row], own[name][row]).tolist() for name in shared}
        for row in range(len(cells))
    ]
    for curve in drawn:  # JSON knows no NaN: where no skill is shown, a curve is its band alone
        curve[NAMES[0]] = [None if np.isnan(value) else value for value in curve[NAMES[0]]]
    return drawn
