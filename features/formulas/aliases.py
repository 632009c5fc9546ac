"""Names that stand for a composition or a family: a table, each row with its source, read once on first use."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_LIKE_A_FORMULA = re.compile(r"(?:[A-Z][a-z]?\d*)+")


@dataclass(frozen=True)
class Alias:
    """One row of `aliases.csv`.

    `composition` is empty where the name stands for no single stoichiometry. `repeat_unit` is that of a polymer; it
    gives mass and elements of the polymer, and is no composition: a polymer is used with a salt.
    """

    name: str
    composition: str
    role: str
    electrolyte_class: str
    repeat_unit: str
    source: str


@lru_cache(maxsize=1)
def aliases() -> dict[str, Alias]:
    """Known names, by name."""
    with (Path(__file__).parent / "aliases.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: Alias(**row) for row in csv.DictReader(file)}


@lru_cache(maxsize=1)
def solid_solutions() -> dict[str, str]:
    """General formulas in x of the solid solutions that names stand for, by name; each with its reason in the table."""
    with (Path(__file__).parent / "solid_solutions.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row["general"] for row in csv.DictReader(file)}


@lru_cache(maxsize=1)
def electrolytes() -> tuple[str, ...]:
    """Names of electrolytes among the known ones, and of what they are made of: no anodes, binders or labels.

    Long names of salts (`lithium triflate`) are like many a word and no hint.
    """
    kinds = ("salt", "ambiguous")
    named = ((name, alias) for name, alias in aliases().items() if " " not in name)
    return tuple(name for name, alias in named if alias.electrolyte_class or alias.role in kinds)


@lru_cache(maxsize=1)
def _folded() -> dict[str, Alias]:
    return {name.casefold(): alias for name, alias in aliases().items()}


def find_alias(text: str) -> Alias | None:
    """Look up the row of a name; another case passes where the text cannot be a formula itself.

    Parameters
    ----------
    text : str
        The name.

    Examples
    --------
    >>> find_alias("llzo").composition
    'Li7La3Zr2O12'
    """
    alias = aliases().get(text)
    if alias is None and not _LIKE_A_FORMULA.fullmatch(text):
        alias = _folded().get(text.casefold())
    return alias
