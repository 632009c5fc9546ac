from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.bundle import Bundle, load_bundle
from models.explain.importance import Overall, overall
from models.explain.shap_values import training_vectors
from models.explain.stability import FACTS, NONE, Stability, stability_of
from models.tasks.registry import LINK
from reporting.atomic_files import Written
from reporting.explain.importance_section import overall_blocks
from reporting.pages import Paragraph, Picture


@pytest.fixture
def bundle(bundle_folder: Path) -> Bundle:
    return load_bundle(bundle_folder)


@pytest.fixture(scope="module")
def conductivity(bundle_folder: Path) -> Overall:
    """Of the model as it is: its interactions take as long as all else here."""
    return overall(load_bundle(bundle_folder), LINK)


def planted(bundle: Bundle, name: str, pair: pd.Series) -> Stability:
    """Three features with numbers by hand; this pair of features is told apart, no other."""
    names = [feature.name for feature in bundle.parts[name].featurizer.features_]
    count = len(names)
    features = pd.DataFrame(
        {
            "feature": names,
            "low": 0.1,
            "high": 0.3,
            "rank_low": 1,
            "rank_high": count,
            "above_shuffled": [1.0, 0.9, 0.85, *[0.0] * (count - 3)],
            "shuffled": 0.2,
            "permutation": [0.5, -0.1, 0.1, *[0.2] * (count - 3)],
            "permutation_low": [0.4, -0.3, -0.1, *[0.1] * (count - 3)],
            "permutation_high": [0.6, -0.05, 0.3, *[0.3] * (count - 3)],
        }
    )
    pairs = pd.DataFrame(
        {"first": [pair["first"]], "second": [pair["second"]], "low": 0.1, "high": 0.2, "above_shuffled": 1.0}
    )
    groups = pd.DataFrame(
        {
            "group": ["electrolyte chemistry"],
            "members": [";".join(names)],
            "permutation": 0.7,
            "permutation_low": 0.6,
            "permutation_high": 0.8,
        }
    )
    return Stability(10, 61, features, groups, pairs)


def test_importance_is_that_of_the_training_designs_with_its_stability(bundle: Bundle, conductivity: Overall) -> None:
    part, strongest = bundle.parts[LINK], conductivity.pairs.iloc[0]
    bundle.facts[FACTS] = {"conductivity": planted(bundle, "conductivity", strongest).as_dict()}
    told = overall(bundle, "conductivity")
    by_hand = np.abs(part.ensemble.contributions(training_vectors(part))[0]).mean(axis=0)
    names = [feature.name for feature in part.featurizer.features_]
    table = told.features.set_index("feature")
    np.testing.assert_allclose(table.loc[names, "mean_abs_shap"], by_hand)
    assert told.features["rank"].tolist() == list(range(1, len(names) + 1))
    assert table.loc[names[:4], "apart_from_zero"].tolist() == ["yes", "yes", "no", "no"]
    assert told.pairs["apart_from_zero"].tolist()[:2] == ["yes", ""]
    assert told.groups.set_index("group").loc["electrolyte chemistry", "permutation"] == 0.7


def test_the_effects_of_pairs_belong_to_the_table(bundle: Bundle) -> None:
    told = overall(bundle, "fade")
    np.testing.assert_allclose(np.abs(told.effects).mean(axis=0), told.pairs["strength"])
    assert told.pairs["strength"].is_monotonic_decreasing


def test_without_pairs_the_rest_is_the_same(bundle: Bundle) -> None:
    whole, told = overall(bundle, "fade"), overall(bundle, "fade", pairs=False)
    pd.testing.assert_frame_equal(told.features, whole.features)
    pd.testing.assert_frame_equal(told.groups, whole.groups)
    assert told.pairs.empty
    assert list(told.pairs.columns) == list(whole.pairs.columns)


def test_where_shap_and_permutation_disagree_it_is_said(bundle: Bundle, conductivity: Overall) -> None:
    steady = planted(bundle, "conductivity", conductivity.pairs.iloc[0])
    strongest = conductivity.features
    first, second, third, weak = strongest["feature"].iloc[[0, 1, 2, -1]]
    found = steady.features.set_index("feature")
    columns = ["permutation", "permutation_low", "permutation_high"]
    found[columns] = [0.01, 0.005, 0.02]
    found.loc[first, columns] = [0.5, 0.4, 0.6]  # both agree
    found.loc[second, columns] = [-0.1, -0.3, -0.05]  # harmful
    found.loc[third, columns] = [0.1, -0.1, 0.3]  # not shown
    found.loc[weak, columns] = [0.9, 0.8, 1.0]  # needed, though the last by SHAP
    steady.features = found.reset_index()
    bundle.facts[FACTS] = {"conductivity": steady.as_dict()}
    said = overall(bundle, "conductivity", pairs=False).disagreements  # pairs have no say in it
    labels = strongest.set_index("feature")["label"]
    assert len(said) == 3
    assert said[0].startswith(f"{labels[second]}: place 2 by SHAP, yet on papers left out the error falls")
    assert said[1].startswith(f"{labels[third]}: place 3 by SHAP; on papers left out no use of it can be shown (+0.1")
    assert said[2] == f"{labels[weak]}: only place {len(labels)} by SHAP, yet papers left out need it"


def test_a_model_without_stability_says_so(bundle: Bundle, tmp_path: Path) -> None:
    bundle.facts.pop(FACTS, None)
    assert stability_of(bundle.facts, "ice") is None
    blocks = overall_blocks(overall(bundle, "ice"), "a warning", Written(tmp_path))
    assert isinstance(blocks[0], Paragraph)
    assert blocks[0].text == NONE


def test_every_picture_has_its_numbers_beside_it(bundle: Bundle, tmp_path: Path) -> None:
    written = Written(tmp_path)
    blocks = overall_blocks(overall(bundle, "fade"), "", written)
    pictures = [each for each in blocks if isinstance(each, Picture)]
    assert len(pictures) == 10  # bar, beeswarm, four features, four pairs
    for each in pictures:
        assert (tmp_path / each.source).read_bytes().startswith(b"\x89PNG")
        assert (tmp_path / each.source).with_suffix(".svg").read_text(encoding="utf-8").startswith("<?xml")
        assert len(pd.read_csv((tmp_path / each.source).with_suffix(".csv")))
        assert each.caption
    assert all(path.is_file() for path in written.paths)


def test_a_model_without_training_designs_is_refused(bundle: Bundle) -> None:
    bundle.parts["ice"].domain = None
    with pytest.raises(ValueError, match="ice: this model carries no training designs"):
        overall(bundle, "ice")


def test_stability_reads_what_it_wrote(bundle: Bundle) -> None:
    steady = planted(bundle, "ice", overall(bundle, "ice").pairs.iloc[0])
    again = Stability.from_dict(steady.as_dict())
    assert (again.refits, again.papers) == (10, 61)
    pd.testing.assert_frame_equal(again.features, steady.features)
    pd.testing.assert_frame_equal(again.pairs, steady.pairs, check_dtype=False)
