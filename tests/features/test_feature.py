"""The base of the featurizers, on the smallest featurizer there is, and what holds for all of them."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from features.cell import CellFeatures
from features.composition import CompositionFeatures
from features.electrolyte import ElectrolyteFeatures
from features.feature import Feature, Featurizer, log10, number, one_of, text

DESIGNS = pd.DataFrame(
    {
        "electrolyte": ["Li6PS5Cl", "75Li2S-25P2S5", "LLZTO", "PEO/LiTFSI", None, "Li3InCl6"],
        "composition": [None, None, None, "", None, "Li3InCl6"],
        "electrolyte_class": ["sulfide-argyrodite", None, None, "composite", "gel", None],
        "form": ["crystalline", "glass", "film", None, None, "single-crystal"],
        "temperature_c": [25.0, np.nan, 60.0, 25.0, 25.0, 25.0],
        "anode": ["Si", "Si@C", "Li15Si4", "nano-Si", None, "Si"],
        "stack_pressure_mpa": [50.0, 5.0, np.nan, 0.5, 1.0, 200.0],
        "prelithiated": pd.Series([True, False, None, None, None, None], dtype=object),
    },
    index=[10, 11, 12, 5, 5, 99],
)
FEATURIZERS = [CompositionFeatures(min_rows=2), ElectrolyteFeatures(min_rows=2), CellFeatures()]
every_featurizer = pytest.mark.parametrize("featurizer", FEATURIZERS, ids=lambda value: type(value).__name__)


class Doubled(Featurizer):
    """Twice a number."""

    required = ("x", "y")

    def _describe(self):
        return [Feature("double_x", "twice x", "m")]

    def _values(self, X):
        return 2 * number(X, "x").reshape(-1, 1)


def test_printed_label_carries_the_unit():
    assert Feature("a", "pressure", "MPa").printed == "pressure (MPa)"
    assert Feature("a", "Mendeleev number").printed == "Mendeleev number"


def test_smallest_featurizer():
    X = pd.DataFrame({"x": [1.5, None], "y": [0, 0]}, index=["a", "b"])
    pd.testing.assert_frame_equal(
        Doubled().fit_transform(X), pd.DataFrame({"double_x": [3.0, np.nan]}, index=["a", "b"]), check_column_type=False
    )


def test_base_has_no_outputs():
    with pytest.raises(TypeError, match="Featurizer describes no outputs"):
        Featurizer().fit(DESIGNS)
    with pytest.raises(TypeError, match="Featurizer computes no values"):
        Featurizer()._values(DESIGNS)


@pytest.mark.parametrize("method", ["fit", "transform"])
@pytest.mark.parametrize("wrong", [[["Li6PS5Cl"]], np.array([["Li6PS5Cl"]]), {"electrolyte": ["LLZO"]}, None])
@every_featurizer
def test_only_a_data_frame_is_read(featurizer, wrong, method):
    fitted = clone(featurizer).fit(DESIGNS)
    with pytest.raises(TypeError, match=f"reads a pandas DataFrame of designs, got {type(wrong).__name__}"):
        getattr(fitted, method)(wrong)


@every_featurizer
def test_missing_columns_are_named(featurizer):
    with pytest.raises(ValueError, match=f"{type(featurizer).__name__}: missing columns electrolyte; got name, anode"):
        clone(featurizer).fit(pd.DataFrame({"name": ["LLZO"], "anode": ["Si"]}))


def test_all_missing_columns_are_named():
    with pytest.raises(ValueError, match="Doubled: missing columns x, y; got z"):
        Doubled().fit(pd.DataFrame({"z": [1]}))


@pytest.mark.parametrize("method", ["transform", "get_feature_names_out"])
@every_featurizer
def test_use_before_fit_is_refused(featurizer, method):
    with pytest.raises(NotFittedError):
        getattr(clone(featurizer), method)(DESIGNS)


def test_it_stands_in_a_pipeline_and_a_search():
    """Eight designs with values 0 to 7: the mean, 3.5, is what a dummy behind it predicts."""
    designs, values = pd.concat([DESIGNS, DESIGNS[:2]]), np.arange(8.0)
    pipeline = make_pipeline(CompositionFeatures(), DummyRegressor()).set_output(transform="pandas")
    assert pipeline.fit(designs, values).predict(designs).tolist() == [3.5] * 8
    search = GridSearchCV(pipeline, {"compositionfeatures__min_rows": [1, 2]}, cv=2).fit(designs, values)
    assert search.best_params_ == {"compositionfeatures__min_rows": 1}
    with pytest.raises(ValueError, match="no parameter 'rows', expected min_rows"):
        CompositionFeatures().set_params(rows=1)
    with pytest.raises(ValueError, match="got transform='polars'"):
        CompositionFeatures().set_output(transform="polars")


@every_featurizer
def test_clone_keeps_the_parameters_and_nothing_learned(featurizer):
    fitted = clone(featurizer).fit(DESIGNS)
    copy = clone(fitted)
    assert copy.get_params() == featurizer.get_params()
    assert not hasattr(copy, "features_")
    pd.testing.assert_frame_equal(copy.fit_transform(DESIGNS), fitted.transform(DESIGNS))


@every_featurizer
def test_output_is_a_frame_of_floats_named_and_indexed_like_the_input(featurizer):
    fitted = clone(featurizer).fit(DESIGNS)
    vectors = fitted.transform(DESIGNS)
    assert vectors.shape == (len(DESIGNS), len(fitted.features_))
    assert list(vectors.columns) == list(fitted.get_feature_names_out()) == [one.name for one in fitted.features_]
    assert list(vectors.index) == list(DESIGNS.index)
    assert set(vectors.dtypes) == {np.dtype(float)}
    assert not np.isinf(vectors.to_numpy()).any()
    assert fitted.n_features_in_ == DESIGNS.shape[1]


@every_featurizer
def test_input_is_left_alone_and_order_of_rows_and_columns_does_not_matter(featurizer):
    before = DESIGNS.copy(deep=True)
    fitted = clone(featurizer).fit(DESIGNS)
    vectors = fitted.transform(DESIGNS)
    pd.testing.assert_frame_equal(DESIGNS, before)
    shuffled = DESIGNS.iloc[::-1, ::-1]
    np.testing.assert_array_equal(fitted.transform(shuffled).to_numpy()[::-1], vectors.to_numpy())


@every_featurizer
def test_restored_from_json_it_gives_the_same_vectors(featurizer):
    fitted = clone(featurizer).fit(DESIGNS.iloc[:4])
    restored = clone(featurizer).restore(json.loads(json.dumps(fitted.learned())))
    pd.testing.assert_frame_equal(restored.transform(DESIGNS), fitted.transform(DESIGNS), check_exact=True)
    assert restored.features_ == fitted.features_


@every_featurizer
def test_every_feature_is_described_once(featurizer):
    features = clone(featurizer).fit(DESIGNS).features_
    names = [one.name for one in features]
    assert len(set(names)) == len(names)
    assert all(one.label and one.source for one in features)
    dimensionless = {one.name for one in features if not one.unit}
    assert dimensionless <= {
        f"{kind}_{name}" for kind in ("mean", "spread") for name in ("electronegativity", "mendeleev_number")
    }
    assert {one.monotone for one in features} <= {-1, 0, 1}


@every_featurizer
def test_no_designs_give_no_vectors(featurizer):
    fitted = clone(featurizer).fit(DESIGNS)
    assert fitted.transform(DESIGNS.iloc[:0]).shape == (0, len(fitted.features_))


@every_featurizer
def test_pandas_nullable_text_is_read_like_any_other(featurizer):
    nullable = DESIGNS.astype({"electrolyte": "string", "anode": "string"})
    fitted = clone(featurizer).fit(DESIGNS)
    pd.testing.assert_frame_equal(fitted.transform(nullable), fitted.transform(DESIGNS))


def test_number():
    X = pd.DataFrame({"x": ["1.5", None, "2"], "n": pd.array([1, None, 3], dtype="Int64")})
    np.testing.assert_array_equal(number(X, "x"), [1.5, np.nan, 2])
    np.testing.assert_array_equal(number(X, "n"), [1, np.nan, 3])
    np.testing.assert_array_equal(number(X, "absent"), [np.nan] * 3)
    with pytest.raises(ValueError, match="5 MPa"):
        number(pd.DataFrame({"x": ["5 MPa"]}), "x")


def test_log10_is_nan_where_not_positive():
    np.testing.assert_array_equal(log10(np.array([100.0, 0.001, 0, -1, np.nan])), [2, -3, np.nan, np.nan, np.nan])


def test_one_of():
    X = pd.DataFrame({"form": ["glass", "film", "", None, np.nan]})
    nan = np.nan
    np.testing.assert_array_equal(
        one_of(X, "form", ("glass", "film")), [[1, 0], [0, 1], [nan, nan], [nan, nan], [nan, nan]]
    )
    np.testing.assert_array_equal(one_of(X, "absent", ("glass",)), [[nan]] * 5)


def test_text_is_empty_where_nothing_stands():
    X = pd.DataFrame({"anode": pd.Series(["Si", None, np.nan, "", 5], dtype=object)})
    assert text(X, "anode") == ["Si", "", "", "", "5"]
    assert text(X, "absent") == [""] * 5
