"""Known words nearest to one that is not known, as `difflib` finds them and without most of its comparisons."""

from __future__ import annotations

import difflib
from collections import Counter
from functools import lru_cache


@lru_cache(maxsize=65_536)
def near_words(word: str, known: tuple[str, ...], count: int = 3, cutoff: float = 0.5) -> list[str]:
    """Return the known words that `difflib.get_close_matches` gives, nearest first.

    A million refused rows ask for them a million times: words are compared from the one with most letters in common,
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
    matcher = difflib.SequenceMatcher()
    matcher.set_seq2(word)
    lengths, words_with = _letters(known)
    shared = [0] * len(known)
    for letter, count_here in Counter(word).items():
        for place, times in words_with.get(letter, ()):
            shared[place] += min(times, count_here)
    bounds = []
    for other, length, letters in zip(known, lengths, shared, strict=True):
        total = length + len(word)
        bound = 2.0 * letters / total if total else 1.0
        if bound >= cutoff:
            bounds.append((bound, other))
    near: list[tuple[float, str]] = []
    for bound, other in sorted(bounds, reverse=True):
        if len(near) >= count and bound < near[count - 1][0]:
            break
        matcher.set_seq1(other)
        if (ratio := matcher.ratio()) >= cutoff:
            near = sorted([*near, (ratio, other)], reverse=True)
    return [other for _, other in near[:count]]


@lru_cache(maxsize=64)
def _letters(known: tuple[str, ...]) -> tuple[list[int], dict[str, list[tuple[int, int]]]]:
    """Return the lengths of the words, and by letter the places of those that hold it, with how often."""
    words_with: dict[str, list[tuple[int, int]]] = {}
    for place, other in enumerate(known):
        for letter, times in Counter(other).items():
            words_with.setdefault(letter, []).append((place, times))
    return [len(other) for other in known], words_with
