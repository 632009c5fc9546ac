"""Conversions against values worked out by hand, and the units that are refused with their reason."""

import re

import pytest

from features.tables.columns import unit_of
from features.tables.records import CellRow, CyclingRow, ElectrolyteRow
from training.intake.number_text import UnitError, find_unit, unit_key, units

BY_HAND = [
    ("2.3", "mS/cm", "S/cm", 0.0023),  # 1 mS = 1e-3 S
    ("2.3", "S/m", "S/cm", 0.023),  # 1 S/m = 1 S / 100 cm
    ("2.3", "mS/m", "S/cm", 2.3e-5),
    ("400", "µS/cm", "S/cm", 4e-4),
    ("1e-3", "1/(Ω cm)", "S/cm", 1e-3),  # 1 S = 1/Ω
    ("298.15", "K", "°C", 25.0),  # 298.15 - 273.15
    ("77", "°F", "°C", 25.0),  # (77 - 32) x 5 / 9
    ("300", "meV", "eV", 0.3),
    ("28.9455996370", "kJ/mol", "eV", 0.3),  # 96.485332123 kJ/mol per eV (Faraday constant in C/mol, CODATA 2018)
    ("6.918", "kcal/mol", "eV", 0.29999287335),  # x 4.184 / 96.485332123
    ("1.2", "nm", "Å", 12.0),
    ("5", "µm", "nm", 5000.0),
    ("5", "Å", "nm", 0.5),
    ("0.03", "mm", "µm", 30.0),
    ("100", "nm", "µm", 0.1),
    ("0.84", "fraction", "%", 84.0),
    ("0.6", "weight fraction", "wt%", 60.0),
    ("60", "wt.%", "wt%", 60.0),
    ("0.005", "g/cm²", "mg/cm²", 5.0),
    ("50", "g/m²", "mg/cm²", 5.0),  # 50 000 mg over 10 000 cm²
    ("500", "µA/cm²", "mA/cm²", 0.5),
    ("5", "A/m²", "mA/cm²", 0.5),  # 5000 mA over 10 000 cm²
    ("1.5", "A/g", "mA/g", 1500.0),
    ("150", "A/kg", "mA/g", 150.0),
    ("0.01", "1/min", "1/h", 0.6),
    ("2500", "mV", "V", 2.5),
    ("2.5", "Ah/g", "mAh/g", 2500.0),
    ("2500", "Ah/kg", "mAh/g", 2500.0),
    ("30", "Ah/m²", "mAh/cm²", 3.0),  # 30 000 mAh over 10 000 cm²
    ("450", "µAh/cm²", "mAh/cm²", 0.45),
    ("900", "kJ/kg", "Wh/kg", 250.0),  # 900 000 J / 3600 s
    ("0.7", "Wh/cm³", "Wh/L", 700.0),
    ("2e-3", "Ω m²", "Ω cm²", 20.0),
    ("1.5", "kΩ", "Ω", 1500.0),
    ("0.06", "rad", "°", 3.43774677078),  # 0.06 x 180 / pi
    ("500", "bar", "MPa", 50.0),
    ("1", "atm", "MPa", 0.101325),  # by definition
    ("200", "kPa", "MPa", 0.2),
    ("1.2", "GPa", "MPa", 1200.0),
    ("1000", "psi", "MPa", 6.89475729317),  # 0.45359237 kg x 9.80665 m/s² over (0.0254 m)² per psi
    ("100", "kgf/cm²", "MPa", 9.80665),
    ("7", "N/mm²", "MPa", 7.0),
    ("760", "Torr", "MPa", 0.101325),
]


@pytest.mark.parametrize(("number", "unit", "into", "expected"), BY_HAND)
def test_by_hand(number, unit, into, expected):
    assert find_unit(unit, into).convert(float(number)) == pytest.approx(expected, rel=1e-9)


def test_converted_values_carry_no_binary_noise():
    assert 0.07 * 100 != 7.0  # the noise that would make the same row another one
    assert find_unit("fraction", "%").convert(0.07) == 7.0


def test_a_difference_has_no_offset():
    assert find_unit("K", "°C").stretch(2.0) == 2.0


@pytest.mark.parametrize(
    "spelling", ["mS/cm", "mS cm-1", "mS·cm⁻¹", "mS cm^-1", "mS cm^{-1}", "mS per cm", "mS*cm−1", "ms/cm", " mS / cm "]
)
def test_one_unit_in_many_spellings(spelling):
    assert find_unit(spelling, "S/cm").unit == "mS/cm"


@pytest.mark.parametrize(("one", "other"), [("µm", "um"), ("μm", "µm"), ("Ω", "Ω"), ("Å", "Å"), ("mA cm⁻²", "mA/cm2")])
def test_look_alike_characters_are_one(one, other):
    assert unit_key(one) == unit_key(other)


@pytest.mark.parametrize(
    ("unit", "into", "reason"),
    [
        ("at%", "wt%", "atoms become weight only with the composition"),
        ("mol%", "wt%", "moles become weight only"),
        ("vol.%", "wt%", "densities"),
        ("mPa", "MPa", "mPa is a millipascal; write MPa"),
        ("N m", "MPa", "a torque is no pressure"),
        ("N·m", "MPa", "a torque is no pressure"),
        ("Nm", "MPa", "a torque is no pressure"),
        ("mAh/cm2", "mAh/g", "that is per area, which has a column of its own"),
        ("mAh g-1", "mAh/cm²", "that is per mass, which has a column of its own"),
        ("mA", "mA/cm²", "a current needs the area"),
        ("mAh", "mAh/g", "a capacity needs the mass or the area"),
        ("Ω cm", "S/cm", "that is a resistivity"),
        ("Ω", "Ω cm²", "a resistance needs the area"),
        ("h", "1/h", "the time of a discharge"),
        ("bar", "S/cm", "a unit that becomes S/cm: S/cm, mS/cm,"),
        ("C", "mAh/g", "a unit that becomes mAh/g"),  # a coulomb is never a C-rate nor a capacity here
        ("mohm", "Ω", ""),
    ],
)
def test_refused(unit, into, reason):
    if not reason:
        assert find_unit(unit, into).factor == 1e-3  # mΩ spelt out; MΩ is another key
        return
    with pytest.raises(UnitError, match=re.escape(reason)):
        find_unit(unit, into)


def test_every_unit_of_the_tables_has_conversions_and_nothing_else_has():
    declared = {
        unit_of(model, name) for model in (ElectrolyteRow, CellRow, CyclingRow) for name in model.model_fields
    } - {""}
    assert set(units()) == declared
    for known in units().values():
        assert len({unit_key(unit.unit) for unit in known}) >= 2
