"""Space groups: their number from a symbol as printed, and the symmetry that belongs to the number."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from features.feature import Feature, Output, yes_no

CRYSTAL_SYSTEMS = ("triclinic", "monoclinic", "orthorhombic", "tetragonal", "trigonal", "hexagonal", "cubic")
LAST_OF_SYSTEM = (2, 15, 74, 142, 167, 194, 230)
POINT_GROUPS: tuple[tuple[int, int, bool], ...] = (
    (1, 1, False), (2, 2, True), (5, 2, False), (9, 2, False), (15, 4, True), (24, 4, False), (46, 4, False),
    (74, 8, True), (80, 4, False), (82, 4, False), (88, 8, True), (98, 8, False), (110, 8, False), (122, 8, False),
    (142, 16, True), (146, 3, False), (148, 6, True), (155, 6, False), (161, 6, False), (167, 12, True),
    (173, 6, False), (174, 6, False), (176, 12, True), (182, 12, False), (186, 12, False), (190, 12, False),
    (194, 24, True), (199, 12, False), (206, 24, True), (214, 24, False), (220, 24, False), (230, 48, True),
)  # fmt: skip
"""Last space group of each point group, the group's order, and whether it has an inversion centre.
Source: International Tables for Crystallography A, whose numbers run through the point groups in this order."""
RENAMED_GROUPS = {"abm2": 39, "aba2": 41, "cmca": 64, "cmma": 67, "ccca": 68}
"""Symbols until 1992, before the double glide plane e had a letter: Acta Cryst. (1992) A48, 727-732."""

FROM_GROUP = "space group as given, else of the CIF"


@dataclass(frozen=True)
class Symmetry:
    """Symmetry of a space group.

    Attributes
    ----------
    number : of the space group, 1 to 230
    system : name of the crystal system
    point_group_order : operations of the point group
    centrosymmetric : True where it has an inversion centre
    """

    number: int
    system: str
    point_group_order: int
    centrosymmetric: bool

    @classmethod
    def from_number(cls, number: int) -> Symmetry:
        """Look up the symmetry of a space group.

        Parameters
        ----------
        number : int
            1 to 230.

        Examples
        --------
        >>> Symmetry.from_number(225)
        Symmetry(number=225, system='cubic', point_group_order=48, centrosymmetric=True)
        """
        system = next(name for name, last in zip(CRYSTAL_SYSTEMS, LAST_OF_SYSTEM, strict=True) if number <= last)
        order, centred = next((order, centred) for last, order, centred in POINT_GROUPS if number <= last)
        return cls(number, system, order, centred)


def _is_of(system: str) -> Callable[[Symmetry], float]:
    return lambda symmetry: float(symmetry.system == system)


SYMMETRY_FEATURES: tuple[Output[Symmetry], ...] = (
    Output(Feature("space_group_number", "space group number", "1", FROM_GROUP), lambda symmetry: symmetry.number),
    Output(
        Feature("crystal_system_rank", "crystal system, 1 triclinic to 7 cubic", "1", FROM_GROUP),
        lambda symmetry: CRYSTAL_SYSTEMS.index(symmetry.system) + 1,
    ),
    *(
        yes_no(f"crystal_system_{name}", f"crystal system is {name}", _is_of(name), FROM_GROUP)
        for name in CRYSTAL_SYSTEMS
    ),
    yes_no(
        "centrosymmetric",
        "has an inversion centre",
        lambda symmetry: float(symmetry.centrosymmetric),
        FROM_GROUP,
    ),
    Output(
        Feature("point_group_order", "order of the point group", "1", FROM_GROUP),
        lambda symmetry: symmetry.point_group_order,
    ),
)


@lru_cache(maxsize=1)
def _numbers_of_symbols() -> dict[str, int]:
    """Number of each symbol in pymatgen's tables, in all settings; symbols that mean two groups are left out."""
    from pymatgen.symmetry.groups import SpaceGroup

    numbers_of: dict[str, set[int]] = {}

    def add(symbol: str, number: int) -> None:
        key = _plain(symbol)
        numbers_of.setdefault(key, set()).add(number)
        if number >= 200:
            numbers_of.setdefault(key.replace("-3", "3"), set()).add(number)

    for symbol, group in SpaceGroup.sg_encoding.items():
        add(symbol, group["int_number"])
        add(group["full_symbol"], group["int_number"])
    for short, symbol in SpaceGroup.abbrev_sg_mapping.items():
        add(short, SpaceGroup.sg_encoding[symbol]["int_number"])
    for setting in SpaceGroup.SYMM_OPS:
        for key in ("hermann_mauguin", "universal_h_m", "hermann_mauguin_u", "short_h_m"):
            add(setting[key], setting["number"])
    return RENAMED_GROUPS | {symbol: min(numbers) for symbol, numbers in numbers_of.items() if len(numbers) == 1}


def _plain(symbol: str) -> str:
    """A symbol without spaces, underscores, bars, setting and origin choice, in lower case."""
    typed = re.sub(r"(\d)[\u0304\u0305]", r"-\1", unicodedata.normalize("NFKC", symbol))
    typed = re.sub(r"[−–‐]", "-", typed)
    typed = re.sub(r"[\s_'\"]|:.*$|\(.*$", "", typed)
    return re.sub(r"(?<=.)[HRSZ]$", "", typed).lower()


@lru_cache(maxsize=4096)
def space_group_number(symbol: str) -> int | None:
    """Read the number of a space group from its symbol, or from the number as text.

    Parameters
    ----------
    symbol : str
        Hermann-Mauguin symbol or number. Spaces, underscores, settings and the cubic symbols of before 1983 (`Fm3m`)
        are read as well.

    Returns
    -------
    int or None
        From 1 to 230; None where the text is neither.

    Examples
    --------
    >>> [space_group_number(symbol) for symbol in ("F m -3 m", "P2_1/c", "R-3c:H", "227", "Fm3m", "P7", "231")]
    [225, 14, 167, 227, 225, None, None]
    """
    if len(symbol) > 64:
        return None
    if digits := re.fullmatch(r"\s*(?:no\.?\s*|#)?(\d{1,3})(?:\.0*)?\s*", symbol, flags=re.IGNORECASE | re.ASCII):
        return int(digits[1]) if 1 <= int(digits[1]) <= 230 else None
    return _numbers_of_symbols().get(_plain(symbol)) if symbol.strip() else None


def symmetry_values(number: int | None) -> list[float]:
    """Compute `SYMMETRY_FEATURES` of one space group.

    Parameters
    ----------
    number : int or None
        Number of the space group, None where unknown.

    Returns
    -------
    list of float
        In the order of `SYMMETRY_FEATURES`, all NaN where unknown.
    """
    if number is None:
        return [math.nan] * len(SYMMETRY_FEATURES)
    symmetry = Symmetry.from_number(number)
    return [output.values(symmetry) for output in SYMMETRY_FEATURES]
