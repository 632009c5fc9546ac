"""What a command's training makes, and the report of it, stay in a folder for the tests."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.shared import KEPT, REPORTED
from training import train as training
from training.report import report
from training.train import Trained


def keep() -> None:
    """Called by a command before it runs: it trains and reports as ever, and leaves both in the folder `KEPT` names."""
    folder = Path(os.environ[KEPT])
    fitted, written = training.train, report.write_report

    def train(*given: object, **named: object) -> Trained:
        trained = fitted(*given, **named)  # type: ignore[arg-type]
        (folder / "trained").write_bytes(pickle.dumps(trained))
        return trained

    def write_report(trained: Trained, to: Path, *, progress: Callable[[int], None]) -> None:
        written(trained, to, REPORTED, progress)
        shutil.copytree(to, folder / "report")

    training.train, report.write_report = train, write_report  # type: ignore[assignment]
