"""Paths whose jumps follow from geometry, and random crystals against clusters counted another way."""

import math

import numpy as np
import pytest

from features.crystal.percolation import PeriodicNetwork, percolation_distances


@pytest.mark.parametrize(
    ("cell", "places", "expected"),
    [
        # one site: its own copies
        ((3, 4, 5), [(0, 0, 0)], (3, 4, 5)),
        # two sites half a cell apart along z
        ((4, 5, 6), [(0, 0, 0), (0, 0, 0.5)], (3, 4, 5)),
        # 1 Å apart across the cell wall joins them into pairs; the path through the cell needs 4
        ((5, 6, 6), [(0.1, 0, 0), (0.9, 0, 0)], (4, 6, 6)),
        # body-centred: eight neighbours at half the diagonal
        ((4, 4, 4), [(0, 0, 0), (0.5, 0.5, 0.5)], (math.sqrt(12),) * 3),
        # two chains along z that never meet below 4: each runs in one dimension, not two together in two
        ((8, 8, 3), [(0, 0, 0), (0.5, 0, 0)], (3, 4, 8)),
        # layers 13 Å apart, farther than the search goes
        ((3, 3, 13), [(0, 0, 0)], (3, 3, math.nan)),
        ((20, 20, 20), [(0, 0, 0)], (math.nan,) * 3),
        ((3, 3, 3), [], (math.nan,) * 3),
    ],
)
def test_percolation(cell, places, expected):
    matrix = np.diag(np.array(cell, dtype=float))
    found = percolation_distances(matrix, np.array(places, dtype=float).reshape(-1, 3) @ matrix)
    assert found == pytest.approx(expected, nan_ok=True)


def test_a_short_hop_between_halves_of_a_position_is_no_path():
    # lithium split 0.6 Å about the middle of a 6 Å cube: through the crystal it takes 5.4 along z and 6 across
    halves = np.array([(3, 3, 2.7), (3, 3, 3.3)])
    assert percolation_distances(np.eye(3) * 6, halves) == pytest.approx((5.4, 6, 6))


def test_a_chain_across_the_diagonal_is_one_dimensional():
    # sites on the line from corner to corner of a skewed stack: steps of sqrt(3) * 5/3 = 2.887; all else is 5
    places = np.array([(0, 0, 0), (1 / 3, 1 / 3, 1 / 3), (2 / 3, 2 / 3, 2 / 3)])
    one, two, three = percolation_distances(np.eye(3) * 5, places * 5)
    assert one == pytest.approx(5 / math.sqrt(3))
    # next: from one line to its copy: (1/3, 1/3, -2/3) of 5 Å is 4.082
    assert (two, three) == pytest.approx((5 * math.sqrt(6) / 3,) * 2)


def test_percolation_agrees_with_clusters_of_a_large_crystal():
    # 7 x 7 x 7 random cells: the copies of a site in one cluster span as many dimensions as there are paths, from the
    # percolation distance on and not below
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    rng = np.random.default_rng(7)
    cells = np.stack(np.meshgrid(*[np.arange(7)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    for _ in range(8):
        matrix = np.diag(rng.uniform(4, 7, 3)) + rng.uniform(-1, 1, (3, 3))
        places = rng.uniform(size=(4, 3))
        points = (cells[:, None, :] + places[None, :, :]).reshape(-1, 3) @ matrix
        for n, distance in enumerate(percolation_distances(matrix, places @ matrix), start=1):
            for factor, at_least in ((1 - 1e-9, False), (1 + 1e-9, True)):
                pairs = cKDTree(points).query_pairs(distance * factor, output_type="ndarray")
                graph = coo_matrix((np.ones(len(pairs)), pairs.T), shape=(len(points),) * 2)
                labels = connected_components(graph, directed=False)[1].reshape(-1, 4)
                centre = len(cells) // 2
                spanned = [
                    np.linalg.matrix_rank(cells[labels[:, site] == labels[centre, site]] - cells[centre])
                    for site in range(4)
                ]
                assert (max(spanned) >= n) == at_least


def test_loops_of_joined_components_are_kept():
    network = PeriodicNetwork(3)
    assert network.join(0, 0, (1, 0, 0)) == 1
    assert network.join(1, 1, (0, 2, 0)) == 1
    assert network.join(1, 1, (0, 1, 0)) == 1
    assert network.join(2, 1, (5, -3, 1)) == 1
    assert network.join(0, 2, (0, 0, 0)) == 2
    assert network.join(0, 1, (5, -3, 1)) == 2
    assert network.join(0, 1, (5, -3, 2)) == 3
    assert network.join(0, 1, (7, 7, 7)) == 3
