"""Why a prediction is what it is."""

from __future__ import annotations

from fastapi import APIRouter, Response

from serving.server.context import Context
from serving.server.designs import check_count
from serving.server.errors import failure, mistakes_of
from serving.server.json_io import JsonResponse, JsonRoute
from serving.server.requests import ExplainRequest
from serving.server.schemas import ExplainReply


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["predictions"], route_class=JsonRoute)

    @routes.post("/explain", response_model=ExplainReply)
    async def explanations(asked: ExplainRequest) -> Response:
        """What moved each prediction from the model's base: factors whose product, or points whose sum, it is."""
        from serving.server.reasons import explain

        check_count("designs to explain", len(asked.designs), context.settings.max_explained)
        model = context.model
        try:
            return await context.work.run(lambda deadline: JsonResponse(explain(model, asked, deadline)))
        except ValueError as error:
            return failure(422, mistakes_of(error))

    return routes
