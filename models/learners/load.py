"""Reading back whichever ensemble a folder holds."""

from __future__ import annotations

from collections.abc import Mapping

from models.ensemble import BoostedEnsemble
from models.learners.arrhenius import ENERGY, ArrheniusEnsemble
from models.learners.mixed import MIXED, MixedEnsemble


def restore_ensemble(files: Mapping[str, bytes]) -> BoostedEnsemble:
    """Return what any kind of ensemble saved.

    Parameters
    ----------
    files : mapping of str to bytes
        Content of the files of one part, by name.
    """
    if f"{MIXED}.json" in files:
        return MixedEnsemble.restore_with(files, restore_ensemble)
    if f"{ENERGY}.json" in files:
        return ArrheniusEnsemble.restore(files)
    return BoostedEnsemble.restore(files)
