"""Features in the groups a chemist thinks in, and those that the training designs cannot separate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from features.feature import Feature

CORRELATED = 0.8
"""Rank correlation, of every pair, from which on features count as one: it is chance which of them a tree takes."""
LEAST_ROWS = 8
"""Rows that must know both features before a correlation is believed."""

GROUPS: dict[str, tuple[str, ...]] = {
    "test conditions": (
        "temperature_c", "inverse_temperature_per_kk", "temperature_not_given", "log10_current_density",
        "log10_local_current_density", "log10_specific_current", "log10_c_rate", "voltage_",
    ),
    "mechanics": (
        "log10_stack_pressure", "pressure_window", "log10_fabrication_pressure", "size_over_critical", "initial_strain",
        "porosity",
    ),
    "anode form": (
        "anode_", "silicon_", "log10_silicon_size", "log10_film_thickness", "log10_anode_thickness", "carbon_wt",
        "prelithiated", "lithium_per_silicon", "lithium_reserve",
    ),
    "cell build": (
        "log10_electrolyte_thickness", "second_electrolyte", "full_cell", "counter_is_alloy", "cathode_", "np_ratio",
    ),
    "structure": (
        "form_", "cell_volume", "lattice_", "cubic_", "space_group", "crystal_", "centrosymmetric", "point_group",
        "ionic_volume", "framework_", "volume_per_", "lithium_density", "free_volume", "lithium_site", "partly_filled",
        "shared_site", "mixed_anion_site", "site_entropy", "lithium_lithium", "lithium_anion_", "lithium_coordination",
        "percolation",
    ),
    "electrolyte chemistry": (
        "fraction_", "anion_share_", "lithium_per_anion", "mean_", "spread_", "family_", "electronegativity_contrast",
        "radius_contrast", "mixing_entropy", "charge_residue", "log10_conductivity", "conductivity_predicted",
        "log10_effective_conductivity", "minimum_", "maximum_", "range_", "mode_", "avg_dev_",
    ),
}  # fmt: skip
"""Beginnings of the names of each group's features."""


def group_of(feature: Feature) -> str:
    """Return the group of a feature.

    Parameters
    ----------
    feature : Feature

    Raises
    ------
    ValueError
        A feature of no group: add the beginning of its name to `GROUPS`.

    Examples
    --------
    >>> group_of(Feature("log10_stack_pressure_mpa", "stack pressure", "log10 (1 + MPa)"))
    'mechanics'
    """
    for group, starts in GROUPS.items():
        if feature.name.startswith(starts):
            return group
    raise ValueError(f"feature {feature.name} belongs to no group; add the beginning of its name to GROUPS")


def correlated(names: Sequence[str], vectors: np.ndarray) -> list[tuple[str, ...]]:
    """Return sets of features of which every two have a rank correlation of at least 0.8 over the rows that know both.

    Parameters
    ----------
    names : sequence of str, shape (n_features,)
    vectors : array, shape (n_rows, n_features)
        NaN where unknown; a pair that fewer than 8 rows know counts as uncorrelated.

    Returns
    -------
    list of tuple of str
        Names, two or more in each, in the order of the features; what correlates with nothing stands in none.

    Examples
    --------
    >>> rising = np.arange(8.0)
    >>> correlated(["a", "b", "c"], np.column_stack([rising, rising**2, np.tile([0.0, 1.0], 4)]))
    [('a', 'b')]
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(names) < 2:
        return []
    alike = pd.DataFrame(vectors).corr(method="spearman", min_periods=LEAST_ROWS).abs().fillna(0.0).to_numpy().copy()
    np.fill_diagonal(alike, 1.0)
    joined = linkage(squareform(np.clip(1.0 - alike, 0.0, 1.0), checks=False), method="complete")
    clusters = fcluster(joined, 1.0 - CORRELATED + 1e-9, criterion="distance")
    members = [tuple(np.array(names, dtype=object)[clusters == cluster]) for cluster in dict.fromkeys(clusters)]
    return [together for together in members if len(together) > 1]


def rows_of(table: pd.DataFrame) -> list[Any]:
    """Return the rows of a table, with its columns as attributes.

    Parameters
    ----------
    table : DataFrame
        Columns whose names are identifiers.
    """
    return list(table.itertuples(index=False))
