from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from features.tables.records import Candidate
from features.tables.rows import read_table
from models import bundle as bundles
from models.bundle import BundleError, load_bundle, save_bundle
from models.candidates import candidate_frame
from models.predictor import Predictor
from tests.shared import ROOT
from training.train import Trained

EXAMPLES = ROOT / "data" / "examples" / "candidates.csv"


@pytest.fixture
def copy(bundle_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle_folder, tmp_path / "bundle"))


def test_save_and_load_predict_the_same(trained: Trained, bundle_folder: Path) -> None:
    designs = candidate_frame(read_table(EXAMPLES, Candidate, own_columns=True).rows)
    before = Predictor(trained.bundle).predict(designs)
    after = Predictor(load_bundle(bundle_folder)).predict(designs)
    for column in before.table.columns.drop("notice"):
        np.testing.assert_array_equal(before.table[column], after.table[column])
    assert before.table["notice"].tolist() == after.table["notice"].tolist()
    assert before.precedents == after.precedents


def test_a_bundle_is_json_and_ubj_only(bundle_folder: Path) -> None:
    assert {path.suffix for path in bundle_folder.rglob("*") if path.is_file()} == {".json", ".ubj"}


def test_the_same_bundle_saves_to_the_same_bytes(trained: Trained, bundle_folder: Path, tmp_path: Path) -> None:
    again = save_bundle(trained.bundle, tmp_path / "again")
    names = sorted(path.relative_to(again).as_posix() for path in again.rglob("*") if path.is_file())
    assert names == sorted(
        path.relative_to(bundle_folder).as_posix() for path in bundle_folder.rglob("*") if path.is_file()
    )
    for name in names:
        assert (again / name).read_bytes() == (bundle_folder / name).read_bytes(), name


def test_another_feature_schema_is_refused_with_both_hashes(copy: Path) -> None:
    facts = json.loads((copy / "bundle.json").read_text(encoding="utf-8"))
    here = facts["schema_hash"]
    facts["schema_hash"] = "f" * 64
    (copy / "bundle.json").write_text(json.dumps(facts), encoding="utf-8")
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    manifest["bundle.json"] = bundles._hash((copy / "bundle.json").read_bytes())
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(BundleError, match=f"feature schema {'f' * 12}, this code has {here[:12]}"):
        load_bundle(copy)


def test_a_changed_file_is_refused(copy: Path) -> None:
    with (copy / "ice" / "member_0.ubj").open("ab") as file:
        file.write(b"x")
    with pytest.raises(BundleError, match=r"ice/member_0\.ubj was changed"):
        load_bundle(copy)


def test_a_missing_file_is_refused(copy: Path) -> None:
    (copy / "fade" / "domain.json").unlink()
    with pytest.raises(BundleError, match=r"fade/domain\.json is missing"):
        load_bundle(copy)


def test_no_bundle_at_all(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no model bundle here"):
        load_bundle(tmp_path)


def test_a_failed_save_leaves_the_old_bundle(trained: Trained, copy: Path) -> None:
    before = sorted((path.as_posix(), path.read_bytes()) for path in copy.rglob("*") if path.is_file())
    broken = bundles.Bundle(trained.bundle.parts, {"cannot be JSON": object()})
    with pytest.raises(TypeError):
        save_bundle(broken, copy)
    assert sorted((path.as_posix(), path.read_bytes()) for path in copy.rglob("*") if path.is_file()) == before
    assert [path.name for path in copy.parent.iterdir()] == ["bundle"]


def test_damaged_json_is_refused(copy: Path) -> None:
    (copy / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(BundleError, match=r"manifest\.json: damaged"):
        load_bundle(copy)
    (copy / "manifest.json").write_text("[]", encoding="utf-8")
    with pytest.raises(BundleError, match="no manifest of a bundle"):
        load_bundle(copy)
