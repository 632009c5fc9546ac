"""What is to be said of designs beside their numbers: each kind of notice is one column of text, null where it does not
apply, and words are made once per distinct case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.charge import TOLERANCE
from features.feature import number
from features.held import Electrolytes
from features.records import LIQUID_CLASSES
from models.domain import Domain

SAME_TEMPERATURE_C = 10.0
"""A measured conductivity this far from the test temperature gets a notice."""

Notice: TypeAlias = pa.Array
"""Text of one kind for each design, null where there is nothing to say, shape (n_designs,)."""


def where(mask: np.ndarray, words: str) -> Notice:
    """The same words for some designs."""
    return pc.if_else(pa.array(mask), pa.scalar(words), pa.scalar(None, pa.string()))


def per_case(codes: np.ndarray, words: Sequence[str | None]) -> Notice:
    """Words by the case each design belongs to."""
    return pa.array(words, pa.string()).take(pa.array(codes))


def of_rows(mask: np.ndarray, words: Sequence[str | None]) -> Notice:
    """Words of their own for some designs, in order."""
    places = np.cumsum(mask) - 1
    return pa.array(words, pa.string()).take(pa.array(places, mask=~mask))


def joined(notices: Sequence[Notice], separator: str = "; ") -> Notice:
    """All that is to be said of each design; null where nothing is."""
    # null_handling="skip" would do this, but drops rows without any text (pyarrow 25.0)
    ended = [pc.binary_join_element_wise(notice, separator, "").fill_null("") for notice in notices]
    text = pc.utf8_slice_codeunits(pc.binary_join_element_wise(*ended, ""), 0, -len(separator))
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def after(prefix: str, notice: Notice) -> Notice:
    """The notice with words in front."""
    return pc.binary_join_element_wise(prefix, notice, "")


def printed(pattern: str, values: np.ndarray) -> list[str]:
    """Each row of numbers in words, shape (n, n_numbers) or (n,); `pattern` as `%` reads it."""
    return ("\n".join([pattern] * len(values)) % tuple(values.ravel().tolist())).split("\n") if len(values) else []


def skill_notices(
    skill: Mapping[str, Mapping[str, object]], wanted: Sequence[str], described: np.ndarray, free: str
) -> Notice:
    """Targets without skill on unseen papers; of a design without an anode only `free` is predicted."""
    silent = [column for column in wanted if not skill.get(column, {}).get("shown", True)]
    cases = [[column for column in silent if column == free], silent]
    return per_case(
        described.astype(int),
        [f"no skill shown yet on unseen papers: {', '.join(named)}" if named else None for named in cases],
    )


def reading_notices(designs: pd.DataFrame, electrolytes: Electrolytes) -> list[Notice]:
    """How the electrolyte was read, what of it is doubtful, and whether its conductivity was measured elsewhere."""
    places = electrolytes.compositions
    amounts, charge = electrolytes.amounts, electrolytes.charge
    charged = np.abs(charge) > TOLERANCE
    words = iter(printed("the charges of the formula do not cancel (%+.1f)", charge[charged]))
    doubts = [next(words) if doubtful else None for doubtful in charged.tolist()]
    unknown = [
        None if known else f"no stoichiometry known for {name}: conductivity judged from its class and form alone"
        for name, known in zip(electrolytes.names, amounts.known[amounts.codes].tolist(), strict=True)
    ]
    given = [_class_notice(held) for held in electrolytes.classes]
    read = [_class_notice(held, derived=True) for held in electrolytes.classes]
    measured_at, tested_at = (
        number(designs, column) for column in ("electrolyte_conductivity_temperature_c", "temperature_c")
    )
    elsewhere = np.abs(measured_at - tested_at) > SAME_TEMPERATURE_C
    both = np.column_stack([measured_at, tested_at])[elsewhere]
    return [
        per_case(electrolytes.codes, unknown),
        per_case(places, doubts),
        per_case(electrolytes.held + len(given) * electrolytes.derived, [*given, *read]),
        of_rows(elsewhere, printed("the conductivity given was measured at %g °C, the cell is tested at %g °C", both)),
    ]


def _class_notice(held: str | None, derived: bool = False) -> str | None:
    if held in LIQUID_CLASSES:
        return f"{held} electrolyte: the models are about solid ones"
    if held is None:
        return "electrolyte class unknown"
    return f"class read from the formula: {held}" if derived else None


def domain_notices(
    domain: Domain, distance: np.ndarray, designs: pd.DataFrame, electrolytes: Electrolytes
) -> list[Notice]:
    """What of each design lies outside what one model has seen.

    Parameters
    ----------
    distance : to the nearest training design, shape (n_designs,)
    """
    far = distance > domain.far
    usual = f"far from every training design (distance %.2f, usual below {domain.far:.2f})"
    systems, sets = electrolytes.systems
    unseen = [sorted(held - set(domain.elements)) for held in sets]
    strange = [held if held and held not in domain.classes else None for held in electrolytes.classes]
    return [
        of_rows(far, printed(usual, distance[far])),
        per_case(
            systems[electrolytes.compositions],
            [f"elements never seen: {', '.join(each)}" if each else None for each in unseen],
        ),
        per_case(electrolytes.held, [f"electrolyte class never seen: {held}" if held else None for held in strange]),
        _outside(domain, designs),
    ]


def _outside(domain: Domain, designs: pd.DataFrame) -> Notice:
    found = []
    for column, (low, high) in domain.ranges.items():
        value = number(designs, column)
        outside = (value < low) | (value > high)
        if outside.any():
            codes, distinct = pd.factorize(np.where(outside, value, np.nan))
            words = pa.array(printed(f"{column} %g ({low:g} to {high:g})", distinct), pa.string())
            found.append(words.take(pa.array(codes, mask=~outside)))
    if not found:
        return pa.nulls(len(designs), pa.string())
    return after("outside the known range: ", joined(found, ", "))
