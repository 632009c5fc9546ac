"""Two models mixed by distance: who answers where, that sums hold, and that nothing is lost on the way to disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.physics import arrhenius_shift, inverse_temperature
from models.ensemble import BoostedEnsemble, Labels, Recipe
from models.learners.arrhenius import FEWEST_ENERGIES, ArrheniusEnsemble
from models.learners.mixed import BLOCK, MixedEnsemble, restore_ensemble

PLAIN = Recipe(rounds=30, members=2, mix_scale=0.1)


def fitted() -> tuple[MixedEnsemble, pd.DataFrame, np.ndarray]:
    """Own rows of 80 to 100 % a, value -3; the others, all the way, value -8."""
    share = np.concatenate([np.linspace(0.8, 1.0, 30), np.linspace(0.0, 1.0, 90)])
    own = np.arange(120) < 30
    table = pd.DataFrame({"x": np.tile([0.0, 1.0], 60), "fraction_a": share, "fraction_b": 1 - share})
    value = np.where(own, -3.0, -8.0) + 0.1 * table["x"].to_numpy()
    labels = Labels(value, value, np.ones(120))
    mine, joint = (BoostedEnsemble(PLAIN, [0, 0, 0]) for _ in range(2))
    return MixedEnsemble(PLAIN, [0, 0, 0], mine, joint, [1, 2], own).fit(table, labels, 0), table, own


def asked(share: float) -> pd.DataFrame:
    return pd.DataFrame({"x": [0.0], "fraction_a": [share], "fraction_b": [1 - share]})


def test_the_nearest_own_composition_says_who_answers() -> None:
    ensemble, _, _ = fitted()
    # the nearest own row holds 80 % a: 0.7 of a is 2 * 0.1 away, a weight of exp(-0.2 / 0.1)
    assert ensemble.weight(asked(0.7)).tolist() == pytest.approx([np.exp(-2)])
    assert ensemble.weight(asked(0.8)).tolist() == pytest.approx([1.0])
    mine, all_rows = ensemble.own.predict(asked(0.7)), ensemble.joint.predict(asked(0.7))
    weight = np.exp(-2)
    centre, spread = ensemble.predict(asked(0.7))
    assert centre == pytest.approx(weight * mine[0] + (1 - weight) * all_rows[0])
    apart = weight * (1 - weight) * (mine[0] - all_rows[0]) ** 2
    assert spread == pytest.approx(np.sqrt(weight * mine[1] ** 2 + (1 - weight) * all_rows[1] ** 2 + apart))
    # trees on a few rows do not quite reach the two values of -3 and -8
    assert ensemble.predict(asked(0.9))[0][0] > -4
    assert ensemble.predict(asked(0.1))[0][0] < -6.5
    unknown = asked(0.9).assign(fraction_a=np.nan, fraction_b=np.nan)
    assert ensemble.weight(unknown).tolist() == [0.0]


def test_many_compositions_are_compared_as_each_is_by_itself() -> None:
    """Three elements in steps of a tenth, so that rows are equally near in rounding alone; two blocks and a rest."""
    ensemble, _, _ = fitted()
    random = np.random.default_rng(0)
    ensemble.columns, ensemble.fractions = [0, 1, 2], np.unique(random.integers(0, 11, (40, 3)) / 10, axis=0)
    table = np.vstack([random.integers(0, 11, (300, 3)) / 10, random.dirichlet(np.ones(3), 2 * BLOCK)])
    away = [np.abs(ensemble.fractions - row).sum(axis=1).min() for row in table]
    np.testing.assert_array_equal(ensemble.weight(table), np.exp(-np.array(away) / ensemble.recipe.mix_scale))


def test_boosters_that_know_no_temperature_tell_no_activation_energy() -> None:
    ensemble, table, _ = fitted()
    assert ensemble.activation_energy(table) is None


@pytest.mark.parametrize("known", [FEWEST_ENERGIES - 1, FEWEST_ENERGIES])
def test_where_own_rows_show_too_few_energies_those_of_all_rows_are_told(known: int) -> None:
    """Own rows, all of a, show 0.8 eV, the others 0.3. Of nothing but a the own model alone tells, where it learnt from
    enough; with one fewer it has one energy for all, and the model of all rows tells."""
    own = np.arange(120) < 60
    share, energy = np.where(own, 1.0, 0.0), np.where(own, 0.8, 0.3)
    warm = np.tile([0.0, 60.0], 60)
    table = pd.DataFrame({"warm": inverse_temperature(warm), "fraction_a": share, "fraction_b": 1 - share})
    value = -4 + arrhenius_shift(25.0, warm, energy)
    recipe = Recipe(rounds=30, members=2, mix_scale=0.1, arrhenius=0.5)
    shown = np.where(own & (np.arange(120) >= known), np.nan, energy)
    mine, joint = (ArrheniusEnsemble(recipe, [0, 0, 0], 0, energies) for energies in (shown[own], shown))
    labels = Labels(value, value, np.ones(120))
    ensemble = MixedEnsemble(recipe, [0, 0, 0], mine, joint, [1, 2], own).fit(table, labels, 0)
    told, all_rows = ensemble.activation_energy(table[own]), ensemble.joint.activation_energy(table[own])
    assert told is not None
    assert ensemble.weight(table[own]).tolist() == [1.0] * 60
    expected = ensemble.own.activation_energy(table[own]) if known == FEWEST_ENERGIES else all_rows
    np.testing.assert_array_equal(told, expected)
    if known < FEWEST_ENERGIES:  # 39 of 0.8 eV beside ten of 0.40, whatever is asked
        assert ensemble.own.activation_energy(table) == pytest.approx((39 * 0.8 + 10 * 0.4) / 49)


def test_contributions_and_interactions_add_up() -> None:
    ensemble, table, _ = fitted()
    values, base = ensemble.contributions(table)
    assert base + values.sum(axis=1) == pytest.approx(ensemble.predict(table)[0], abs=1e-4)
    pairs = ensemble.interactions(table)
    assert pairs.sum(axis=2) == pytest.approx(values, abs=1e-4)
    assert pairs == pytest.approx(pairs.transpose(0, 2, 1), abs=1e-5)


def test_a_saved_one_answers_alike(tmp_path: Path) -> None:
    ensemble, table, _ = fitted()
    ensemble.save(tmp_path)
    files = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    again = restore_ensemble(files)
    assert again.recipe == PLAIN
    assert again.predict(table)[0].tolist() == ensemble.predict(table)[0].tolist()
    assert again.contributions(table)[1] == ensemble.contributions(table)[1]
