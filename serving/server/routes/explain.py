"""Reasons of predictions."""

from __future__ import annotations

from fastapi import APIRouter, Response

from serving.server.designs import check_count
from serving.server.replies import JsonResponse, JsonRoute, failure, mistakes_of
from serving.server.routes.context import Context
from serving.server.schemas import ExplainReply, ExplainRequest


def router(context: Context) -> APIRouter:
    """Build the routes.

    Parameters
    ----------
    context : Context
        Model, limits, threads and counters of the server.
    """
    routes = APIRouter(tags=["predictions"], route_class=JsonRoute)

    @routes.post("/explain", response_model=ExplainReply)
    async def explanations(request: ExplainRequest) -> Response:
        """What moved each prediction from the model's base: factors whose product, or points whose sum, it is."""
        from serving.server.reasons import explain

        check_count("designs to explain", len(request.designs), context.settings.max_explained)
        model = context.model
        try:
            return await context.work.run(lambda deadline: JsonResponse(explain(model, request, deadline)))
        except ValueError as error:
            return failure(422, mistakes_of(error))

    return routes
