"""A worker process as its supervisor holds it."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from serving.server.processes.reload import LoadError
from serving.server.processes.shared_folder import make_home
from serving.server.processes.worker_handle import Hand
from serving.server.settings import Settings


@pytest.mark.parametrize("heard", [True, False])
def test_a_worker_that_is_gone_refuses_a_model_and_keeps_nobody_waiting(tmp_path: Path, heard: bool) -> None:
    """Whether it went before it was asked, which its supervisor has heard, or while it was asked."""
    make_home(tmp_path)

    async def ask() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listen:
            hand = await Hand.start(listen, tmp_path, Settings())
            listening = asyncio.create_task(hand.listen(lambda message: None))
            hand.stop(at_once=True)
            if heard:
                await listening
            with pytest.raises(LoadError, match="a worker ended before it had loaded the model"):
                await asyncio.wait_for(hand.load(1), 30)
            await hand.ended
            await listening
            hand.channel.close()

    asyncio.run(ask())
