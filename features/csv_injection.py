"""Texts of a CSV file that a spreadsheet shows and does not run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

SIGNS = tuple("=+-@\t\r")
"""What a formula may begin with."""
RUNS = rf"^[{re.escape(''.join(SIGNS))}]"
NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?%?$"
"""A plain number, which stays as it is."""


def harmless(text: str) -> str:
    """Return a cell so that a spreadsheet shows it and does not run it, with an apostrophe before a formula.

    Parameters
    ----------
    text : str
        A cell of text; a plain number stays as it is.

    Examples
    --------
    >>> [harmless(text) for text in ("=1+1", "@x", "-5.2e-4", "Li6PS5Cl")]
    ["'=1+1", "'@x", '-5.2e-4', 'Li6PS5Cl']
    """
    return f"'{text}" if text.startswith(SIGNS) and not re.match(NUMBER, text) else text


def harmless_frame(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts and column names are `harmless`; its numbers are those given.

    Parameters
    ----------
    table : DataFrame
        The table; it stays as it is.
    """
    result = table.copy(deep=False)
    for place, dtype in enumerate(table.dtypes):
        if dtype.kind == "O":
            cells = np.empty(len(table), dtype=object)  # a list would become numbers where all are
            cells[:] = [harmless(cell) if isinstance(cell, str) else cell for cell in table.iloc[:, place]]
            result.isetitem(place, cells)
    return result.set_axis([harmless(str(name)) for name in table.columns], axis=1)
