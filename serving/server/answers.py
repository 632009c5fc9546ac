"""From designs to answers: the numbers of `silion predict`, arranged for JSON."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from features.tables.designs import Designs
from features.tables.mistakes import InputError, Mistake
from features.tables.records import Candidate
from models.candidates import has_anode
from models.predictor import DEFAULT_CYCLE, ENDS, Predictions, check_targets
from models.tasks.fade import RETENTION
from models.tasks.registry import TARGETS, task_of
from serving.server.batching import Deadline
from serving.server.designs import good_designs, read_designs, read_measured
from serving.server.errors import shortened
from serving.server.generations import ServedModel
from serving.server.requests import PredictRequest

CHUNK = 1_000
"""Designs predicted between two looks at the clock."""
MOST_SHARED = 20
"""Designs of a request that shares a call with others."""


def target_facts(model: ServedModel, targets: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
    """What each predicted quantity is, and how well it is predicted."""
    skill = model.bundle.facts.get("skill", {})
    found = {}
    for column in check_targets(targets):
        domain = model.bundle.parts[task_of(column).name].domain
        facts = asdict(TARGETS[column])
        del facts["column"]
        found[column] = {
            **facts,
            "part": task_of(column).name,
            "far_above": domain.far if domain else None,
            "skill": skill.get(column),
        }
    return found


def predict(model: ServedModel, asked: PredictRequest, deadline: Deadline) -> dict[str, Any]:
    """One result or error per design, in order.

    Raises
    ------
    InputError, ValueError
        No design can be used, a measured one cannot, or the level is beyond the number of papers.
    """
    measured = read_measured(asked.measured)
    found = read_designs(asked.designs, deadline)
    designs = good_designs(found)
    results = _results(model, designs, asked, measured, deadline)
    if asked.curve:
        # predicted first: a level beyond the papers is refused in the same words with and without a curve
        told = list(results)
        drawn = curves(model, designs, asked.level, measured)
        results = ({**result, "curve": curve} for result, curve in zip(told, drawn, strict=True))
    return _reply(model, asked, found, results)


def alike(model: ServedModel, asked: PredictRequest) -> Hashable | None:
    """What requests have in common that one call may answer; None for a request that shall be answered alone."""
    if asked.curve or asked.measured or len(asked.designs) > MOST_SHARED:
        return None
    return model.generation, tuple(asked.targets or TARGETS), asked.level, asked.precedents


def predict_alike(
    model: ServedModel, requests: Sequence[PredictRequest], deadline: Deadline
) -> list[dict[str, Any] | ValueError]:
    """The answers of `predict` to requests that are `alike`, by one call; an error of one is its own."""
    read: list[list[Candidate | list[Mistake]] | ValueError] = []
    for asked in requests:
        try:
            read.append(read_designs(asked.designs, deadline))
        except InputError as error:
            read.append(error)
    good = [each for found in read if isinstance(found, list) for each in found]
    results: Iterator[dict[str, Any]] = iter(())
    if good:
        results = _results(model, good_designs(good), requests[0], None, deadline)
    return [
        _reply(model, asked, found, results) if isinstance(found, list) else found
        for asked, found in zip(requests, read, strict=True)
    ]


def _reply(
    model: ServedModel,
    asked: PredictRequest,
    found: Sequence[Candidate | list[Mistake]],
    results: Iterator[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "model": model.short,
        "level": asked.level,
        "targets": target_facts(model, asked.targets),
        "results": [
            next(results) if isinstance(each, Candidate) else {"error": [shortened(str(mistake)) for mistake in each]}
            for each in found
        ],
    }


def _results(
    model: ServedModel,
    designs: Designs,
    asked: PredictRequest,
    measured: pd.DataFrame | None,
    deadline: Deadline,
) -> Iterator[dict[str, Any]]:
    for begin in range(0, len(designs), CHUNK):
        deadline.check()
        chunk = designs.take(slice(begin, begin + CHUNK))
        answers = model.predictor.predict(
            chunk, targets=asked.targets, level=asked.level, precedents=asked.precedents, measured=measured
        )
        yield from results_of(answers)


def results_of(answers: Predictions) -> list[dict[str, Any]]:
    """Each design's predictions, notices and nearest rows."""
    table = answers.table
    by_target = {}
    for column in TARGETS:
        if column in table:
            ends = (table[column + end].tolist() for end in ("", "_low", "_high"))
            by_target[column] = list(zip(*ends, _distances(answers, task_of(column).name), strict=True))
    return [
        {
            "predictions": {column: _prediction(*rows[place]) for column, rows in by_target.items()},
            "notices": notice.split("; ") if notice else [],
            "precedents": precedents,
        }
        for place, (notice, precedents) in enumerate(zip(table["notice"], answers.precedents, strict=True))
    ]


def _distances(answers: Predictions, part: str) -> list[float | None]:
    away = answers.distances.get(part)
    return [None] * len(answers.table) if away is None else list(away.tolist())


def _prediction(value: float, low: float, high: float, distance: float | None) -> dict[str, float | None] | None:
    if value != value:
        return None
    return {"value": value, "low": low, "high": high, "distance": distance}


LAST_CYCLE = 1_000
"""Where the curves end, unless a design asks for a later cycle."""
POINTS = 41
NAMES = ("retention_pct", "low", "high")


def curve_cycles(asked: np.ndarray) -> list[int]:
    """Cycles of the curves, dense where cells fade fast: from 1 to the last that is asked for."""
    last = max(LAST_CYCLE, int(np.ceil(asked.max(initial=0.0))))
    return [int(cycle) for cycle in np.unique(np.geomspace(1, last, POINTS).round())]


def curves(
    model: ServedModel, designs: Designs, level: float, measured: pd.DataFrame | None
) -> list[dict[str, Any] | None]:
    """Each design's curve, None where it describes no anode.

    Its points are predictions as any other, one of them at the cycle that the design asks for: the curve cannot differ
    from what is predicted there.
    """
    described = has_anode(designs)
    drawn = iter(_drawn(model, designs.take(described), level, measured) if described.any() else [])
    return [next(drawn) if each else None for each in described]


def _drawn(
    model: ServedModel, cells: Designs, level: float, measured: pd.DataFrame | None
) -> list[dict[str, list[float]]]:
    given = cells.number("cycle")
    asked = np.where(np.isnan(given), DEFAULT_CYCLE, given)
    cycles = curve_cycles(asked)
    table = model.predictor.predict(
        cells, targets=[RETENTION.column], level=level, precedents=0, measured=measured, cycles=cycles
    ).table
    places = [[] if cycle in cycles else [int(np.searchsorted(cycles, cycle))] for cycle in asked]
    found = {"cycle": np.tile(np.array(cycles, dtype=float), (len(cells), 1))}
    for name, end in zip(NAMES, ENDS, strict=True):
        found[name] = table[[f"{RETENTION.column}_at_{cycle}{end}" for cycle in cycles]].to_numpy(dtype=float)
    own = {"cycle": asked} | {
        name: table[RETENTION.column + end].to_numpy(dtype=float) for name, end in zip(NAMES, ENDS, strict=True)
    }
    return [
        {name: np.insert(found[name][row], places[row], own[name][row]).tolist() for name in found}
        for row in range(len(cells))
    ]
