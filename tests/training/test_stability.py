from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.feature import Feature
from features.tables.literature import Literature
from models.ensemble import Labels, Recipe
from models.explain.stability import FACTS, Stability, stability_of
from models.tasks.examples import Examples
from models.tasks.registry import LINK
from training.config import Protocol
from training.data.groups import PaperGroups
from training.evaluation import importance_stability as stability
from training.train import Trained

PAPERS, ROWS = 40, 3
NAMES = ["log10_stack_pressure_mpa", "np_ratio", "porosity_pct", "temperature_c", "voltage_low_v"]
QUICK = Protocol(folds=3, repeats=1, seed=0)
RECIPE = Recipe(rounds=60, rate=0.1, min_child_weight=1.0, members=3, colsample=0.8)


def planted(label: str) -> stability.PartRows:
    """Forty papers of three rows; every feature is the same within a paper, and the label is made of the first two."""
    draw = np.random.default_rng(1)
    table = np.repeat(draw.normal(size=(PAPERS, len(NAMES))), ROWS, axis=0)
    papers = [f"p{row // ROWS}" for row in range(PAPERS * ROWS)]
    noise = np.repeat(draw.normal(size=PAPERS), ROWS)
    value = {
        "first": 3 * table[:, 0] + 0.3 * noise,
        "product": 3 * np.sign(table[:, 0]) * np.sign(table[:, 1]) + np.sign(table[:, 0]) + 0.1 * noise,
        "nothing": noise,
    }[label]
    labels = Labels(value, value, np.ones(len(value)))
    kin = PaperGroups.of(Examples(pd.DataFrame({"paper": papers}), labels), by_composition=False)
    return stability.PartRows(pd.DataFrame(table, columns=NAMES), labels, kin, [Feature(n, n) for n in NAMES], RECIPE)


def measured(label: str) -> Stability:
    return stability.measure(planted(label), QUICK, lambda steps: None)


def test_what_matters_is_told_apart_from_what_does_not() -> None:
    found = measured("first")
    assert (found.refits, found.papers) == (6, PAPERS)
    table = found.features.set_index("feature")
    assert table.loc[NAMES[0], "above_shuffled"] == 1
    assert table.loc[NAMES[0], ["rank_low", "rank_high"]].tolist() == [1, 1]
    assert (table.loc[NAMES[1:], "above_shuffled"] < 0.9).all()
    assert table.loc[NAMES[0], "permutation_low"] > 1  # the label is three times the feature
    assert (table.loc[NAMES[1:], "permutation_high"] < 0.3).all()
    assert (table["low"] <= table["high"]).all()


def test_noise_of_papers_is_told_apart_from_nothing() -> None:
    # a feature that is constant within a paper can tell papers apart: shuffled row by row it would look important
    assert (measured("nothing").features["above_shuffled"] < 0.9).all()


def test_a_planted_pair_comes_first_and_is_told_apart() -> None:
    found = measured("product").pairs
    assert set(found.loc[0, ["first", "second"]]) == {NAMES[0], NAMES[1]}
    assert found.loc[0, "above_shuffled"] == 1
    assert (found.loc[1:, "above_shuffled"] < 0.9).all()


def test_groups_and_correlated_features_are_shuffled_together() -> None:
    ground = planted("first")
    twin = ground.vectors.assign(fabrication=ground.vectors[NAMES[0]] * 2)
    features = [*ground.features, Feature("log10_fabrication_pressure_mpa", "pressing")]
    twin.columns = [feature.name for feature in features]
    found = stability.measure(replace(ground, vectors=twin, features=features), QUICK, lambda steps: None)
    groups = found.groups.set_index("group")
    assert groups.loc["correlated", "members"] == f"{NAMES[0]};log10_fabrication_pressure_mpa"
    assert list(groups.index) == ["correlated", "test conditions", "mechanics", "cell build"]
    alone = found.features.set_index("feature").loc[NAMES[0], "permutation"]
    assert groups.loc["correlated", "permutation"] > alone  # its twin no longer stands in for it


def test_rows_whose_values_stay_are_predicted_as_before() -> None:
    """The fourth feature is known of two papers alone and 1 there, so that most rows stay what they are."""
    ground, test = planted("first"), np.arange(30)
    ground.vectors[NAMES[3]] = np.where(np.arange(PAPERS * ROWS) < 2 * ROWS, 1.0, np.nan)
    model, table = ground.fit(np.arange(30, PAPERS * ROWS), None, 0), ground.vectors.to_numpy()
    units, labels = [(name, [place]) for place, name in enumerate(NAMES)], ground.labels.take(test)
    random, again, rows = *map(np.random.default_rng, (3, 3)), stability.rows_by_group(ground.kin.groups)
    lots = np.array([stability.donors(rows, random)[test] for _ in range(len(units) * stability.SHUFFLES)])
    found = stability._rise(ground, model, test, units, lots)
    for rise, (_, places) in zip(found, units, strict=True):
        errors = []
        for _ in range(stability.SHUFFLES):
            shuffled = table[test].copy()
            shuffled[:, places] = table[stability.donors(rows, again)[test]][:, places]
            errors.append(labels.distance(model.predict(shuffled)[0]))
        np.testing.assert_array_equal(rise, np.mean(errors, axis=0) - labels.distance(model.predict(table[test])[0]))


def test_values_are_dealt_paper_by_paper() -> None:
    groups = np.repeat([0, 1, 2], [3, 1, 2])
    for seed in range(5):
        donors = stability.donors(stability.rows_by_group(groups), np.random.default_rng(seed))
        sources = [set(groups[donors[groups == each]]) for each in range(3)]
        assert all(len(each) == 1 for each in sources)
        assert set().union(*sources) == {0, 1, 2}


@pytest.mark.slow
@pytest.mark.usefixtures("every_fit_is_made")
def test_the_same_seed_gives_the_same_numbers() -> None:
    assert measured("first").as_dict() == measured("first").as_dict()


def test_a_trained_model_carries_its_stability(trained: Trained) -> None:
    for name, part in trained.bundle.parts.items():
        found = stability_of(trained.bundle.facts, name)
        assert found is not None
        assert found.features["feature"].tolist() == list(part.featurizer.get_feature_names_out())
        assert found.refits == 6  # twice the three folds
        assert found.papers == trained.bundle.facts["rows"][name]["papers"]
    assert set(trained.bundle.facts[FACTS]) == set(trained.bundle.parts)


def test_every_refit_is_a_step(trained: Trained, literature: Literature, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stability, "SHUFFLES", 1)
    steps = list[int]()
    stability.stability({"conductivity": trained.bundle.parts[LINK]}, literature, QUICK, steps.append)
    assert sum(steps) * 3 == stability.refits_needed(QUICK)
