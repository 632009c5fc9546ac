"""What moved each prediction, as factors or points that a chemist can multiply or add up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from features.feature import number
from features.tables.records import Candidate
from models.candidates import has_anode
from models.explain.readings import reading
from models.explain.reasons import Reasons, Shares, reasons, shares
from models.predictor import DEFAULT_CYCLE, PART_OF, check_targets
from models.tasks.part import with_conductivity
from models.tasks.targets import TARGETS
from serving.server.batching import Deadline
from serving.server.designs import good_frame, read_designs
from serving.server.errors import shortened
from serving.server.generations import ServedModel
from serving.server.requests import ExplainRequest


def explain(model: ServedModel, asked: ExplainRequest, deadline: Deadline) -> dict[str, Any]:
    """One explanation per target or one error per design, in order.

    Raises
    ------
    InputError, ValueError
        No design can be used, or a target does not exist.
    """
    wanted = check_targets(asked.targets)
    found = read_designs(asked.designs, deadline)
    frame = good_frame(found)
    notices = model.predictor.predict(frame, targets=asked.targets, precedents=0).table["notice"]
    explained = [
        {"explanations": dict[str, Any](), "notices": notice.split("; ") if notice else []} for notice in notices
    ]
    for column in wanted:
        deadline.check()
        for place, told in enumerate(_told(model, column, frame, asked.top)):
            explained[place]["explanations"][column] = told
    answers = iter(explained)
    return {
        "model": model.short,
        "results": [
            next(answers) if isinstance(each, Candidate) else {"error": [shortened(str(mistake)) for mistake in each]}
            for each in found
        ],
    }


def _told(model: ServedModel, column: str, frame: pd.DataFrame, top: int) -> list[dict[str, Any] | None]:
    part = model.bundle.parts[PART_OF[column]]
    whole = PART_OF[column] == "conductivity"
    designs = frame if whole else with_conductivity(frame, model.bundle.parts["conductivity"])
    cycle = number(frame, "cycle")
    found = reasons(part, designs)
    shared = shares(column, part, found, np.where(np.isnan(cycle), DEFAULT_CYCLE, cycle))
    return [
        _one(column, found, shared, row, top) if whole or described else None
        for row, described in enumerate(has_anode(frame))
    ]


def _one(column: str, found: Reasons, shared: Shares, row: int, top: int) -> dict[str, Any]:
    target, pieces = TARGETS[column], shared.pieces[row]
    order = np.argsort(-np.abs(pieces), kind="stable")[:top]
    rest = pieces.sum() - pieces[order].sum()
    unit_of_scale = (lambda value: 10.0**value) if target.log10 else float
    return {
        "scale": "factor" if target.log10 else "points",
        "unit": target.unit,
        "base": unit_of_scale(shared.start[row]),
        "prediction": unit_of_scale(shared.end[row]),
        "steps": [_step(found, row, int(place), unit_of_scale(pieces[place])) for place in order],
        "rest": unit_of_scale(rest),
    }


def _step(found: Reasons, row: int, place: int, contribution: float) -> dict[str, Any]:
    feature, value = found.features[place], float(found.vectors[row, place])
    read = reading(feature)
    natural = float(read.natural(np.array(value)))
    return {
        "feature": feature.name,
        "label": read.label,
        "unit": read.unit,
        "value": None if np.isnan(natural) else natural,
        "said": read.in_words(value),
        "contribution": contribution,
    }
