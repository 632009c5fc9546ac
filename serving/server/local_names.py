"""By what name a server is asked: a page from elsewhere must not reach it under a name of its own (DNS rebinding)."""

from __future__ import annotations

from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.server.errors import failure

MISDIRECTED = 421
WORDS = (
    "this server answers under names of this machine, such as localhost; "
    "start it with SILION_TOKEN to be asked by other names, behind a proxy for instance"
)


class LocalNames:
    """Middleware that refuses requests for a host that is not this machine by name."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as ASGI asks."""
        if scope["type"] == "http" and not is_local_name(Headers(scope=scope).get("host", "")):
            return await failure(MISDIRECTED, [WORDS])(scope, receive, send)
        return await self._app(scope, receive, send)


def is_local_name(host: str) -> bool:
    """Whether the header `Host`, with or without a port, names this machine for itself."""
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
