"""What an answer depends on beside model, rows and options: Silion's own code, and the packages it is made with."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path

PACKAGES = ("numpy", "pandas", "pyarrow", "scipy", "xgboost", "pymatgen-core")
"""Packages whose version an answer may depend on."""
ROOMS = ("features", "models", "serving")


@cache
def surroundings() -> dict[str, str]:
    """Versions by name, with a hash of Silion's own code and tables: two checkouts may bear the same version."""
    code, root = hashlib.sha256(), Path(__file__).resolve().parents[2]
    for path in sorted(each for room in ROOMS for each in (root / room).rglob("*") if each.suffix in (".py", ".csv")):
        code.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    silion = f"{metadata.version('silion')} (code {code.hexdigest()[:12]})"
    return {"Silion": silion, **{name: metadata.version(name) for name in PACKAGES}}
