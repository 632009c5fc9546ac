"""A saved model: a folder of JSON and UBJ files, checked by hash before anything in it is used. Nothing in it is
executed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from features.feature import Featurizer
from features.tables.columns import unit_of
from features.tables.disk import atomic_folder
from features.tables.records import Candidate
from models.domain import Domain
from models.known.measurements import Measurements
from models.learners.mixed import restore_ensemble
from models.saved.checked_files import MANIFEST, BundleError, CheckedFiles, read_checked, write_signature
from models.tasks.first_capacity import FirstCapacities
from models.tasks.part import Part, part_state, restore_part, with_conductivity
from models.tasks.registry import LINK, NOT_LEARNED, ON_REQUEST, TARGETS, TASKS, all_targets, is_range_alone, task_of
from models.tasks.target import Target

__all__ = ["FORMAT_VERSION", "MANIFEST", "Bundle", "BundleError", "load_bundle", "save_bundle", "schema_hash"]
FORMAT_VERSION = 1
MEASUREMENTS = "measurements.json"
"""File of a part's `known`; models saved before there were any have none, and nothing counts as measured."""
CAPACITIES = "first_capacity.json"
"""File of the first capacities; older models have none."""
QUANTITIES, FIRST_QUANTITIES = "quantities", (LINK, "ice", "fade")
"""Fact that names the learned quantities a bundle holds; those saved without it hold these."""


@dataclass
class Bundle:
    """A model as saved and loaded.

    Attributes
    ----------
    parts : fitted models by name of `TASKS`
    facts : plain values for JSON: seed, configuration, data hashes, code and package versions, skill by target
    capacities : first capacities of the cells in training; None where there are none, and in older models
    """

    parts: dict[str, Part]
    facts: dict[str, Any] = field(default_factory=dict)
    capacities: FirstCapacities | None = None

    def targets(self, columns: Sequence[str] | None = None) -> list[str]:
        """Return those of the learned targets that this model holds, in the order of every report.

        Parameters
        ----------
        columns : sequence of str or None
            Columns of `TARGETS`; all that the model holds where None or empty.

        Raises
        ------
        ValueError
            A column that is no learned target, or one that this model was saved without.
        """
        available = [column for column in TARGETS if task_of(column).name in self.parts]
        return _some(columns, available, TARGETS)

    def told(self, columns: Sequence[str] | None = None) -> list[str]:
        """Return likewise `targets` and, behind them, the quantities of `RANGES` and, on request, of `ON_REQUEST`.

        Parameters
        ----------
        columns : sequence of str or None
            Columns of `all_targets`; all that the model holds and predicts unasked where None or empty.

        Raises
        ------
        ValueError
            A column that is none of them, or one that this model was saved without.
        """
        range_only = [column for column in all_targets() if is_range_alone(column) and self.capacities]
        return _some(columns, [*self.targets(), *range_only, *(ON_REQUEST if columns else ())], all_targets())

    def designs_for(self, part: str, designs: pd.DataFrame) -> pd.DataFrame:
        """Return designs as a part reads them: the parts of cells want the conductivity of the electrolyte too.

        Parameters
        ----------
        part : str
            Name of `TASKS`.
        designs : DataFrame, shape (n_designs, n_columns)
            Columns of `Candidate`.
        """
        return with_conductivity(designs, self.parts[LINK]) if TASKS[part].of_cells else designs


def _some(columns: Sequence[str] | None, available: Sequence[str], known: Mapping[str, Target]) -> list[str]:
    if unknown := [column for column in columns or [] if column not in known]:
        reason = "".join(f" ({column}: {NOT_LEARNED[column]})" for column in unknown if column in NOT_LEARNED)
        raise ValueError(f"unknown target {', '.join(unknown)}{reason}; expected some of {', '.join(available)}")
    if missing := [column for column in columns or [] if column not in available]:
        raise ValueError(f"this model was saved without {', '.join(missing)}; train again, or leave it out")
    return [column for column in available if not columns or column in columns]


def schema_hash(featurizers: Mapping[str, Featurizer]) -> str:
    """Hash of what the vectors and the candidate columns mean: names, units, order, monotone signs.

    Parameters
    ----------
    featurizers : mapping of str to Featurizer
        Featurizers by part.
    """
    columns = [(name, unit_of(Candidate, name)) for name in Candidate.model_fields]
    vectors = {
        name: [(feature.name, feature.unit, feature.monotone) for feature in featurizer.features_]
        for name, featurizer in featurizers.items()
    }
    return _hash(json.dumps([columns, vectors], sort_keys=True).encode())


def save_bundle(bundle: Bundle, folder: str | Path) -> Path:
    """Write the bundle aside and put it in place in one step; an existing bundle at `folder` is replaced whole.

    Parameters
    ----------
    bundle : Bundle
        A trained model.
    folder : str | Path
        Folder of the bundle.

    Returns
    -------
    Path
        The folder.
    """
    folder = Path(folder)
    with atomic_folder(folder) as aside:
        for name, part in bundle.parts.items():
            part.ensemble.save(aside / name)
            _write(aside / name / "part.json", part_state(part))
            if part.domain:
                _write(aside / name / "domain.json", part.domain.as_dict(), indent=None)
            if part.known:
                _write(aside / name / MEASUREMENTS, part.known.as_dict(), indent=None)
        schema = schema_hash({name: part.featurizer for name, part in bundle.parts.items()})
        if bundle.capacities:
            _write(aside / CAPACITIES, bundle.capacities.rows, indent=None)
        first = {"format_version": FORMAT_VERSION, "schema_hash": schema}
        _write(aside / "bundle.json", {**first, **bundle.facts, QUANTITIES: list(bundle.parts)})
        files = sorted(path for path in aside.rglob("*") if path.is_file())
        _write(aside / MANIFEST, {path.relative_to(aside).as_posix(): _hash(path.read_bytes()) for path in files})
        write_signature(aside)
    return folder


def load_bundle(folder: str | Path) -> Bundle:
    """Read a bundle.

    Parameters
    ----------
    folder : str | Path
        Folder of the bundle.

    Raises
    ------
    BundleError
        No bundle there, a file is missing or changed, another format version, or another feature schema than this
        code's (both hashes are named).
    """
    files = read_checked(Path(folder))
    facts = files.json("bundle.json")
    version = facts.get("format_version") if isinstance(facts, dict) else None
    if version != FORMAT_VERSION:
        raise BundleError(f"{folder}: format version {version}, this code reads {FORMAT_VERSION}; train again")
    quantities = facts.get(QUANTITIES, [*FIRST_QUANTITIES])
    if not isinstance(quantities, list) or not {*FIRST_QUANTITIES} <= {*map(str, quantities)}:
        raise BundleError(f"{folder}: damaged ({QUANTITIES}: {str(quantities)[:200]}); export the model again")
    parts = {name: _restored(files.below(name)) for name in TASKS if name in quantities}
    schema = schema_hash({name: part.featurizer for name, part in parts.items()})
    if schema != facts.get("schema_hash"):
        raise BundleError(
            f"{folder}: made for feature schema {str(facts.get('schema_hash'))[:12]}, this code has {schema[:12]}; "
            f"train again, or use the version of Silion that made it"
        )
    return Bundle(parts, facts, _capacities(files) if CAPACITIES in files else None)


def _capacities(files: CheckedFiles) -> FirstCapacities:
    try:
        return FirstCapacities.from_list(files.json(CAPACITIES))
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"{files.folder}: {CAPACITIES} is damaged ({error}); export the model again") from error


def _restored(files: CheckedFiles) -> Part:
    """Return a part from its files; what is no part though its hashes are right is said to be damaged."""
    try:
        domain = Domain.from_dict(files.json("domain.json"))
        part = restore_part(files.json("part.json"), restore_ensemble(files), domain)
        if MEASUREMENTS in files:
            part.known = Measurements.from_dict(files.json(MEASUREMENTS))
        return part
    except BundleError:
        raise
    except Exception as error:  # values of any kind in the place of those that were saved
        reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        raise BundleError(f"{files.folder}: damaged ({reason[0][:200]}); export the model again") from error


def _write(path: Path, value: Any, indent: int | None = 1) -> None:
    path.write_text(json.dumps(value, indent=indent, ensure_ascii=False), encoding="utf-8")


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
