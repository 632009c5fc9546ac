"""Many formulas at once: the amounts of their elements as arrays, each distinct text read once, and statistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress

import numpy as np
import pandas as pd

from features.cache import Cache
from features.formulas.aliases import aliases
from features.formulas.charge import TOLERANCE, choosable, other_imbalance, other_imbalances, oxidation_states
from features.formulas.elements import ELEMENT_INDEX, PROPERTY_INDEX, SYMBOLS, property_table
from features.formulas.reader import FormulaError, shared_reading
from features.formulas.stoichiometry import MAX_AMOUNT, PLAIN_FORMULA

_END, _UPPER, _LOWER, _DIGIT, _POINT, _OTHER = range(6)
"""Kinds of letters that a `PLAIN_FORMULA` is made of."""
_FOLLOWS = {
    _END: (_UPPER,), _UPPER: (_UPPER, _LOWER, _DIGIT, _END), _LOWER: (_UPPER, _DIGIT, _END),
    _DIGIT: (_UPPER, _DIGIT, _POINT, _END), _POINT: (_DIGIT,), _OTHER: (),
}  # fmt: skip
"""Which kinds may follow each one: symbols, each with a number behind it or none."""
_UNKNOWN = -1
_EXACT_DIGITS = 15
"""Digits of a number up to which digits over a power of ten is the very float that `float` gives."""
_FEW = 10
"""Compositions of the same elements that are sooner worked out one by one."""
_WORD = 52
"""Elements that the bits of one float can mark."""

STATISTICS = ("mean", "avg_dev", "range", "minimum", "maximum")

Read = Callable[[str], Mapping[str, float] | None]


@dataclass(frozen=True)
class Amounts:
    """Compositions of many texts.

    Attributes
    ----------
    codes : which distinct composition each text has, shape (n_texts,)
    starts : where each distinct composition begins in `element` and `amount`, shape (n_distinct + 1,)
    element : index of the element in `SYMBOLS`, shape (n_entries,)
    amount : its amount, above zero, shape (n_entries,)
    known : True where a composition was read, shape (n_distinct,); unknown ones have no entries
    plain : True where the text is a formula of symbols and numbers only, and no name, shape (n_distinct,)
    computed : features of the distinct compositions, kept for the next design of them
    """

    codes: np.ndarray
    starts: np.ndarray
    element: np.ndarray
    amount: np.ndarray
    known: np.ndarray
    plain: np.ndarray
    computed: Cache[np.ndarray] = field(default_factory=lambda: Cache(_FEW), init=False, repr=False, compare=False)

    @cached_property
    def owner(self) -> np.ndarray:
        """Distinct composition each entry belongs to, shape (n_entries,)."""
        return np.repeat(np.arange(len(self.known)), np.diff(self.starts))

    @cached_property
    def total(self) -> np.ndarray:
        """Sum of amounts of each distinct composition, 0 where unknown."""
        return np.bincount(self.owner, self.amount, minlength=len(self.known))

    @cached_property
    def fractions(self) -> np.ndarray:
        """Atomic fraction of each element in each distinct composition, shape (n_elements, n_distinct).

        NaN where the composition is unknown.
        """
        table = np.zeros((len(SYMBOLS), len(self.known)))
        table[self.element, self.owner] = self.amount / self.total[self.owner]
        table[:, ~self.known] = np.nan
        return table

    @cached_property
    def dense(self) -> np.ndarray:
        """The `fractions` composition by composition, shape (n_distinct, n_elements)."""
        return np.ascontiguousarray(self.fractions.T)

    @cached_property
    def systems(self) -> tuple[np.ndarray, list[frozenset[str]]]:
        """Place of each composition among the distinct sets of elements, shape (n_distinct,), and those sets."""
        count = len(self.known)
        places = np.zeros(count, dtype=np.int64)
        for first in range(0, len(SYMBOLS), _WORD):
            bit = self.element - first
            here = (bit >= 0) & (bit < _WORD)
            codes, kinds = pd.factorize(np.bincount(self.owner[here], 2.0 ** bit[here], minlength=count))
            places, _ = pd.factorize(places * len(kinds) + codes)
        examples = np.flatnonzero(np.diff(np.maximum.accumulate(places), prepend=-1))  # each set where it comes first
        entries = [self.element[self.starts[row] : self.starts[row + 1]] for row in examples.tolist()]
        return places, [frozenset(SYMBOLS[place] for place in elements) for elements in entries]

    @cached_property
    def charge(self) -> np.ndarray:
        """Sum of charges of each distinct composition; NaN where unknown, or where an element has no certain state.

        The sums of `features.formulas.charge.charge_imbalance`, in the same order of terms.
        """
        places, sets = self.systems
        tables = [oxidation_states(elements) for elements in sets]
        states = np.array([[table.get(symbol, np.nan) for symbol in SYMBOLS] for table in tables])
        charges = states.reshape(-1, len(SYMBOLS))[places[self.owner], self.element] * self.amount
        sums = np.where(self.known, np.bincount(self.owner, charges, minlength=len(self.known)), np.nan)
        with_choice = np.array([bool(choosable(elements)) for elements in sets], dtype=bool)[places]
        charged = np.flatnonzero(with_choice & (np.abs(sums) > TOLERANCE))
        charged = charged[np.argsort(places[charged], kind="stable")]
        for rows in np.split(charged, np.flatnonzero(np.diff(places[charged])) + 1):
            if len(rows) > _FEW:
                sums[rows] = other_imbalances(sums[rows], self._amounts_of(rows))
            else:
                sums[rows] = [other_imbalance(float(sums[row]), self._composition(row)) for row in rows.tolist()]
        return sums

    def _composition(self, row: int) -> dict[str, float]:
        entries = slice(self.starts[row], self.starts[row + 1])
        symbols = [SYMBOLS[place] for place in self.element[entries].tolist()]
        return dict(zip(symbols, self.amount[entries].tolist(), strict=True))

    def _amounts_of(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Amounts of some compositions of the same elements, by element, each of shape (n_rows,)."""
        first = self.starts[rows]
        entries = first[:, None] + np.arange(self.starts[rows[0] + 1] - first[0])
        order = np.argsort(self.element[entries], axis=1)  # they may be written in another order
        entries = np.take_along_axis(entries, order, axis=1)
        symbols = [SYMBOLS[place] for place in self.element[entries[0]].tolist()]
        return dict(zip(symbols, self.amount[entries].T, strict=True))


def read_amounts(texts: Sequence[str], read: Read | None = None) -> Amounts:
    """Read the amounts of the elements of many texts.

    Plain formulas (`Li6PS5Cl`, `Li0.5La0.5TiO3`) are read here, all at once; everything else goes through
    `read_formula`, once per distinct text. Both give the same for a plain formula, to the last bit.

    Parameters
    ----------
    texts : sequence of str
        Names or formulas; what cannot be read, and what has no stoichiometry, is unknown.
    read : Read or None
        Gives the amounts of a text that is no plain formula, None where it has none; `read_formula` where None.

    Examples
    --------
    >>> amounts = read_amounts(["Li2S", "PEO", "Li2S"])
    >>> amounts.codes.tolist(), amounts.known.tolist(), amounts.amount.tolist()
    ([0, 1, 0], [True, False], [2.0, 1.0])
    """
    seen = dict.fromkeys(texts)
    distinct = list(seen)
    codes: np.ndarray = np.arange(len(texts))
    if len(distinct) < len(texts):
        place = dict(zip(distinct, range(len(distinct)), strict=True))
        codes = np.fromiter(map(place.__getitem__, texts), dtype=np.int64, count=len(texts))
    fallback = read or _read_slowly
    letters = _letters(distinct)
    quick = _is_plain(distinct, letters)
    for name in aliases().keys() & seen.keys():
        quick[distinct.index(name)] = False
    plain = distinct if quick.all() else list(compress(distinct, quick))
    starts, element, amount, usable = _read_plain(plain, letters if quick.all() else _letters(plain))
    counts = np.zeros(len(distinct), dtype=np.int64)
    quick[quick] = usable
    counts[quick] = np.diff(starts)[usable]
    slow: dict[int, Mapping[str, float]] = {}
    for row in np.flatnonzero(~quick).tolist():
        if composition := fallback(distinct[row]):
            slow[row] = composition
            counts[row] = len(composition)
    ends = np.concatenate([[0], np.cumsum(counts)])
    elements_all = np.empty(ends[-1], dtype=np.int64)
    amounts_all = np.empty(ends[-1])
    # plain ones are copied in one piece: their entries stand in the same order as their texts
    target, source = np.repeat(quick, counts), np.repeat(usable, np.diff(starts))
    elements_all[target], amounts_all[target] = element[source], amount[source]
    for row, composition in slow.items():
        here = slice(ends[row], ends[row + 1])
        elements_all[here] = [ELEMENT_INDEX[symbol] for symbol in composition]
        amounts_all[here] = list(composition.values())
    return Amounts(codes, ends, elements_all, amounts_all, counts > 0, quick)


def statistics(amounts: Amounts, names: Sequence[str], kinds: Sequence[str] = STATISTICS) -> dict[str, np.ndarray]:
    """Compute weighted statistics of element properties of each distinct composition, as the Magpie set defines them.

    Parameters
    ----------
    amounts : Amounts
        Of the elements of each text.
    names : sequence of str
        Of the properties, as in `PROPERTY_INDEX`.
    kinds : sequence of str
        Names of `STATISTICS`.

    Returns
    -------
    dict of ndarray, each of shape (n_distinct, n_properties)
        `mean` and `avg_dev` (mean absolute deviation from it) weighted by atomic fraction; `minimum`, `maximum` and
        `range` over the elements present. NaN where the composition is unknown or a property is missing.
    """
    table = property_table()[:, [PROPERTY_INDEX[name] for name in names]]
    shape = (len(amounts.known), len(names))
    if len(amounts.element) == 0:
        return {name: np.full(shape, np.nan) for name in kinds}
    known = np.flatnonzero(amounts.known)
    starts = amounts.starts[known]
    weight = (amounts.amount / amounts.total[amounts.owner])[:, None]
    values = table[amounts.element]
    blocks = {"mean": np.add.reduceat(weight * values, starts, axis=0)}
    if "avg_dev" in kinds:
        means = np.repeat(blocks["mean"], np.diff(np.append(starts, len(amounts.element))), axis=0)
        blocks["avg_dev"] = np.add.reduceat(weight * np.abs(values - means), starts, axis=0)
    if {"range", "minimum", "maximum"} & set(kinds):
        low, high = np.minimum.reduceat(values, starts, axis=0), np.maximum.reduceat(values, starts, axis=0)
        blocks |= {"range": high - low, "minimum": low, "maximum": high}
    blocks = {name: blocks[name] for name in kinds}
    if len(known) == len(amounts.known):
        return blocks
    padded = {name: np.full(shape, np.nan) for name in kinds}
    for name, block in blocks.items():
        padded[name][known] = block
    return padded


def _is_plain(texts: Sequence[str], letters: np.ndarray) -> np.ndarray:
    """True for each text that `PLAIN_FORMULA` matches, decided for all at once by their letters; shape (n_texts,)."""
    ends = np.flatnonzero(letters == ord("\n"))
    if len(ends) != len(texts):  # one of them holds an end of line itself
        return np.array([PLAIN_FORMULA.fullmatch(text) is not None for text in texts], dtype=bool)
    kinds = _KIND[letters]
    wrong = _IS_WRONG[len(_FOLLOWS) * np.concatenate([[np.uint8(_END)], kinds[:-1]]) + kinds]
    points, digits = np.flatnonzero(kinds == _POINT), kinds == _DIGIT
    if len(points):  # between two points of one number there are digits only
        others = np.cumsum(kinds < _DIGIT, dtype=np.int32)[points]
        wrong[points[1:][others[1:] == others[:-1]]] = True
    starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    plain = np.logical_or.reduceat(digits, starts) if len(ends) else np.zeros(0, dtype=bool)
    plain[np.searchsorted(ends, np.flatnonzero(wrong))] = False
    return np.asarray(plain)


def _letters(texts: Sequence[str]) -> np.ndarray:
    """All texts one behind the other, each with an end of line, as bytes."""
    return np.frombuffer(("\n".join(texts) + "\n" if texts else "").encode(), dtype=np.uint8)


def _kinds() -> tuple[np.ndarray, np.ndarray]:
    """Kind of each byte, shape (256,), and whether a kind may not stand behind another, shape (n_kinds * n_kinds,)."""
    kind = np.full(256, _OTHER, dtype=np.uint8)
    for code, letters in ((_UPPER, "AZ"), (_LOWER, "az"), (_DIGIT, "09"), (_POINT, ".."), (_END, "\n\n")):
        kind[ord(letters[0]) : ord(letters[1]) + 1] = code
    wrong = np.ones((len(_FOLLOWS), len(_FOLLOWS)), dtype=bool)
    for before, behind in _FOLLOWS.items():
        wrong[before, list(behind)] = False
    return kind, wrong.ravel()


_KIND, _IS_WRONG = _kinds()


def _read_plain(texts: list[str], letters: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Starts, elements, amounts of plain formulas, and which are usable (known symbols once each, sane amounts)."""
    if not texts:
        return np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0), np.empty(0, dtype=bool)
    ends = np.flatnonzero(letters == ord("\n"))
    begins = np.flatnonzero((letters >= ord("A")) & (letters <= ord("Z")))
    second = letters[begins + 1]
    long = (second >= ord("a")) & (second <= ord("z"))
    index = _SYMBOL_PLACE[letters[begins] - ord("A"), np.where(long, second - (ord("a") - 1), 0)]
    counts = np.diff(np.searchsorted(begins, ends), prepend=0)
    owner = np.repeat(np.arange(len(texts)), counts)
    stops = np.minimum(np.append(begins[1:], len(letters)), ends[owner])
    value = _numbers(letters, begins + 1 + long, stops)
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
        return shared_reading(text).composition
    except FormulaError:
        return None
