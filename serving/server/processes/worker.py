"""One process that answers: started by the supervisor, told by it which models to hold, ended with it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from serving.server.app import create_app
from serving.server.generations import Generations, load_model
from serving.server.processes.channel import Channel
from serving.server.processes.reload import ReloadError
from serving.server.processes.shared_folder import bundle_of, shared_number
from serving.server.settings import GRACE_S, Settings, token_of_environment

KEEP_ALIVE_S = 30
"""How long an idle connection stays open."""


@dataclass(frozen=True)
class Order:
    """What a worker is started with.

    Attributes
    ----------
    listen, channel : descriptors of the listening socket and of the worker's end of the channel
    home : folder that all processes of the server share
    settings : without the token, which comes from the environment
    """

    listen: int
    channel: int
    home: str
    settings: dict[str, Any]


class Worker:
    """Answers requests, and does what the supervisor says."""

    def __init__(self, order: Order, channel: Channel) -> None:
        self._home, self._channel = Path(order.home), channel
        settings = Settings(**order.settings, token=token_of_environment())
        self._models = Generations(shared_number(self._home))
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = itertools.count()
        self._told_to_serve = asyncio.Event()
        app = create_app(self._models, settings, self._reload)
        self._listen = socket.socket(fileno=order.listen)
        self._server = _Server(
            uvicorn.Config(
                app,
                lifespan="off",
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=int(settings.seconds + GRACE_S),
            )
        )

    async def run(self) -> None:
        """Live until a signal comes or the supervisor is gone; requests that have begun are answered."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop)
        for ours_alone in (signal.SIGINT, signal.SIGHUP):  # a terminal tells every process; the supervisor acts on it
            signal.signal(ours_alone, signal.SIG_IGN)
        listening = asyncio.create_task(self._listen_to_supervisor())
        await self._told_to_serve.wait()
        if not self._server.should_exit:
            await self._server.serve(sockets=[self._listen])
        listening.cancel()

    def _stop(self) -> None:
        self._server.should_exit = True
        self._told_to_serve.set()

    async def _listen_to_supervisor(self) -> None:
        while message := await self._channel.hear():
            what, generation = message["what"], message.get("generation", 0)
            if what == "load":
                await self._load(generation)
            elif what == "keep":
                self._models.keep_only(generation)
                self._told_to_serve.set()
            elif waiting := self._asked.pop(message["number"], None):
                if what == "reloaded":
                    waiting.set_result(message["answer"])
                else:
                    waiting.set_exception(ReloadError(message["words"]))
        self._stop()

    async def _load(self, generation: int) -> None:
        try:
            model = await asyncio.to_thread(load_model, bundle_of(self._home, generation), generation)
        except Exception as error:  # whatever a broken model does, the old one goes on: the supervisor is told
            await self._channel.say(what="failed", generation=generation, words=str(error), kind=type(error).__name__)
        else:
            self._models.add(model)
            await self._channel.say(what="loaded", generation=generation)

    async def _reload(self) -> dict[str, Any]:
        number = next(self._numbers)
        self._asked[number] = asyncio.get_running_loop().create_future()
        await self._channel.say(what="reload", number=number)
        return await self._asked[number]


class _Server(uvicorn.Server):
    """uvicorn without signals of its own: the worker decides when to end."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _work(order: Order) -> None:
    await Worker(order, await Channel.open(socket.socket(fileno=order.channel))).run()


def main() -> None:
    """Run a worker; the one argument is its `Order` as JSON."""
    asyncio.run(_work(Order(**json.loads(sys.argv[1]))))


if __name__ == "__main__":
    main()
