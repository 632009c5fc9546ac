"""Element properties from pymatgen's own data, read once on first use."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

PROPERTIES: dict[str, tuple[str, str, str]] = {
    "electronegativity": ("X", "Pauling electronegativity", ""),
    "atomic_radius": ("Atomic radius", "atomic radius", "Å"),
    "atomic_mass": ("Atomic mass", "atomic mass", "u"),
    "mendeleev_number": ("Mendeleev no", "Mendeleev number", ""),
}
"""Property: pymatgen's key, label, unit. Source of all: the periodic table shipped with pymatgen."""


@lru_cache(maxsize=256)
def element_properties(symbol: str) -> np.ndarray:
    """Values of `PROPERTIES` in order, shape (n_properties,); NaN where pymatgen holds none."""
    from pymatgen.core import Element

    data = Element(symbol).data
    return np.array([_as_float(data.get(key)) for key, _, _ in PROPERTIES.values()])


def _as_float(value: object) -> float:
    try:
        return float(str(value).split()[0])
    except (ValueError, IndexError):
        return float("nan")
