"""Element properties are pymatgen's."""

import numpy as np
import pytest
from pymatgen.core import Element

from features.elements import PROPERTIES, element_properties
from features.stoichiometry import ELEMENTS

ATTRIBUTES = {
    "electronegativity": "X",
    "atomic_radius": "atomic_radius",
    "atomic_mass": "atomic_mass",
    "mendeleev_number": "mendeleev_no",
}


@pytest.mark.parametrize("symbol", sorted(ELEMENTS - {"He", "Ne", "Ar"}))
def test_properties_are_those_of_pymatgen(symbol):
    expected = [getattr(Element(symbol), ATTRIBUTES[name]) for name in PROPERTIES]
    numbers = [np.nan if value is None else float(value) for value in expected]
    assert list(element_properties(symbol)) == pytest.approx(numbers, nan_ok=True)


@pytest.mark.parametrize(
    ("symbol", "pauling", "mass"),
    [("Li", 0.98, 6.94), ("O", 3.44, 15.999), ("S", 2.58, 32.06), ("Cl", 3.16, 35.45), ("La", 1.10, 138.905)],
)
def test_textbook_values(symbol, pauling, mass):
    # Pauling scale; IUPAC standard atomic weights
    found = dict(zip(PROPERTIES, element_properties(symbol), strict=True))
    assert found["electronegativity"] == pauling
    assert found["atomic_mass"] == pytest.approx(mass, abs=0.01)


@pytest.mark.parametrize("symbol", ["He", "Ne", "Ar"])
def test_no_electronegativity_is_nan(symbol):
    assert np.isnan(element_properties(symbol)[0])


def test_every_property_is_known_for_the_elements_of_electrolytes():
    symbols = "Li Na La Zr Ta Nb Ti Al Ga Ge Sn Si P S O N F Cl Br I B H In Ca Hf Y C".split()
    assert np.isfinite([element_properties(symbol) for symbol in symbols]).all()
