"""What a client is told when there is no answer: words in a list, and never how the program looks inside."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from features.tables.mistakes import InputError
from serving.server.generations import NotReadyError
from serving.server.json_io import JsonResponse

LOG = logging.getLogger("silion.server")
SHOWN_MISTAKES = 1_000
"""Mistakes of one answer; more are counted."""
SHOWN_CHARACTERS = 250
"""Characters at each end of a mistake: between them it repeats what was sent, which may be long."""


def failure(code: int, words: Sequence[str], headers: Mapping[str, str] | None = None) -> Response:
    """An answer that is no success."""
    told = [shortened(each) for each in words]
    if len(told) > SHOWN_MISTAKES:
        told = [*told[:SHOWN_MISTAKES], f"and {len(told) - SHOWN_MISTAKES} more"]
    return JsonResponse({"detail": told}, code, dict(headers) if headers else None)


def shortened(words: str) -> str:
    """A mistake without the middle of what it repeats."""
    if len(words) <= 2 * SHOWN_CHARACTERS:
        return words
    return f"{words[:SHOWN_CHARACTERS]} ... {words[-SHOWN_CHARACTERS:]}"


def mistakes_of(error: ValueError) -> list[str]:
    """All that is wrong with an input, one text each."""
    if isinstance(error, InputError) and error.mistakes:
        return [str(mistake) for mistake in error.mistakes]
    return [str(error)]


def add_handlers(app: FastAPI) -> None:
    """Tell every failure in the same way."""

    @app.exception_handler(RequestValidationError)
    async def unusable(request: Request, error: RequestValidationError) -> Response:
        found = []
        for each in error.errors():
            place = ".".join(str(part) for part in each["loc"])
            if each["type"] == "json_invalid":
                words = (
                    f"no JSON ({each['ctx']['error']}); JSON has no NaN and no infinity: leave out what is not known"
                )
                found.append(f"body, character {each['loc'][-1]}: {words}")
            else:
                found.append(f"{place}: {each['msg']}")
        return failure(422, found)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        words = error.detail if isinstance(error.detail, list) else [str(error.detail)]
        return failure(error.status_code, words, error.headers)

    @app.exception_handler(NotReadyError)
    async def not_ready(request: Request, error: NotReadyError) -> Response:
        return failure(503, [str(error)], {"Retry-After": "2"})


class Failures:
    """Middleware for whatever else goes wrong, which is the server's fault: the log has it whole, the client a number
    to find it by."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as ASGI asks."""
        begun = False

        async def sent(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception as error:
            number = secrets.token_hex(4)
            LOG.error("failure %s at %s %s", number, scope.get("method"), scope.get("path"), exc_info=error)
            if not begun:
                words = f"the server failed at this request; its log tells why under {number}"
                await failure(500, [words])(scope, receive, send)
