"""SHAP values of many designs, written to tables chunk by chunk: memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from features.csv_injection import harmless
from models.bundle import Bundle
from models.candidates import has_anode
from models.explain.shap_values import reasons
from models.tasks.registry import TASKS

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
