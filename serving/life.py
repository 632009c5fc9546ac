"""A table of first cycles in, lives and curves out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from features.csv_injection import harmless_frame
from features.cycling.curves import Floats
from features.cycling.cycle_tables import CyclingTable, read_cycling, read_portions
from features.cycling.cycler_files import read_frame
from features.cycling.discharge import discharge_change, discharge_features
from features.tables.mistakes import InputError, Mistake
from models.life.model import LifeModel, load_life_model
from models.life.own_cells import OwnCells, calibrate_own
from models.life.prediction import Cells, LifeAnswer, LifeOptions, answer_life, thresholds_of
from reporting.atomic_files import atomic_file, write_csv

DesignLife = Callable[[pd.DataFrame], pd.DataFrame]
"""Lives predicted from the designs alone: the cells' columns in, `log10_life` and `log10_life_sd` out."""


SHOWN = 20
"""Cells whose answers are printed."""


@dataclass
class LifeResult:
    """Record of what was written.

    Attributes
    ----------
    cells : number of cells predicted
    first : answers of the first of them
    notices : everything that is said of any cell
    mistakes : of the cells that could not be predicted
    rejected : file with these cells and why; None where all could
    curves : file of the curves
    """

    curves: Path
    cells: int = 0
    first: pd.DataFrame = field(default_factory=pd.DataFrame)
    notices: set[str] = field(default_factory=set)
    mistakes: list[Mistake] = field(default_factory=list)
    rejected: Path | None = None

    def take(self, lives: pd.DataFrame) -> None:
        """Count a portion of answers.

        Parameters
        ----------
        lives : DataFrame
            Of a `LifeAnswer`.
        """
        if not self.cells:
            self.first = lives.head(SHOWN)
        self.cells += len(lives)
        self.notices |= {text for texts in lives["notice"].unique() for text in texts.split("; ") if text}


def answer_table(
    table: CyclingTable,
    model: LifeModel,
    options: LifeOptions,
    own: OwnCells | None = None,
    design_life: DesignLife | None = None,
    change: Mapping[str, Floats] | None = None,
) -> LifeAnswer:
    """Predict the lives of a table's cells.

    Parameters
    ----------
    table : CyclingTable
        Cells with their first cycles.
    model : LifeModel
        That predicts them.
    options : LifeOptions
        Threshold, level, and cycles to outlive.
    own : OwnCells, optional
        What finished cells of the same laboratory say of the model.
    design_life : callable, optional
        Predicts lives of designs.
    change : mapping of str to array, optional
        Change of the discharge curve by cell, as `discharge_change` returns it.

    Raises
    ------
    ValueError
        A threshold out of range, or discharge curves beside capacities that are not in Ah.
    """
    design = None if design_life is None else design_life(table.about)
    if change and table.unit != "Ah":
        raise InputError(f"discharge curves are in Ah, the cycles in {table.unit}; expected capacity_ah")
    discharge = discharge_features(table.curves, change) if change else None
    return answer_life(Cells(table.curves, table.about, table.notices, design, discharge), model, options, own)


def predict_lives(
    table: CyclingTable,
    model: LifeModel,
    options: LifeOptions,
    finished: CyclingTable | None,
    voltage: pd.DataFrame | None,
    name: str,
) -> LifeAnswer:
    """Predict the lives of a whole table, from all that is known of its cells.

    Parameters
    ----------
    table, model, options
        As for `answer_table`.
    finished : CyclingTable or None
        Cells of the same laboratory that were cycled to the end.
    voltage : DataFrame or None
        Discharge curves of cycles 10 and 100.
    name : str
        Of the discharge curves, for messages.

    Raises
    ------
    ValueError
        As `own_cells`, `refuse_unknown_cells` and `answer_table`.
    """
    own = None if finished is None else own_cells(table, model, options, finished)
    change = None if voltage is None else discharge_change(voltage, name)
    refuse_unknown_cells(change, {*table.curves.names, *table.rejected}, name)
    return answer_table(table, model, options, own, change=change)


def refuse_unknown_cells(change: Mapping[str, Floats] | None, cells: Iterable[str], name: str) -> None:
    """Refuse discharge curves of cells that the cycles lack: a name that is written in two ways would go unseen.

    Parameters
    ----------
    change : mapping of str to array, optional
        As `discharge_change` returns it.
    cells : iterable of str
        All cells of the table of cycles, rejected ones among them.
    name : str
        Of the file of curves.

    Raises
    ------
    InputError
        All such cells at once.
    """
    if strangers := sorted(set(change or ()) - set(cells)):
        mistakes = [Mistake(1, "cell", cell, "a cell of the table of cycles", name) for cell in strangers]
        raise InputError(f"{name}: discharge curves of cells that are not asked", mistakes)


def own_cells(table: CyclingTable, model: LifeModel, options: LifeOptions, finished: CyclingTable) -> OwnCells:
    """Return what finished cells say of the model, cut at the median of the cycles given.

    Parameters
    ----------
    table : CyclingTable
        Cells to predict; of a large table its first portion.
    model : LifeModel
        That predicts them.
    options : LifeOptions
        Threshold, level, and cycles to outlive.
    finished : CyclingTable
        Cells of the same laboratory that were cycled to the end.

    Raises
    ------
    ValueError
        A threshold out of range, or finished cells that teach nothing.
    """
    thresholds = thresholds_of(finished.about, options)
    return calibrate_own(finished.curves, thresholds, float(np.median(table.curves.last)), model)


def life_of_folder(folder: str | Path, calibrate: str | None) -> tuple[LifeModel, str | Path | None, str]:
    """Return the life model of a data folder, the finished cells to calibrate with, and a sentence on both.

    Parameters
    ----------
    folder : path
        With a table of cycles, and the model learnt with it where there is one.
    calibrate : str, optional
        Further finished cells; they go before the folder's own.

    Raises
    ------
    InputError
        The folder has neither.
    ValueError
        The model is of another version.
    """
    home, table = Path(folder) / "life", Path(folder) / "cycles.csv"
    if (home / "life.json").is_file():
        model = load_life_model(home)
        is_same = table.is_file() and hashlib.sha256(table.read_bytes()).hexdigest() == model.about.get("own_table")
        text = f"life model of {home}, learnt with {model.about.get('own_cells')} cells of yours"
        return model, calibrate, text if is_same else f"{text}; {table} has changed since: silion train --data {folder}"
    if not table.is_file():
        raise InputError(f"{folder}: no cells there; run: silion data add CELLS.csv --into {folder} --write")
    return load_life_model(), calibrate or table, f"the shipped life model, moved by the finished cells of {table}"


def life_file(
    path: str | Path,
    out: str | Path,
    model: LifeModel,
    options: LifeOptions,
    calibrate: str | Path | None = None,
    design_life: DesignLife | None = None,
    voltage: str | Path | None = None,
    raw: bool = False,
) -> LifeResult:
    """Predict the lives of a table's cells; write `OUT`, `OUT.curves.csv` and, for refused cells, `OUT.rejected.csv`.

    Parameters
    ----------
    path : path
        Table of `cell`, `cycle` and capacity.
    out : path
        CSV to write.
    model : LifeModel
        That predicts them.
    options : LifeOptions
        Threshold, level, and cycles to outlive.
    calibrate : path, optional
        Table of finished cells of the same laboratory.
    design_life : callable, optional
        Predicts lives of designs.
    voltage : path, optional
        Table of the discharge curves of cycles 10 and 100 of LFP cells.
    raw : bool
        Keep texts that a spreadsheet would run as formulas.

    Raises
    ------
    ValueError, OSError
        Nothing can be predicted; nothing was written then.
    """
    out = Path(out)
    finished = read_cycling(Path(calibrate)) if calibrate else None
    result = LifeResult(out.with_name(f"{out.name}.curves.csv"))
    rejected_file = out.with_name(f"{out.name}.rejected.csv")
    change = discharge_change(read_frame(Path(voltage)), Path(voltage).name) if voltage else None
    rejected, names = list[str](), set[str]()
    own: OwnCells | None = None
    with atomic_file(out) as lives_aside, atomic_file(result.curves) as curves_aside:
        for table in read_portions(Path(path)):
            result.mistakes += table.mistakes
            rejected += table.rejected
            names |= {*table.curves.names, *table.rejected}
            if not table.curves.names:
                continue
            if finished is not None and own is None:
                own = own_cells(table, model, options, finished)
            answer = answer_table(table, model, options, own, design_life, change)
            for part, aside in ((answer.lives, lives_aside), (answer.curves, curves_aside)):
                frame = part if raw else harmless_frame(part)
                frame.to_csv(aside, mode="a", header=not result.cells, index=False, float_format="%.6g")
            result.take(answer.lives)
        refuse_unknown_cells(change, names, Path(voltage or "").name)
    if rejected:
        frame = pd.DataFrame({"cell": rejected, "reason": [str(mistake) for mistake in result.mistakes]})
        result.rejected = write_csv(frame, rejected_file, raw)
    else:
        rejected_file.unlink(missing_ok=True)
    result.mistakes += finished.mistakes if finished else []
    return result


def text_lives(lives: pd.DataFrame, cells: int | None = None) -> str:
    """Return the first answers as lines to print.

    Parameters
    ----------
    lives : DataFrame
        Of a `LifeAnswer`.
    cells : int, optional
        Number of all cells; that of the answers where not given.
    """
    chances = [str(column) for column in lives.columns if str(column).startswith("outlives_")]
    first = lives.head(SHOWN)
    lines = []
    width = max(len(str(name)) for name in first["cell"])
    for row in first.to_dict("records"):
        point = "  a range" if np.isnan(row["cycle_life"]) else f"{row['cycle_life']:9.0f}"
        life = (
            f"{point} [{row['cycle_life_low']:.0f}, {row['cycle_life_high']:.0f}] cycles to {row['threshold_pct']:g} %"
        )
        chance = "".join(f", {100 * row[name]:.0f} % outlive {name.removeprefix('outlives_')}" for name in chances)
        lines.append(f"{row['cell']:<{width}}  {life}{chance}; rests on {row['rests_on']}")
    if (more := (cells or len(lives)) - len(first)) > 0:
        lines.append(f"... and {more} more cells")
    return "\n".join(lines)
