"""SHAP values of a part, and what they are worth in the units of a target: factors, or points.

Trees predict on the model's scale (log10 S/cm, percent, log10 cycles). A chemist reads the answer that is printed,
which is bounded and, for the retention, bent by the fade law. It is split by the Aumann-Shapley value along the
straight way from the base to the prediction: as the answer depends on the sum of the SHAP values alone, that value is
each SHAP value times one slope, the rise of the answer over the rise of the sum, and adds up to the answer exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from features.csv_injection import harmless
from features.feature import Feature
from models.bundle import Bundle
from models.candidates import has_anode
from models.tasks.part import Part
from models.tasks.registry import TARGETS, TASKS, task_of

SAME = 1e-9
"""Way from the base to the prediction, on the model's scale, that counts as none: there the slope is the derivative."""


@dataclass
class Reasons:
    """SHAP values of one part for a table of designs.

    Attributes
    ----------
    features : list of Feature
        Of the part, in order.
    values : array, shape (n_designs, n_features)
        SHAP values on the part's scale (log10 S/cm, %, log10 cycles); with `base` they sum to the prediction.
    base : float
        Mean prediction over what the trees learned from, when nothing is known of the design.
    vectors : array, shape (n_designs, n_features)
        The features' own values, NaN where unknown.
    """

    features: list[Feature]
    values: np.ndarray
    base: float
    vectors: np.ndarray


@dataclass
class Shares:
    """Shares of each feature in the printed answer of one target.

    Attributes
    ----------
    start : array, shape (n_designs,)
        Answer at the base, on the target's scale: log10 S/cm, log10 cycles, or %.
    pieces : array, shape (n_designs, n_features)
        Share of each feature on that scale; with `start` they sum to `end`.
    end : array, shape (n_designs,)
        The answer.
    """

    start: np.ndarray
    pieces: np.ndarray
    end: np.ndarray


def reasons(part: Part, designs: pd.DataFrame) -> Reasons:
    """Return the SHAP values of a part for designs.

    Parameters
    ----------
    part : Part
    designs : DataFrame, shape (n_designs, n_columns)
        As `Bundle.designs_for` gives them.
    """
    return reasons_of(part, part.featurizer.transform(designs))


def reasons_of(part: Part, vectors: pd.DataFrame) -> Reasons:
    """Return the SHAP values of a part for ready vectors.

    Parameters
    ----------
    part : Part
    vectors : DataFrame, shape (n_designs, n_features)
        Features of the part, NaN where unknown.
    """
    values, base = part.ensemble.contributions(vectors)
    return Reasons(part.featurizer.features_, values, base, vectors.to_numpy(dtype=float))


def training_vectors(part: Part) -> pd.DataFrame:
    """Return the vectors of the designs a part was trained on.

    Parameters
    ----------
    part : Part

    Returns
    -------
    DataFrame, shape (n_rows, n_features)
        Without rows where the part does not carry its training designs.
    """
    rows = part.domain.vectors if part.domain else np.empty((0, len(part.featurizer.features_)))
    return pd.DataFrame(rows, columns=part.featurizer.get_feature_names_out())


def answer(column: str, part: Part, scaled: np.ndarray, cycle: np.ndarray | float) -> np.ndarray:
    """Turn predictions from the model's scale to the target's, kept inside the target's limits.

    Parameters
    ----------
    column : str
        Target.
    part : Part
        Part that predicts it.
    scaled : array, any shape
        Predictions of the part: log10 S/cm, %, or log10 cycles to 80 %.
    cycle : array or float
        Cycle at which retention is predicted; read for no other target.

    Returns
    -------
    array, shape of `scaled`
        log10 S/cm, log10 cycles, or %.
    """
    return task_of(column).answer(TARGETS[column], scaled, np.asarray(cycle) - 1.0, part.settings)


def shares(column: str, part: Part, shap: Reasons, cycle: np.ndarray) -> Shares:
    """Return the Aumann-Shapley value of each feature for the printed answer.

    Parameters
    ----------
    column : str
        Target.
    part : Part
        Part that predicts it.
    shap : Reasons
        SHAP values of the part.
    cycle : array, shape (n_designs,)
        Cycle at which retention is predicted; read for no other target.
    """
    way = shap.values.sum(axis=1)
    base = np.full(len(way), shap.base)
    start, end = answer(column, part, base, cycle), answer(column, part, base + way, cycle)
    step = np.sqrt(SAME)
    derivative = (answer(column, part, base + step, cycle) - answer(column, part, base - step, cycle)) / (2 * step)
    is_flat = np.abs(way) < SAME
    slope = np.where(is_flat, derivative, (end - start) / np.where(is_flat, 1.0, way))
    return Shares(start, shap.values * slope[:, None], end)


CHUNK = 20_000
"""Designs explained at once."""
DESIGN, BASE, SUM = "design", "shap_base", "shap_sum"


def write_contributions(
    bundle: Bundle,
    parts: Sequence[str],
    chunks: Iterable[tuple[Sequence[str], pd.DataFrame]],
    folder: Path,
    progress: Callable[[int], None] = lambda designs: None,
    raw: bool = False,
) -> list[Path]:
    """Write one CSV per part: a row per design with the base, the SHAP value of each feature, and their sum.

    The sum is the prediction on the part's scale (log10 S/cm, percent, log10 cycles to 80 %). A design that describes
    no anode has no row in the tables of the cells.

    Parameters
    ----------
    bundle : Bundle
    parts : sequence of str
        Names of `PARTS`.
    chunks : iterable of (names, designs)
        Some designs at a time, columns of `Candidate`, and what to call each.
    folder : Path
        Written into, made where it is missing.
    progress : callable
        Called with the number of designs just done.
    raw : bool
        Keep texts that a spreadsheet would run as formulas.

    Returns
    -------
    list of Path
        `designs_<part>.csv`, aside until all chunks are written, then renamed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = {part: [feature.name for feature in bundle.parts[part].featurizer.features_] for part in parts}
    paths = {part: folder / f"designs_{part}.csv" for part in parts}
    aside = {part: path.with_name(f".{path.name}.part") for part, path in paths.items()}
    schemas = {
        part: pa.schema([(DESIGN, pa.string()), *((name, pa.float32()) for name in (BASE, *names[part], SUM))])
        for part in parts
    }
    writers = {part: pyarrow.csv.CSVWriter(aside[part], schemas[part]) for part in parts}
    try:
        for titles, designs in chunks:
            labels = np.array(titles if raw else [harmless(name) for name in titles], dtype=object)
            for part in parts:
                _write(bundle, part, labels, designs, writers[part], schemas[part])
            progress(len(designs))
    except BaseException:
        for part in parts:
            writers[part].close()
            aside[part].unlink(missing_ok=True)
        raise
    for part in parts:
        writers[part].close()
        aside[part].rename(paths[part])
    return list(paths.values())


def in_chunks(names: Sequence[str], designs: pd.DataFrame) -> Iterable[tuple[Sequence[str], pd.DataFrame]]:
    """Yield a table of designs some rows at a time.

    Parameters
    ----------
    names : sequence of str, shape (n_designs,)
    designs : DataFrame, shape (n_designs, n_columns)
    """
    for start in range(0, len(designs), CHUNK):
        yield names[start : start + CHUNK], designs.iloc[start : start + CHUNK]


def _write(
    bundle: Bundle,
    part: str,
    names: np.ndarray,
    designs: pd.DataFrame,
    writer: pyarrow.csv.CSVWriter,
    schema: pa.Schema,
) -> None:
    if TASKS[part].of_cells:
        described = has_anode(designs)
        names, designs = names[described], designs[described]
    if not len(designs):
        return
    shap = reasons(bundle.parts[part], bundle.designs_for(part, designs))
    numbers = np.column_stack([np.full(len(names), shap.base), shap.values, shap.base + shap.values.sum(axis=1)])
    columns = [pa.array(names, pa.string()), *(pa.array(column, pa.float32()) for column in numbers.T.astype("f4"))]
    writer.write_batch(pa.record_batch(columns, schema=schema))
