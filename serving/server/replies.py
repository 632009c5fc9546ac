"""Answers in JSON: strict and fast by orjson, and in words where there is no success, which never say how the program
looks inside."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from features.tables.mistakes import InputError, shortened
from serving.server.generations import NotReadyError

SHOWN_MISTAKES = 1_000
"""Mistakes of one answer; more are counted."""

MOST_OBJECTS, MOST_VALUES = 100_000, 500_000
"""Of a body: an empty object of two bytes takes sixty, so a body of 16 MB could take a gigabyte. Ten thousand designs
with all their fields have as many values."""
MOST_NAMES = 50
"""Of a body: each that is not known is a mistake."""
_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""A text of JSON, or one that does not end: every quote begins a match, so that none is looked at twice."""


PIECE = 64 * 1024
"""Bytes of an answer that are handed on at a time: of what is handed on at once, a connection makes two copies."""


class Answer(Response):
    """An answer that goes out in pieces, as fast as the client takes them."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an ASGI application."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for begin in range(0, max(1, len(self.body)), PIECE):
            piece, more = bytes(self.body[begin : begin + PIECE]), begin + PIECE < len(self.body)
            await send({"type": "http.response.body", "body": piece, "more_body": more})


class JsonResponse(Answer):
    """An answer in JSON; numpy's values as plain ones, NaN as null."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Write plain values and numpy's as JSON.

        Parameters
        ----------
        content : Any
            Objects, lists, text, numbers, arrays; NaN and infinity become null.

        Examples
        --------
        >>> JsonResponse({"value": float("nan"), "rows": 2}).body
        b'{"value":null,"rows":2}'
        """
        return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)


class JsonRequest(Request):
    """A request whose body is read strictly: no NaN, no infinity, no nesting without end."""

    async def json(self) -> Any:
        """Read the body as plain values.

        Raises
        ------
        json.JSONDecodeError
            The body is not JSON.
        HTTPException
            413: it has so many values that they take far more memory than the body. 422: no request has so many names.
        """
        body = await self.body()
        objects, values = _counted(body)
        if (objects > MOST_OBJECTS or values > MOST_VALUES) and body.count(b'"') <= 4 * MOST_VALUES:
            # a table in a text is one value
            objects, values = _counted(_TEXT.sub(b"", body))
        if objects > MOST_OBJECTS or values > MOST_VALUES:
            sizes = (
                f"got {max(objects, values)} values, expected at most {MOST_OBJECTS} objects and {MOST_VALUES} values"
            )
            raise HTTPException(413, f"{sizes} at once; send them in several requests")
        content = orjson.loads(body)
        if isinstance(content, dict) and len(content) > MOST_NAMES:
            raise HTTPException(422, f"body: got {len(content)} names, expected those of the request at `/docs`")
        return content


def _counted(body: bytes) -> tuple[int, int]:
    """Count objects with lists, and values, of a body in JSON: as many as there are at most."""
    return body.count(b"{") + body.count(b"["), body.count(b",")


class JsonRoute(APIRoute):
    """A route that reads its body as `JsonRequest` does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of the route, given our kind of request."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(JsonRequest(request.scope, request.receive))

        return handle


def failure(
    code: int, messages: Sequence[str], headers: Mapping[str, str] | None = None, left_out: int = 0
) -> Response:
    """Return an answer that is no success: `{"detail": [words]}`.

    Parameters
    ----------
    code : int
        Status of HTTP.
    messages : sequence of str
        All that is wrong, one text each; long ones are shortened, and beyond `SHOWN_MISTAKES` they are counted.
    headers : mapping of str to str, optional
        Further headers of the answer.
    left_out : int
        Messages beside these, counted too.

    Examples
    --------
    >>> failure(404, ["no such page"]).body
    b'{"detail":["no such page"]}'
    """
    detail = [shortened(message) for message in messages[:SHOWN_MISTAKES]]
    if more := len(messages) - len(detail) + left_out:
        detail.append(f"and {more} more")
    return JsonResponse({"detail": detail}, code, dict(headers) if headers else None)


def unusable(error: ValueError) -> Response:
    """Return the answer to an input that cannot be used, 422, with all that is wrong.

    Parameters
    ----------
    error : ValueError
        An `InputError` holds the mistakes of all lines; any other is one itself.
    """
    if isinstance(error, InputError) and error.mistakes:
        return failure(422, [str(mistake) for mistake in error.mistakes], left_out=error.left_out)
    return failure(422, [str(error)])


def add_handlers(app: FastAPI) -> None:
    """Have an app answer every failure that its routes raise as `failure` does.

    Parameters
    ----------
    app : FastAPI
        Gets the handlers.
    """

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        messages = []
        for mistake in error.errors():
            place = ".".join(str(part) for part in mistake["loc"])
            if mistake["type"] == "json_invalid":
                reason = (
                    f"no JSON ({mistake['ctx']['error']}); JSON has no NaN and no infinity: leave out what is not known"
                )
                messages.append(f"body, character {mistake['loc'][-1]}: {reason}")
            else:
                messages.append(f"{place}: {mistake['msg']}")
        return failure(422, messages)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        messages = error.detail if isinstance(error.detail, list) else [str(error.detail)]
        return failure(error.status_code, messages, error.headers)

    @app.exception_handler(NotReadyError)
    async def not_ready(request: Request, error: NotReadyError) -> Response:
        return failure(503, [str(error)], {"Retry-After": "2"})
