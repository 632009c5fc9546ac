"""The public table of polymer electrolytes as one source: what it is, and its rows without the polymers kept out."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from training.public.sources import PublicSource, pulled_source

COMMIT = "39b0c16f70c4142b32a67531a093718c767ad43d"
TABLE = "clean_train_data.csv"
POLYMERS = PublicSource(
    name="polymers",
    title="Conductivity of polymer electrolytes: 10,114 rows of 229 polymers with 40 salts",
    licence="MIT, Copyright (c) 2022 Learning Matter @ MIT",
    citation="G. Bradford et al., ACS Central Science 9, 206 (2023), 10.1021/acscentsci.2c01123",
    url_base=f"https://raw.githubusercontent.com/learningmatter-mit/Chem-prop-pred/{COMMIT}/",
    files={TABLE: (f"data/{TABLE}", "6b6de5979e2b0fe592e9c75b98cdccc6a77c579bd9332e3633301f6f6392ca74")},
)
KEPT_OUT = frozenset({
    "03ca26679ce5", "0dbffc7ce823", "0ddf8543d778", "11f9004b2770", "1f4b647f2778", "215cd54bc473",
    "3459fcd799b0", "4a55dfa8916e", "5c68c9521d38", "6b199ae22fe7", "6b71e03e2c92", "6e4927d29f34",
    "873a72d6e799", "8cd31502507c", "9bd2e1e18c79", "9caefbf06c9a", "9d65a1e51e03", "a0e47231f986",
    "b65969d39fb9", "bccbbf31ac99", "c605ec4bc926", "c9d898dbd035", "cd4d59907d6d", "e32351e09546",
    "ed474a925f4f",
})  # fmt: skip
"""Digests of the 25 repeat units left out of every training and choice, judged once before a release."""


def digest(unit: str) -> str:
    """Return the first twelve digits of the SHA-256 of a repeat unit as the table writes it.

    Parameters
    ----------
    unit : str
        Line notation.

    Examples
    --------
    >>> digest("[Cu]OCC[Au]")
    '337f6e6faba6'
    """
    return hashlib.sha256(unit.encode()).hexdigest()[:12]


def pulled_polymers() -> Path:
    """Return the folder of the pulled table.

    Raises
    ------
    PublicDataError
        It was not pulled.
    """
    return pulled_source(POLYMERS)


def read_polymers(folder: Path) -> pd.DataFrame:
    """Read the table without the polymers kept out: `unit`, `salt`, `log10_conductivity`, molality, molar mass,
    temperature.

    Parameters
    ----------
    folder : Path
        As `silion data pull polymers` leaves it.
    """
    names = {
        "smiles": "unit",
        "salt smiles": "salt",
        "conductivity": "log10_conductivity",
        "molality": "molality_mol_per_kg",
        "mw": "molar_mass_g_per_mol",
        "temperature": "temperature_c",
    }
    table = pd.read_csv(folder / TABLE).rename(columns=names)
    return table[~table["unit"].map(digest).isin(KEPT_OUT)].reset_index(drop=True)


def polymers_summary(table: pd.DataFrame) -> str:
    """Return licence, citation and counts.

    Parameters
    ----------
    table : DataFrame
        As `read_polymers` gives it.
    """
    counts = f"{len(table)} rows of {table['unit'].nunique()} polymers"
    return "\n".join([*POLYMERS.lines, f"  {counts} may be learnt from; the others are kept out"])
