"""Polymers at room temperature: the polymer model on clusters of like repeat units it never saw, beside the median, and
two laws of temperature beside each other.

`benchmarks.accuracy` prints it, part `polymers`. The kept-out polymers are in no figure.
"""

from __future__ import annotations

import numpy as np

from features.electrolyte_columns import read_electrolytes
from features.physics import ZERO_CELSIUS_K
from features.polymers.vector import TEMPERATURE
from features.tables.designs import Designs
from models.calibrate import calibrate
from models.polymers.prediction import predict_polymers
from models.tasks.examples import Examples
from training.evaluation.bootstrap import bootstrap_ratio
from training.polymers.learn import PolymerRows, fit, folds_of, out_of_fold, polymer_rows
from training.public.polymers import pulled_polymers, read_polymers

LEVEL = 0.9
SAMPLE = ["unit", "salt", "molality_mol_per_kg", "molar_mass_g_per_mol"]
FEWEST_TEMPERATURES = 4
"""Temperatures of one sample that a Vogel-Fulcher-Tammann law needs."""
T0_K = (0.0, 100.0, 130.0, 150.0, 170.0, 190.0, 210.0)
"""Offered for T0; the highest lies about as far below the glass transition of PEO (about 220 K) as may be told."""
LEAST_ABOVE_K = 20.0
"""Nearer to T0 no law is taken at its word."""


def median_of_others(rows: PolymerRows) -> np.ndarray:
    """Return the median at room temperature of all other clusters, for each row.

    Parameters
    ----------
    rows : PolymerRows
        All rows.
    """
    value, medians = rows.labels.middle, np.empty(len(rows.cluster))
    for cluster in np.unique(rows.cluster):
        inside = rows.cluster == cluster
        medians[inside] = np.median(value[rows.at_room & ~inside])
    return medians


def holds(rows: PolymerRows, centre: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, float]:
    """Return whether each row's interval holds it, learnt from the other clusters, and the mean width in decades.

    Parameters
    ----------
    rows : PolymerRows
        All rows.
    centre, spread : ndarray, shape (n_rows,)
        Out-of-fold predictions.
    """
    warm, half = (rows.table["temperature_c"] >= 20).to_numpy(), np.empty(len(centre))
    for cluster in np.unique(rows.cluster):
        inside, others = rows.cluster == cluster, warm & (rows.cluster != cluster)
        learnt = calibrate(
            centre[others][None], spread[others][None], rows.labels.take(others), rows.cluster[others]
        )  # fmt: skip
        half[inside] = learnt.half_width(spread[inside], LEVEL)
    return np.abs(centre - rows.labels.middle) <= half, float(2 * half[rows.at_room].mean())


def by_cluster(values: np.ndarray, cluster: np.ndarray) -> float:
    """Return the mean over clusters of each cluster's mean.

    Parameters
    ----------
    values : ndarray, shape (n_rows,)
        Errors, or yes and no.
    cluster : ndarray, shape (n_rows,)
        Of each row.
    """
    return float(np.mean([values[cluster == label].mean() for label in np.unique(cluster)]))


def bent(rows: PolymerRows, t0_k: float) -> PolymerRows:
    """Return the rows at temperatures on whose inverse a Vogel-Fulcher-Tammann law is a line, slope kept at 25 °C.

    Parameters
    ----------
    rows : PolymerRows
        All that stands in them but the temperature stays.
    t0_k : float
        Temperature at which conduction would end; 0 leaves the rows as they are, which is Arrhenius' law.
    """
    kelvin, room = rows.table["temperature_c"].to_numpy(dtype=float) + ZERO_CELSIUS_K, 25.0 + ZERO_CELSIUS_K
    above = np.maximum(kelvin - t0_k, LEAST_ABOVE_K)
    straight = 1 / (1 / room + ((room - t0_k) / room) ** 2 * (1 / above - 1 / (room - t0_k)))
    vectors = rows.vectors.copy()
    vectors[:, TEMPERATURE] = 1000.0 / straight
    return PolymerRows(rows.table.assign(temperature_c=straight - ZERO_CELSIUS_K), vectors, rows.cluster)


def fitted_t0(rows: PolymerRows) -> float:
    """Return the T0 of `T0_K` with which the curves of samples of four temperatures or more are the straightest lines.

    Parameters
    ----------
    rows : PolymerRows
        Training rows.
    """
    samples = rows.table.groupby(SAMPLE, dropna=False).indices.values()
    curves = [some for some in samples if rows.table["temperature_c"].iloc[some].nunique() >= FEWEST_TEMPERATURES]
    value = rows.table["log10_conductivity"].to_numpy() + np.log10(rows.table["temperature_c"] + ZERO_CELSIUS_K)
    residuals = {}
    for t0_k in T0_K:
        place = bent(rows, t0_k).vectors[:, TEMPERATURE]
        residuals[t0_k] = sum(
            float(np.mean((value[some] - np.polyval(np.polyfit(place[some], value[some], 1), place[some])) ** 2))
            for some in curves
        )
    return min(residuals, key=residuals.__getitem__)


def by_vogel(rows: PolymerRows) -> tuple[np.ndarray, list[float]]:
    """Return out-of-fold predictions as `out_of_fold` makes them, by a T0 fitted to the training clusters, and the T0s.

    Parameters
    ----------
    rows : PolymerRows
        All rows.
    """
    centre, chosen = np.empty(len(rows.cluster)), list[float]()
    for train, test in folds_of(rows):
        chosen.append(fitted_t0(rows.take(train)))
        straight = bent(rows, chosen[-1])
        centre[test] = fit(straight.take(train)).predict(straight.vectors[test])[0]
    return centre, chosen


def of_our_rows(examples: Examples) -> str:
    """Return in words how far the shipped polymer model is from the shipped rows that it tells; it learned from none
    of their compositions.

    Parameters
    ----------
    examples : Examples
        Of conductivity.
    """
    designs = Designs.of(examples.designs)
    answer = predict_polymers(designs, read_electrolytes(designs), LEVEL)
    if answer is None:
        return "no row of ours is told by the polymer model"
    labels = examples.labels.take(np.flatnonzero(answer.mask))
    miss, papers = labels.distance(answer.centre), np.array(examples.papers)[answer.mask]
    inside = miss <= answer.half
    return (
        f"{len(miss)} shipped rows of {len(np.unique(papers))} papers by the shipped polymer model: {miss.mean():.2f} "
        f"decades by row, {by_cluster(miss, papers):.2f} by paper, told too low by "
        f"{np.mean(labels.middle - answer.centre):.2f} in the mean; 90 % intervals hold {100 * inside.mean():.0f} % "
        f"and are {2 * answer.half.mean():.1f} decades wide"
    )


def report() -> str:
    """Return the figures in words.

    Raises
    ------
    PublicDataError
        The table of polymers was not pulled.
    """
    rows = polymer_rows(read_polymers(pulled_polymers()))
    centre, spread = out_of_fold(rows)
    inside, width = holds(rows, centre, spread)
    room, truth = rows.at_room, rows.labels.middle
    some, peo, share = rows.cluster[room], rows.is_peo[room], inside[room]
    lines = [f"{room.sum()} rows at 20 to 35 °C, {len(np.unique(some))} clusters; decades by row / by cluster / PEO:"]
    for name, predicted in (("median of the other clusters", median_of_others(rows)), ("polymer model", centre)):
        miss = np.abs(predicted - truth)[room]
        lines.append(f"- {name}: {miss.mean():.2f} / {by_cluster(miss, some):.2f} / {miss[peo].mean():.2f}")
    lines.append(
        f"- 90 % intervals hold {100 * share.mean():.0f} % of rows, {100 * by_cluster(share, some):.0f} % by cluster, "
        f"{100 * share[peo].mean():.0f} % of PEO; mean width {width:.1f} decades"
    )
    vogel, chosen = by_vogel(rows)
    arrhenius_miss, vogel_miss = np.abs(centre - truth), np.abs(vogel - truth)
    low, high = bootstrap_ratio(rows.cluster, vogel_miss, arrhenius_miss, 0)
    wins = "wins" if high < 1 else "does not win: the model stays with Arrhenius' law"
    lines.append(
        f"- all temperatures, by row: {arrhenius_miss.mean():.3f} by Arrhenius' law, {vogel_miss.mean():.3f} by "
        f"Vogel-Fulcher-Tammann's with T0 fitted in the folds ({', '.join(f'{t0_k:g}' for t0_k in chosen)} K); ratio "
        f"{vogel_miss.mean() / arrhenius_miss.mean():.3f} ({low:.3f} to {high:.3f}, over clusters): it {wins}"
    )
    return "\n".join(lines)
