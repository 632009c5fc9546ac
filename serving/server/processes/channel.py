"""What the server's processes say to each other: one JSON object a line over a pair of sockets."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

Message = dict[str, Any]


class Channel:
    """One end of a pair of sockets."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, end: socket.socket) -> Channel:
        """The channel of a connected socket."""
        return cls(*await asyncio.open_unix_connection(sock=end))

    async def say(self, **message: Any) -> None:
        """Send; where nobody listens any more nothing happens, as `hear` tells it."""
        try:
            self._writer.write(json.dumps(message).encode() + b"\n")
            await self._writer.drain()
        except ConnectionError:
            pass

    async def hear(self) -> Message | None:
        """The next message; None when the other end is gone."""
        try:
            line = await self._reader.readline()
        except ConnectionError:
            return None
        return json.loads(line) if line.endswith(b"\n") else None

    def close(self) -> None:
        """Hang up."""
        self._writer.close()
