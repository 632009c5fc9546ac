"""Symbols as papers print them, and the symmetry of all 230 groups against pymatgen's operations."""

import pytest

from features.crystal.space_group import CRYSTAL_SYSTEMS, space_group_number, symmetry_values


@pytest.mark.parametrize(
    ("symbol", "number"),
    [
        ("F m -3 m", 225), ("Fm3m", 225), ("Ia-3d", 230), ("Ia3d", 230), ("I a 3̅ d", 230), ("I-43m", 217),
        ("P2_1/c", 14), ("P21/c", 14), ("P 1 21/c 1", 14), ("P2₁/m", 11), ("P 21/n", 14), ("R-3c", 167),
        ("R -3 c :H", 167), ("R-3cH", 167), ("Fd-3m:2", 227), ("Fd-3mS", 227), ("P42/nmcZ", 137), ("P4_2/nmc", 137),
        ("I41/acd", 142), ("P−1", 2), ("Cmce", 64), ("Cmca", 64), ("p6_3/mmc", 194), ("P63", 173), ("P321", 150),
        ("P3221", 154), ("225", 225), ("225.0", 225), ("No. 14", 14), ("#230", 230),
        ("0", None), ("231", None), ("Fm-3x", None), ("", None), ("  ", None), ("x" * 10_000, None), ("²", None),
    ],
)  # fmt: skip
def test_space_group_number(symbol, number):
    assert space_group_number(symbol) == number


def test_tables_of_groups_agree_with_the_operations_pymatgen_holds():
    from pymatgen.core.operations import SymmOp
    from pymatgen.symmetry.groups import SpaceGroup

    systems = {
        **dict.fromkeys(("1", "-1"), "triclinic"),
        **dict.fromkeys(("2", "m", "2/m"), "monoclinic"),
        **dict.fromkeys(("222", "mm2", "mmm"), "orthorhombic"),
        **dict.fromkeys(("4", "-4", "4/m", "422", "4mm", "-42m", "4/mmm"), "tetragonal"),
        **dict.fromkeys(("3", "-3", "32", "3m", "-3m"), "trigonal"),
        **dict.fromkeys(("6", "-6", "6/m", "622", "6mm", "-6m2", "6/mmm"), "hexagonal"),
        **dict.fromkeys(("23", "m-3", "432", "-43m", "m-3m"), "cubic"),
    }
    settings = {setting["number"]: setting for setting in reversed(SpaceGroup.SYMM_OPS)}
    assert set(settings) == set(range(1, 231))
    for number, setting in settings.items():
        turns = {
            tuple(SymmOp.from_xyz_str(one).rotation_matrix.astype(int).ravel().tolist()) for one in setting["symops"]
        }
        _, rank, *one_of, centred, order = symmetry_values(number)
        assert order == len(turns), number
        assert centred == ((-1, 0, 0, 0, -1, 0, 0, 0, -1) in turns), number
        if (group := setting["point_group"]) in systems:
            assert CRYSTAL_SYSTEMS[int(rank) - 1] == systems[group], number
        assert one_of.index(1.0) == rank - 1
        assert sum(one_of) == 1
    assert {setting["point_group"] for setting in settings.values()} >= set(systems)
