"""A connection of uvicorn's that is closed when the headers of a request do not come."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from serving.server.settings import Settings


def protocol_of(settings: Settings) -> type[asyncio.Protocol]:
    """Return the class of connections for uvicorn's `Config(http=...)`.

    Parameters
    ----------
    settings : Settings
        `header_seconds` of it.
    """

    class Connection(H11Protocol):
        """uvicorn's, with a time for headers: it has one for idle connections only."""

        _late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            """Begin to wait for the first request."""
            super().connection_made(transport)
            self._wait_for_headers()

        def data_received(self, data: bytes) -> None:
            """Take what came; wait on where it is a part of some headers."""
            super().data_received(data)
            if self.conn.their_state is not h11.IDLE:
                self._stop_waiting()
            elif self._late is None:
                self._wait_for_headers()

        def connection_lost(self, error: Exception | None) -> None:
            """Wait for nothing any more."""
            self._stop_waiting()
            super().connection_lost(error)

        def _wait_for_headers(self) -> None:
            self._late = self.loop.call_later(settings.header_seconds, self.transport.close)

        def _stop_waiting(self) -> None:
            if self._late is not None:
                self._late.cancel()
                self._late = None

    return Connection
