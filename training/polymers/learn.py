"""Learn the polymer model, and judge it on clusters of like repeat units never seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.composition import read_design
from features.formulas.elements import ELEMENT_INDEX, SYMBOLS
from features.formulas.nearness import KnownCompositions
from features.physics import ZERO_CELSIUS_K, energy_of_sample
from features.polymers.polymer_electrolyte import GRAMS_PER_KG, PolymerElectrolyte, polymer_electrolyte
from features.polymers.smiles import read_structure
from features.polymers.vector import MONOTONE, TEMPERATURE, unit_numbers, vector
from features.tables.literature import Literature
from models.calibrate import calibrate
from models.ensemble import Labels, Recipe
from models.intervals import Calibration
from models.learners.arrhenius import ArrheniusEnsemble
from models.polymers.model import Likeness, PolymerDefaults, PolymerModel

CLUSTERS = 60
"""Clusters of like repeat units (Ward linkage of their scaled groups): about three polymers to each."""
FOLDS = 5
ROOM_C = (20.0, 35.0)
RECIPE = Recipe(
    depth=3, rounds=150, rate=0.08, min_child_weight=20.0, reg_lambda=20.0, subsample=0.6, colsample=0.4,
    members=4, arrhenius=0.5,
)  # fmt: skip
"""Picked by looking at a handful of settings with the folds below, the kept-out polymers away."""
MOST_SCORES = 300
"""Errors that the calibration keeps at most: so few do not give away the table they came from."""
SEED = 0


@dataclass(frozen=True)
class PolymerRows:
    """Rows of the table as numbers.

    Attributes
    ----------
    table : as `read_polymers` gave it
    vectors : shape (n_rows, n_features)
    cluster : of each row's repeat unit, shape (n_rows,)
    """

    table: pd.DataFrame
    vectors: np.ndarray
    cluster: np.ndarray

    @property
    def labels(self) -> Labels:
        """log10 S/cm; a curve of one sample, and a polymer of many samples, count less per row."""
        value, units = self.table["log10_conductivity"].to_numpy(dtype=float), self.table.groupby("unit")["unit"]
        rows = self.table.groupby(["unit", "salt", "molality_mol_per_kg"], dropna=False)["unit"].transform("size")
        weight = rows.to_numpy(dtype=float) ** -0.5 * units.transform("size").to_numpy(dtype=float) ** -0.25
        return Labels(value, value, weight / weight.mean())

    @property
    def at_room(self) -> np.ndarray:
        """Rows at 20 to 35 °C, shape (n_rows,)."""
        return self.table["temperature_c"].between(*ROOM_C).to_numpy()

    @property
    def is_peo(self) -> np.ndarray:
        """Rows of PEO, shape (n_rows,)."""
        peo = unit_numbers("*CCO*")
        same = {unit for unit in self.table["unit"].unique() if np.allclose(unit_numbers(unit), peo)}
        return self.table["unit"].isin(same).to_numpy()

    def take(self, rows: np.ndarray) -> PolymerRows:
        """Return some rows.

        Parameters
        ----------
        rows : ndarray
            Places, or a mask.
        """
        some = self.table[rows] if rows.dtype == bool else self.table.iloc[rows]
        return PolymerRows(some.reset_index(drop=True), self.vectors[rows], self.cluster[rows])


def polymer_rows(table: pd.DataFrame) -> PolymerRows:
    """Return the rows as numbers, with the cluster of each repeat unit.

    Parameters
    ----------
    table : DataFrame
        As `read_polymers` gives it.
    """
    from sklearn.cluster import AgglomerativeClustering

    units = list(dict.fromkeys(table["unit"]))
    scaled = _scaled(np.array([unit_numbers(unit) for unit in units]))[2]
    clusters = AgglomerativeClustering(min(CLUSTERS, len(units))).fit_predict(scaled)
    cluster = table["unit"].map(dict(zip(units, clusters.tolist(), strict=True))).to_numpy()
    return PolymerRows(table, np.array([vector(electrolyte) for electrolyte in _electrolytes(table)]), cluster)


def _scaled(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    centre, scale = numbers.mean(axis=0), numbers.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    return centre, scale, (numbers - centre) / scale


def _electrolytes(table: pd.DataFrame) -> list[PolymerElectrolyte]:
    salts = {text: read_structure(text).formula for text in table["salt"].dropna().unique()}
    columns = ("unit", "salt", "molality_mol_per_kg", "molar_mass_g_per_mol", "temperature_c")
    return [
        PolymerElectrolyte((unit,), salts.get(salt, {}), molality, mass, celsius)
        for unit, salt, molality, mass, celsius in zip(*(table[name] for name in columns), strict=True)
    ]


def without_kin(table: pd.DataFrame, literature: Literature) -> pd.DataFrame:
    """Return the rows whose composition no row of our literature has within 0.02.

    Parameters
    ----------
    table : DataFrame
        As `read_polymers` gives it.
    literature : Literature
        Shipped tables.
    """
    read = [
        polymer_electrolyte(read_design(row.electrolyte, row.composition or ""), np.nan)
        for row in literature.electrolytes
        if row.electrolyte_class == "polymer"
    ]
    known = [_fractions(polymer) for polymer in read if polymer is not None and polymer.molality_mol_per_kg > 0]
    if not known:
        return table
    fractions = np.array([_fractions(polymer) for polymer in _electrolytes(table)])
    kin = np.unique(KnownCompositions(np.array(known)).pairs(fractions)[0])
    return table.drop(index=table.index[kin]).reset_index(drop=True)


def _fractions(electrolyte: PolymerElectrolyte) -> np.ndarray:
    """Atomic fractions of the polymer with its salt, shape (n_elements,)."""
    amounts = np.zeros(len(SYMBOLS))
    for notation in electrolyte.units:
        unit = read_structure(notation)
        for symbol, count in unit.formula.items():
            amounts[ELEMENT_INDEX[symbol]] += GRAMS_PER_KG / unit.molar_mass / len(electrolyte.units) * count
    for symbol, count in electrolyte.salt.items():
        amounts[ELEMENT_INDEX[symbol]] += np.nan_to_num(electrolyte.molality_mol_per_kg) * count
    return np.asarray(amounts / amounts.sum())


def fit(rows: PolymerRows, seed: int = SEED) -> ArrheniusEnsemble:
    """Fit the boosters.

    Parameters
    ----------
    rows : PolymerRows
        Training rows.
    seed : int
        Of the boosting.
    """
    ensemble = ArrheniusEnsemble(RECIPE, MONOTONE, TEMPERATURE, _energies(rows.table))
    return ensemble.fit(pd.DataFrame(rows.vectors), rows.labels, seed)


def _energies(table: pd.DataFrame) -> np.ndarray:
    """Slope of ln(sigma T) over 1/T of each row's sample in eV, shape (n_rows,); NaN where it has no 15 K span."""
    warm = table["temperature_c"].to_numpy(dtype=float)
    value = table["log10_conductivity"].to_numpy(dtype=float) + np.log10(warm + ZERO_CELSIUS_K)
    energies = np.full(len(table), np.nan)
    keys = ["unit", "salt", "molality_mol_per_kg", "molar_mass_g_per_mol"]
    for rows in table.groupby(keys, dropna=False).indices.values():
        energies[rows] = energy_of_sample(warm[rows], value[rows])
    return energies


def folds_of(rows: PolymerRows, seed: int = SEED) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return training and test rows of each fold; clusters stay whole.

    Parameters
    ----------
    rows : PolymerRows
        All rows.
    seed : int
        Of the folds.
    """
    from sklearn.model_selection import GroupKFold

    folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    return list(folds.split(rows.vectors, groups=rows.cluster))


def out_of_fold(rows: PolymerRows, seed: int = SEED) -> tuple[np.ndarray, np.ndarray]:
    """Return predictions and spreads of models that saw nothing of a row's cluster, shape (n_rows,) each.

    Parameters
    ----------
    rows : PolymerRows
        All rows.
    seed : int
        Of the folds and of the boosting.
    """
    centre, spread = np.empty(len(rows.cluster)), np.empty(len(rows.cluster))
    for train, test in folds_of(rows, seed):
        centre[test], spread[test] = fit(rows.take(train), seed).predict(rows.vectors[test])
    return centre, spread


def calibration_of(rows: PolymerRows, centre: np.ndarray, spread: np.ndarray) -> Calibration:
    """Return intervals from out-of-fold errors of the rows at 20 °C and above, clusters weighing alike.

    Parameters
    ----------
    rows : PolymerRows
        All rows.
    centre, spread : ndarray, shape (n_rows,)
        Out-of-fold predictions.
    """
    warm = (rows.table["temperature_c"] >= ROOM_C[0]).to_numpy()
    some = rows.take(warm)
    calibration = calibrate(centre[warm][None], spread[warm][None], some.labels, some.cluster)
    return thinned(calibration)


def thinned(calibration: Calibration) -> Calibration:
    """Return a calibration of at most `MOST_SCORES` errors, each the largest of its neighbours.

    Parameters
    ----------
    calibration : Calibration
        Of any number of errors.

    Examples
    --------
    >>> many = Calibration(tuple(range(1000)), (0.01,) * 1000, 10, 1.0)
    >>> few = thinned(many)
    >>> len(few.scores), round(sum(few.weights), 6), few.scores[-1]
    (300, 10.0, 999)
    """
    scores, weights = np.array(calibration.scores), np.array(calibration.weights)
    share = np.cumsum(weights) / weights.sum()
    place = np.minimum((share * MOST_SCORES - 1e-9).astype(int), MOST_SCORES - 1)
    last = np.append(np.flatnonzero(np.diff(place)), len(place) - 1)
    total = np.diff(np.concatenate([[0.0], np.cumsum(weights)[last]]))
    return Calibration(
        tuple(scores[last].tolist()), tuple(total.tolist()), calibration.papers, calibration.noise, calibration.trend
    )


def learn(rows: PolymerRows, about: dict[str, object], seed: int = SEED) -> PolymerModel:
    """Learn the model from all rows, with intervals from the folds.

    Parameters
    ----------
    rows : PolymerRows
        All rows that may be learnt from.
    about : dict
        Where they come from.
    seed : int
        Of the folds and of the boosting.
    """
    calibration = calibration_of(rows, *out_of_fold(rows, seed))
    salted = rows.table[rows.table["salt"].notna()]
    usual = PolymerDefaults(
        round(float(salted["molality_mol_per_kg"].median()), 2), round(float(salted["molar_mass_g_per_mol"].median()))
    )
    return PolymerModel(fit(rows, seed), calibration, usual, _likeness(rows), about)


def _likeness(rows: PolymerRows) -> Likeness:
    cluster = dict(zip(rows.table["unit"], rows.cluster.tolist(), strict=True))
    centre, scale, scaled = _scaled(np.array([unit_numbers(unit) for unit in cluster]))
    places = np.array(list(cluster.values()))
    centroids = np.array([scaled[places == label].mean(axis=0) for label in np.unique(places)])
    away = np.linalg.norm(scaled[:, None] - centroids[None], axis=2).min(axis=1)
    return Likeness(centre, scale, centroids, round(float(np.quantile(away, 0.95)), 2))
