"""The process that people start: it holds the port, keeps workers alive, and changes the model in all of them at once.

A reload goes in two steps. First every worker loads the new model beside the old one. Only when all have done so does
the number in shared memory change, which every worker reads at the beginning of each request: no worker answers as the
new model before all can. What fails in the first step changes nothing.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from models.registry import export
from serving.server.processes.channel import Message
from serving.server.processes.reload import LoadError, ReloadError
from serving.server.processes.shared_folder import METRICS, SHOWN, bundle_of, identity_of, make_home, shared_number
from serving.server.processes.worker_handle import Hand
from serving.server.settings import GRACE_S, Settings

BETWEEN_STARTS_S = 1.0
"""Wait before a worker is started in the place of one that ended."""


class Supervisor:
    """Workers that share a listening socket.

    Parameters
    ----------
    reference : of the model, as `silion models export` takes it; asked again at each reload
    on_ready : called once all workers answer
    say : tells the operator what happens later
    """

    def __init__(
        self,
        listen: socket.socket,
        reference: str | None,
        settings: Settings,
        on_ready: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self._listen, self._reference, self._settings = listen, reference, settings
        self._on_ready, self._say = on_ready, say
        self._hands: list[Hand] = []
        self._generation = 0
        self._changing = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then let requests that have begun finish.

        Raises
        ------
        ModelNotFoundError, BundleError, ReloadError
            There is no model to begin with, or it cannot be used.
        """
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop)
        loop.add_signal_handler(signal.SIGINT, self._stop)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._spawn(self._reload_by_signal()))
        with TemporaryDirectory(prefix="silion-serve-") as folder:
            self._home = Path(folder)
            make_home(self._home)
            self._number = shared_number(self._home)
            try:
                await self._begin()
                await self._stopping.wait()
            finally:
                await self._end()

    async def reload(self) -> dict[str, Any]:
        """Serve the model that the reference names now, in all workers at once.

        Raises
        ------
        ReloadError
            It cannot be used: the old one goes on.
        """
        async with self._changing:
            was = identity_of(bundle_of(self._home, self._generation))
            try:
                changed = await self._switch(was)
            except (ValueError, OSError) as error:
                words = f"{error}\nthe old model {was[:SHOWN]} goes on serving"
                raise ReloadError(words) from error
            now = identity_of(bundle_of(self._home, self._generation))
            return {
                "changed": changed,
                "model": now[:SHOWN],
                "was": was[:SHOWN],
                "generation": self._generation,
                "workers": len(self._hands),
            }

    async def _begin(self) -> None:
        self._hands = [await self._start() for _ in range(self._settings.workers)]
        switching = asyncio.create_task(self._first())
        stopped = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({switching, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not switching.done():
            switching.cancel()
            return
        try:
            await switching
        except LoadError as error:
            from models.bundle import BundleError  # what a bundle is takes a second to import

            raise (BundleError(str(error)) if error.kind == BundleError.__name__ else error) from None
        for hand in self._hands:
            self._spawn(self._replace_when_ended(hand))
        self._on_ready()

    async def _first(self) -> None:
        async with self._changing:  # a SIGHUP that comes early waits
            await self._switch(None)

    async def _switch(self, was: str | None) -> bool:
        """Copy the model, have all workers load it, then change the number; False where it is the model that serves."""
        new, old = self._generation + 1, self._generation
        folder = bundle_of(self._home, new)
        try:
            await asyncio.to_thread(export, self._reference, folder)
            if identity_of(folder) == was:
                shutil.rmtree(folder)
                return False
            outcomes = await asyncio.gather(*(hand.load(new) for hand in self._hands), return_exceptions=True)
            if failed := next((each for each in outcomes if isinstance(each, BaseException)), None):
                raise failed
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            if old:
                await asyncio.gather(*(hand.keep(old) for hand in self._hands))
            raise
        self._number[0] = self._generation = new
        await asyncio.gather(*(hand.keep(new) for hand in self._hands))
        if old:
            shutil.rmtree(bundle_of(self._home, old), ignore_errors=True)
        return True

    async def _start(self) -> Hand:
        hand = await Hand.start(self._listen, self._home, self._settings)
        self._spawn(hand.listen(lambda message: self._spawn(self._reload_for(hand, message))))
        return hand

    async def _replace_when_ended(self, hand: Hand) -> None:
        """Start another worker in the place of one that ended, with the model that answers now."""
        code = await hand.ended
        if self._stopping.is_set():
            return
        self._say(f"a worker ended with {code}; another takes its place")
        _forget_counts(hand.process.pid, self._home / METRICS)
        async with self._changing:
            self._hands.remove(hand)
        while not self._stopping.is_set():
            await asyncio.sleep(BETWEEN_STARTS_S)
            other = await self._start()
            async with self._changing:
                try:
                    await other.load(self._generation)
                except LoadError as error:
                    self._say(f"no worker can be started, another try follows: {error}")
                    other.stop(at_once=True)
                    continue
                self._hands.append(other)
                await other.keep(self._generation)
            self._spawn(self._replace_when_ended(other))
            return

    async def _reload_for(self, hand: Hand, message: Message) -> None:
        try:
            await hand.channel.say(what="reloaded", number=message["number"], answer=await self.reload())
        except ReloadError as error:
            await hand.channel.say(what="refused", number=message["number"], words=str(error))

    async def _reload_by_signal(self) -> None:
        try:
            done = await self.reload()
        except ReloadError as error:
            self._say(f"not reloaded: {error}")
        else:
            how = "reloaded" if done["changed"] else "unchanged"
            self._say(f"{how}: model {done['model']}")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _stop(self) -> None:
        """Once: end politely. Twice: end."""
        for hand in self._hands:
            hand.stop(at_once=self._stopping.is_set())
        self._stopping.set()

    async def _end(self) -> None:
        self._stopping.set()
        self._listen.close()
        for hand in self._hands:
            hand.stop()
        ends = [hand.ended for hand in self._hands]
        if ends:
            _, late = await asyncio.wait(ends, timeout=self._settings.seconds + 2 * GRACE_S)
            for hand in self._hands:
                hand.stop(at_once=True)
            await asyncio.gather(*late)
        for hand in self._hands:
            hand.channel.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _forget_counts(pid: int, folder: Path) -> None:
    """Take a dead worker's running requests out of the counts; what it has answered stays counted."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(pid, str(folder))
