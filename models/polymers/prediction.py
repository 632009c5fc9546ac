"""Answers of the polymer model for designs: a polymer of known structure with one salt, neither filler nor solvent, or
without any salt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.composition import read_design
from features.electrolyte_columns import Electrolytes
from features.formulas.reader import Reading
from features.polymers.polymer_electrolyte import (
    COMPARED_SALT,
    NO_SALT,
    PolymerElectrolyte,
    lack_of,
    plasticisers,
    polymer_electrolyte,
    salted,
)
from features.tables.designs import Designs
from models.known.activation_energies import COLD_C, HOT_C, slope_ev
from models.notices import Notice, of_rows
from models.polymers.model import PolymerModel, load_polymer_model

POLYMER = "polymer"
"""Class whose members the polymer model predicts."""

TOLD_BY = "conductivity: told by the polymer model"
"""How the notice begins."""
SOFTENED = "counts as nothing: the value may be decades too low"
"""PEO/LiTFSI at EO:Li = 4: about 1e-6 S/cm without succinonitrile, 1.2e-4 with it (paper `yu2020`)."""
BARE_LEVEL = 0.9
"""A polymer without a salt is predicted as the lower end, at this level, of what it has with one: the model has learnt
from none. Poly(caprolactone): 2.1e-9 S/cm at 25 °C; measured were 3.7e-10 (paper `ng-pcl`) and 3.5e-11
(`yulianti2019`), both inside the interval."""


@dataclass(frozen=True)
class PolymerAnswer:
    """Answers of the polymer model beside those of another one.

    Attributes
    ----------
    mask : designs that it predicts, shape (n_designs,)
    centre, spread, half : log10 S/cm, shape (n_polymers,)
    notices : what it rests on, null for other designs
    model : that predicts them
    cases : the distinct electrolytes it predicts, with their temperatures
    case : place of each among `cases`, shape (n_polymers,)
    bare : those without a salt, predicted below what they would conduct with one, shape (n_polymers,)
    """

    mask: np.ndarray
    centre: np.ndarray
    spread: np.ndarray
    half: np.ndarray
    notices: Notice
    model: PolymerModel
    cases: Sequence[PolymerElectrolyte]
    case: np.ndarray
    bare: np.ndarray

    def instead_of(self, centre: np.ndarray, half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return values and half widths of all designs, its own where it has one.

        Parameters
        ----------
        centre, half : ndarray, shape (n_designs,)
            Of the other model.
        """
        centre, half = centre.copy(), half.copy()
        centre[self.mask], half[self.mask] = self.centre, self.half
        return centre, half

    def energies_instead_of(self, others: Callable[[], np.ndarray | None]) -> np.ndarray | None:
        """Return activation energies, the slope of its own values where it has them; None where the other knows none.

        Parameters
        ----------
        others : callable
            Gives those of all designs by the other model in eV, shape (n_designs,).
        """
        if (energies := others()) is None:
            return None
        ends = [self.model.predict([_warmed(case, celsius) for case in self.cases])[0] for celsius in (COLD_C, HOT_C)]
        energies = energies.copy()
        energies[self.mask] = slope_ev(*ends)[self.case]
        return energies

    def probability_above(self, limit: np.ndarray, alone: np.ndarray) -> np.ndarray:
        """Return the probability that each value lies above a limit, its own where it has one; shape (n_designs,).

        Parameters
        ----------
        limit : ndarray, shape (n_designs,) or ()
            log10 S/cm.
        alone : ndarray, shape (n_designs,)
            Of the other model.
        """
        limits = np.broadcast_to(limit, self.mask.shape)[self.mask]
        probability = alone.copy()
        probability[self.mask] = self.model.calibration.probability_above(limits, self.centre, self.spread)
        return probability


def predict_polymers(designs: Designs, electrolytes: Electrolytes, level: float) -> PolymerAnswer | None:
    """Return what the shipped polymer model predicts of designs; None where it knows none of them.

    Parameters
    ----------
    designs : Designs
        With `temperature_c`.
    electrolytes : Electrolytes
        What `read_electrolytes` gave of them.
    level : float
        Share of clusters of polymers whose values the intervals should hold, 0 to 1.
    """
    classes = electrolytes.classes
    of_class = electrolytes.class_codes == classes.index(POLYMER) if POLYMER in classes else np.zeros(0, dtype=bool)
    readings: Mapping[int, PolymerElectrolyte] = (
        {
            code: electrolyte
            for code in np.unique(electrolytes.codes[of_class]).tolist()
            if (electrolyte := polymer_electrolyte(salted(_reading(electrolytes, code)), np.nan)) is not None
        }
        if of_class.any()
        else {}
    )
    if not readings:
        return None
    mask = of_class & np.isin(electrolytes.codes, list(readings))
    temperature = designs.number("temperature_c")[mask]
    keys = pd.MultiIndex.from_arrays([electrolytes.codes[mask], temperature])
    place, distinct = pd.factorize(keys)
    cases = [_warmed(readings[code], celsius) for code, celsius in distinct]
    model = load_polymer_model()
    centre, spread = model.predict(cases)
    half = model.calibration.half_width(spread, level)
    bare = np.array([lack_of(_reading(electrolytes, code)) == NO_SALT for code, _ in distinct], dtype=bool)
    if bare.any():
        centre[bare] -= model.calibration.half_width(spread[bare], BARE_LEVEL)
    soft = [plasticisers(_reading(electrolytes, code)) for code, _ in distinct]
    texts = [_notice_text(model, *case) for case in zip(cases, bare.tolist(), soft, strict=True)]
    return PolymerAnswer(
        mask, centre[place], spread[place], half[place], of_rows(mask, [texts[code] for code in place]), model,
        cases, place, bare[place],
    )  # fmt: skip


def _reading(electrolytes: Electrolytes, code: int) -> Reading | None:
    return read_design(electrolytes.names[code], electrolytes.written[code])


def _warmed(electrolyte: PolymerElectrolyte, celsius: float) -> PolymerElectrolyte:
    return PolymerElectrolyte(
        electrolyte.units, electrolyte.salt, electrolyte.molality_mol_per_kg, electrolyte.molar_mass_g_per_mol, celsius
    )


def _notice_text(model: PolymerModel, electrolyte: PolymerElectrolyte, bare: bool, soft: Sequence[str]) -> str:
    """Return in words what an answer rests on."""
    pieces = [f"{TOLD_BY} ({model.about['polymers']} polymers, {model.about['salts']} salts)"]
    if bare:
        pieces.append(f"which knows none without a salt: as the lower end of what it conducts with {COMPARED_SALT}")
    elif np.isnan(electrolyte.molality_mol_per_kg):
        pieces.append(
            f"salt concentration not given, taken as {model.usual.molality_mol_per_kg:g} mol per kg of polymer"
        )
    if np.isnan(electrolyte.molar_mass_g_per_mol):
        pieces.append(f"molar mass not given, taken as {model.usual.molar_mass_g_per_mol:,.0f} g/mol")
    if soft:
        pieces.append(f"its plasticiser ({', '.join(soft)}) {SOFTENED}")
    if model.likeness.distance(electrolyte.units) > model.likeness.far:
        pieces.append("its repeat unit is unlike those learnt from")
    return ", ".join(pieces)
