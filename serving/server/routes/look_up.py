"""Fields of a design, readings of formulas, and rows of the literature."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from features.formulas.misprints import read_as
from features.tables.records import Candidate
from models.bundle import Bundle
from serving.server.batching import Deadline
from serving.server.form import examples, groups, limits
from serving.server.generations import ServedModel
from serving.server.prediction_replies import target_facts
from serving.server.replies import JsonResponse
from serving.server.request_designs import good_frame, read_designs
from serving.server.routes.context import Context
from serving.server.schemas import ExamplesReply, FormulaReply, PrecedentsReply, SchemaReply

FIELDS: dict[str, Any] = {
    "parameters": [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string"}, "description": field.description}
        for name, field in Candidate.model_fields.items()
    ]
}
"""The fields of a design as query parameters, for the documentation."""


def router(context: Context) -> APIRouter:
    """Build the routes.

    Parameters
    ----------
    context : Context
        Model, limits, threads and counters of the server.
    """
    routes = APIRouter(tags=["look up"])

    @routes.get("/schema", response_model=SchemaReply)
    async def schema() -> Response:
        """Fields of a design with units, limits, allowed words and known ranges; targets; limits of the server."""
        model = context.model
        return JsonResponse(
            {
                "schema_hash": model.bundle.facts["schema_hash"],
                "groups": groups(model.bundle),
                "targets": target_facts(model),
                "limits": limits(context.settings),
            }
        )

    @routes.get("/formula", response_model=FormulaReply, response_model_exclude_unset=True)
    async def formula(text: Annotated[str, Query(examples=["75Li2S-25P2S5"])]) -> Response:
        """Composition that a text is read as, or why it cannot be read."""
        return JsonResponse(await context.work.run(lambda deadline: read_as(text)))

    @routes.get("/examples", response_model=ExamplesReply)
    async def literature() -> Response:
        """Literature cells to begin with, with their sources and what was measured."""
        return JsonResponse({"examples": await context.work.run(lambda deadline: examples())})

    @routes.get("/precedents", response_model=PrecedentsReply, openapi_extra=FIELDS)
    async def precedents(request: Request, count: Annotated[int, Query(ge=1, le=50)] = 5) -> Response:
        """With fields of a design: the nearest literature rows for each target. Without: all the model learned from."""
        model = context.model
        design = {name: value for name, value in request.query_params.items() if name != "count"}
        if not design:
            return JsonResponse({"model": model.short, "rows": _rows(model.bundle)})
        return await context.answer(lambda deadline: _nearest(model, design, count, deadline))

    return routes


def _rows(bundle: Bundle) -> dict[str, list[dict[str, Any]]]:
    return {name: part.domain.all_precedents if part.domain else [] for name, part in bundle.parts.items()}


def _nearest(model: ServedModel, design: dict[str, str], count: int, deadline: Deadline) -> dict[str, Any]:
    frame = good_frame(read_designs([design], deadline))
    return {"model": model.short, "nearest": model.predictor.predict(frame, precedents=count).precedents[0]}
