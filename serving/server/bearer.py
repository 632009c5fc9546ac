"""Who may ask: one bearer token, compared in constant time."""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.server.errors import failure

OPEN = ("/", "/health", "/ready", "/openapi.json", "/docs")
OPEN_BELOW = ("/page/", "/docs/")
"""Asked without a token: whether the server lives, and pages that hold nothing of the model."""
RELOAD = "/admin/reload"


class BearerToken:
    """Middleware that refuses who does not bear the token; with None everybody may ask, and nobody reload."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._expected = None if token is None else f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as ASGI asks."""
        if scope["type"] == "http" and (answer := self._refusal(scope)):
            code, words = answer
            headers = {"WWW-Authenticate": "Bearer"} if code == 401 else None
            return await failure(code, [words], headers)(scope, receive, send)
        return await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        path = scope["path"]
        if path in OPEN or path.startswith(OPEN_BELOW):
            return None
        if self._expected is None:
            if path == RELOAD:
                return 403, "this server has no token, so nobody may reload; start it with SILION_TOKEN, or send SIGHUP"
            return None
        given = Headers(scope=scope).get("authorization", "").encode("utf-8")
        if hmac.compare_digest(given, self._expected):
            return None
        return 401, "expected the header 'Authorization: Bearer TOKEN' with this server's token"
