"""Reasons of each prediction, as factors or points that a chemist can multiply or add up."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from features.feature import number
from models.candidates import has_anode
from models.explain.lithium_balance import FIRST_CYCLE, HEADINGS, NOTE, Share, balanced_target, first_cycles
from models.explain.readings import reading
from models.explain.shap_values import Reasons, Shares, reasons, shares
from models.explain.waterfall import moved_by, step_label
from models.predictions import MEASURED, RANGE_OF
from models.tasks.part import with_conductivity
from models.tasks.registry import LINK, TARGETS, task_of
from models.tasks.task import DEFAULT_CYCLE
from serving.server.batching import Deadline
from serving.server.generations import ServedModel
from serving.server.request_designs import good_frame, read_designs, with_errors
from serving.server.schemas import ExplainRequest


def explain(model: ServedModel, request: ExplainRequest, deadline: Deadline) -> dict[str, Any]:
    """Answer a request with one explanation per target or one error per design, in order.

    Parameters
    ----------
    model : ServedModel
        The one that answers.
    request : ExplainRequest
        Designs, targets, and how many features are named.
    deadline : Deadline
        Asked between targets.

    Returns
    -------
    dict
        See `serving.server.routes.explain.ExplainReply`.

    Raises
    ------
    InputError, ValueError
        No design can be used, or a target does not exist.
    TooLongError
        The time is over.
    """
    targets = model.bundle.targets(request.targets)
    read = read_designs(request.designs, deadline)
    frame = good_frame(read)
    predictions = model.predictor.predict(frame, targets=request.targets, precedents=0, points=False)
    table = predictions.table
    results = [
        {
            "explanations": dict[str, Any](),
            "notices": notice.split("; ") if notice else [],
            "range_of": str(table[RANGE_OF].iloc[place]) or None if RANGE_OF in table else None,
        }
        for place, notice in enumerate(table["notice"])
    ]
    for column in targets:
        deadline.check()
        moved = moved_by(predictions, column)
        for place, explanation in enumerate(_explanations(model, column, frame, request.top)):
            value = float(table[column].iloc[place])
            if explanation and np.isnan(value):  # no skill: the model's reasons, and no point that they lead to
                explanation["prediction"] = None
            elif explanation and moved[place]:
                _add_measured(explanation, value, str(moved[place]), column)
            results[place]["explanations"][column] = explanation
    if balanced := balanced_target(targets):
        for result, terms in zip(results, first_cycles(model.bundle, balanced, frame), strict=True):
            result["first_cycle"] = _first_cycle(balanced, terms) if terms is not None else None
    return {"model": model.short, "results": with_errors(read, iter(results))}


def _first_cycle(column: str, terms: list[Share]) -> dict[str, Any]:
    return {
        "target": column,
        "title": FIRST_CYCLE,
        "note": NOTE,
        "headings": HEADINGS,
        "terms": [asdict(term) | {"text": term.text} for term in terms],
    }


def _explanations(model: ServedModel, column: str, frame: pd.DataFrame, top: int) -> list[dict[str, Any] | None]:
    """Explain one target of every design; None where the design describes no cell that the target needs."""
    part = model.bundle.parts[task_of(column).name]
    needs_no_anode = not task_of(column).of_cells
    designs = frame if needs_no_anode else with_conductivity(frame, model.bundle.parts[LINK])
    cycle = number(frame, "cycle")
    contributions = reasons(part, designs)
    sums = shares(column, part, contributions, np.where(np.isnan(cycle), DEFAULT_CYCLE, cycle))
    return [
        _explanation(column, contributions, sums, row, top) if needs_no_anode or described else None
        for row, described in enumerate(has_anode(frame))
    ]


def _explanation(column: str, contributions: Reasons, sums: Shares, row: int, top: int) -> dict[str, Any]:
    target, pieces = TARGETS[column], sums.pieces[row]
    order = np.argsort(-np.abs(pieces), kind="stable")[:top]
    others = pieces.sum() - pieces[order].sum()
    unit_of_scale = (lambda value: 10.0**value) if target.log10 else float
    return {
        "scale": "factor" if target.log10 else "points",
        "unit": target.unit,
        "base": unit_of_scale(sums.start[row]),
        "prediction": unit_of_scale(sums.end[row]),
        "steps": [_step(contributions, row, int(place), unit_of_scale(pieces[place])) for place in order],
        "rest": unit_of_scale(others),
    }


def _add_measured(explanation: dict[str, Any], value: float, text: str, column: str) -> None:
    """Add the step from the model's prediction to the answer, which is drawn to measured values."""
    factor = explanation["scale"] == "factor"
    moved = value / explanation["prediction"] if factor else value - explanation["prediction"]
    step = {
        "feature": MEASURED,
        "label": step_label(text, column),
        "unit": "",
        "value": None,
        "said": text,
        "contribution": moved,
    }
    explanation["steps"].append(step)
    explanation["prediction"] = value


def _step(contributions: Reasons, row: int, place: int, contribution: float) -> dict[str, Any]:
    feature, value = contributions.features[place], float(contributions.vectors[row, place])
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
