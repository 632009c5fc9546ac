"""The user's own words for the columns of a file: a mapping file, or a mapping on the command line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from features.tables.mistakes import InputError

MAPPING_COLUMNS = ("theirs", "ours", "unit")
"""Columns of a mapping file in CSV; the unit is optional."""
MAPPING_ENDINGS = (".csv", ".json", ".yaml", ".yml")


@dataclass(frozen=True)
class Mapped:
    """A column of the user's file, mapped to one of ours.

    Attributes
    ----------
    column : str or None
        Our column; None leaves theirs out.
    unit : str
        Of its numbers; empty where none is stated.
    """

    column: str | None
    unit: str = ""


def read_mapping(path: Path | None) -> dict[str, Mapped]:
    """Read a mapping file: the user's own words for columns.

    `.json` and `.yaml`: an object whose values are our column, nothing (leave the column out), or
    ``{"ours": ..., "unit": ...}``. `.csv`: a table with the columns theirs, ours and, optionally, unit. A file
    ``{"Leitfähigkeit": {"ours": "conductivity_s_per_cm", "unit": "mS/cm"}, "operator": null}`` reads the first
    column as a conductivity in mS/cm and leaves the second out. `column` is read for `ours` too.

    Parameters
    ----------
    path : Path or None
        The file, or the mapping itself: `theirs=ours; theirs=`; None gives an empty mapping.

    Raises
    ------
    InputError
        Missing, not of this form, or a column mapped twice.
    """
    if path is None:
        return {}
    kind = path.suffix.lower()
    if "=" in str(path) and kind not in MAPPING_ENDINGS:
        pairs = [pair.partition("=") for pair in str(path).split(";")]
        return {theirs.strip(): Mapped(ours.strip() or None) for theirs, _, ours in pairs}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such mapping file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder, expected a mapping file (.json, .csv or .yaml)") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8; save it as UTF-8 text") from None
    if kind == ".csv":
        return _mapping_of_csv(text, path)
    if kind not in MAPPING_ENDINGS:
        raise InputError(f"{path}: a mapping file ends in .json, .csv or .yaml")
    form, parse = ("JSON", json.loads) if kind == ".json" else ("YAML", yaml.safe_load)
    try:
        mapping: Any = parse(text)
    except (ValueError, yaml.YAMLError) as error:
        raise InputError(f"{path}: not {form} ({str(error).splitlines()[0]})") from None
    if not isinstance(mapping, Mapping):
        raise InputError(f"{path}: expected an object 'theirs: ours', got {type(mapping).__name__}")
    return {str(theirs): _mapped_to(str(theirs), ours, path) for theirs, ours in mapping.items()}


def _mapping_of_csv(text: str, path: Path) -> dict[str, Mapped]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    header = tuple(name.strip() for name in reader.fieldnames or ())
    if header not in (MAPPING_COLUMNS, MAPPING_COLUMNS[:2]):
        raise InputError(f"{path}: expected the columns theirs, ours and (optional) unit, got {', '.join(header)}")
    mapping: dict[str, Mapped] = {}
    for row in reader:
        theirs, ours, unit = ((row.get(name) or "").strip() for name in MAPPING_COLUMNS)
        if theirs in mapping:
            raise InputError(f"{path}: the column {theirs!r} is mapped twice")
        mapping[theirs] = Mapped(ours or None, unit)
    return mapping


def _mapped_to(theirs: str, ours: Any, path: Path) -> Mapped:
    if ours is None or isinstance(ours, str):
        return Mapped(ours or None)
    if isinstance(ours, Mapping) and set(ours) in ({"ours"}, {"ours", "unit"}, {"column"}, {"column", "unit"}):
        column = ours.get("ours", ours.get("column"))
        if isinstance(column, str):
            return Mapped(column, str(ours.get("unit") or ""))
    expected = "our column, null to leave it out, or an object with 'ours' and 'unit'"
    raise InputError(f"{path}, column {theirs!r}: got {ours!r}, expected {expected}")
