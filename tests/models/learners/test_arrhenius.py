"""Temperature as physics: what the learnt activation energy does, and that nothing of it is lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.physics import LEAST_EV, MOST_EV, arrhenius_shift, inverse_temperature
from models.ensemble import BoostedEnsemble, Labels, Recipe
from models.learners.arrhenius import (
    FEWEST_ENERGIES,
    USUAL_EV,
    USUAL_WEIGHT,
    ArrheniusEnsemble,
    known_energies,
)
from models.learners.mixed import restore_ensemble

FEW = Recipe(rounds=60, members=2, arrhenius=1.0)
"""The physical model alone, unless a test asks for the mean."""


def made(count: int, seed: int = 0) -> tuple[pd.DataFrame, Labels, np.ndarray]:
    """Electrolytes whose energy is 0.3 eV, or 0.6 where `x` is above 0, and whose value at 25 °C is -4 + x."""
    random = np.random.default_rng(seed)
    x, warm = random.uniform(-1, 1, count), random.choice([0.0, 25.0, 60.0, 100.0], count)
    energy = np.where(x > 0, 0.6, 0.3)
    value = -4 + x + arrhenius_shift(25.0, warm, energy)
    table = pd.DataFrame(
        {"x": x, "inverse_temperature_per_kk": inverse_temperature(warm), "other": random.random(count)}
    )
    return table, Labels(value, value, np.ones(count)), energy


def fitted(count: int = 200, known: int | None = None) -> tuple[ArrheniusEnsemble, pd.DataFrame]:
    table, labels, energy = made(count)
    energies = np.where(np.arange(count) < (count if known is None else known), energy, np.nan)
    return ArrheniusEnsemble(FEW, [0, -1, 0], 1, energies).fit(table, labels, 0), table


def at(table: pd.DataFrame, temperature_c: float) -> pd.DataFrame:
    return table.assign(inverse_temperature_per_kk=inverse_temperature(temperature_c))


def test_energies_are_learnt_and_carry_the_value_exactly() -> None:
    ensemble, table = fitted()
    energy = ensemble.activation_energy(table)
    assert energy[table["x"] > 0.1].mean() == pytest.approx(0.6, abs=0.08)
    assert energy[table["x"] < -0.1].mean() == pytest.approx(0.3, abs=0.08)
    cold, warm = (ensemble.predict(at(table, each))[0] for each in (-20.0, 100.0))
    assert warm - cold == pytest.approx(arrhenius_shift(-20.0, 100.0, energy))
    assert (warm - cold > 0.5).all()


def test_the_mean_with_trees_never_stands_still() -> None:
    table, labels, _ = made(200)
    half = Recipe(rounds=40, members=3, arrhenius=0.5)
    ensemble = ArrheniusEnsemble(half, [0, -1, 0], 1, np.full(200, 0.01)).fit(table, labels, 0)
    steps = [ensemble.predict(at(table, each))[0] for each in (-20.0, 0.0, 25.0, 60.0, 100.0)]
    # the physical half has 0.2 eV or more, so that the mean has 0.1 whatever the trees do
    for cold, warm, start, end in zip(
        steps[:-1], steps[1:], (-20.0, 0.0, 25.0, 60.0), (0.0, 25.0, 60.0, 100.0), strict=True
    ):
        assert (warm - cold >= 0.5 * float(arrhenius_shift(start, end, 0.2)) - 1e-6).all()
    alone = ensemble.plain.predict(table)[0]
    physical = ensemble.physical.predict(at(table, 25.0).set_axis(range(3), axis=1))[0]
    shift = arrhenius_shift(25.0, 1000 / table["inverse_temperature_per_kk"] - 273.15, 0.2)
    assert ensemble.predict(table)[0] == pytest.approx(0.5 * alone + 0.5 * (physical + shift), abs=1e-5)


def test_few_designs_whose_answers_are_kept_are_told_as_among_many() -> None:
    """The energies of the first 20 are asked right after their values, and once more after those of others."""
    ensemble, table = fitted()
    values, energies = ensemble.predict(table), ensemble.activation_energy(table)
    for rows in (slice(0, 20), slice(20, 40), slice(0, 20)):
        for whole, few in zip(values, ensemble.predict(table[rows]), strict=True):
            np.testing.assert_array_equal(few, whole[rows])
        np.testing.assert_array_equal(ensemble.activation_energy(table[rows]), energies[rows])


def test_few_known_energies_give_one_for_all_drawn_to_the_usual() -> None:
    ensemble, table = fitted(60, known=FEWEST_ENERGIES - 1)
    known = made(60)[2][: FEWEST_ENERGIES - 1]
    expected = (known.sum() + USUAL_WEIGHT * USUAL_EV) / (FEWEST_ENERGIES - 1 + USUAL_WEIGHT)
    assert ensemble.activation_energy(table) == pytest.approx(expected)


def test_no_energy_leaves_its_limits() -> None:
    table, labels, _ = made(100)
    for extreme, limit in ((0.01, LEAST_EV), (2.9, MOST_EV)):
        ensemble = ArrheniusEnsemble(FEW, [0, -1, 0], 1, np.full(100, extreme)).fit(table, labels, 0)
        assert ensemble.activation_energy(table) == pytest.approx(limit, abs=1e-3)
        assert ((ensemble.activation_energy(table) >= LEAST_EV) & (ensemble.activation_energy(table) <= MOST_EV)).all()


def test_contributions_and_interactions_add_up() -> None:
    table, labels, energy = made(100)
    half = ArrheniusEnsemble(Recipe(rounds=30, arrhenius=0.5), [0, -1, 0], 1, energy).fit(table, labels, 0)
    for ensemble, designs in (fitted(), fitted(30, known=0), (half, table)):
        values, base = ensemble.contributions(designs)
        assert base + values.sum(axis=1) == pytest.approx(ensemble.predict(designs)[0], abs=1e-4)
        pairs = ensemble.interactions(designs)
        assert pairs == pytest.approx(pairs.transpose(0, 2, 1), abs=1e-5)
        assert pairs.sum(axis=2) == pytest.approx(values, abs=1e-4)


def content(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_saved_one_answers_alike_and_a_plain_one_stays_plain(tmp_path: Path) -> None:
    for place, (ensemble, table) in enumerate((fitted(), fitted(30, known=0))):
        ensemble.save(tmp_path / str(place))
        again = restore_ensemble(content(tmp_path / str(place)))
        assert again.predict(table)[0].tolist() == ensemble.predict(table)[0].tolist()
    table, labels, _ = made(30)
    BoostedEnsemble(Recipe(rounds=5, members=1), [0, -1, 0]).fit(table, labels, 0).save(tmp_path / "plain")
    assert restore_ensemble(content(tmp_path / "0")).recipe == FEW
    assert type(restore_ensemble(content(tmp_path / "plain"))) is BoostedEnsemble


def test_energies_of_rows_are_printed_ones_or_slopes() -> None:
    designs = pd.DataFrame(
        {
            "paper": ["a", "a", "b", "b", "c", "d", "d"],
            "electrolyte": ["LLZO"] * 7,
            "temperature_c": [25.0, 100.0, 25.0, 75.0, 25.0, 25.0, 30.0],
            "activation_energy_ev": [0.35, None, None, None, None, None, None],
        }
    )
    value = np.array([-3.0, -2.0, -4.0, -4.0 + float(arrhenius_shift(25.0, 75.0, 0.45)), -3.0, -3.0, -2.9])
    found = known_energies(designs, Labels(value, value, np.ones(7)))
    # a prints one for all its rows; b shows a slope; c has one temperature, d two that lie 5 K apart
    assert found.tolist() == pytest.approx([0.35, 0.35, 0.45, 0.45, np.nan, np.nan, np.nan], nan_ok=True)
