"""The polymer model: boosters of value and activation energy, intervals by cluster of like repeat units, what it knows.

Made of the public table of polymer electrolytes by `python -m training.polymers.make`; none of its rows is inside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from features.electrolyte import DEFAULT_TEMPERATURE_C
from features.polymers.polymer_electrolyte import PolymerElectrolyte
from features.polymers.vector import FEATURES, unit_numbers, vector
from models.intervals import Calibration
from models.learners.arrhenius import ArrheniusEnsemble

FORMAT = 1
SHIPPED = Path(__file__).parent / "weights"
STATE = "polymers.json"
BOOSTERS = "boosters"


@dataclass(frozen=True)
class PolymerDefaults:
    """Values taken where a text states none: medians of the training rows.

    Attributes
    ----------
    molality_mol_per_kg, molar_mass_g_per_mol : of salt in the polymer, and of the polymer
    """

    molality_mol_per_kg: float
    molar_mass_g_per_mol: float

    def filled(self, electrolyte: PolymerElectrolyte) -> PolymerElectrolyte:
        """Return an electrolyte with the usual values where it does not state its own.

        Parameters
        ----------
        electrolyte : PolymerElectrolyte
            As read.
        """
        pairs = (
            ("molality_mol_per_kg", self.molality_mol_per_kg),
            ("molar_mass_g_per_mol", self.molar_mass_g_per_mol),
            ("temperature_c", DEFAULT_TEMPERATURE_C),
        )
        missing: dict[str, Any] = {name: value for name, value in pairs if np.isnan(getattr(electrolyte, name))}
        return replace(electrolyte, **missing)


@dataclass(frozen=True)
class Likeness:
    """Repeat units that the model knows, as centroids of their clusters.

    Attributes
    ----------
    centre, scale : of the numbers of a unit, shape (n_unit_features,)
    centroids : scaled, shape (n_clusters, n_unit_features)
    far : distance to the nearest centroid that 95 % of the known units stay below
    """

    centre: np.ndarray
    scale: np.ndarray
    centroids: np.ndarray
    far: float

    def distance(self, units: Sequence[str]) -> float:
        """Return the distance of a repeat unit to the nearest cluster; of several, the largest.

        Parameters
        ----------
        units : sequence of str
            Line notations.
        """
        scaled = (np.array([unit_numbers(unit) for unit in units]) - self.centre) / self.scale
        return float(np.linalg.norm(scaled[:, None] - self.centroids[None], axis=2).min(axis=1).max())


@dataclass(frozen=True)
class PolymerModel:
    """Model of the conductivity of polymer electrolytes.

    Attributes
    ----------
    ensemble : of log10 S/cm
    calibration : by cluster of like repeat units
    usual : for what is not stated
    likeness : of the known repeat units
    about : where it comes from, in plain values
    """

    ensemble: ArrheniusEnsemble
    calibration: Calibration
    usual: PolymerDefaults
    likeness: Likeness
    about: Mapping[str, Any]

    def predict(self, electrolytes: Sequence[PolymerElectrolyte]) -> tuple[np.ndarray, np.ndarray]:
        """Return log10 S/cm and its spread, shape (n_electrolytes,) each.

        Parameters
        ----------
        electrolytes : sequence of PolymerElectrolyte
            As read; the usual values stand for what they do not state.
        """
        return self.ensemble.predict(self.vectors(electrolytes))

    def vectors(self, electrolytes: Sequence[PolymerElectrolyte]) -> np.ndarray:
        """Return feature vectors, shape (n_electrolytes, n_features).

        Parameters
        ----------
        electrolytes : sequence of PolymerElectrolyte
            As in `predict`.
        """
        return np.array([vector(self.usual.filled(electrolyte)) for electrolyte in electrolytes])

    def save(self, folder: Path) -> None:
        """Write the boosters and a JSON file with the rest.

        Parameters
        ----------
        folder : Path
            Made where it is not there.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.ensemble.save(folder / BOOSTERS)
        likeness = self.likeness
        state = {
            "format": FORMAT,
            "features": list(FEATURES),
            "about": dict(self.about),
            "usual": vars(self.usual),
            "likeness": {
                "far": likeness.far,
                **{name: getattr(likeness, name).round(4).tolist() for name in ("centre", "scale", "centroids")},
            },
            "calibration": self.calibration.as_dict(),
        }
        (folder / STATE).write_text(json.dumps(state, ensure_ascii=False) + "\n", encoding="utf-8")


@lru_cache(maxsize=4)
def load_polymer_model(folder: Path = SHIPPED) -> PolymerModel:
    """Read a polymer model.

    Parameters
    ----------
    folder : Path
        As `save` wrote it; the shipped one where not given.

    Raises
    ------
    ValueError
        Not there, or of another version.
    """
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
        boosters = folder / BOOSTERS
        files = {
            path.relative_to(boosters).as_posix(): path.read_bytes() for path in boosters.rglob("*") if path.is_file()
        }
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder}: no polymer model there ({error})") from None
    if state.get("format") != FORMAT or state.get("features") != list(FEATURES):
        raise ValueError(f"{folder}: this polymer model is of another version of Silion; make it again")
    arrays = {name: np.array(state["likeness"][name]) for name in ("centre", "scale", "centroids")}
    return PolymerModel(
        ArrheniusEnsemble.restore(files),
        Calibration.from_dict(state["calibration"]),
        PolymerDefaults(**state["usual"]),
        Likeness(**arrays, far=float(state["likeness"]["far"])),
        state["about"],
    )
