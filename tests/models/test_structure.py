"""A saved booster is walked before xgboost reads it: what would take the process down is refused in words."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from models.boosters.structure import DEEPEST, check_structure
from tests.shared import ROOT

BUNDLES = ROOT / "tests" / "bundles"
TREES = (BUNDLES / "v1" / "ice" / "member_0.ubj").read_bytes()
LINE = (BUNDLES / "v1" / "conductivity" / "linear.ubj").read_bytes()


def changed(name: str, place: int, value: int) -> bytes:
    """The trees with one number of the first tree's array of that name replaced; numbers have four bytes."""
    start = TREES.index(name.encode() + b"[$l#L") + len(name) + 5 + 8 + 4 * place
    return TREES[:start] + struct.pack(">i", value) + TREES[start + 4 :]


@pytest.mark.parametrize("path", sorted(BUNDLES.rglob("*.ubj")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_was_saved_passes(path: Path) -> None:
    check_structure(path.read_bytes())


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (changed("left_children", 0, 0), "points nowhere"),  # its own child
        (changed("left_children", 0, 7), "points nowhere"),  # of seven nodes, from 0
        (changed("left_children", 0, 2), "points nowhere|circle"),  # the right one
        (changed("parents", 1, 2), "points nowhere"),
        (changed("parents", 0, 1), "circle"),
        (changed("split_indices", 0, 60), "other features"),  # of sixty, from 0
        (TREES[:-1], "index out of range"),
        (TREES + b"}", "not one booster"),
        (TREES.replace(b"num_nodesSL\0\0\0\0\0\0\0\x017", b"num_nodesSL\0\0\0\0\0\0\0\x018", 1), "than it counts"),
        (LINE.replace(struct.pack(">q", 47), struct.pack(">q", 2**62)), "too big"),
        (LINE.replace(struct.pack(">q", 47), struct.pack(">q", -1)), "not a booster"),
        (LINE.replace(b"46", b"45"), "weights of other features"),
        (b"[#L" + struct.pack(">q", 2**40), "beyond the end"),
        ((b"[#L" + struct.pack(">q", 1)) * (DEEPEST + 2), "too deep"),
        (b"{L" + struct.pack(">q", 1) + b"aTL", "not a booster"),
        (b"", "not a booster"),
    ],
)
def test_what_would_end_the_process_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_structure(content)


def test_a_file_cut_anywhere_is_refused() -> None:
    for end in np.linspace(0, len(LINE) - 1, 50, dtype=int):
        with pytest.raises(ValueError, match=r"not a booster|kind|length|requested size"):
            check_structure(LINE[:end])
