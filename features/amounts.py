"""Many formulas at once: the amounts of their elements as arrays, each distinct text read once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.aliases import aliases
from features.elements import ELEMENT_INDEX
from features.formula import FormulaError, read_formula
from features.stoichiometry import MAX_AMOUNT

_PLAIN = re.compile(r"(?=[A-Za-z.0-9]*\d)(?:[A-Z][a-z]?(?:\d+(?:\.\d+)?)?)+")
"""A formula of symbols and numbers only, with at least one number: read here without the full reader."""
_TOKEN = re.compile(r"([A-Z][a-z]?|\n)([\d.]*)")
_UNKNOWN, _END = -1, -2
_PLACE = {**ELEMENT_INDEX, "\n": _END}

Read = Callable[[str], Mapping[str, float] | None]


@dataclass(frozen=True)
class Amounts:
    """Compositions of many texts.

    Attributes
    ----------
    codes : which distinct composition each text has, shape (n_texts,)
    starts : where each distinct composition begins in `element` and `amount`, shape (n_distinct + 1,)
    element : index of the element in `ELEMENTS_IN_ORDER`, shape (n_entries,)
    amount : its amount, above zero, shape (n_entries,)
    known : whether a composition was read, shape (n_distinct,); unknown ones have no entries
    """

    codes: np.ndarray
    starts: np.ndarray
    element: np.ndarray
    amount: np.ndarray
    known: np.ndarray

    @property
    def owner(self) -> np.ndarray:
        """Distinct composition each entry belongs to, shape (n_entries,)."""
        return np.repeat(np.arange(len(self.known)), np.diff(self.starts))

    @property
    def total(self) -> np.ndarray:
        """Sum of amounts of each distinct composition, 0 where unknown."""
        return np.bincount(self.owner, self.amount, minlength=len(self.known))

    def dense(self) -> np.ndarray:
        """Atomic fractions, shape (n_distinct, n_elements); rows of unknown compositions are NaN."""
        table = np.zeros((len(self.known), len(ELEMENT_INDEX)))
        table[self.owner, self.element] = self.amount / self.total[self.owner]
        table[~self.known] = np.nan
        return table


def read_amounts(texts: Sequence[str], read: Read | None = None) -> Amounts:
    """Amounts of the elements of each text.

    Plain formulas (`Li6PS5Cl`, `Li0.5La0.5TiO3`) are read here, all at once; everything else goes through
    `read_formula`, once per distinct text.

    Parameters
    ----------
    texts : names or formulas; what cannot be read, and what has no stoichiometry, is unknown
    read : what to do with a text that is no plain formula; `read_formula` where None
    """
    distinct = list(dict.fromkeys(texts))
    place = dict(zip(distinct, range(len(distinct)), strict=True))
    codes = np.fromiter(map(place.__getitem__, texts), dtype=np.int64, count=len(texts))
    fallback = read or _read_slowly
    named = aliases()
    plain = [text for text in distinct if text not in named and _PLAIN.fullmatch(text)]
    entries = _read_plain(plain)
    order = {text: place for place, text in enumerate(plain)}
    counts = np.zeros(len(distinct), dtype=np.int64)
    place_of = np.array([order.get(text, _UNKNOWN) for text in distinct], dtype=np.int64)
    quick = place_of != _UNKNOWN
    starts, element, amount, usable = entries
    quick[quick] = usable[place_of[quick]]
    counts[quick] = np.diff(starts)[place_of[quick]]
    slow: dict[int, Mapping[str, float]] = {}
    for row in np.flatnonzero(~quick).tolist():
        if found := fallback(distinct[row]):
            slow[row] = found
            counts[row] = len(found)
    ends = np.concatenate([[0], np.cumsum(counts)])
    elements_all = np.empty(ends[-1], dtype=np.int64)
    amounts_all = np.empty(ends[-1])
    # plain ones are copied in one piece: their entries stand in the same order as their texts
    target = _ranges(ends[:-1][quick], counts[quick])
    source = _ranges(starts[:-1][place_of[quick]], counts[quick])
    elements_all[target], amounts_all[target] = element[source], amount[source]
    for row, held in slow.items():
        here = slice(ends[row], ends[row + 1])
        elements_all[here] = [ELEMENT_INDEX[symbol] for symbol in held]
        amounts_all[here] = list(held.values())
    return Amounts(codes, ends, elements_all, amounts_all, counts > 0)


def _ranges(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Concatenation of `arange(start, start + count)`."""
    if len(counts) == 0:
        return np.empty(0, dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.repeat(starts - offsets, counts) + np.arange(counts.sum())


def _read_plain(texts: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Starts, elements, amounts of plain formulas, and which are usable (known symbols once each, sane amounts)."""
    if not texts:
        return np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0), np.empty(0, dtype=bool)
    tokens = _TOKEN.findall("\n".join(texts) + "\n")
    index = np.array([_PLACE.get(symbol, _UNKNOWN) for symbol, _ in tokens], dtype=np.int64)
    value = np.array([float(number) if number else 1.0 for _, number in tokens])
    breaks = index == _END
    owner = np.cumsum(breaks) - breaks
    entry = ~breaks
    index, value, owner = index[entry], value[entry], owner[entry]
    counts = np.bincount(owner, minlength=len(texts))
    wrong = (index == _UNKNOWN) | (value <= 0) | (value > MAX_AMOUNT)
    key = owner * len(ELEMENT_INDEX) + index
    _, first, times = np.unique(key, return_index=True, return_counts=True)
    wrong[first[times > 1]] = True
    usable = np.ones(len(texts), dtype=bool)
    usable[owner[wrong]] = False
    return np.concatenate([[0], np.cumsum(counts)]), index, value, usable


def _read_slowly(text: str) -> Mapping[str, float] | None:
    try:
        return read_formula(text).composition
    except FormulaError:
        return None
