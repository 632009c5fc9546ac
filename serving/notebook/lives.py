"""Lives of cells predicted from their first cycles, in Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd

from features.cycling.cycle_tables import CyclingTable, cycling_of, read_cycling
from features.cycling.cycler_files import read_frame
from features.tables.files import as_cell
from features.tables.mistakes import InputError
from models.life.model import load_life_model
from models.life.prediction import LifeOptions
from serving.life import predict_lives, text_lives
from serving.notebook import html


@dataclass(frozen=True)
class Lives:
    """Cycle lives predicted from first cycles.

    Attributes
    ----------
    table : DataFrame, shape (n_cells, n_columns)
        `cell`, `cycle_life` with `cycle_life_low` and `cycle_life_high` in cycles, `threshold_pct`, `outlives_<n>`,
        `rests_on` and `notice`; `cycle_life` is NaN where only a range can be given.
    curves : DataFrame
        Capacity retention of each cell along its cycles, with its band.
    """

    table: pd.DataFrame
    curves: pd.DataFrame

    def __repr__(self) -> str:
        return text_lives(self.table)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: one line per cell."""
        rows = []
        for row in self.table.head(20).to_dict("records"):
            point = "a range" if pd.isna(row["cycle_life"]) else f"<b>{row['cycle_life']:.0f}</b>"
            interval = f"{point} [{row['cycle_life_low']:.0f} to {row['cycle_life_high']:.0f}]"
            texts = [str(row["cell"]), f"{row['threshold_pct']:g} %", str(row["rests_on"]), str(row["notice"])]
            cell, threshold, rests_on, notice = map(escape, texts)
            rows.append([cell, interval, threshold, rests_on, notice])
        return html.framed([html.table(["cell", "cycles", "to", "rests on", "notice"], rows)])


def life_of(
    cells: pd.DataFrame | str | Path,
    threshold: float,
    level: float,
    at_least: Sequence[int],
    calibrate: pd.DataFrame | str | Path | None,
    voltage: pd.DataFrame | str | Path | None = None,
) -> Lives:
    """Predict the lives of cells; `silion.life` says what each argument means.

    Parameters
    ----------
    cells : DataFrame, str or Path
        Cycles of cells, or a file of them.
    threshold : float
        In % of the initial capacity.
    level : float
        Of the intervals, 0 to 1.
    at_least : sequence of int
        In cycles.
    calibrate : DataFrame, str, Path or None
        Finished cells of the same laboratory.
    voltage : DataFrame, str, Path or None
        Discharge curves of LFP cells.

    Raises
    ------
    InputError
        A cell that cannot be predicted; every mistake at once.
    """
    options = LifeOptions(threshold, level, tuple(at_least))
    table = _read(cells, "cells")
    finished = None if calibrate is None else _read(calibrate, "finished cells")
    discharge = None if voltage is None else _frame(voltage)
    answer = predict_lives(table, load_life_model(), options, finished, discharge, "discharge curves")
    return Lives(answer.lives, answer.curves)


def _frame(table: pd.DataFrame | str | Path) -> pd.DataFrame:
    return table.map(as_cell) if isinstance(table, pd.DataFrame) else read_frame(Path(table))


def _read(cells: pd.DataFrame | str | Path, name: str) -> CyclingTable:
    table = cycling_of(cells.map(as_cell), name) if isinstance(cells, pd.DataFrame) else read_cycling(Path(cells))
    if table.mistakes:
        raise InputError(f"{name}: {len(table.mistakes)} mistakes", table.mistakes)
    return table
