from __future__ import annotations

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from features.tables.records import Candidate
from features.tables.rows import read_table
from models import bundle as bundles
from models.bundle import BundleError, load_bundle, save_bundle
from models.candidates import candidate_frame
from models.predictor import Predictor
from models.registry import export
from models.saved.checked_files import read_checked
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


def rewritten(folder: Path, name: str, content: bytes | None, listed: str | None = None) -> Path:
    """Change a file of a bundle, and its manifest with it: what somebody who edits a bundle can do."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    if content is not None:
        (folder / name).write_bytes(content)
        manifest[name if listed is None else listed] = bundles._hash(content)
    else:
        del manifest[name]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["ice/part.json", "ice/domain.json", "ice/ensemble.json", "ice/member_0.ubj"])
def test_every_file_that_is_read_stands_in_the_manifest(copy: Path, name: str) -> None:
    with pytest.raises(BundleError, match=f"{Path(name).name} does not stand in manifest"):
        load_bundle(rewritten(copy, name, None))


@pytest.mark.parametrize("listed", ["../outside.json", "/etc/hostname", "ice/../../outside.json", "ice\\x", "a\0b", ""])
def test_a_manifest_names_files_inside_its_folder(copy: Path, listed: str) -> None:
    (copy.parent / "outside.json").write_bytes(b"{}")
    with pytest.raises(BundleError, match="expected names of files inside this folder"):
        load_bundle(rewritten(copy, "more.json", b"{}", listed))


@pytest.mark.parametrize("hashed", [None, 1, "", "A" * 64, ["a"]])
def test_a_manifest_holds_hashes(copy: Path, hashed: object) -> None:
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8")) | {"ice/part.json": hashed}
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(BundleError, match="expected names of files inside this folder"):
        load_bundle(copy)


@pytest.mark.parametrize("content", [b"{}", b"[]", b"null", b'"x"', b"[" * 100_000, b"\xff", b'{"vectors": 1}'])
@pytest.mark.parametrize("name", ["bundle.json", "ice/part.json", "ice/domain.json", "ice/ensemble.json"])
def test_what_is_no_model_though_its_hashes_are_right(copy: Path, name: str, content: bytes) -> None:
    with pytest.raises(BundleError, match=r"damaged|format version None"):
        load_bundle(rewritten(copy, name, content))


KEY = "a key that nobody guesses"


def test_a_signed_bundle_notices_who_edits_it_and_its_hashes(
    bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hashes alone do not: that is said where they are explained."""
    unsigned, signed = export(str(bundle_folder), tmp_path / "unsigned"), tmp_path / "signed"
    with pytest.raises(BundleError, match="there is no key to sign with"):
        export(str(bundle_folder), signed, sign=True)
    monkeypatch.setenv("SILION_BUNDLE_KEY", KEY)
    with pytest.raises(BundleError, match="is not signed, and SILION_BUNDLE_KEY is set"):
        load_bundle(unsigned)
    load_bundle(export(str(bundle_folder), signed, sign=True))
    part = json.loads((signed / "ice" / "part.json").read_text(encoding="utf-8"))
    part["settings"] = {"other": 1}
    edited = rewritten(signed, "ice/part.json", json.dumps(part).encode())
    with pytest.raises(BundleError, match="was not signed with the key in SILION_BUNDLE_KEY"):
        load_bundle(edited)
    monkeypatch.setenv("SILION_BUNDLE_KEY", "short")
    with pytest.raises(BundleError, match="got 5 characters, expected at least 16"):
        load_bundle(edited)
    monkeypatch.delenv("SILION_BUNDLE_KEY")
    load_bundle(edited)


def test_a_bundle_is_signed_as_it_is_saved(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SILION_BUNDLE_KEY", KEY)
    folder = save_bundle(trained.bundle, tmp_path / "bundle")
    load_bundle(folder)
    monkeypatch.setenv("SILION_BUNDLE_KEY", KEY[::-1])
    with pytest.raises(BundleError, match="was not signed with the key"):
        load_bundle(folder)


def test_a_bundle_is_read_while_others_take_its_place(copy: Path) -> None:
    """Whoever reads has files of one bundle, however often it is exported over meanwhile."""
    other, stop = shutil.copytree(copy, copy.parent / "other"), threading.Event()
    facts = json.loads((other / "bundle.json").read_text(encoding="utf-8")) | {"other": True}
    rewritten(other, "bundle.json", json.dumps(facts).encode())

    def export_on() -> None:
        while not stop.is_set():
            for source in (other, copy.parent / "first"):
                export(str(source), copy)

    shutil.copytree(copy, copy.parent / "first")
    with ThreadPoolExecutor(1) as writer:
        exporting = writer.submit(export_on)
        try:
            seen = {read_checked(copy).json("bundle.json").get("other", False) for _ in range(60)}
        finally:
            stop.set()
        exporting.result()
    assert seen == {True, False}
