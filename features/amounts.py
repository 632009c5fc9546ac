"""Many formulas at once: the amounts of their elements as arrays, each distinct text read once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np

from features.aliases import aliases
from features.elements import ELEMENT_INDEX, SYMBOLS
from features.formula import FormulaError, read_formula
from features.stoichiometry import MAX_AMOUNT

_PLAIN = re.compile(r"(?=[A-Za-z.0-9]*\d)(?:[A-Z][a-z]?(?:\d+(?:\.\d+)?)?)+", re.ASCII)
"""A formula of symbols and numbers only, with at least one number: read here without the full reader."""
_UNKNOWN = -1
_EXACT_DIGITS = 15
"""Digits of a number up to which digits over a power of ten is the very float that `float` gives."""

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
    plain : whether the text is a formula of symbols and numbers only, and no name, shape (n_distinct,)
    """

    codes: np.ndarray
    starts: np.ndarray
    element: np.ndarray
    amount: np.ndarray
    known: np.ndarray
    plain: np.ndarray

    @property
    def owner(self) -> np.ndarray:
        """Distinct composition each entry belongs to, shape (n_entries,)."""
        return np.repeat(np.arange(len(self.known)), np.diff(self.starts))

    @property
    def total(self) -> np.ndarray:
        """Sum of amounts of each distinct composition, 0 where unknown."""
        return np.bincount(self.owner, self.amount, minlength=len(self.known))

    def dense(self, places: Sequence[int] | None = None) -> np.ndarray:
        """Atomic fractions, shape (n_distinct, n_elements); rows of unknown compositions are NaN.

        Parameters
        ----------
        places : index of the elements wanted, in their order; all where None
        """
        column: np.ndarray = np.arange(len(SYMBOLS))
        if places is not None:
            column = np.full(len(SYMBOLS), len(places))  # one column more, dropped, for all others
            column[list(places)] = np.arange(len(places))
        width = len(SYMBOLS) if places is None else len(places)
        table = np.zeros((len(self.known), width + 1))
        table[self.owner, column[self.element]] = self.amount / self.total[self.owner]
        table[~self.known] = np.nan
        return table[:, :width]


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
    codes: np.ndarray = np.arange(len(texts))
    if len(distinct) < len(texts):
        place = dict(zip(distinct, range(len(distinct)), strict=True))
        codes = np.fromiter(map(place.__getitem__, texts), dtype=np.int64, count=len(texts))
    fallback = read or _read_slowly
    named = aliases()
    is_plain = [text not in named and _PLAIN.fullmatch(text) is not None for text in distinct]
    starts, element, amount, usable = _read_plain(list(compress(distinct, is_plain)))
    counts = np.zeros(len(distinct), dtype=np.int64)
    quick = np.array(is_plain, dtype=bool)
    quick[quick] = usable
    begin, count = starts[:-1][usable], np.diff(starts)[usable]
    counts[quick] = count
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
    source = _ranges(begin, count)
    elements_all[target], amounts_all[target] = element[source], amount[source]
    for row, held in slow.items():
        here = slice(ends[row], ends[row + 1])
        elements_all[here] = [ELEMENT_INDEX[symbol] for symbol in held]
        amounts_all[here] = list(held.values())
    return Amounts(codes, ends, elements_all, amounts_all, counts > 0, quick)


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
    letters = np.frombuffer(("\n".join(texts) + "\n").encode("ascii"), dtype=np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    begins = np.flatnonzero((letters >= ord("A")) & (letters <= ord("Z")))
    second = letters[begins + 1]
    long = (second >= ord("a")) & (second <= ord("z"))
    index = _SYMBOL_PLACE[letters[begins] - ord("A"), np.where(long, second - (ord("a") - 1), 0)]
    owner = np.searchsorted(ends, begins)
    stops = np.minimum(np.append(begins[1:], len(letters)), ends[owner])
    value = _numbers(letters, begins + 1 + long, stops)
    counts = np.bincount(owner, minlength=len(texts))
    wrong = (index == _UNKNOWN) | (value <= 0) | (value > MAX_AMOUNT)
    key = np.sort(owner * len(ELEMENT_INDEX) + index)
    usable = np.ones(len(texts), dtype=bool)
    usable[owner[wrong]] = False
    usable[key[1:][key[1:] == key[:-1]] // len(ELEMENT_INDEX)] = False
    return np.concatenate([[0], np.cumsum(counts)]), index, value, usable


def _symbol_places() -> np.ndarray:
    """Index of the element by its two letters, shape (26, 27); the second is 0 where there is none."""
    places = np.full((26, 27), _UNKNOWN, dtype=np.int64)
    for symbol, place in ELEMENT_INDEX.items():
        places[ord(symbol[0]) - ord("A"), ord(symbol[1]) - ord("a") + 1 if symbol[1:] else 0] = place
    return places


_SYMBOL_PLACE = _symbol_places()


def _numbers(letters: np.ndarray, begins: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Numbers written between places of a text, digits with at most one point; 1 where nothing stands there."""
    length, digits, decimals = stops - begins, np.zeros(len(begins)), np.zeros(len(begins), dtype=np.int64)
    behind = np.zeros(len(begins), dtype=bool)
    for place in range(min(int(length.max(initial=0)), _EXACT_DIGITS + 1)):
        here = place < length
        letter = letters[np.where(here, begins + place, 0)]
        point = here & (letter == ord("."))
        digit = here & ~point
        digits = np.where(digit, 10 * digits + (letter - float(ord("0"))), digits)
        decimals += digit & behind
        behind |= point
    value = np.where(length > 0, digits / 10.0**decimals, 1.0)
    for long in np.flatnonzero(length > _EXACT_DIGITS):
        value[long] = float(bytes(letters[begins[long] : stops[long]]))
    return value


def _read_slowly(text: str) -> Mapping[str, float] | None:
    try:
        return read_formula(text).composition
    except FormulaError:
        return None
