"""The present champion instead of the model that answers."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Response

from serving.server.context import Context
from serving.server.errors import failure
from serving.server.reload import ReloadError
from serving.server.replies import Failure, ReloadReply
from serving.server.wire import JsonResponse


def router(context: Context) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["the server"])

    @routes.post(
        "/admin/reload", response_model=ReloadReply, responses={403: {"model": Failure}, 409: {"model": Failure}}
    )
    async def reload() -> Response:
        """Load the present champion in every worker, then switch all at once; always needs the token.

        Requests that have begun are answered by the model they began with. A model that cannot be used changes
        nothing: 409.
        """
        if context.reload is None:
            raise HTTPException(403, "this server cannot reload")
        try:
            return JsonResponse(await context.reload())
        except ReloadError as error:
            return failure(409, [str(error)])

    return routes
