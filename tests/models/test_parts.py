from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.tables.literature import Literature
from models.ensemble import BoostedEnsemble, Labels, Recipe
from models.tasks.conductivity import conductivity_examples
from models.tasks.part import fit_part, paper_weights, part_state, restore_part

QUICK = Recipe(rounds=5, members=1)


@pytest.mark.parametrize(
    "blocks", [("fractions",), ("fractions", "statistics"), ("fractions", "anions", "contrasts", "structure")]
)
def test_the_recipe_chooses_the_blocks_and_a_saved_part_keeps_them(
    literature: Literature, tmp_path: Path, blocks: tuple[str, ...]
) -> None:
    examples = conductivity_examples(literature)
    part = fit_part("conductivity", examples.designs, examples.labels, replace(QUICK, blocks=blocks), 0)
    names = set(part.featurizer.get_feature_names_out())
    assert ("mean_melting_point" in names) == ("statistics" in blocks)
    assert ("volume_per_anion_angstrom3" in names) == ("structure" in blocks)
    part.ensemble.save(tmp_path)
    again = restore_part(part_state(part), BoostedEnsemble.load(tmp_path), None)
    for before, after in zip(part.predict(examples.designs), again.predict(examples.designs), strict=True):
        np.testing.assert_array_equal(before, after)


def test_unknown_blocks_are_refused_with_the_known_ones(literature: Literature) -> None:
    examples = conductivity_examples(literature)
    with pytest.raises(ValueError, match="unknown block magic; expected some of fractions, anions"):
        fit_part("conductivity", examples.designs, examples.labels, replace(QUICK, blocks=("magic",)), 0)


@pytest.mark.parametrize(
    ("power", "expected"),
    [
        # three rows of p, one of q: n**-1 is 1/3, 1/3, 1, 1/3 with mean 1/2
        (1.0, [2 / 3, 2 / 3, 2.0, 2 / 3]),
        # n**-1/2 is 0.57735 and 1, mean (3 x 0.57735 + 1) / 4 = 0.68301
        (0.5, [0.845299, 0.845299, 1.464102, 0.845299]),
        (0.0, [1.0, 1.0, 1.0, 1.0]),
    ],
)
def test_paper_weights_by_hand(power: float, expected: list[float]) -> None:
    papers = pd.Series(["p", "p", "q", "p"], index=[7, 3, 5, 1])  # in the order of the rows, whatever their index
    assert paper_weights(papers, power) == pytest.approx(expected, abs=1e-6)
    assert paper_weights(papers, power).mean() == pytest.approx(1.0)


def test_one_paper_counts_as_much_as_another() -> None:
    weights = paper_weights(pd.Series(["p"] * 9 + ["q"]), 1.0)
    assert weights[:9].sum() == pytest.approx(weights[9])


def test_the_recipe_weights_papers_beside_the_labels_own_weight(literature: Literature) -> None:
    examples = conductivity_examples(literature)
    labels = replace(examples.labels, weight=np.linspace(0.5, 1.5, len(examples.papers)))
    rows = pd.Series(examples.papers).map(pd.Series(examples.papers).value_counts()).to_numpy()
    assert rows.max() > 1
    by_hand = Labels(labels.lower, labels.upper, labels.weight * (1 / rows) / (1 / rows).mean())
    ours, other, plain = (
        fit_part("conductivity", examples.designs, each, replace(QUICK, paper_power=power), 0).predict(examples.designs)
        for each, power in ((labels, 1.0), (by_hand, 0.0), (labels, 0.0))
    )
    np.testing.assert_allclose(ours[0], other[0], rtol=0, atol=1e-12)
    assert np.abs(ours[0] - plain[0]).max() > 1e-3


def test_a_saved_part_keeps_what_was_left_out(literature: Literature, tmp_path: Path) -> None:
    examples = conductivity_examples(literature)
    recipe = replace(QUICK, blocks=("fractions", "structure"), without=("families", "symmetry"))
    part = fit_part("conductivity", examples.designs, examples.labels, recipe, 0)
    names = part.featurizer.get_feature_names_out()
    assert not [name for name in names if name.startswith("family_") or name == "space_group_number"]
    assert "volume_per_anion_angstrom3" in names
    part.ensemble.save(tmp_path)
    state = json.loads(json.dumps(part_state(part)))
    again = restore_part(state, BoostedEnsemble.load(tmp_path), None)
    assert again.ensemble.recipe == recipe
    assert again.featurizer.get_feature_names_out().tolist() == names.tolist()
    np.testing.assert_array_equal(again.predict(examples.designs)[0], part.predict(examples.designs)[0])
    del state["parameters"]["without"]  # as models were saved before there was anything to leave out
    assert "family_polymer" in restore_part(state, part.ensemble, None).featurizer.get_feature_names_out()
