"""The body of a request: neither without end, nor drop by drop."""

from __future__ import annotations

import asyncio
import time

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.server.errors import failure
from serving.server.settings import Settings


class BoundedBody:
    """Middleware that takes so many bytes in so many seconds, and no more."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._most, self._seconds = app, settings.max_body_bytes, settings.body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as ASGI asks."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced[:20]) > self._most:
            return await failure(413, [self._too_large], CLOSE)(scope, receive, send)
        until, taken, whole = time.monotonic() + self._seconds, 0, False

        async def received() -> Message:
            nonlocal taken, whole
            if whole:  # what comes after the body is the end of the connection, whenever that is
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), until - time.monotonic())
            except TimeoutError:
                raise HTTPException(408, f"the body did not come within {self._seconds:g} s", CLOSE) from None
            taken += len(message.get("body", b""))
            if taken > self._most:
                raise HTTPException(413, self._too_large, CLOSE)
            whole = not message.get("more_body", False)
            return message

        return await self._app(scope, received, send)

    @property
    def _too_large(self) -> str:
        return f"the body has more than {self._most:.0f} bytes; send it in several requests"


CLOSE = {"Connection": "close"}
