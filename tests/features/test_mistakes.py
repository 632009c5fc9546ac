"""Mistakes that wait on disk behave as a list of them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from features.tables import disk
from features.tables.mistakes import Mistake, Mistakes


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> Mistakes:
    """Of lines 2 to 4, of which the first waits in memory."""
    monkeypatch.setattr(disk, "IN_MEMORY", 1)
    return Mistakes(Mistake(line, "anode", "'Sn'", "silicon", "new.csv", ("a",)) for line in (2, 3, 4))


def test_places_are_those_of_a_list(three: Mistakes) -> None:
    as_list = [*three]
    assert [mistake.line for mistake in as_list] == [2, 3, 4]
    assert [three[place] for place in (-1, -3, 0)] == [as_list[place] for place in (-1, -3, 0)]
    for part in (slice(1), slice(-2, None), slice(None, None, -1), slice(5, 9)):
        assert three[part] == as_list[part]
    assert [*reversed(three)] == as_list[::-1]
    for place in (3, -4):
        with pytest.raises(IndexError):
            three[place]


def pickled(mistakes: Mistakes) -> Mistakes:
    read: Mistakes = pickle.loads(pickle.dumps(mistakes))  # noqa: S301 -- our own
    return read


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])
def test_a_copy_has_a_file_of_its_own(copied: Callable[[Mistakes], Mistakes], three: Mistakes) -> None:
    other = copied(three)
    assert isinstance(other, Mistakes)
    assert other == three
    other += [Mistake(5, "anode", "'Sn'", "silicon")]
    assert (len(other), len(three)) == (4, 3)
