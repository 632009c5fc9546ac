"""Headers of every answer: nothing from elsewhere runs in a page of ours, and ours in no page of others."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.server.generations import Generations

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
MODEL_HEADER = "X-Silion-Model"


def policy(**changed: str) -> str:
    """The content security policy; a page may change what it must, by `style_src` for `style-src`."""
    rules = POLICY | {name.replace("_", "-"): value for name, value in changed.items()}
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class SafeHeaders:
    """Middleware that adds the headers an answer does not have, and the name of the model that answers: the one that
    was current when the request began, whatever happens meanwhile."""

    def __init__(self, app: ASGIApp, models: Generations) -> None:
        self._app, self._models = app, models

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as ASGI asks."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        named = model.short if (model := self._models.pin()) else None

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**SAFE, "Content-Security-Policy": policy(), "Cache-Control": "no-store"}.items():
                    headers.setdefault(name, value)
                if named:
                    headers[MODEL_HEADER] = named
            await send(message)

        return await self._app(scope, receive, sent)
