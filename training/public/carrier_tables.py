"""The collected cycling tables, made of the carriers' own files: the same rows to the last digit."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TJU_SETS = {
    "Dataset_1_NCA_battery": "TJU_NCA",
    "Dataset_2_NCM_battery": "TJU_NCM",
    "Dataset_3_NCM_NCA_battery": "TJU_MIX",
}
ABOUT: dict[str, tuple[object, ...]] = {
    "XJTU": ("NMC532", "graphite", 0.0, None, 2.0),
    "TJU_NCA": ("NCA", "graphite+~2wt%Si", 1.0, None, 3.5),
    "TJU_NCM": ("NCM", "graphite+~2wt%Si", 1.0, None, 3.5),
    "TJU_MIX": ("NCM+NCA", "graphite", 0.0, None, 2.5),
    "HUST": ("LFP", "graphite", 0.0, 30.0, 1.1),
    "SUNWODA": ("NCM811", "graphite+13wt%SiO", 1.0, None, 1.1),
    "HKUST_brands": ("?", "?", None, None, None),
    "MATR_b1": ("LFP", "graphite", 0.0, 30.0, 1.1),
    "GESLIN": ("NCA", "graphite+SiOx", 1.0, None, None),
    "CUI_FORMATION": ("NMC532", "graphite", 0.0, None, None),
    "MATR_b2": ("LFP", "graphite", 0.0, 30.0, 1.1),
}
"""Cathode, anode, silicon, temperature in °C and nominal Ah of each set, as its authors state them."""
NOTES = {
    "GESLIN": "check-ups only; x = cycles or EFC; capacity relative to first check-up",
    "CUI_FORMATION": "RPT points only; aging-cycle capacity next to the RPT",
}
BY_NUMBER = ("SUNWODA", "MATR_b1")
"""Sets whose cells stand in the order of their numbers; the others in that of their names."""
B2_SCALE, B2_LONGEST = 1.1, 2159.0
"""Ah and cycles that the carrier of MATR_b2 divided its records by."""
SPLITS = ("train", "test1", "test2")
TEN, LATER = 10, (20, 30, 50, 100)
FIRST_COLUMN = 2
"""Cycle of the first column of Severson's curves."""


def write_tables(raw: Path, folder: Path) -> None:
    """Write the tables that the carriers' files give.

    Eight cells of the collected tables, CALCE's and NASA's, are left out: their carrier has them as Python objects,
    which are not read.

    Parameters
    ----------
    raw : Path
        With a folder per carrier.
    folder : Path
        Written into.
    """
    points = {
        "pinn4soh.csv.gz": _pinn4soh(raw / "pinn4soh"),
        "sunwoda_sio.csv.gz": _sunwoda(raw / "sunwoda"),
        "small_sets.csv.gz": _hkust(raw / "hkust"),
        "matr.csv.gz": pd.concat([_matr_b1(raw / "matr_b1"), _matr_b2(raw / "matr_b2")]),
        "geslin_siox_checkups.csv.gz": _geslin(raw / "geslin"),
        "cui_formation_checkups.csv.gz": _cui(raw / "cui"),
    }
    for name, table in points.items():
        _write(table, folder / name)
    _write(_cells(pd.concat(points.values()), raw / "matr_b2"), folder / "cells.csv")
    _write(pd.read_csv(raw / "geslin/data/soh90.csv"), folder / "geslin_soh90.csv")
    features = pd.read_csv(raw / "geslin/data/protocol_features.csv")
    _write(features.round(6), folder / "geslin_protocol_features.csv")
    _severson(raw / "severson/data", folder)


def _write(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, lineterminator="\n")


def _points(data_set: str, cell: Any, cycle: Any, capacity: Any, charge: Any = None) -> pd.DataFrame:
    columns = {"dataset": data_set, "cell": cell, "cycle": cycle, "capacity_Ah": np.round(capacity, 5)}
    if charge is not None:
        columns["charge_Ah"] = np.round(charge, 5)
    return pd.DataFrame(columns)


def _sunwoda(folder: Path) -> pd.DataFrame:
    """Sheets of one capacity per cycle, padded with empty rows."""
    sheets = pd.read_excel(folder / "Labels.xlsx", sheet_name=None)
    parts = []
    for cell in sorted(sheets):
        capacity = pd.to_numeric(sheets[cell].iloc[:, 0]).dropna()
        parts.append(_points("SUNWODA", cell, capacity.index + 1, capacity))
    return pd.concat(parts)


def _pinn4soh(folder: Path) -> pd.DataFrame:
    """Files of one capacity per row, without the number of the cycle."""
    named = []
    for path in (folder / "data").rglob("*.csv"):
        data_set_folder = path.parent.name
        named.append((TJU_SETS.get(data_set_folder, data_set_folder.removesuffix(" data")), path.stem, path))
    parts = []
    for data_set, cell, path in sorted(named):
        capacity = pd.read_csv(path, usecols=["capacity"])["capacity"]
        parts.append(_points(data_set, cell, np.arange(1, len(capacity) + 1), capacity))
    return pd.concat(parts)


def _hkust(folder: Path) -> pd.DataFrame:
    parts = []
    for path in sorted(folder.glob("*/*_DataSet.csv")):
        table, name = pd.read_csv(path), path.stem.split("_")[0]
        cycle, capacity, charge = (
            table[f"{name}_{column}"] for column in ("Cycle_Num", "CC_Dischg_CapaCity(Ah)", "CCCV_Chg_CapaCity(Ah)")
        )
        parts.append(_points("HKUST_brands", path.parent.name, cycle.astype(int), capacity, charge))
    return pd.concat(parts)


def _matr_b1(folder: Path) -> pd.DataFrame:
    """Rows without a capacity (the first of each cell) are left out."""
    table = pd.read_csv(folder / "data/battery_data_summary.csv").sort_values(["cell_id", "cycle"], kind="stable")
    points = _points("MATR_b1", table["cell_id"], table["cycle"].astype(int), table["QDischarge"], table["QCharge"])
    return points[points["capacity_Ah"] > 0]


def _matr_b2(folder: Path) -> pd.DataFrame:
    """Records scaled by the carrier, scaled back."""
    parts = []
    for path in _b2_files(folder):
        records = list(read_records(path.read_bytes()))
        cycle, capacity = (
            np.array([record[name][0] for record in records], dtype=float) for name in ("Current_cycle", "QD")
        )
        parts.append(_points("MATR_b2", path.stem, np.round(cycle * B2_LONGEST).astype(int), capacity * B2_SCALE))
    return pd.concat(parts)


def _b2_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.tfrecord"), key=lambda path: path.stem)


def read_records(content: bytes) -> Iterator[dict[str, np.ndarray]]:
    """Read the records of a TFRecord file whose features are lists of numbers; its checksums are not checked.

    Parameters
    ----------
    content : bytes
        Of the file.

    Yields
    ------
    dict of str to array
        Features of a record.
    """
    position = 0
    while position < len(content):
        (size,) = struct.unpack_from("<Q", content, position)
        record = content[position + 12 : position + 12 + size]
        position += 16 + size
        values_by_name = {}
        for features in _fields(record).values():
            for _, entry in _numbered(features):
                name, value = (part for _, part in sorted(_fields(entry).items()))
                numbers = _fields(value).get(2)
                if numbers is not None:
                    values_by_name[name.decode()] = np.frombuffer(_fields(numbers)[1], "<f4")
        yield values_by_name


def _fields(message: bytes) -> dict[int, bytes]:
    return dict(_numbered(message))


def _numbered(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of the fields of a protocol buffer message that holds nothing but messages and text."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        size, position = _varint(message, position)
        if key & 7 != 2:
            raise ValueError(f"field of wire type {key & 7} where a message or text was expected")
        yield key >> 3, message[position : position + size]
        position += size


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while message[position] >= 128:
        value |= (message[position] & 127) << shift
        shift, position = shift + 7, position + 1
    return value | message[position] << shift, position + 1


def _geslin(folder: Path) -> pd.DataFrame:
    """Check-ups over equivalent full cycles, which are rounded to three digits, then to two."""
    from scipy.io import loadmat

    parts = []
    for cell, values in loadmat(folder / "data/all_cells_SOH.mat").items():
        if cell.startswith("Cell_"):
            cycle, capacity = values
            rounded = [round(value, 2) for value in np.round(cycle, 3).tolist()]
            parts.append(_points("GESLIN", cell, rounded, capacity))
    return pd.concat(parts)


def _cui(folder: Path) -> pd.DataFrame:
    """Capacity of the ageing cycle beside each check-up."""
    table = pd.read_csv(folder / "data/rpt_summary_041524.csv").sort_values(["seq_num", "cycle_index"], kind="stable")
    cell = "seq" + table["seq_num"].astype(str)
    return _points("CUI_FORMATION", cell, table["cycle_index"], table["regu_cap"]).dropna(subset="capacity_Ah")


def _cells(points: pd.DataFrame, b2_folder: Path) -> pd.DataFrame:
    """One row per cell: its chemistry, and the group it is split by."""
    counts = {name: rows.groupby("cell", sort=False).size() for name, rows in points.groupby("dataset")}
    published = {path.stem: _published_life(path) for path in _b2_files(b2_folder)}
    rows = []
    for data_set in ABOUT:
        of_set = counts[data_set]
        names = sorted(of_set.index, key=_first_number) if data_set in BY_NUMBER else of_set.index
        for cell, count in of_set[names].items():
            cathode, anode, silicon, temperature, nominal = ABOUT[data_set]
            group, named_celsius = group_of(data_set, str(cell))
            note = f"published life {published[str(cell)]}" if data_set == "MATR_b2" else NOTES.get(data_set)
            celsius = named_celsius if named_celsius is not None else temperature
            rows.append((data_set, cell, group, cathode, anode, silicon, celsius, nominal, count, note))
    heads = (
        "dataset", "cell", "group", "cathode", "anode", "silicon", "temperature_C", "nominal_Ah", "n_cycles", "note"
    )  # fmt: skip
    return pd.DataFrame(rows, columns=heads)


def _first_number(name: str) -> int:
    return int(re.findall(r"\d+", name)[0])


def _published_life(path: Path) -> int:
    """Cycles that remain after the first record, with it."""
    record = next(read_records(path.read_bytes()))
    return round(float(record["Remaining_cycles"][0] + record["Current_cycle"][0]) * B2_LONGEST)


def group_of(data_set: str, cell: str) -> tuple[str, float | None]:
    """Return the protocol or batch of a cell, and the temperature in °C where its name states it.

    Parameters
    ----------
    data_set, cell : str
        Names.

    Examples
    --------
    >>> group_of("TJU_NCA", "CY45-05_1-#12"), group_of("SUNWODA", "B10T35"), group_of("XJTU", "R2.5_battery-1")
    (('TJU_NCA_CY45-05_1', 45.0), ('SUNWODA_35', 35.0), ('XJTU_R2.5', None))
    """
    if data_set.startswith("TJU"):
        return f"{data_set}_{cell.split('-#')[0]}", float(cell[2:4])
    if data_set == "SUNWODA":
        return f"SUNWODA_{cell[-2:]}", float(cell[-2:])
    if data_set in ("XJTU", "HUST", "HKUST_brands"):
        return f"{data_set.split('_')[0]}_{cell.split('_')[0]}", None
    fixed = {"MATR_b1": "MATR_2017-05-12", "MATR_b2": "MATR_2017-06-30", "CUI_FORMATION": "CUI"}
    return fixed.get(data_set, data_set), None


def _severson(folder: Path, out: Path) -> None:
    """Lives, capacity of the first cycles and change of the discharge curve, from curves over 1,000 voltages."""
    lives, points = [], []
    changes: dict[str, Any] = {}
    ends: dict[str, Any] = {}
    for split in SPLITS:
        life = pd.read_csv(folder / f"cycle_lives/{split}_cycle_lives.csv", header=None)[0].astype(int)
        curves = [
            pd.read_csv(folder / split / f"cell{cell}.csv", header=None).to_numpy() for cell in range(1, len(life) + 1)
        ]
        for cell, curve in enumerate(curves, 1):
            change = {cycle: curve[:, cycle - FIRST_COLUMN] - curve[:, TEN - FIRST_COLUMN] for cycle in LATER}
            row: dict[str, object] = {"split": split, "cell": cell, "cycle_life": life[cell - 1]}
            row |= {f"logvar_dQ_{cycle}_10": round(float(np.log10(np.var(d))), 4) for cycle, d in change.items()}
            row |= {f"min_dQ_{cycle}_10": round(float(np.min(d)), 5) for cycle, d in change.items()}
            lives.append(row)
            cycles = np.arange(FIRST_COLUMN, FIRST_COLUMN + curve.shape[1])
            points.append(
                pd.DataFrame({"split": split, "cell": cell, "cycle": cycles, "capacity_Ah": np.round(curve[-1], 5)})
            )
        change_100 = np.array([curve[:, 100 - FIRST_COLUMN] - curve[:, TEN - FIRST_COLUMN] for curve in curves])
        changes[split], ends[f"{split}_life"] = change_100[:, ::10].astype(np.float32), life.to_numpy(dtype=float)
    _write(pd.DataFrame(lives), out / "matr_lives_and_dqv.csv")
    _write(pd.concat(points), out / "matr_first100_capacity.csv.gz")
    np.savez_compressed(out / "matr_dq100_10_curves.npz", **changes, **ends)
