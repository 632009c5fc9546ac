from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.boosted import BoostedEnsemble, Recipe
from models.parts import fit_part, part_state, restore_part
from training.dataset import Literature, conductivity_examples

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
