"""Results of the benchmarks as files, `benchmarks/out/NAME.json`: what one run is compared with another by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "benchmarks" / "out"
PAGE = ROOT / "benchmarks" / "README.md"
"""Page that tables are written into, between their marks."""


def write_result(name: str, result: Any) -> None:
    """Write the result of a benchmark over that of the run before.

    Parameters
    ----------
    name : str
        Of the file, without its ending.
    result : object
        Plain values.
    """
    OUT.mkdir(exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
