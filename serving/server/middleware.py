"""Middleware in front of the routes: headers of every answer, who may ask, how much and under which name."""

from __future__ import annotations

import hmac
import logging
import secrets
from ipaddress import ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.server.generations import Generations
from serving.server.replies import failure

LOG = logging.getLogger("silion.server")
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
    """Return the content security policy.

    Parameters
    ----------
    **changed : str
        Rules in the place of the usual ones, `style_src` for `style-src`.

    Examples
    --------
    >>> policy(style_src="'self' 'unsafe-inline'").split("; ")[2]
    "style-src 'self' 'unsafe-inline'"
    """
    rules = POLICY | {name.replace("_", "-"): value for name, value in changed.items()}
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class SafeHeaders:
    """Middleware that adds the headers an answer does not have, and the name of the model that answers: the one that
    was current when the request began, whatever happens meanwhile."""

    def __init__(self, app: ASGIApp, models: Generations) -> None:
        self._app, self._models = app, models

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an ASGI application."""
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


class Head:
    """Middleware that answers HEAD by way of GET; the body is left out by who writes to the connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an ASGI application."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)


OPEN = ("/", "/health", "/ready", "/openapi.json", "/docs", "/atlas")
OPEN_BELOW = ("/page/", "/docs/")
"""Asked without a token: whether the server lives, and pages that hold nothing of the model."""
RELOAD = "/admin/reload"


class BearerToken:
    """Middleware that refuses who does not bear the token; with None everybody may ask, and nobody reload."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._expected = None if token is None else token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an ASGI application."""
        if scope["type"] == "http" and (answer := self._refusal(scope)):
            code, reason = answer
            headers = {"WWW-Authenticate": "Bearer"} if code == 401 else None
            return await failure(code, [reason], headers)(scope, receive, send)
        return await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        path = scope["path"]
        if path in OPEN or path.startswith(OPEN_BELOW):
            return None
        if self._expected is None:
            if path == RELOAD:
                return 403, "this server has no token, so nobody may reload; start it with SILION_TOKEN, or send SIGHUP"
            return None
        scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(token.strip(" ").encode("utf-8"), self._expected):
            return None
        return 401, "expected the header 'Authorization: Bearer TOKEN' with this server's token"


MISDIRECTED = 421
WRONG_NAME = (
    "this server answers under names of this machine, such as localhost; "
    "start it with SILION_TOKEN to be asked by other names, behind a proxy for instance"
)


class LocalNames:
    """Middleware that refuses requests for a host that is not this machine by name."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an ASGI application."""
        if scope["type"] == "http" and not is_local_name(Headers(scope=scope).get("host", "")):
            return await failure(MISDIRECTED, [WRONG_NAME])(scope, receive, send)
        return await self._app(scope, receive, send)


def is_local_name(host: str) -> bool:
    """Say whether a request asks for this machine by a name it has for itself.

    Parameters
    ----------
    host : str
        The header `Host`, with or without a port.

    Examples
    --------
    >>> [is_local_name(host) for host in ("localhost:8000", "[::1]:8000", "127.0.0.1", "example.org")]
    [True, True, True, False]
    """
    name = host.lower()
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


class Failures:
    """Middleware for whatever else goes wrong, which is the server's fault: the log has it whole, the client a number
    to find it by."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an ASGI application."""
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
                reason = f"the server failed at this request; its log tells why under {number}"
                await failure(500, [reason])(scope, receive, send)
