"""Which designs state a crystal structure, and whether a model reads any."""

from __future__ import annotations

import numpy as np

from features.crystal.structure import LATTICE_COLUMNS, STRUCTURE_OUTPUTS
from features.feature import Featurizer
from features.tables.designs import Designs

TEXT_COLUMNS = ("space_group", "cif_text")
NUMBER_COLUMNS = (*LATTICE_COLUMNS, "formula_units_per_cell")
NOT_READ = "crystal structure given: this model does not read it"
_NAMES = frozenset(output.feature.name for output in STRUCTURE_OUTPUTS)


def reads_structure(featurizer: Featurizer) -> bool:
    """Say whether any feature of a vector is one of the crystal structure.

    Parameters
    ----------
    featurizer : Featurizer
        Of electrolytes, fitted.
    """
    return not _NAMES.isdisjoint(feature.name for feature in featurizer.features_)


def states_structure(designs: Designs) -> np.ndarray:
    """Return which designs state anything of a crystal structure, shape (n_designs,).

    Parameters
    ----------
    designs : Designs
        Columns of `Candidate`.

    Examples
    --------
    >>> import pandas as pd
    >>> designs = pd.DataFrame({"space_group": ["Ia-3d", None, None], "lattice_a_angstrom": [None, 12.97, None]})
    >>> states_structure(Designs.of(designs)).tolist()
    [True, True, False]
    """
    is_stated = np.zeros(len(designs), dtype=bool)
    for column in {*TEXT_COLUMNS}.intersection(designs.columns):
        codes, texts = designs.coded(column)
        is_stated |= np.array([bool(text) for text in texts], dtype=bool)[codes]
    for column in {*NUMBER_COLUMNS}.intersection(designs.columns):
        is_stated |= np.isfinite(designs.number(column))
    return is_stated
