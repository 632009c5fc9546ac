"""A user's own cells: their cycles are kept in a table of the data folder, and a life model is learnt with them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from features.cycling.columns import CELL, CYCLE, find_columns, folded, summed_by_cycle
from features.cycling.curves import Curves
from features.cycling.cycle_tables import cycling_of
from features.cycling.cycler_files import read_frame
from features.tables.disk import whole
from features.tables.mistakes import InputError, Mistake
from models.life.classes import BLEND, class_of
from training.data.load import CYCLES
from training.intake.folder import locked
from training.life.landmarks import life_examples
from training.life.sets import CyclingSets, read_sets
from training.public.cycling import CYCLING, pulled_cycling

if TYPE_CHECKING:
    from models.life.model import LifeModel

OWN = "own cells"
LIFE = "life"
"""Folder of the life model learnt with the user's cells, in the data folder."""
NOT_OF_CYCLES = {"source_id", "doi", "point_id"}
"""Columns of points of life in papers, which are another table."""
CONDITIONS = ("protocol", "c_rate", "temperature_c", "charge_rate", "voltage_window")
"""Columns whose values make two cells of a user different protocols."""


@dataclass(frozen=True)
class AddedCells:
    """Effect of adding cells, done or only looked at.

    Attributes
    ----------
    new : cells that were not there
    grown : cells whose record goes on
    same : cells that are there as they are
    conflicts : cells that are there with other cycles
    mistakes : of cells that cannot be read
    path : table of the data folder
    """

    new: list[str]
    grown: list[str]
    same: list[str]
    conflicts: list[str]
    path: Path
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def text(self) -> str:
        """In lines to print."""
        parts = (("new", self.new), ("go on", self.grown), ("as they are", self.same), ("conflict", self.conflicts))
        lines = [f"{self.path}: " + ", ".join(f"{len(names)} {label}" for label, names in parts if names)]
        if self.conflicts:
            names = ", ".join(self.conflicts[:10])
            lines.append(f"there with other cycles: {names}; choose --replace or --keep, or give them another name")
        return "\n".join([*lines, *map(str, self.mistakes)])


def is_of_cycles(path: Path, table: str | None) -> bool:
    """Return whether a file is a table of cycles of cells, and not of points of life in papers.

    Parameters
    ----------
    path : Path
        File of the user.
    table : str, optional
        What the user says it is.
    """
    if table is not None or not path.is_file():
        return table == Path(CYCLES).stem
    try:
        columns = [folded(str(column)) for column in read_frame(path).columns]
        cycling_columns = find_columns(pd.DataFrame(columns=columns), path.name)
    except InputError:
        return False
    return "capacity" in cycling_columns.capacity[0] and not NOT_OF_CYCLES & set(columns)


def add_cells(path: Path, into: Path, write: bool, replace: bool = False, keep: bool = False) -> AddedCells:
    """Add cells to the table of cycles of a data folder, or say what would be added.

    Parameters
    ----------
    path : Path
        Table of cell, cycle and capacity, as `silion life` reads it.
    into : Path
        The user's data folder.
    write : bool
        Do it.
    replace, keep : bool
        What becomes of cells that are there with other cycles.

    Raises
    ------
    InputError
        No cell can be used, or the folder's own table cannot be read.
    """
    new, mistakes = _by_cell(path)
    home = into / CYCLES
    old = _by_cell(home)[0] if home.is_file() else {}
    added = AddedCells([], [], [], [], home, mistakes)
    for name, frame in new.items():
        _kind(old.get(name), frame, added).append(name)
    refused = bool(added.conflicts) and not (replace or keep)
    if write and not refused:
        updated = {*added.new, *added.grown, *(added.conflicts if replace else [])}
        frames = [*(frame for name, frame in old.items() if name not in updated), *(new[name] for name in updated)]
        with locked(into), whole(home) as aside:
            pd.concat(frames).fillna("").to_csv(aside, index=False)
    return added if refused else AddedCells(added.new, added.grown, added.same, [], home, mistakes)


def _kind(old: pd.DataFrame | None, new: pd.DataFrame, added: AddedCells) -> list[str]:
    """Return the list of what adding a cell does."""
    if old is None:
        return added.new
    if len(new) >= len(old) and _points(new.iloc[: len(old)]) == _points(old):
        return added.same if len(new) == len(old) else added.grown
    return added.conflicts


def _points(frame: pd.DataFrame) -> list[tuple[str, str]]:
    columns = find_columns(frame, "")
    return [tuple(row) for row in frame[[columns.cycle, columns.capacity[0]]].astype(str).to_numpy().tolist()]


def _by_cell(path: Path) -> tuple[dict[str, pd.DataFrame], list[Mistake]]:
    """Return the rows of each cell of a table that can be used, as text, and what is wrong with the others."""
    frame = read_frame(path)
    frame = frame.rename(columns={column: folded(str(column)) for column in frame.columns})
    cell = next((column for column in CELL if column in frame), None)
    frame, _ = summed_by_cycle(frame, cell or "cell")
    table = cycling_of(frame, path.name, path.stem)
    frame = frame.assign(cell=path.stem) if cell is None else frame.rename(columns={cell: "cell"})
    cycle = next(column for column in CYCLE if column in frame)
    frame = frame.rename(columns={cycle: "cycle"}).assign(cell=frame["cell"].str.strip())
    usable = frame[frame["cell"].isin(table.curves.names)].replace("", np.nan)
    return {
        str(name): rows.dropna(axis=1, how="all") for name, rows in usable.groupby("cell", sort=False)
    }, table.mistakes


def learn_with(folder: Path, seed: int) -> LifeModel:
    """Return a life model learnt from the public sets and the finished cells of a data folder; the shipped one stays.

    Parameters
    ----------
    folder : Path
        With a table of cycles.
    seed : int
        Of folds and boosting.

    Raises
    ------
    PublicDataError
        The public sets were not pulled.
    InputError
        The table cannot be used, or none of its cells is of a class that can be learnt from.
    """
    from training.life.learn import learn  # what it imports takes seconds, and adding cells needs none of it

    public = read_sets(pulled_cycling()).learnable
    own = own_sets(folder)
    curves = Curves.join(public.curves, own.curves)
    cells = pd.concat([public.cells, own.cells], ignore_index=True)
    about = {
        "cells": len(public.cells),
        "own_cells": len(own.cells),
        "own_table": hashlib.sha256((folder / CYCLES).read_bytes()).hexdigest(),
        "licence": CYCLING.licence,
        "cite": CYCLING.citation,
        "seed": seed,
    }
    return learn(life_examples(curves, cells), "data_set", None, seed, about)


def own_sets(folder: Path) -> CyclingSets:
    """Return the cells of a data folder's table of cycles; solid-state cells are left out, as no model learns of them.

    Parameters
    ----------
    folder : Path
        With a table of cycles.

    Raises
    ------
    InputError
        The table cannot be used, or holds solid-state cells alone.
    """
    path = folder / CYCLES
    table = cycling_of(read_frame(path), path.name)
    if table.mistakes:
        raise InputError(f"{path}: correct this table first", table.mistakes)
    classes = [class_of(row) for row in table.about.to_dict("records")]
    learned = np.array([kind.learned for kind in classes])
    if not learned.any():
        raise InputError(
            f"{path}: solid-state cells alone; they are told by their own trend, and no model learns of them"
        )
    columns = [column for column in CONDITIONS if column in table.about]
    protocols = table.about[columns].fillna("").agg(" ".join, axis=1) if columns else pd.Series("", table.about.index)
    cells = pd.DataFrame(
        {
            "data_set": OWN,
            "cell": table.about["cell"],
            "protocol": OWN + " " + protocols,
            "silicon": [kind is BLEND for kind in classes],
            "kept_out": False,
        }
    )
    return CyclingSets(table.curves, cells).take(learned)
