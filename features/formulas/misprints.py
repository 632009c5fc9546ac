"""Formulas that can be read and are hardly what was meant: l read as I or 1, O as 0, S as 5, and no lithium at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from features.formulas.charge import charge_imbalance, is_neutral
from features.formulas.reader import FormulaError, Reading, read_formula, shared_reading

if TYPE_CHECKING:
    import numpy as np

_CONFUSED = (
    (re.compile(r"C[I1](?![a-z])"), "Cl"),  # Li6PS5CI, Li3YC16
    (re.compile(r"(?<![\d.])0(?=\d)"), "O"),  # Li2C03
    (re.compile(r"(?<=\d)0(?=\d)"), "O"),  # Li7La3Zr2012
    (re.compile(r"(?<=[A-Za-z)\]\d])O(?=\.\d)"), "0"),  # LiO.5La0.5TiO3
    (re.compile(r"(?<=[a-zA-Z])[Il](?=\.\d)"), "1"),  # LiI.3Al0.3Ti1.7(PO4)3
    (re.compile(r"(?<=\d)O"), "0"),  # Li1OGeP2S12
    (re.compile(r"(?<=\d)0(?![\d.])"), "O"),  # Li20
    (re.compile(r"(?<=[A-Za-z\d])5(?=\d)"), "S"),  # Li10GeP2512, Li6P55Cl
    (re.compile(r"(?<=S)S"), "5"),  # Li6PSSCl
)
"""Letters and digits that text recognition and tired eyes confuse, and what may have been meant."""
_DECIMALS = re.compile(r"\.\d+")
"""Digits behind a point are a subscript's: Fe0.005, Li2.1550."""
_MAY_BE_CONFUSED = (
    r"C[I1]|SS|[A-Za-z](?:0[0-9]|[0-9]+0(?:[^.]|$)|[0-9]*5[0-9]|[0-9]+O)|\.[0-9]+O(?:[^0-9]|[0-9]+[^0-9.]|[0-9]*$)"
)
"""Found in every plain formula that a pattern of `_CONFUSED` changes, but for an O between two numbers with points, of
which a 0 would make none; RE2 reads it, which looks neither ahead nor back."""
_MOST_REPAIRS = 3
"""Places of one formula that are repaired together."""
_MOST_READ = 6_000
"""Characters of all repaired texts that are read for one formula: a long one has thousands of them."""
HUGE = 100.0
"""Subscript of one element, and its multiple of the smallest one, that no compound has."""
_BONDED_TO_CARBON = {"O", "H", "N"}
_NOT_TO_CARBON = {"S", "Se", "Cl", "Br", "I", "F"}
OTHER_CARRIERS = {"Na", "K", "Rb", "Cs", "Ag"}
"""Elements that salts of other conductors hold, and fillers hardly ever."""
_ORGANIC = {"polymer", "plasticiser", "solvent", "binder"}
NO_LITHIUM = "a lithium conductor (no lithium; conductors of other ions are not covered)"


@lru_cache(maxsize=65_536)
def misprint(text: str) -> str | None:
    """Return what was expected in the place of a formula that can be read and is hardly what was meant.

    None for a formula whose charges cancel, and for one that cannot be read.

    Parameters
    ----------
    text : str
        Text of an electrolyte, as written.

    Returns
    -------
    str or None
        None where nothing speaks against it.

    Examples
    --------
    >>> misprint("Li6PS5CI"), misprint("Li2C03")
    ('Li6PS5Cl?', 'Li2CO3?')
    >>> misprint("Li2CO3"), misprint("LiCB11H12"), misprint("Li6PS5Cl"), misprint("Li2.1550PS3.1550Cl")
    (None, None, None, None)
    """
    try:
        reading = shared_reading(text)
    except FormulaError:
        return None
    if reading.composition is None:
        pieces = [part["text"] for part in reading.parts if part["text"] != text]
        return next((question for piece in pieces if (question := misprint(piece))), None)
    amounts = reading.composition
    if is_neutral(amounts):
        return None
    for repaired in islice(_repairs(text), _MOST_READ // len(text)):
        meant = _amounts(repaired)
        if not meant or "C" in meant.keys() - amounts.keys():
            continue
        if is_neutral(meant) or (_starts_with_zero(text) and charge_imbalance(meant) is None):
            return f"{repaired}?"
    elements = set(amounts)
    if "C" in elements and "Li" in elements and elements & _NOT_TO_CARBON and not elements & _BONDED_TO_CARBON:
        beside = ", ".join(sorted(elements & _NOT_TO_CARBON))
        return f"a formula without carbon, which stands beside {beside} in no lithium conductor; Cl?"
    largest = max(amounts, key=amounts.__getitem__)
    if max(HUGE, HUGE * min(amounts.values())) <= amounts[largest]:
        return f"a subscript that compounds have, not {largest}{amounts[largest]:g}"
    return None


def read_as(text: str) -> dict[str, Any]:
    """Return what a text is read as, what may be meant instead, or why it cannot be read: plain values for JSON.

    Parameters
    ----------
    text : str
        Text of an electrolyte, as written.

    Examples
    --------
    >>> read_as("Li6PS5CI")["question"], read_as("Li6PS5Cl").get("question"), [*read_as("LiXy")]
    ('Li6PS5Cl?', None, ['text', 'error'])
    """
    try:
        reading = read_formula(text).as_dict()
    except FormulaError as error:
        return {"text": text, "error": str(error)}
    return reading | ({"question": question} if (question := misprint(text)) else {})


def may_be_confused(texts: Sequence[str]) -> np.ndarray:
    """Return False where no letter of a formula can be another's: `misprint` then looks at its amounts alone.

    Parameters
    ----------
    texts : sequence of str
        Formulas of symbols and numbers, `PLAIN_FORMULA`.

    Returns
    -------
    ndarray of bool, shape (n_texts,)

    Examples
    --------
    >>> may_be_confused(["Li5.5PS4.5Cl1.5", "Li6PS5CI", "Li7La3Zr2012"]).tolist()
    [False, True, True]
    """
    import pyarrow as pa  # `silion formula` needs none of it
    import pyarrow.compute as pc

    matches = pc.match_substring_regex(pa.array(texts, pa.string()), _MAY_BE_CONFUSED)
    flags: np.ndarray = matches.to_numpy(zero_copy_only=False)
    return flags


def _starts_with_zero(text: str) -> bool:
    return re.search(r"(?<=[A-Za-z)\]])0\d", text) is not None


def _amounts(text: str) -> Mapping[str, float] | None:
    try:
        return shared_reading(text).composition
    except FormulaError:
        return None


def _repairs(text: str) -> Iterator[str]:
    """Texts with one confusion put right, everywhere or at one place, then with several kinds of them."""
    seen, level = {text}, [text]
    for _ in range(_MOST_REPAIRS):
        following = []
        for written in level:
            for pattern, replacement in _CONFUSED:
                for repaired in _put_right(pattern, replacement, written):
                    if repaired not in seen:
                        seen.add(repaired)
                        following.append(repaired)
                        yield repaired
        level = following[:8]


def _put_right(pattern: re.Pattern[str], replacement: str, text: str) -> list[str]:
    """Texts with all places put right, then each alone; digits behind a point are left as they are."""
    places = [match.span() for match in pattern.finditer(text)]
    if places and text[slice(*places[0])].isdigit():
        decimals = [match.span() for match in _DECIMALS.finditer(text)]
        places = [place for place in places if not any(begin <= place[0] < end for begin, end in decimals)]
    if not places:
        return []
    everywhere = text
    for begin, end in reversed(places):
        everywhere = everywhere[:begin] + replacement + everywhere[end:]
    return [everywhere, *(text[:begin] + replacement + text[end:] for begin, end in places)]


def lacks_lithium(reading: Reading) -> bool:
    """Return True where the whole composition is known and holds no lithium, or all of it is binder.

    Of a composite with a polymer the other parts are looked at, and one of them must hold another alkali metal or
    silver: oxides are fillers.

    Parameters
    ----------
    reading : Reading
        Of the text.

    Examples
    --------
    >>> lacks_lithium(shared_reading("NaCl")), lacks_lithium(shared_reading("PEO"))
    (True, False)
    >>> [lacks_lithium(shared_reading(text)) for text in ("PEO/NaClO4", "PEO/SiO2", "PEO/LiTFSI/NaCl")]
    [True, False, False]
    """
    if reading.composition is None:
        others = [part.get("composition") for part in reading.parts if part.get("role") not in _ORGANIC]
        elements = set().union(*filter(None, others))
        if None not in others and "Li" not in elements and elements & OTHER_CARRIERS:
            return True
        return bool(reading.parts) and all(part.get("role") == "binder" for part in reading.parts)
    return bool(reading.composition) and "Li" not in reading.composition


def objection(text: str) -> str | None:
    """Return what was expected in the place of a formula that can be read and is no likely lithium conductor.

    Parameters
    ----------
    text : str
        Text of an electrolyte, as written.

    Returns
    -------
    str or None
        None where nothing speaks against it, or it cannot be read.

    Examples
    --------
    >>> objection("NaCl")
    'a lithium conductor (no lithium; conductors of other ions are not covered)'
    >>> objection("Li3YC16")
    'Li3YCl6?'
    """
    try:
        reading = shared_reading(text)
    except FormulaError:
        return None
    return misprint(text) or (NO_LITHIUM if lacks_lithium(reading) else None)
