"""Rows of other sources and of older papers: how much they weigh, and what they would tell today."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.electrolyte import INVERSE_TEMPERATURE, inverse_temperature
from models.ensemble import Labels, Recipe
from models.learners.arrhenius import ArrheniusEnsemble
from models.learners.dated import DatedEnsemble
from models.learners.mixed import restore_ensemble

RECIPE = Recipe(rounds=200, colsample=1.0, members=2, arrhenius=0.5, dated=True)


def fitted(
    values: list[float], weights: list[float] | None = None, years: list[float] | None = None
) -> tuple[DatedEnsemble, pd.DataFrame]:
    """Twenty rows of each value, all of one design at 25 °C."""
    value = np.repeat(values, 20)
    table = pd.DataFrame({"x": np.zeros(len(value)), INVERSE_TEMPERATURE: inverse_temperature(25.0)})
    of_rows = [None if each is None else np.repeat(each, 20) for each in (weights, years)]
    ensemble = DatedEnsemble(RECIPE, [0, 0], 1, None, *of_rows)
    return ensemble.fit(table, Labels(value, value, np.ones(len(value))), 0), table


def told(values: list[float], weights: list[float] | None = None, years: list[float] | None = None) -> float:
    ensemble, table = fitted(values, weights, years)
    return float(ensemble.predict(table)[0][0])


def test_rows_weigh_as_told() -> None:
    # nothing to split on: the weighted mean, (-3 - 8) / 2 and (-3 - 8 / 4) / (1 + 1 / 4); subsamples sway
    assert told([-3.0, -8.0]) == pytest.approx(-5.5, abs=0.2)
    assert told([-3.0, -8.0], weights=[1.0, 0.25]) == pytest.approx(-4.0, abs=0.2)


def test_labels_are_told_as_the_newest_papers_would() -> None:
    # papers of 2020 tell -4, those of 2000 -8 of the same design: nobody asks for the year, so what is told is not -6
    # but nearly what the newest tell
    assert told([-4.0, -8.0], years=[2020.0, 2000.0]) > -4.5
    assert told([-4.0, -8.0], years=[2000.0, 2020.0]) < -7.5
    # no year known: as without
    assert told([-4.0, -8.0], years=[np.nan, np.nan]) == pytest.approx(-6.0, abs=0.2)


def test_it_is_saved_as_the_boosters_it_is(tmp_path: Path) -> None:
    ensemble, table = fitted([-4.0, -8.0], years=[2020.0, 2000.0])
    ensemble.save(tmp_path)
    files = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    again = restore_ensemble(files)
    assert type(again) is ArrheniusEnsemble
    assert again.predict(table)[0].tolist() == ensemble.predict(table)[0].tolist()
