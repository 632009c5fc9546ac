"""JSON in and out by orjson: strict, fast, with numbers as numpy keeps them and NaN as null."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute


class JsonResponse(Response):
    """An answer in JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Plain values and numpy's as bytes."""
        return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)


class JsonRequest(Request):
    """A request whose body is read strictly: no NaN, no infinity, no nesting without end."""

    async def json(self) -> Any:
        """Plain values of the body.

        Raises
        ------
        json.JSONDecodeError
            The body is not JSON.
        """
        return orjson.loads(await self.body())


class JsonRoute(APIRoute):
    """A route that reads its body as `JsonRequest` does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the route, given our kind of request."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(JsonRequest(request.scope, request.receive))

        return handle
