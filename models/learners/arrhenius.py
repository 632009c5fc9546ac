"""Conductivity as physics has it: ln(sigma T) = a(x) - Ea(x) / kT, boosted trees for a and for Ea, averaged with trees
that read the temperature as they read anything else.

Alone the physical model errs more than the trees on the Liverpool table (by paper, all temperatures: 1.36 against 1.32
decades): what was measured at 300 °C is far from its value at 25 °C. The mean of the two errs less than either (1.28),
and never stands still with temperature.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd

from features.electrolyte import DEFAULT_TEMPERATURE_C
from features.feature import number
from features.physics import (
    LEAST_EV,
    MOST_EV,
    ZERO_CELSIUS_K,
    arrhenius_shift,
    energy_of_sample,
    inverse_temperature,
    per_ev,
)
from models.ensemble import BoostedEnsemble, Labels, Recipe
from models.saved.checked_files import inside

USUAL_EV, USUAL_DEVIATION_EV = 0.40, 0.14
"""Mean and deviation of the 451 activation energies that the table of Laskowski et al. prints (Energy Environ. Sci. 16,
1264 (2023)): what is taken where hardly any are known."""
USUAL_WEIGHT = 10.0
"""Energies that the usual one counts as."""
FEWEST_ENERGIES = 40
"""Rows with a known energy from which on it is learnt from the electrolyte; below, all share one."""
ENERGY_RECIPE = Recipe(depth=2, rounds=150, rate=0.05, members=2, shrink=0.8)
MOST_KEPT = 20
"""Designs whose predictions at 25 °C are kept until their energies are needed."""
ENERGY, PHYSICAL, PLAIN = "energy", "physical", "plain"
"""Folders of the boosters of the activation energy, of the value at 25 °C, and of those that read the temperature."""


class ArrheniusEnsemble(BoostedEnsemble):
    """Boosters of the value at 25 °C, brought to its temperature by a learnt activation energy, and plain ones.

    Labels of the first are brought to 25 °C before: by the row's own activation energy where one is known, else by the
    learnt one. Their share in the mean is `recipe.arrhenius`; the recipe's members are shared out between both.

    Parameters
    ----------
    recipe : Recipe
    monotone : sequence of -1, 0, +1, one per feature
    column : int
        Place of 1000/T (1/K) among the features.
    energies : ndarray, shape (n_rows,), optional
        Known activation energies of the training rows in eV, NaN elsewhere; only `fit` needs them.
    """

    def __init__(
        self, recipe: Recipe, monotone: Sequence[int], column: int, energies: np.ndarray | None = None
    ) -> None:
        super().__init__(recipe, monotone)
        half = replace(recipe, members=-(-recipe.members // 2))
        self.physical, self.plain = BoostedEnsemble(half, monotone), BoostedEnsemble(half, monotone)
        self.column, self.energies, self.usual_ev = column, energies, USUAL_EV
        self.energy: BoostedEnsemble | None = None
        self._last: tuple[bytes | None, tuple[np.ndarray, np.ndarray, np.ndarray] | None] = None, None

    @property
    def share(self) -> float:
        """Share of the physical model."""
        return self.recipe.arrhenius

    def fit(self, X: pd.DataFrame, labels: Labels, seed: int) -> ArrheniusEnsemble:
        """Fit the activation energy, then the value at 25 °C, then the plain boosters.

        Parameters
        ----------
        X : DataFrame
            Feature vectors, shape (n_rows, n_features); NaN where unknown.
        labels : Labels
            log10 S/cm at each row's temperature.
        seed : int
            Of the random steps.

        Raises
        ------
        ValueError
            No row, or a label that says nothing.
        """
        known = np.full(len(X), np.nan) if self.energies is None else np.clip(self.energies, LEAST_EV, MOST_EV)
        has_energy = np.isfinite(known)
        self.usual_ev = float((known[has_energy].sum() + USUAL_WEIGHT * USUAL_EV) / (has_energy.sum() + USUAL_WEIGHT))
        warm, at_25 = self._temperature_c(X), pd.DataFrame(self._at_25(X))
        self.energy = None
        if has_energy.sum() >= FEWEST_ENERGIES:
            exact = Labels(known[has_energy], known[has_energy], labels.weight[has_energy])
            self.energy = BoostedEnsemble(ENERGY_RECIPE, [0] * X.shape[1]).fit(at_25[has_energy], exact, seed)
        shift = arrhenius_shift(warm, DEFAULT_TEMPERATURE_C, np.where(has_energy, known, self._energies(X)))
        self.physical.fit(at_25, Labels(labels.lower + shift, labels.upper + shift, labels.weight), seed)
        self.plain.fit(X, labels, seed)
        self.energies, self._last = None, (None, None)
        return self

    def _at_25(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        """The same designs at 25 °C."""
        table = np.array(X, dtype=float)
        table[:, self.column] = inverse_temperature(DEFAULT_TEMPERATURE_C)
        return table

    def _temperature_c(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        return np.asarray(1000.0 / np.asarray(X, dtype=float)[:, self.column] - ZERO_CELSIUS_K)

    def _energies(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Activation energy of the physical model in eV, shape (n_designs,): its share of the slope is at least 0.1."""
        least = LEAST_EV / self.share
        if self.energy is None:
            return np.full(len(X), max(self.usual_ev, least))
        return np.asarray(np.clip(self.energy.predict(self._at_25(X))[0], least, MOST_EV))

    def _physics(self, X: pd.DataFrame | np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Value at 25 °C, deviation of its members, and activation energy, of the physical model.

        Those of the last few designs are kept: their values and their energies are needed one after the other.
        """
        at_25 = self._at_25(X)
        key = at_25.tobytes() if len(at_25) <= MOST_KEPT else None
        last_key, physics = self._last
        if physics is None or last_key != key:
            physics = (*self.physical.predict(at_25), self._energies(at_25))
            self._last = key, physics if key else None
        return physics

    def activation_energy(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Return the activation energy of sigma T in eV, shape (n_designs,): that of the physical model.

        The values rise less with temperature: the trees beside it know few electrolytes at more than one. On papers
        never seen the slope of the values between -20 and 100 °C is 0.17 eV too low, this energy 0.01 too high.

        Parameters
        ----------
        X : DataFrame or ndarray
            Feature vectors, shape (n_designs, n_features); NaN where unknown.
        """
        return self._physics(X)[2]

    def predict(self, X: pd.DataFrame | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean of the members and their standard deviation, at each design's temperature, shape (n_designs,).

        Parameters
        ----------
        X : DataFrame or ndarray
            Feature vectors, shape (n_designs, n_features); NaN where unknown.
        """
        centre, spread, energies = self._physics(X)
        centre = centre + arrhenius_shift(DEFAULT_TEMPERATURE_C, self._temperature_c(X), energies)
        plain, plain_spread = self.plain.predict(X)
        share, plain_share = self.share, 1 - self.share
        variance = share * spread**2 + plain_share * plain_spread**2 + share * plain_share * (centre - plain) ** 2
        return share * centre + plain_share * plain, np.sqrt(variance)

    def contributions(self, X: pd.DataFrame) -> tuple[np.ndarray, float]:
        """SHAP values of each feature, and the base value; they sum to the prediction.

        What a feature does to the activation energy counts for it at the design's temperature; the rest of what
        temperature does counts for 1000/T.

        Parameters
        ----------
        X : DataFrame
            Feature vectors, shape (n_rows, n_features); NaN where unknown.
        """
        values, base = self.physical.contributions(pd.DataFrame(self._at_25(X)))
        by_ev, energies, usual = self._energy_parts(X)
        values = values + by_ev[:, None] * energies
        values[:, self.column] += arrhenius_shift(DEFAULT_TEMPERATURE_C, self._temperature_c(X), usual)
        plain, plain_base = self.plain.contributions(X)
        mixed = self.share * values + (1 - self.share) * plain
        return mixed, self.share * base + (1 - self.share) * plain_base

    def interactions(self, X: pd.DataFrame) -> np.ndarray:
        """SHAP interaction values as of `BoostedEnsemble`; each row of them sums to the feature's SHAP value.

        Parameters
        ----------
        X : DataFrame
            Feature vectors, shape (n_rows, n_features); NaN where unknown.
        """
        total = self.physical.interactions(pd.DataFrame(self._at_25(X)))
        by_ev, energies, usual = self._energy_parts(X)
        half = by_ev[:, None] * energies / 2  # an energy acts together with the temperature: each is half of the pair
        others = np.arange(X.shape[1]) != self.column
        total[:, others, self.column] += half[:, others]
        total[:, self.column, others] += half[:, others]
        places = np.arange(X.shape[1])
        total[:, places, places] += np.where(others, half, 2 * half)
        total[:, self.column, self.column] -= half[:, others].sum(axis=1)
        shift = arrhenius_shift(DEFAULT_TEMPERATURE_C, self._temperature_c(X), usual)
        total[:, self.column, self.column] += shift
        return np.asarray(self.share * total + (1 - self.share) * self.plain.interactions(X))

    def _energy_parts(self, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, float]:
        """Decades per eV at each design's temperature, what each feature adds to the energy, and the energy before."""
        by_ev = np.asarray(per_ev(DEFAULT_TEMPERATURE_C, self._temperature_c(X)))
        if self.energy is None:
            return by_ev, np.zeros(X.shape), float(self._energies(X)[0])
        values, usual = self.energy.contributions(pd.DataFrame(self._at_25(X)))
        total = values.sum(axis=1)
        allowed = self._energies(X) - usual
        scale = np.divide(allowed, total, out=np.ones_like(total), where=np.abs(total) > 1e-12)
        return by_ev, values * scale[:, None], usual

    def save(self, folder: Path) -> None:
        """Write each kind of boosters into a folder of its own, and a JSON file with the rest.

        Parameters
        ----------
        folder : Path
            Folder that is written into.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.physical.save(folder / PHYSICAL)
        self.plain.save(folder / PLAIN)
        if self.energy is not None:
            self.energy.save(folder / ENERGY)
        state = {"column": self.column, "usual_ev": self.usual_ev, "learnt": self.energy is not None}
        self._write_state(folder / f"{ENERGY}.json", state)

    @classmethod
    def restore(cls, files: Mapping[str, bytes]) -> ArrheniusEnsemble:
        """Read what `save` wrote.

        Parameters
        ----------
        files : mapping of str to bytes
            Content of the files of one part, by name.
        """
        state = json.loads(files[f"{ENERGY}.json"])
        ensemble = cls(Recipe.from_dict(state["recipe"]), state["monotone"], int(state["column"]))
        ensemble.physical = BoostedEnsemble.restore(inside(files, PHYSICAL))
        ensemble.plain = BoostedEnsemble.restore(inside(files, PLAIN))
        ensemble.usual_ev = float(state["usual_ev"])
        ensemble.energy = BoostedEnsemble.restore(inside(files, ENERGY)) if state["learnt"] else None
        return ensemble


def energy_interval(energy_ev: np.ndarray, level: float) -> np.ndarray:
    """Return activation energies with their intervals in eV, shape (n_designs, 3): value, low, high.

    The interval is as wide as printed activation energies differ among each other: what is learnt of them narrows the
    value, and is not trusted to narrow the interval.

    Parameters
    ----------
    energy_ev : ndarray, shape (n_designs,)
        As `activation_energy` gives them.
    level : float
        Share of values the interval should hold, 0 to 1.

    Examples
    --------
    1.645 deviations of 0.14 eV to either side, not below 0.1:

    >>> energy_interval(np.array([0.4, 0.2]), 0.9).round(2).tolist()
    [[0.4, 0.17, 0.63], [0.2, 0.1, 0.43]]
    """
    half = NormalDist().inv_cdf((1 + level) / 2) * USUAL_DEVIATION_EV
    interval = np.column_stack([energy_ev, energy_ev - half, energy_ev + half])
    return np.asarray(np.clip(interval, LEAST_EV, MOST_EV))


def energies_of(ensemble: BoostedEnsemble, vectors: np.ndarray) -> np.ndarray | None:
    """Return activation energies in eV, shape (n_designs,); None where the ensemble knows none, or there are none.

    Parameters
    ----------
    ensemble : BoostedEnsemble
    vectors : ndarray, shape (n_designs, n_features)
    """
    return ensemble.activation_energy(vectors) if len(vectors) else None


def known_energies(designs: pd.DataFrame, labels: Labels) -> np.ndarray:
    """Return the activation energy that training rows show, in eV, shape (n_rows,); NaN where they show none.

    Printed, or the slope of ln(sigma T) over 1/T where a paper gives one electrolyte at temperatures 15 K apart or
    more; a printed one counts for all rows of the paper's electrolyte.

    Parameters
    ----------
    designs : DataFrame
        Training designs with `paper`, `electrolyte`, `composition`, `form`, `temperature_c` and, where any paper
        printed it, `activation_energy_ev`.
    labels : Labels
        log10 S/cm; bounds have no slope.

    Examples
    --------
    sigma T falls by a factor exp(-0.3 eV / k * (1/298.15 - 1/333.15) / K) from 60 to 25 °C:

    >>> designs = pd.DataFrame({"paper": ["a"] * 2, "electrolyte": ["LPSCl"] * 2, "temperature_c": [25.0, 60.0]})
    >>> value = np.array([-3.0, -3.0 + float(arrhenius_shift(25.0, 60.0, 0.3))])
    >>> known_energies(designs, Labels(value, value, np.ones(2))).round(3).tolist()
    [0.3, 0.3]
    """
    printed = number(designs, "activation_energy_ev")
    warm = pd.to_numeric(designs["temperature_c"]).fillna(DEFAULT_TEMPERATURE_C).to_numpy(dtype=float)
    keys = [column for column in ("paper", "electrolyte", "composition", "form") if column in designs]
    sample = designs[keys].astype(str).groupby(keys, sort=False).ngroup().to_numpy()
    energies, exact = np.full(len(designs), np.nan), labels.exact
    value = labels.middle + np.log10((warm + ZERO_CELSIUS_K) / (DEFAULT_TEMPERATURE_C + ZERO_CELSIUS_K))
    order = np.argsort(sample, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(sample[order])) + 1):
        if np.isfinite(printed[rows]).any():
            energies[rows] = np.where(np.isfinite(printed[rows]), printed[rows], np.nanmean(printed[rows]))
            continue
        exact_rows = rows[exact[rows]]
        energies[rows] = energy_of_sample(warm[exact_rows], value[exact_rows])
    return energies
