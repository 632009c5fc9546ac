"""Column names that end in a unit: which quantity of ours they are, in a unit that is not ours."""

from __future__ import annotations

from collections.abc import Iterable

UNIT_WORDS = frozenset(
    "c k f kelvin s_per_cm s_per_m ms_per_cm ms_per_m us_per_cm mpa kpa gpa pa bar atm psi nm um mm cm m "
    "angstrom pct percent fraction "
    "wt_pct vol_pct at_pct mol_pct mg_per_cm2 g_per_cm2 mg ma_per_cm2 a_per_cm2 ua_per_cm2 a_per_m2 "
    "ma_per_g a_per_g mah_per_g ah_per_kg "
    "mah_per_cm2 per_h per_s v mv ev mev kj_per_mol".split()
)
"""Column endings read as a unit when they follow a known name: `stack_pressure_bar` is a wrong unit, `temperature_note`
is not."""


def other_unit(column: str, known: Iterable[str]) -> str | None:
    """The known column whose quantity a column gives in another unit; None where there is none.

    >>> other_unit("stack_pressure_bar", ["temperature_c", "stack_pressure_mpa"])
    'stack_pressure_mpa'
    """
    folded = column.lower()
    for name in known:
        endings = [word for word in UNIT_WORDS if name.endswith("_" + word)]
        if not endings:
            continue
        stem = name.removesuffix("_" + max(endings, key=len))
        if folded != name and folded.startswith(stem + "_") and folded.removeprefix(stem + "_") in UNIT_WORDS:
            return name
    return None
