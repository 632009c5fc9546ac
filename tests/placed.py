"""Designs placed on a line and predictions that miss by known amounts, for tests that count by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.domain import Domain
from models.ensemble import Labels
from models.tasks.examples import Examples
from training.evaluation.crossvalidate import OutOfFold


def line(places: list[float]) -> Domain:
    """Designs on a line, their distance the difference of their places."""
    vectors = np.array(places)[:, None]
    names = [f"p{each}" for each in range(len(places))]
    return Domain(vectors, np.zeros(1), np.ones(1), names, 2.5, {}, [], [], [{} for _ in places])


def of_papers(papers: list[str], missed: list[float], groups: list[int]) -> OutOfFold:
    """Rows that were all predicted 0, and measured so far above."""
    measured, none = np.array(missed), np.zeros((2, len(missed)))
    designs = pd.DataFrame({"row_id": [f"r{each}" for each in range(len(papers))], "paper": papers})
    labels = Labels(measured, measured.copy(), np.ones(len(missed)))
    methods = dict.fromkeys(("silion", "dummy", "nearest", "ridge"), none)
    return OutOfFold(Examples(designs, labels), np.array(groups), methods, none, np.full_like(none, np.nan))
