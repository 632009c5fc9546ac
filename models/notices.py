"""Notices beside the numbers: each kind is a column of text, null where it does not apply, whose words are made and
joined once per distinct case."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.composition import read_design
from features.electrolyte_columns import Electrolytes
from features.formulas.charge import TOLERANCE
from features.formulas.misprints import lacks_lithium
from features.polymers.polymer_electrolyte import NO_POLYMER, has_filler, is_salt, lack_of, polymer_electrolyte, salted
from features.tables.designs import Designs
from features.tables.fields import LIQUID_CLASSES
from models.domain import Domain

SAME_TEMPERATURE_C = 10.0
"""A measured conductivity this far from the test temperature gets a notice."""
NO_LITHIUM = (
    "holds no lithium: conductors of other ions are not covered, it is far from everything learnt from, and its "
    "interval promises nothing"
)
AS_COMPOSITES = ", as that of all composites: neither matrix nor filler was shown to tell them apart"
"""On 15 composites of 9 papers left out, each paper counting once, the class alone errs by 0.46 decades, the polymer
model of the matrix by 1.26, and by 0.90 where its mean error is taken away."""
_MOST_CASES = 2**62
"""Combinations that one whole number can hold."""
_FEW = 20
"""Designs whose texts are sooner put together one by one."""
_MOST_CHARACTERS = 2_000
"""Of the texts of a few designs that are kept."""
_NEAR_TIE = 1e-6
"""Share of the last printed decimal: as near as this to a tie, a number is rounded by itself."""

Notice: TypeAlias = pa.DictionaryArray
"""Text of one kind for each design, null where there is nothing to say, shape (n_designs,); the distinct texts beside
it, none of them null or empty."""


def nothing(count: int) -> Notice:
    """No notice for any design: what most kinds of notice come to, so it is made once for a few of them.

    Parameters
    ----------
    count : int
        Number of designs.
    """
    return _nothing(count) if count <= _FEW else _notice(np.full(count, -1), [])


@lru_cache(maxsize=_FEW + 1)
def _nothing(count: int) -> Notice:
    return _notice(np.full(count, -1), [])


def where(mask: np.ndarray, text: str) -> Notice:
    """The same text for some designs.

    Parameters
    ----------
    mask : ndarray
        Designs concerned, shape (n_designs,).
    text : str
        Their notice.
    """
    if not text or not mask.any():
        return nothing(len(mask))
    codes = np.where(mask, 0, -1)
    return per_case(codes, [text]) if len(codes) <= _FEW else _notice(codes, [text])


def per_case(codes: np.ndarray, texts: Sequence[str | None]) -> Notice:
    """Texts by the case each design belongs to.

    Parameters
    ----------
    codes : ndarray
        Case of each design, shape (n_designs,); -1 for no notice.
    texts : sequence of str | None
        Text of each case; None or empty for no notice.
    """
    if not any(texts):
        return nothing(len(codes))
    if len(codes) <= _FEW:
        return _written([texts[code] if code >= 0 else None for code in codes.tolist()])
    return _written(texts).take(pa.array(codes, mask=codes < 0))


def of_rows(mask: np.ndarray, texts: Sequence[str | None]) -> Notice:
    """A text of its own for each of some designs, in order.

    Parameters
    ----------
    mask : ndarray
        Designs concerned, shape (n_designs,).
    texts : sequence of str | None
        Text of each concerned design; None or empty for no notice.
    """
    if not any(texts):
        return nothing(len(mask))
    return placed(mask, _written(texts))


def placed(mask: np.ndarray, notice: Notice) -> Notice:
    """Put the notices of some designs, in order, at their places among all.

    Parameters
    ----------
    mask : ndarray
        Designs concerned, shape (n_designs,).
    notice : Notice
        Texts of some designs.
    """
    if mask.all():
        return notice
    if notice.null_count == len(notice):
        return nothing(len(mask))
    return notice.take(pa.array(np.cumsum(mask) - 1, mask=~mask))


def of_numbers(pattern: str, decimals: int, values: np.ndarray) -> Notice:
    """A number of each design in words, null where it is NaN.

    Parameters
    ----------
    pattern : str
        As `%` reads it, with this many `decimals`.
    decimals : int
        Digits behind the point.
    values : ndarray, shape (n_designs,)
        NaN for no notice.
    """
    if np.isnan(values).all():
        return nothing(len(values))
    scaled = values * 10.0**decimals
    rounded = np.rint(scaled)
    near = np.abs(scaled - rounded) > 0.5 - _NEAR_TIE
    rounded[near] = np.rint([round(value, decimals) * 10.0**decimals for value in values[near].tolist()])
    codes, distinct = pd.factorize(rounded)
    return _notice(codes, printed(pattern, distinct / 10.0**decimals))


def joined(notices: Sequence[Notice], separator: str = "; ") -> Notice:
    """All notices of each design in one text; null where it has none.

    Parameters
    ----------
    notices : sequence of Notice
        Columns of text of the same designs.
    separator : str
        Between two texts.
    """
    present = [notice for notice in notices if notice.null_count < len(notice)]
    if len(present) < 2:
        return present[0] if present else notices[0]
    if len(present[0]) <= _FEW:
        rows = zip(*(notice.to_pylist() for notice in present), strict=True)
        return _written([separator.join(filter(None, texts)) or None for texts in rows])
    cases, place = 1, np.zeros(len(present[0]), dtype=np.int64)
    for notice in present:
        ways = len(notice.dictionary) + 1
        if cases * ways > _MOST_CASES:
            place, distinct = pd.factorize(place)
            cases = len(distinct)
        cases, place = cases * ways, place * ways + _codes(notice) + 1
    codes, distinct = pd.factorize(place)
    example = np.empty(len(distinct), dtype=np.int64)
    example[codes[::-1]] = np.arange(len(codes))[::-1]
    # null_handling="skip" would do this, but drops rows without any text (pyarrow 25.0)
    pieces, is_said = [], np.zeros(len(example), dtype=bool)
    for notice in present:  # the words, the words behind others, nothing
        text_codes, count = _codes(notice)[example], len(notice.dictionary)
        behind = pc.binary_join_element_wise(separator, notice.dictionary, "")
        texts = pa.concat_arrays([notice.dictionary, behind, pa.array([""])])
        pieces.append(texts.take(pa.array(np.where(text_codes < 0, 2 * count, text_codes + count * is_said))))
        is_said |= text_codes >= 0
    return _notice(np.where(is_said[codes], codes, -1), pc.binary_join_element_wise(*pieces, ""))


def after(prefix: str, notice: Notice) -> Notice:
    """The notice with words in front.

    Parameters
    ----------
    prefix : str
        Put before each text.
    notice : Notice
        Texts of some designs.
    """
    if notice.null_count == len(notice):
        return notice
    if len(notice) <= _FEW:
        return _written([prefix + text if text else None for text in notice.to_pylist()])
    return _notice(_codes(notice), pc.binary_join_element_wise(prefix, notice.dictionary, ""))


def _notice(codes: np.ndarray, texts: Sequence[str] | pa.Array) -> Notice:
    """The texts by their places, -1 where there is nothing to say."""
    dictionary = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int64), mask=codes < 0), dictionary)


def _written(texts: Sequence[str | None]) -> Notice:
    """The texts of some designs or cases; those of a few come back with the next request, long ones are let go."""
    is_kept = len(texts) <= _FEW and sum(map(len, filter(None, texts))) <= _MOST_CHARACTERS
    return (_encoded if is_kept else _encoded.__wrapped__)(tuple(texts))


@lru_cache(maxsize=512)
def _encoded(texts: tuple[str | None, ...]) -> Notice:
    return pa.array([text or None for text in texts], pa.string()).dictionary_encode()


def _codes(notice: Notice) -> np.ndarray:
    return np.asarray(notice.indices.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)


def printed(pattern: str, values: np.ndarray) -> list[str]:
    """Each row of numbers in words, shape (n, n_numbers) or (n,); `pattern` as `%` reads it.

    Parameters
    ----------
    pattern, values : str and ndarray
        Text and numbers.
    """
    return ("\n".join([pattern] * len(values)) % tuple(values.ravel().tolist())).split("\n") if len(values) else []


def skill_notices(
    skill: Mapping[str, Mapping[str, object]], targets: Sequence[str], described: np.ndarray, bare: Collection[str]
) -> Notice:
    """Targets without skill on unseen papers; of a design without an anode only those of `bare` are predicted.

    Parameters
    ----------
    skill : mapping of str to Mapping[str, object]
        Facts of skill by target column.
    targets : sequence of str
        Target columns.
    described : ndarray
        Designs whose anode is described, shape (n_designs,).
    bare : Collection[str]
        Targets predicted of an electrolyte alone.
    """
    without_skill = [column for column in targets if not skill.get(column, {}).get("shown", True)]
    cases = [[column for column in without_skill if column in bare], without_skill]
    return per_case(
        described.astype(int),
        [f"no skill shown yet on unseen papers: {', '.join(columns)}" if columns else None for columns in cases],
    )


def reading_notices(designs: Designs, electrolytes: Electrolytes) -> list[Notice]:
    """Return notices on how the electrolyte was read, what of it is doubtful, and whether its conductivity was measured
    elsewhere.

    Parameters
    ----------
    designs : Designs
        Candidate designs.
    electrolytes : Electrolytes
        As `read_electrolytes` gave them.
    """
    amounts, charge = electrolytes.amounts, electrolytes.amounts.charge
    doubts = of_numbers(
        "the charges of the formula do not cancel (%+.1f)", 1, np.where(np.abs(charge) > TOLERANCE, charge, np.nan)
    )
    unread = ~amounts.known[amounts.codes]
    lacks: list[str | None] = [None] * len(electrolytes.written)
    for place in np.flatnonzero(~amounts.plain[amounts.codes]).tolist():  # a plain formula is no name
        lacks[place] = NO_POLYMER if is_salt(electrolytes.written[place]) else None
    for place in np.flatnonzero(unread).tolist():
        reading = read_design(electrolytes.names[place], electrolytes.written[place])
        lacks[place] = NO_LITHIUM if reading and lacks_lithium(reading) else lack_of(reading)
        unread[place] = polymer_electrolyte(salted(reading), np.nan) is None
    unknown = [
        f"no stoichiometry known for {electrolytes.names[place]}: conductivity judged from its class and form alone"
        + AS_COMPOSITES * has_filler(read_design(electrolytes.names[place], electrolytes.written[place]))
        for place in np.flatnonzero(unread).tolist()
    ]
    stated = [_class_notice(name) for name in electrolytes.classes]
    read = [_class_notice(name, derived=True) for name in electrolytes.classes]
    measured_at, tested_at = (
        designs.number(column) for column in ("electrolyte_conductivity_temperature_c", "temperature_c")
    )
    elsewhere = np.abs(measured_at - tested_at) > SAME_TEMPERATURE_C
    pairs = np.column_stack([measured_at, tested_at])[elsewhere]
    return [
        _of_places(of_rows(unread, unknown), electrolytes.codes),
        per_case(electrolytes.codes, lacks),
        where(electrolytes.without_lithium, NO_LITHIUM),
        _of_places(doubts, electrolytes.compositions),
        per_case(electrolytes.class_codes + len(stated) * electrolytes.derived, [*stated, *read]),
        of_rows(elsewhere, printed("the conductivity given was measured at %g °C, the cell is tested at %g °C", pairs)),
    ]


def _of_places(notice: Notice, places: np.ndarray) -> Notice:
    """The notice of each design by the place of its case."""
    if notice.null_count == len(notice):
        return nothing(len(places))
    is_few = max(len(places), len(notice)) <= _FEW
    return per_case(places, notice.to_pylist()) if is_few else notice.take(pa.array(places))


def _class_notice(name: str | None, derived: bool = False) -> str | None:
    if name in LIQUID_CLASSES:
        return f"{name} electrolyte: the models are about solid ones"
    if name is None:
        return "electrolyte class unknown"
    return f"class read from the formula: {name}" if derived else None


def domain_notices(domain: Domain, distance: np.ndarray, designs: Designs, electrolytes: Electrolytes) -> list[Notice]:
    """Return notices on what of each design lies outside what one model has seen.

    Parameters
    ----------
    domain : Domain
        Ranges, elements and classes of the training designs.
    distance : ndarray, shape (n_designs,)
        To the nearest training design; no unit, as features are scaled.
    designs : Designs
        Designs that are predicted.
    electrolytes : Electrolytes
        Electrolytes of the designs.
    """
    usual = f"far from every training design (distance %.2f, usual below {domain.far:.2f})"
    systems, sets = electrolytes.amounts.systems
    unseen = [sorted(symbols - set(domain.elements)) for symbols in sets]
    novel = [name if name and name not in domain.classes else None for name in electrolytes.classes]
    return [
        of_numbers(usual, 2, np.where(distance > domain.far, distance, np.nan)),
        per_case(
            systems[electrolytes.compositions],
            [f"elements never seen: {', '.join(names)}" if names else None for names in unseen],
        ),
        per_case(
            electrolytes.class_codes, [f"electrolyte class never seen: {name}" if name else None for name in novel]
        ),
        _outside(domain, designs),
    ]


def _outside(domain: Domain, designs: Designs) -> Notice:
    notices, columns = [], [*domain.ranges]
    if columns and len(designs) <= _FEW:  # all columns at once
        values, ends = np.array([*map(designs.number, columns)]), np.array([*domain.ranges.values()])
        beyond = (values < ends[:, :1]) | (values > ends[:, 1:])
        columns = [columns[place] for place in np.flatnonzero(beyond.any(axis=1)).tolist()]
    for column in columns:
        (low, high), value = domain.ranges[column], designs.number(column)
        outside = (value < low) | (value > high)
        if outside.any():
            codes, distinct = pd.factorize(np.where(outside, value, np.nan))
            seen = f"{low:g} to {high:g}" if low < high else f"only {low:g} seen"
            notices.append(_notice(codes, printed(f"{column} %g ({seen})", distinct)))
    if not notices:
        return nothing(len(designs))
    return after("outside the known range: ", joined(notices, ", "))
