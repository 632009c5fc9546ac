"""Where our statistics and matminer's Magpie preset define the same thing they are equal: against its stored values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from features.composition import MAGPIE
from features.formulas.vectorised import STATISTICS, read_amounts, statistics

REFERENCE = json.loads((Path(__file__).parent / "matminer_reference.json").read_text(encoding="utf-8"))["values"]
NAMES = {
    "Number": "atomic_number", "AtomicWeight": "atomic_mass", "MeltingT": "melting_point", "Column": "group",
    "Row": "period", "CovalentRadius": "covalent_radius", "Electronegativity": "electronegativity",
    **{f"N{kind}{what}": f"{kind}_{what.lower()}" for kind in "spdf" for what in ("Valence", "Unfilled")},
    "NValence": "valence", "NUnfilled": "unfilled",
}  # fmt: skip
"""matminer's name of each property that both hold. Its Mendeleev numbers are another scale than pymatgen's."""


@pytest.mark.parametrize("formula", sorted(REFERENCE))
def test_statistics_are_those_of_matminer(formula: str) -> None:
    ours = statistics(read_amounts([formula]), MAGPIE)
    compared = 0
    for key, value in REFERENCE[formula].items():
        _, statistic, name = key.split(" ")
        assert ours[statistic][0, MAGPIE.index(NAMES[name])] == pytest.approx(value, abs=1e-6), key
        compared += 1
    assert compared >= 16 * len(STATISTICS)
