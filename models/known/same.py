"""Which designs are the very same ones, however they are written."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.electrolyte import DEFAULT_TEMPERATURE_C
from features.electrolyte_columns import read_electrolytes
from features.tables.columns import columns_as_numbers
from features.tables.designs import Designs
from features.tables.records import CellDesign

NOT_COMPARED = frozenset(
    {"electrolyte", "composition", "electrolyte_class", "form", "cif_text", "electrolyte_conductivity_s_per_cm",
     "electrolyte_conductivity_temperature_c"}
)  # fmt: skip
"""Columns that tell no two designs apart: the electrolyte is compared by its composition."""


def same_designs(asked: Designs, measured: pd.DataFrame) -> np.ndarray:
    """Return which asked designs are the very ones that were measured, shape (n_designs, n_measured).

    All columns of the design but the cycle and the electrolyte's measured conductivity are compared: numbers, texts
    whatever their case and blanks, the electrolyte by its composition. An empty temperature is 25 °C; what else is
    empty in one and given in the other makes two designs.

    Parameters
    ----------
    asked : Designs
        Columns of `Candidate`.
    measured : DataFrame
        Columns of `Measured`.

    Examples
    --------
    >>> cells = pd.DataFrame({"electrolyte": ["LPSCl", "Li6PS5Cl"], "anode": ["Si", "SI "], "silicon_wt_pct": [60, 70]})
    >>> same_designs(Designs.of(cells), cells.iloc[[0]]).tolist()
    [[True], [False]]
    """
    own, as_numbers = Designs.of(measured), columns_as_numbers(CellDesign)
    same = _same_electrolytes(asked, own)
    for column in sorted(CellDesign.model_fields.keys() - NOT_COMPARED):
        if column in as_numbers:
            one, other = asked.number(column)[:, None], own.number(column)[None, :]
            if column == "temperature_c":
                one, other = (np.where(np.isnan(each), DEFAULT_TEMPERATURE_C, each) for each in (one, other))
            same &= np.isclose(one, other, rtol=1e-6, atol=0.0, equal_nan=True)
        else:
            (codes, texts), (own_codes, own_texts) = asked.coded(column), own.coded(column)
            words = np.array([[_plain(text) == _plain(mine) for mine in own_texts] for text in texts], dtype=bool)
            same &= words.reshape(len(texts), len(own_texts))[np.ix_(codes, own_codes)]
    return np.asarray(same)


def _same_electrolytes(asked: Designs, own: Designs) -> np.ndarray:
    """Compositions that are one; names without a stoichiometry where they are written alike."""
    one, other = read_electrolytes(asked), read_electrolytes(own)
    fractions, mine = one.amounts.dense()[one.amounts.codes], other.amounts.dense()[other.amounts.codes]
    alike = np.array(
        [
            [
                np.allclose(vector, vectors, atol=1e-4) if np.isfinite(vector[0] + vectors[0]) else _plain(text) == name
                for vectors, name in zip(mine, map(_plain, other.written), strict=True)
            ]
            for vector, text in zip(fractions, one.written, strict=True)
        ],
        dtype=bool,
    )
    return np.asarray(alike.reshape(len(one.written), len(other.written))[np.ix_(one.codes, other.codes)])


def _plain(text: str) -> str:
    return " ".join(text.lower().split())
