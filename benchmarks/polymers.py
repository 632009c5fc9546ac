"""Polymers at room temperature: the polymer model on clusters of like repeat units it never saw, beside the median.

python -m benchmarks.polymers

The kept-out polymers are in no figure. Without the pulled table it says so and ends.
"""

from __future__ import annotations

import numpy as np

from models.intervals import calibrate
from training.polymers.learn import PolymerRows, out_of_fold, polymer_rows
from training.public.polymers import pulled_polymers, read_polymers
from training.public.sources import PublicDataError

LEVEL = 0.9


def median_of_others(rows: PolymerRows) -> np.ndarray:
    """Return the median at room temperature of all other clusters, for each row.

    Parameters
    ----------
    rows : PolymerRows
        All rows.
    """
    value, told = rows.labels.middle, np.empty(len(rows.cluster))
    for cluster in np.unique(rows.cluster):
        inside = rows.cluster == cluster
        told[inside] = np.median(value[rows.at_room & ~inside])
    return told


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
    return float(np.mean([values[cluster == each].mean() for each in np.unique(cluster)]))


def main() -> None:
    """Print the figures."""
    try:
        rows = polymer_rows(read_polymers(pulled_polymers()))
    except PublicDataError as error:
        print(f"polymers skipped: {error}")
        return
    centre, spread = out_of_fold(rows)
    inside, width = holds(rows, centre, spread)
    room = rows.at_room
    some, truth, peo = rows.cluster[room], rows.labels.middle, rows.is_peo[room]
    print(
        f"{room.sum()} rows at 20 to 35 °C, {len(np.unique(some))} clusters; MAE in decades by row / by cluster / PEO"
    )
    for name, told in (("median of the other clusters", median_of_others(rows)), ("polymer model", centre)):
        miss = np.abs(told - truth)[room]
        print(f"  {name:30s} {miss.mean():.2f} / {by_cluster(miss, some):.2f} / {miss[peo].mean():.2f}")
    share = inside[room]
    print(
        f"  90 % intervals hold {100 * share.mean():.0f} % of rows, {100 * by_cluster(share, some):.0f} % by cluster, "
        f"{100 * share[peo].mean():.0f} % of PEO; mean width {width:.1f} decades"
    )
    print(f"  all temperatures, by row: {np.abs(centre - truth).mean():.2f}")


if __name__ == "__main__":
    main()
