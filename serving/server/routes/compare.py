"""Differences of designs."""

from __future__ import annotations

from typing import Any

import numpy as np
from fastapi import APIRouter, Response

from features.tables.mistakes import InputError
from models.decisions.comparison import ENDS, compare
from models.tasks.registry import TARGETS
from serving.server.batching import Deadline
from serving.server.generations import ServedModel
from serving.server.replies import JsonRoute
from serving.server.request_designs import check_count, good_frame, read_designs
from serving.server.routes.context import Context
from serving.server.schemas import CompareReply, CompareRequest


def router(context: Context) -> APIRouter:
    """Build the routes.

    Parameters
    ----------
    context : Context
        Model, limits, threads and counters of the server.
    """
    routes = APIRouter(tags=["predictions"], route_class=JsonRoute)

    @routes.post("/compare", response_model=CompareReply)
    async def differences(request: CompareRequest) -> Response:
        """The difference of every pair of designs, as if one laboratory made and measured them."""
        check_count("designs to compare", len(request.designs), context.settings.max_explained)
        model = context.model
        return await context.answer(lambda deadline: _differences_of_pairs(model, request, deadline))

    return routes


def _differences_of_pairs(model: ServedModel, request: CompareRequest, deadline: Deadline) -> dict[str, Any]:
    read = read_designs(request.designs, deadline)
    if mistakes := [mistake for of_one in read if isinstance(of_one, list) for mistake in of_one]:
        raise InputError(f"{len(mistakes)} mistakes in the designs", mistakes)
    a, b = np.triu_indices(len(read), 1)
    comparison = compare(model.predictor, good_frame(read), a, b, request.targets, request.level)
    pairs = [
        {"a": int(first) + 1, "b": int(second) + 1, "differences": _differences(row)}
        for first, second, row in zip(a, b, comparison.table.to_dict("records"), strict=True)
    ]
    return {"model": model.short, "level": request.level, "pairs": pairs, "notices": comparison.notices}


def _differences(row: dict[Any, float]) -> dict[str, dict[str, float] | None]:
    """Return the differences of one pair by target, None where they are not judged."""
    names = ("difference", "low", "high", "a_above_b")
    return {
        column: None
        if np.isnan(row[f"{column}{ENDS[0]}"])
        else {name: float(row[f"{column}{end}"]) for name, end in zip(names, ENDS, strict=True)}
        for column in TARGETS
        if f"{column}{ENDS[0]}" in row
    }
