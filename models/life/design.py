"""Life of a cell from its design alone, before its first cycle: the prior its first cycles update."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm

from features.tables.records import Candidate
from models.candidates import candidate_designs, usable_rows
from models.predictor import Predictor

LIFE, LEVEL = "cycle_life_80", 0.8
OF_A_CYCLE = {"cycle"}
"""Columns of a candidate that a table of cycles uses otherwise."""


def design_life(predictor: Predictor, about: pd.DataFrame) -> pd.DataFrame:
    """Return lives to 80 % as predicted from the designs of cells.

    Parameters
    ----------
    predictor : Predictor
        A trained model of designs.
    about : DataFrame
        `cell` and the columns of a candidate, as written, one row per cell.

    Returns
    -------
    DataFrame
        `log10_life` and `log10_life_sd`, one row per cell; NaN where no electrolyte or no anode is described.

    Raises
    ------
    InputError
        Designs that cannot be used, all mistakes at once; lines count the described cells.
    """
    life = pd.DataFrame({"log10_life": np.nan, "log10_life_sd": np.nan}, index=range(len(about)))
    names = [name for name in Candidate.model_fields if name in about and name not in OF_A_CYCLE]
    if not {"electrolyte", "anode"} <= set(names):
        return life
    cells = np.flatnonzero(((about["electrolyte"] != "") & (about["anode"] != "")).to_numpy(dtype=bool))
    values = ({str(name): value for name, value in row.items()} for row in about.iloc[cells][names].to_dict("records"))
    rows = usable_rows(Candidate, values, "designs of the cells")
    if rows:
        table = predictor.predict(candidate_designs(rows), targets=[LIFE], level=LEVEL, precedents=0).table
        low, high = (np.log10(table[f"{LIFE}_{end}"].to_numpy(dtype=float)) for end in ("low", "high"))
        life.loc[cells, "log10_life"] = np.log10(table[LIFE].to_numpy(dtype=float))
        life.loc[cells, "log10_life_sd"] = (high - low) / (2 * norm.ppf(0.5 + LEVEL / 2))
    return life
