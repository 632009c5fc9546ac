"""A worker as its supervisor sees it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from serving.server.processes.channel import Channel, Message
from serving.server.processes.reload import LoadError
from serving.server.processes.shared_folder import METRICS
from serving.server.settings import Settings


class Hand:
    """One running worker process.

    Attributes
    ----------
    ended : done when the process is
    """

    def __init__(self, process: asyncio.subprocess.Process, channel: Channel) -> None:
        self.process, self.channel = process, channel
        self.ended = asyncio.create_task(process.wait())
        self._loading: dict[int, asyncio.Future[None]] = {}
        self._gone = False

    @classmethod
    async def start(cls, listen: socket.socket, home: Path, settings: Settings) -> Hand:
        """Start a process; it answers nobody until it has loaded a model and was told to keep it."""
        ours, theirs = socket.socketpair()
        given = {name: value for name, value in asdict(settings).items() if name != "token"}
        order = {"listen": listen.fileno(), "channel": theirs.fileno(), "home": str(home), "settings": given}
        environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(home / METRICS)}
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "serving.server.processes.worker",
                json.dumps(order),
                pass_fds=(listen.fileno(), theirs.fileno()),
                env=environment,
            )
        return cls(process, await Channel.open(ours))

    async def listen(self, on_reload: Callable[[Message], None]) -> None:
        """Hear what the worker says until it is gone."""
        while message := await self.channel.hear():
            if message["what"] == "reload":
                on_reload(message)
                continue
            waiting = self._loading.pop(message["generation"], None)
            if waiting is None:
                continue
            if message["what"] == "loaded":
                waiting.set_result(None)
            else:
                waiting.set_exception(LoadError(message["words"], message["kind"]))
        self._gone = True
        for waiting in self._loading.values():
            waiting.set_exception(_ended())
        self._loading.clear()

    async def load(self, generation: int) -> None:
        """Have a model put beside the one that answers.

        Raises
        ------
        LoadError
            It cannot be used, or the worker ended.
        """
        if self._gone:  # nobody would hear it, and nobody would ever answer
            raise _ended()
        self._loading[generation] = asyncio.get_running_loop().create_future()
        await self.channel.say(what="load", generation=generation)
        await self._loading[generation]

    async def keep(self, generation: int) -> None:
        """Have all models but one let go."""
        await self.channel.say(what="keep", generation=generation)

    def stop(self, *, at_once: bool = False) -> None:
        """End the process: after its requests, or at once."""
        if self.process.returncode is None:
            (self.process.kill if at_once else self.process.terminate)()


def _ended() -> LoadError:
    return LoadError("a worker ended before it had loaded the model", "RuntimeError")
