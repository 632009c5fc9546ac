"""A saved model: a folder of JSON and UBJ files, checked by hash before anything in it is used. Nothing in it is
executed."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from features.feature import Featurizer
from features.tables.columns import unit_of
from features.tables.records import Candidate
from models.domain import Domain
from models.ensemble import BoostedEnsemble
from models.tasks.part import Part, part_state, restore_part, with_conductivity
from models.tasks.registry import LINK, TASKS

FORMAT_VERSION = 1
MANIFEST = "manifest.json"


class BundleError(ValueError):
    """A model folder that cannot be used: damaged, of another format, or made for another feature schema."""


@dataclass
class Bundle:
    """A model as saved and loaded.

    Attributes
    ----------
    parts : fitted models by name of `TASKS`
    facts : plain values for JSON: seed, configuration, data hashes, code and package versions, skill by target
    """

    parts: dict[str, Part]
    facts: dict[str, Any] = field(default_factory=dict)

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
    """Write the bundle aside, then rename; an existing bundle at `folder` is replaced whole.

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
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, part in bundle.parts.items():
            part.ensemble.save(aside / name)
            _write(aside / name / "part.json", part_state(part))
            if part.domain:
                _write(aside / name / "domain.json", part.domain.as_dict(), indent=None)
        schema = schema_hash({name: part.featurizer for name, part in bundle.parts.items()})
        _write(aside / "bundle.json", {"format_version": FORMAT_VERSION, "schema_hash": schema, **bundle.facts})
        files = sorted(path for path in aside.rglob("*") if path.is_file())
        _write(aside / MANIFEST, {path.relative_to(aside).as_posix(): _hash(path.read_bytes()) for path in files})
        aside.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        aside.rename(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
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
        code's
        (both hashes are named).
    """
    folder = Path(folder)
    if not (folder / MANIFEST).is_file():
        raise BundleError(
            f"{folder}: no model bundle here (no {MANIFEST}); expected a folder that `silion models export` wrote"
        )
    manifest = _read(folder / MANIFEST)
    if not isinstance(manifest, dict) or "bundle.json" not in manifest:
        raise BundleError(f"{folder}: {MANIFEST} is no manifest of a bundle; export the model again")
    for name, expected in manifest.items():
        path = folder / name
        if not path.is_file():
            raise BundleError(f"{folder}: {name} is missing; export the model again")
        if _hash(path.read_bytes()) != expected:
            raise BundleError(f"{folder}: {name} was changed after it was saved; export the model again")
    facts = _read(folder / "bundle.json")
    if facts["format_version"] != FORMAT_VERSION:
        raise BundleError(
            f"{folder}: format version {facts['format_version']}, this code reads {FORMAT_VERSION}; train again"
        )
    parts = {}
    for name in TASKS:
        domain = _read(folder / name / "domain.json")
        parts[name] = restore_part(
            _read(folder / name / "part.json"), BoostedEnsemble.load(folder / name), Domain.from_dict(domain)
        )
    here = schema_hash({name: part.featurizer for name, part in parts.items()})
    if here != facts["schema_hash"]:
        raise BundleError(
            f"{folder}: made for feature schema {facts['schema_hash'][:12]}, this code has {here[:12]}; "
            f"train again, or use the version of Silion that made it"
        )
    return Bundle(parts, facts)


def _write(path: Path, value: Any, indent: int | None = 1) -> None:
    path.write_text(json.dumps(value, indent=indent, ensure_ascii=False), encoding="utf-8")


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BundleError(f"{path}: damaged ({error}); export the model again") from None


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
