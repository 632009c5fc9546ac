"""Results are kept, as many as were said, and each for the question it answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from features.cache import Cache


def test_a_result_is_computed_once() -> None:
    computed = list[int]()
    squares = Cache[int](10)

    def square(number: int) -> int:
        computed.append(number)
        return number * number

    assert [squares.once(number, partial(square, number)) for number in (2, 3, 2, 3)] == [4, 9, 4, 9]
    assert computed == [2, 3]


def test_without_a_question_nothing_is_kept() -> None:
    numbers = Cache[int](10)
    assert [numbers.once(None, lambda number=number: number) for number in (1, 2)] == [1, 2]  # type: ignore[misc]


def test_no_more_are_kept_than_was_said() -> None:
    """Of two: the third lets go of the first two."""
    computed = list[int]()
    numbers = Cache[int](2)
    for number in (1, 2, 1, 3, 3, 1):
        numbers.once(number, lambda number=number: computed.append(number) or number)  # type: ignore[misc,func-returns-value]
    assert computed == [1, 2, 3, 1]


def test_threads_get_each_their_own_result() -> None:
    numbers = Cache[int](3)
    asked = [number % 7 for number in range(2_000)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda number: numbers.once(number, lambda: number), asked))
    assert found == asked
