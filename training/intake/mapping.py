"""A user's own words for columns: a small file, their column -> our column, with a unit where the header names none."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.tables.mistakes import InputError

HEADER = ("theirs", "ours", "unit")


@dataclass(frozen=True)
class Mapped:
    """Where a column goes: our column (None: it is left out) and the unit of its numbers (empty: not said)."""

    column: str | None
    unit: str = ""


def read_mapping(path: Path | None) -> dict[str, Mapped]:
    """Read a mapping file; none gives an empty mapping.

    `.json` and `.yaml`: an object whose values are our column, nothing (leave the column out), or
    ``{"column": ..., "unit": ...}``. `.csv`: a table with the columns theirs, ours and, optionally, unit.

    Raises
    ------
    InputError
        Missing, not of this form, or a column mapped twice.

    Examples
    --------
    A file ``{"Leitfähigkeit": {"column": "conductivity_s_per_cm", "unit": "mS/cm"}, "operator": null}`` reads the first
    column as a conductivity in mS/cm and leaves the second out.
    """
    if path is None:
        return {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such mapping file") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8; save it as UTF-8 text") from None
    kind = path.suffix.lower()
    if kind == ".csv":
        return _from_csv(text, path)
    if kind == ".json":
        try:
            held = json.loads(text)
        except ValueError as error:
            raise InputError(f"{path}: not JSON ({error})") from None
    elif kind in (".yaml", ".yml"):
        held = _from_yaml(text, path)
    else:
        raise InputError(f"{path}: a mapping file ends in .json, .csv or .yaml")
    if not isinstance(held, Mapping):
        raise InputError(f"{path}: expected an object 'their column: our column', got {type(held).__name__}")
    return {str(theirs): _mapped(str(theirs), ours, path) for theirs, ours in held.items()}


def _from_yaml(text: str, path: Path) -> Any:
    try:
        import yaml
    except ImportError:
        raise InputError(f"{path}: reading YAML needs PyYAML; write the mapping as .json or .csv") from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not YAML ({str(error).splitlines()[0]})") from None


def _from_csv(text: str, path: Path) -> dict[str, Mapped]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    header = tuple(name.strip() for name in reader.fieldnames or ())
    if header not in (HEADER, HEADER[:2]):
        raise InputError(f"{path}: expected the columns theirs, ours and (optional) unit, got {', '.join(header)}")
    found: dict[str, Mapped] = {}
    for row in reader:
        theirs, ours, unit = ((row.get(name) or "").strip() for name in HEADER)
        if theirs in found:
            raise InputError(f"{path}: the column {theirs!r} is mapped twice")
        found[theirs] = Mapped(ours or None, unit)
    return found


def _mapped(theirs: str, ours: object, path: Path) -> Mapped:
    if ours is None or isinstance(ours, str):
        return Mapped(ours or None)
    if isinstance(ours, Mapping) and set(ours) <= {"column", "unit"} and isinstance(ours.get("column"), str):
        return Mapped(ours["column"], str(ours.get("unit") or ""))
    expected = "our column, null to leave it out, or an object with 'column' and 'unit'"
    raise InputError(f"{path}, column {theirs!r}: got {ours!r}, expected {expected}")
