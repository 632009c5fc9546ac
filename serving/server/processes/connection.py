"""A connection of uvicorn's that waits for its client so long and no longer, to send or to take what was written; one
worker has so many of them."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from serving.server.settings import Settings

HEAD_BYTES = 64 * 1024
"""Of the headers of a request, as uvicorn takes them."""
READ_BYTES = 16 * 1024
"""Taken from a connection at a time: others have their turn before the rest of it is looked through."""
MOST_CHUNKS = 20_000
"""Of a body of unknown length: each takes as long as a thousand bytes and more, however little is in it."""


class BoundedChunks(h11.Connection):
    """The syntax of HTTP, with an end to the number of pieces that a body is sent in."""

    chunks = 0
    complaint = ""

    def next_event(self) -> Any:
        """Return the next part of a request.

        Raises
        ------
        RemoteProtocolError
            It breaks the rules, or its body is cut into too many chunks.
        """
        event = super().next_event()
        if type(event) is h11.Data and event.chunk_end:
            self.chunks += 1
            if self.chunks > MOST_CHUNKS:
                self.complaint = f"the body has more than {MOST_CHUNKS} chunks; send larger ones, or Content-Length"
                raise h11.RemoteProtocolError(self.complaint)
        return event


def protocol_of(settings: Settings) -> type[asyncio.Protocol]:
    """Return the class of connections for uvicorn's `Config(http=...)`.

    Parameters
    ----------
    settings : Settings
        `header_seconds`, `body_seconds`, `taking_seconds` and `max_connections` of it.
    """
    waiting: dict[Connection, None] = {}

    class Connection(H11Protocol):
        """uvicorn's, which has a time for idle connections only.

        Those that wait for their client stand in `waiting`, who waits longest first: where there are too many, that one
        makes room, so that silent clients keep nobody out. uvicorn's `limit_concurrency` would keep the silent ones.
        """

        _late: asyncio.TimerHandle | None = None
        _late_state: object = None
        _untaken: asyncio.TimerHandle | None = None

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self._syntax = self.conn = BoundedChunks(h11.SERVER, HEAD_BYTES)

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            """Begin to wait for the first request."""
            super().connection_made(transport)
            transport.max_size = READ_BYTES  # type: ignore[attr-defined]
            self._wait_for(h11.IDLE, settings.header_seconds)
            if len(self.connections) > settings.max_connections:
                longest = next(iter(waiting))
                del waiting[longest]
                longest.transport.abort()

        def data_received(self, data: bytes) -> None:
            """Take what came; wait on where it is a part of a request."""
            super().data_received(data)
            state = self.conn.their_state
            if state is h11.IDLE:
                self._wait_for(state, settings.header_seconds)
            elif state is h11.SEND_BODY:  # an app that reads it refuses it earlier, in words; not all do
                self._wait_for(state, 1.25 * settings.body_seconds)
            else:
                self._stop_waiting()

        def send_400_response(self, msg: str) -> None:
            """Tell what is wrong, and close."""
            super().send_400_response(self._syntax.complaint or msg)

        def on_response_complete(self) -> None:
            """Be one that waits, for the next request or for the end of a body that nobody read."""
            self._syntax.chunks = 0
            super().on_response_complete()
            if self.transport.is_closing():
                self._wait_until_taken()
            elif self.conn.their_state is h11.IDLE:
                waiting[self] = None

        def pause_writing(self) -> None:
            """Begin to wait for the client to take what was written."""
            super().pause_writing()
            self._wait_until_taken()

        def resume_writing(self) -> None:
            """Write on: the client has taken nearly all of it."""
            super().resume_writing()
            if self._untaken is not None:
                self._untaken.cancel()
                self._untaken = None
            if self._late is None and self.conn.their_state is not h11.IDLE:
                waiting.pop(self, None)

        def connection_lost(self, error: Exception | None) -> None:
            """Wait for nothing any more."""
            super().connection_lost(error)
            self.resume_writing()
            self._stop_waiting()

        def timeout_keep_alive_handler(self) -> None:
            """Close an idle connection, though its client may not have taken the last answer."""
            super().timeout_keep_alive_handler()
            self._wait_until_taken()

        def _wait_until_taken(self) -> None:
            waiting[self] = None
            if self._untaken is None:
                self._untaken = self.loop.call_later(settings.taking_seconds, self.transport.abort)

        def _wait_for(self, state: object, seconds: float) -> None:
            if self._late is None or state is not self._late_state:
                self._stop_waiting()
                self._late, self._late_state = self.loop.call_later(seconds, self.transport.abort), state
                waiting[self] = None

        def _stop_waiting(self) -> None:
            waiting.pop(self, None)
            if self._late is not None:
                self._late.cancel()
                self._late = None

    return Connection
