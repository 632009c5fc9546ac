"""Element properties are pymatgen's: the table is checked against it, value by value."""

import numpy as np
import pytest
from pymatgen.core import Element
from pymatgen.core.molecule_structure_comparator import CovalentRadius

from features.formulas.elements import ELEMENT_INDEX, PROPERTIES, PROPERTY_INDEX, SYMBOLS, property_table
from features.formulas.stoichiometry import ELEMENTS

ATTRIBUTES = {
    "electronegativity": "X",
    "atomic_radius": "atomic_radius",
    "atomic_mass": "atomic_mass",
    "mendeleev_number": "mendeleev_no",
    "atomic_number": "Z",
    "melting_point": "melting_point",
    "group": "group",
    "period": "row",
}
NOBLE_GASES = (2, 10, 18, 36, 54, 86)
SHELL = {"s": 2, "p": 6, "d": 10, "f": 14}


def held(symbol, name):
    return property_table()[ELEMENT_INDEX[symbol], PROPERTY_INDEX[name]]


def test_elements_stand_in_order_of_atomic_number():
    assert [Element(symbol).Z for symbol in SYMBOLS] == list(range(1, 93))
    assert set(SYMBOLS) == ELEMENTS


@pytest.mark.parametrize("symbol", sorted(ELEMENTS - {"He", "Ne", "Ar"}))
def test_properties_are_those_of_pymatgen(symbol):
    for name, attribute in ATTRIBUTES.items():
        value = getattr(Element(symbol), attribute)
        assert held(symbol, name) == pytest.approx(np.nan if value is None else float(value), nan_ok=True)


def outside_the_core(element):
    """Electrons by kind of orbital, once those of the last noble gas are taken off."""
    core, seen, electrons_of = (
        max((gas for gas in NOBLE_GASES if gas < element.Z), default=0),
        0,
        dict.fromkeys("spdf", 0),
    )
    for _, kind, electrons in element.full_electronic_structure:
        electrons_of[kind] += electrons if seen >= core else 0
        seen += electrons
    return electrons_of


@pytest.mark.parametrize("symbol", sorted(ELEMENTS))
def test_radii_and_electrons_are_those_of_pymatgen(symbol):
    assert held(symbol, "covalent_radius") == pytest.approx(
        100 * CovalentRadius.radius.get(symbol, np.nan), nan_ok=True
    )
    electrons_of = outside_the_core(Element(symbol))
    for kind, electrons in electrons_of.items():
        assert held(symbol, f"{kind}_valence") == electrons
        assert held(symbol, f"{kind}_unfilled") == (SHELL[kind] - electrons if electrons else 0)
    assert held(symbol, "valence") == sum(electrons_of.values())
    assert held(symbol, "unfilled") == sum(held(symbol, f"{kind}_unfilled") for kind in "spdf")


@pytest.mark.parametrize(
    ("symbol", "pauling", "mass"),
    [("Li", 0.98, 6.94), ("O", 3.44, 15.999), ("S", 2.58, 32.06), ("Cl", 3.16, 35.45), ("La", 1.10, 138.905)],
)
def test_textbook_values(symbol, pauling, mass):
    # Pauling scale; IUPAC standard atomic weights
    assert held(symbol, "electronegativity") == pauling
    assert held(symbol, "atomic_mass") == pytest.approx(mass, abs=0.01)


@pytest.mark.parametrize(
    ("symbol", "valence", "unfilled"),
    [
        ("Li", (1, 0, 0, 0), (1, 0, 0, 0)),  # [He] 2s1
        ("P", (2, 3, 0, 0), (0, 3, 0, 0)),  # [Ne] 3s2 3p3
        ("Ge", (2, 2, 10, 0), (0, 4, 0, 0)),  # [Ar] 3d10 4s2 4p2
        ("Zr", (2, 0, 2, 0), (0, 0, 8, 0)),  # [Kr] 4d2 5s2
        ("La", (2, 0, 1, 0), (0, 0, 9, 0)),  # [Xe] 5d1 6s2
        ("Ta", (2, 0, 3, 14), (0, 0, 7, 0)),  # [Xe] 4f14 5d3 6s2
    ],
)
def test_electrons_outside_the_noble_gas_core(symbol, valence, unfilled):
    assert tuple(held(symbol, f"{kind}_valence") for kind in "spdf") == valence
    assert tuple(held(symbol, f"{kind}_unfilled") for kind in "spdf") == unfilled
    assert held(symbol, "valence") == sum(valence)
    assert held(symbol, "unfilled") == sum(unfilled)


@pytest.mark.parametrize("symbol", ["He", "Ne", "Ar"])
def test_no_electronegativity_is_nan(symbol):
    assert np.isnan(held(symbol, "electronegativity"))


def test_every_property_is_known_for_the_elements_of_electrolytes():
    symbols = "Li Na La Zr Ta Nb Ti Al Ga Ge Sn Si P S O N F Cl Br I B H In Ca Hf Y C".split()
    assert np.isfinite(property_table()[[ELEMENT_INDEX[symbol] for symbol in symbols]]).all()


def test_the_table_is_read_only_and_labelled():
    with pytest.raises(ValueError, match="read-only"):
        property_table()[0, 0] = 1.0
    assert len({each.name for each in PROPERTIES}) == len(PROPERTIES) == property_table().shape[1]
