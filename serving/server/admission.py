"""Middleware that admits bodies: each bounded in bytes and time, and all together before anything holds them; and what
is held of answers that their clients do not take."""

from __future__ import annotations

import asyncio
import time

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.server.replies import failure
from serving.server.settings import Settings

CLOSE = {"Connection": "close"}
TINY, SMALL = 16 * 1024, 256 * 1024
"""Bytes of bodies and answers that find room while larger ones have none: small requests are answered while other
clients send much, or take nothing."""
ROOM = {TINY: 1.375, SMALL: 1.25}
"""What may be in flight where one of at most so many bytes goes on, over what larger ones are given."""


class BoundedBody:
    """Middleware that takes so many bytes in so many seconds, and so many of all bodies at once.

    A body counts from its first byte until its request is answered, an answer until the last of it is handed on.

    Parameters
    ----------
    app : ASGI application
        What stands behind it.
    settings : Settings
        Limits of the server.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings
        self._in_flight = self._untaken = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an ASGI application."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        if refusal := self._refusal(Headers(scope=scope)):
            code, reason = refusal
            return await failure(code, [reason], CLOSE)(scope, receive, send)
        until, size, is_complete = time.monotonic() + self._settings.body_seconds, 0, False
        answer, is_refused = 0, False

        async def received() -> Message:
            nonlocal size, is_complete
            if is_complete:  # what comes after the body is the end of the connection, whenever that is
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), until - time.monotonic())
            except TimeoutError:
                seconds = self._settings.body_seconds
                raise HTTPException(408, f"the body did not come within {seconds:g} s", CLOSE) from None
            piece = len(message.get("body", b""))
            size, self._in_flight = size + piece, self._in_flight + piece
            if size > self._settings.max_body_bytes:
                raise HTTPException(413, self._too_large, CLOSE)
            if piece and self._in_flight > _room(size) * self._settings.max_in_flight_bytes:
                reason = "too many bodies arrive at the same time; try again"
                raise HTTPException(503, reason, {**CLOSE, "Retry-After": "2"})
            is_complete = not message.get("more_body", False)
            return message

        async def sent(message: Message) -> None:
            nonlocal answer, is_refused
            if message["type"] == "http.response.start":
                answer = next((int(size) for name, size in message["headers"] if name == b"content-length"), 0)
                room = _room(answer) * self._settings.max_answer_bytes
                if is_refused := self._untaken > 0 and self._untaken + answer > room:
                    answer, reason = 0, "too many answers wait for their clients to take them; try again"
                    return await failure(503, [reason], {**CLOSE, "Retry-After": "5"})(scope, receive, send)
                self._untaken += answer
            if not is_refused:
                await send(message)
            return None

        try:
            await self._app(scope, received, sent)
        finally:
            self._in_flight -= size
            self._untaken -= answer

    def _refusal(self, headers: Headers) -> tuple[int, str] | None:
        announced = headers.get("content-length", "")
        if announced and "transfer-encoding" in headers:  # two readers could take different ends of the body
            return 400, "Content-Length and Transfer-Encoding: got both, expected one of them"
        if announced.isdecimal() and int(announced[:20]) > self._settings.max_body_bytes:
            return 413, self._too_large
        return None

    @property
    def _too_large(self) -> str:
        return f"the body has more than {self._settings.max_body_bytes:.0f} bytes; send it in several requests"


def _room(size: int) -> float:
    """Return the share of a limit on all that one of so many bytes may reach."""
    return next((share for most, share in ROOM.items() if size <= most), 1.0)
