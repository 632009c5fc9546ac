"""Small requests that wait at the same time share a call."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from serving.server.batching import MOST_JOINED, Deadline, Work
from serving.server.settings import Settings


def test_who_waits_shares_and_each_gets_its_own_answer() -> None:
    """The first holds the thread; the rest wait, and are answered in calls of at most `MOST_JOINED`, in order."""
    calls, go, begun = list[list[int]](), threading.Event(), threading.Event()

    def double(items: list[int], deadline: Deadline) -> list[int | ValueError]:
        calls.append(items)
        begun.set()
        go.wait(30)
        return [ValueError(f"{item} is odd") if item % 2 else 2 * item for item in items]

    async def ask() -> list[Any]:
        work = Work(Settings())
        first = asyncio.create_task(work.share("a", 0, double))
        while not begun.is_set():
            await asyncio.sleep(0.001)
        rest = [asyncio.create_task(work.share("a", item, double)) for item in range(1, MOST_JOINED + 6)]
        other = asyncio.create_task(work.share("b", 100, double))
        await asyncio.sleep(0.01)
        go.set()
        return await asyncio.gather(first, *rest, other, return_exceptions=True)

    found = asyncio.run(ask())
    assert [each if isinstance(each, int) else str(each) for each in found[:4]] == [0, "1 is odd", 4, "3 is odd"]
    assert found[-1] == 200
    assert calls == [[0], list(range(1, MOST_JOINED + 1)), list(range(MOST_JOINED + 1, MOST_JOINED + 6)), [100]]


def test_a_failure_of_the_call_is_told_to_all_who_share_it() -> None:
    def broken(items: list[int], deadline: Deadline) -> list[int]:
        raise RuntimeError("broken")

    async def ask() -> list[Any]:
        work = Work(Settings())
        return await asyncio.gather(*(work.share("a", item, broken) for item in range(3)), return_exceptions=True)

    assert [str(each) for each in asyncio.run(ask())] == ["broken"] * 3


def test_a_deadline_that_has_passed_ends_the_work() -> None:
    Deadline(60).check()
    with pytest.raises(TimeoutError):
        Deadline(-1).check()
