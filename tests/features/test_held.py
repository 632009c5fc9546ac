from __future__ import annotations

import numpy as np
import pandas as pd

from features.cell import CellFeatures
from features.composition import composition_of
from features.electrolyte import ElectrolyteFeatures
from features.electrolyte_columns import read_electrolytes
from features.formulas.elements import SYMBOLS

NAMES = ["Li6PS5Cl", "PEO", "Li3PS4Cl2", "LaLiUO2", "LLZTO", "Li2S", "Li6PS5Cl", "S2Li", f"Li{SYMBOLS[-1]}O2"]
"""With elements of both ends of the periodic table; the first and third, and 'Li2S' and 'S2Li', are of one system."""
DESIGNS = pd.DataFrame({"electrolyte": NAMES, "temperature_c": 25.0})


def test_the_elements_of_every_electrolyte() -> None:
    held = read_electrolytes(DESIGNS)
    places, sets = held.amounts.systems
    assert [sets[place] for place in places[held.compositions]] == [
        frozenset(composition_of(name, "") or ()) for name in NAMES
    ]
    assert len(sets) == len(set(sets)) == 6
    assert (held.take(np.arange(len(NAMES))).amounts.systems[0] == places).all()


def test_no_electrolytes_hold_nothing() -> None:
    held = read_electrolytes(DESIGNS.iloc[:0])
    assert len(held.class_codes) == len(held.amounts.systems[1]) == 0


def test_some_designs_keep_their_electrolytes() -> None:
    chosen = np.array([False, True, False, False, True, False, True, False, False])
    assert read_electrolytes(DESIGNS).take(chosen).class_names == ["polymer", "oxide-garnet", "sulfide-argyrodite"]


def test_featurizers_read_alike_when_set_and_taught_alike() -> None:
    one, same = (ElectrolyteFeatures(min_rows=1).fit(DESIGNS) for _ in range(2))
    assert one.reads_like(same)
    assert not one.reads_like(ElectrolyteFeatures(min_rows=1, blocks=("basics",)).fit(DESIGNS))
    assert not one.reads_like(ElectrolyteFeatures(min_rows=1).fit(DESIGNS.iloc[:1]))
    assert not one.reads_like(CellFeatures().fit(DESIGNS))
    assert CellFeatures().fit(DESIGNS).reads_like(CellFeatures().fit(DESIGNS.iloc[:1]))
