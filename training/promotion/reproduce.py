"""A run made again from what it keeps: the same predictions bit for bit, or what exactly differs."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.tables.literature import Literature
from models.boosters.saved import version_of
from models.bundle import Bundle, load_bundle, save_bundle
from models.predictions import TEXT_COLUMNS
from models.predictor import Predictor
from models.registry import resolve, versions
from models.tasks.registry import TARGETS
from training.config import TrainConfig
from training.evaluation.crossvalidate import Progress
from training.evaluation.out_of_fold import PREDICTED, out_of_fold_table
from training.promotion.physical_checks import example_designs
from training.promotion.promote import stored_out_of_fold
from training.train import code_version, fit_bundle, load_data, measure
from training.tuning.nested import Tuning


class RunNotFoundError(ValueError):
    """No such run, or it registered no model; the message says which there are."""


@dataclass(frozen=True)
class StoredRun:
    """Record of a training that its run keeps.

    Attributes
    ----------
    run_id, version : of the run, and of the model it registered
    config : how it was trained
    bundle, folder : its model, and where it lies
    judged : its out-of-fold predictions
    """

    run_id: str
    version: str
    config: TrainConfig
    bundle: Bundle
    folder: Path
    judged: pd.DataFrame


@dataclass(frozen=True)
class Reproduction:
    """A training made again beside the one that is kept.

    Attributes
    ----------
    run_id, version : of the kept one
    circumstances : what is not as it was: packages, Python, code, data files, one line each
    differences : predictions that are not the same to the last bit, one line each
    compared : number of predictions compared
    """

    run_id: str
    version: str
    circumstances: tuple[str, ...]
    differences: tuple[str, ...]
    compared: int

    @property
    def same(self) -> bool:
        """True where every prediction is the same bit for bit, whatever else has changed."""
        return not self.differences

    @property
    def text(self) -> str:
        """As printed."""
        head = f"run {self.run_id} (version {self.version}) trained again; nothing was registered"
        verdict = f"all {self.compared} predictions are the same bit for bit"
        lines = [f"  {line}" for line in self.circumstances] or ["  nothing: packages, Python, code and data are those"]
        if self.differences:
            verdict = f"not the same ({self.compared} predictions compared):"
        return "\n".join([head, "changed since:", *lines, verdict, *(f"  {line}" for line in self.differences)])


def stored_run(run_id: str) -> StoredRun:
    """Read what a run keeps.

    Parameters
    ----------
    run_id : str
        Id of an MLflow run.

    Raises
    ------
    RunNotFoundError
        No registered model is of that run.
    BundleError
        Its model cannot be read by this code; both schema hashes are named.
    ComparisonError
        It keeps no out-of-fold predictions.
    """
    known = versions()
    version = next((entry for entry in known if entry.run_id == run_id), None)
    if version is None:
        runs = [entry.run_id for entry in known]
        closest = get_close_matches(run_id, runs, n=3, cutoff=0.0)
        advice = f"closest: {', '.join(closest)}" if closest else "there is none"
        raise RunNotFoundError(f"--reproduce: got {run_id!r}, expected a run that registered a model; {advice}")
    folder = resolve(version.version)
    bundle = load_bundle(folder)
    config = TrainConfig.from_dict(bundle.facts["config"])
    return StoredRun(run_id, version.version, config, bundle, folder, stored_out_of_fold(version))


def reproduce(stored: StoredRun, progress: Progress = lambda steps: None) -> Reproduction:
    """Train again as a run was, from the tables of today, and compare all predictions; nothing is registered.

    Out-of-fold predictions are compared with those the run keeps. The predictions for the shipped example designs are
    made here by both models: another version of a package that predicts otherwise shows in the fit, not there. The
    files of both models are compared byte by byte, but for what names the code and packages.

    Parameters
    ----------
    stored : StoredRun
        Run as `stored_run` read it.
    progress : callable
        Called with the number of fits just done, `training.train.steps(stored.config)` in all.

    Raises
    ------
    InputError
        A data folder of the run is gone, or cannot be used.
    """
    literature = load_data(stored.config)
    bundle, table = _again(literature, stored.config, retuning(stored), progress)
    old, new = (Predictor(model).predict(example_designs(), precedents=0).table for model in (stored.bundle, bundle))
    differences = [*_out_of_fold(stored.judged, table), *_examples(old, new), *_files(stored.folder, bundle)]
    numbers = new.drop(columns=[name for name in TEXT_COLUMNS if name in new])
    compared = int(table[_repeats(table)].size + numbers.size)
    changed = circumstances(stored.bundle.facts, literature)
    return Reproduction(stored.run_id, stored.version, tuple(changed), tuple(differences), compared)


def circumstances(facts: Mapping[str, Any], literature: Literature) -> list[str]:
    """Return what is not as it was when a model was trained, one line each: packages, Python, code, data files.

    Not seen: changes of the code that were never committed, and packages the model does not name.

    Parameters
    ----------
    facts : mapping of str to Any
        Facts of a saved model.
    literature : Literature
        All tables.
    """
    here = {name: _installed(name) for name in facts["packages"]}
    changes = [
        f"{name}: then {then}, now {here[name]}" for name, then in facts["packages"].items() if then != here[name]
    ]
    for name, then, now in (
        ("Python", facts["python"], platform.python_version()),
        ("code", facts["code_version"], code_version()),
    ):
        if then != now:
            changes.append(f"{name}: then {then}, now {now}")
    files: tuple[Mapping[str, str], ...] = (facts["data_hashes"], literature.hashes)
    for name in dict.fromkeys([*files[0], *files[1]]):
        if files[0].get(name) != files[1].get(name):
            ends = [f"SHA-256 {hashes[name][:12]}…" if name in hashes else "not there" for hashes in files]
            changes.append(f"data {name}: then {ends[0]}, now {ends[1]}")
    return changes


def _installed(name: str) -> str:
    try:
        return version_of(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def retuning(stored: StoredRun) -> Tuning:
    """The recipes that the run's tuning found, to be used again without a search; none where it was not tuned.

    Parameters
    ----------
    stored : StoredRun
        Record of the training.
    """
    return Tuning.again(stored.bundle.facts.get("tuned", {}))


def _again(
    literature: Literature, config: TrainConfig, tuning: Tuning, progress: Progress
) -> tuple[Bundle, pd.DataFrame]:
    folds, scores = measure(literature, config, progress, tuning)
    return fit_bundle(literature, config, folds, scores, tuning), out_of_fold_table(folds, config.level)


def _repeats(table: pd.DataFrame) -> list[str]:
    return [name for name in table.columns if name.startswith(PREDICTED)]


def _out_of_fold(old: pd.DataFrame, new: pd.DataFrame) -> list[str]:
    """Targets whose out-of-fold predictions differ: rows that came and went, and how far the others moved."""
    if _repeats(old) != _repeats(new):
        return [f"out of fold: {len(_repeats(old))} repeats then, {len(_repeats(new))} now"]
    lines = []
    for column in TARGETS:
        tables = [table[table["target"] == column].set_index("row")[_repeats(table)] for table in (old, new)]
        gone, come = (a.index.difference(b.index) for a, b in (tables, tables[::-1]))
        where = f"{TARGETS[column].label}, out of fold"
        for state, rows in (("no longer predicted", gone), ("not predicted then", come)):
            if len(rows):
                lines.append(f"{where}: {len(rows)} rows {state}, first {rows[0]}")
        common = tables[0].index.intersection(tables[1].index)
        before, after = (table.loc[common].to_numpy(dtype=float) for table in tables)
        lines += _moved(where, [str(row) for row in common], before, after, TARGETS[column].error_unit)
    return lines


def _examples(old: pd.DataFrame, new: pd.DataFrame) -> list[str]:
    """Columns of the examples' predictions that differ."""
    lines = []
    names = [str(name) for name in new.index]
    for column in new.columns:
        if column not in TEXT_COLUMNS:
            before, after = (table[column].to_numpy(dtype=float)[:, None] for table in (old, new))
            lines += _moved(f"{column} of the example designs", names, before, after)
        elif changed := [name for name, a, b in zip(names, old[column], new[column], strict=True) if a != b]:
            lines.append(f"notices of the example designs: {len(changed)} differ, first {changed[0]}")
    return lines


def _moved(where: str, names: list[str], before: np.ndarray, after: np.ndarray, unit: str = "") -> list[str]:
    """One line where numbers differ in any bit, NaN being the same as NaN; shape (n_rows, n_repeats)."""
    differ = ~((before == after) | (np.isnan(before) & np.isnan(after)))
    if not differ.any():
        return []
    rows = np.flatnonzero(differ.any(axis=1))
    size = np.where(differ, np.nan_to_num(np.abs(after - before), nan=np.inf), 0.0).max(axis=1)
    worst = int(np.argmax(size))
    most = f"most {size[worst]:.3g}{' ' + unit if unit else ''} ({names[worst]})"
    return [f"{where}: {len(rows)} of {len(names)} differ, {most}"]


def _files(old: Path, new: Bundle) -> list[str]:
    """Files of the model that differ; all of it is there but the facts, which name code and packages."""
    with tempfile.TemporaryDirectory() as folder:
        folders = (old, save_bundle(new, Path(folder) / "bundle"))
        contents = [
            {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
            for root in folders
        ]
    names = sorted({*contents[0], *contents[1]} - {"bundle.json", "manifest.json"})
    changed = [name for name in names if contents[0].get(name) != contents[1].get(name)]
    return [f"files of the model: {len(changed)} of {len(names)} differ, first {changed[0]}"] if changed else []
