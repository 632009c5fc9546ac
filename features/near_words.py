"""Known words nearest to one that is not known, as `difflib` finds them and without most of its comparisons."""

from __future__ import annotations

import difflib
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@lru_cache(maxsize=65_536)
def near_words(word: str, known: tuple[str, ...], count: int = 3, cutoff: float = 0.5) -> list[str]:
    """Return the known words that `difflib.get_close_matches` gives, nearest first.

    It may be called for each of a million refused rows: words are compared from the one with most letters in common,
    until no other can be nearer.

    Parameters
    ----------
    word : str
        As somebody wrote it.
    known : tuple of str
        Words that would be right.
    count : int
        How many at most.
    cutoff : float
        Least similarity, 0 to 1.

    Examples
    --------
    >>> near_words("anod", ("electrolyte", "anode", "anode_form"))
    ['anode', 'anode_form']
    """
    import numpy as np  # reading a formula that is right needs none

    matcher = difflib.SequenceMatcher()
    matcher.set_seq2(word)
    lengths, times = _letters(known)
    shared = np.zeros(len(known))
    for letter, times_here in Counter(word).items():
        if letter in times:
            shared += np.minimum(times[letter], times_here)
    total = lengths + len(word)
    highest = np.divide(2.0 * shared, total, out=np.ones(len(known)), where=total > 0)
    bounds = [(float(highest[place]), known[place]) for place in np.flatnonzero(highest >= cutoff).tolist()]
    near: list[tuple[float, str]] = []
    for bound, candidate in sorted(bounds, reverse=True):
        if len(near) >= count and bound < near[count - 1][0]:
            break
        matcher.set_seq1(candidate)
        if (ratio := matcher.ratio()) >= cutoff:
            near = sorted([*near, (ratio, candidate)], reverse=True)
    return [candidate for _, candidate in near[:count]]


@lru_cache(maxsize=64)
def _letters(known: tuple[str, ...]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the lengths of the words, and by letter how often each holds it; both of shape (n_known,)."""
    import numpy as np

    letters = sorted({letter for word in known for letter in word})
    times = {letter: np.array([word.count(letter) for word in known], dtype=float) for letter in letters}
    return np.array([len(word) for word in known]), times
