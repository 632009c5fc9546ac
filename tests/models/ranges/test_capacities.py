"""Capacities per gram of anode are told as ranges alone; a bundle says which quantities it holds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.tables.literature import Literature
from features.tables.records import CellRow
from models.bundle import Bundle, BundleError, load_bundle, save_bundle
from models.exceedance import check_limits
from models.intervals import LevelError
from models.predictions import RANGE_OF
from models.predictor import Predictor
from models.ranges.capacities import CapacityRanges, first_capacities
from models.tasks.first_capacity import CAPACITY, FIRST_CAPACITY, FirstCapacities
from models.tasks.ice import IceTask
from models.tasks.registry import ON_REQUEST, RANGES, TARGETS, all_targets, registered
from tests.shared import ROOT

OLD = ROOT / "tests" / "bundles" / "v1"
"""Saved before capacities were told, and before a bundle named its quantities."""
CELLS = pd.DataFrame(
    {
        "electrolyte": ["Li6PS5Cl", "Li6PS5Cl", "LLZO"],
        "anode": ["micro-Si", None, "Si film"],
        "anode_architecture": ["composite", None, "thin-film"],
        "cycle": [1.0, 50.0, 200.0],
    }
)


def kept(*values: float, basis: str = "anode", cell_type: str = "half") -> FirstCapacities:
    """One cell of one paper for each value, argyrodite and composite all of them."""
    kinds = ["family_argyrodite", "anode_composite"]
    return FirstCapacities.from_list(
        [
            {
                "row": f"C{place}",
                "paper": f"paper {place}",
                "first_capacity_mah_per_g": value,
                "first_capacity_qualifier": "=",
                "basis": basis,
                "cell_type": cell_type,
                "kinds": kinds,
            }
            for place, value in enumerate(values)
        ]
    )


@pytest.fixture(scope="module")
def old() -> Bundle:
    bundle = load_bundle(OLD)
    skill = {column: {"shown": False} for column in TARGETS if column != "conductivity_s_per_cm"}
    return Bundle(bundle.parts, {**bundle.facts, "skill": skill})


@pytest.fixture(scope="module")
def predictor(old: Bundle, literature: Literature) -> Predictor:
    return Predictor(Bundle(old.parts, old.facts, first_capacities(literature)))


def test_the_capacity_at_a_cycle_is_the_first_one_times_the_retention(old: Bundle) -> None:
    # all nineteen papers report 1000 mAh/g: the range is 1000 to 1000, and none left out is missed
    told = Predictor(Bundle(old.parts, old.facts, kept(*[1000.0] * 19))).predict(CELLS, points=False, cycles=[20]).table
    assert told["first_capacity_mah_per_g"].isna().all()
    for end in ("_low", "_high"):
        assert told[f"first_capacity_mah_per_g{end}"].tolist() == pytest.approx([1000.0, np.nan, 1000.0], nan_ok=True)
        # 1000 mAh/g times p % are 10 p mAh/g
        for at in ("", "_at_20"):
            expected = (10 * told[f"retention_pct{at}{end}"]).tolist()
            assert told[f"capacity_mah_per_g{at}{end}"].tolist() == pytest.approx(expected, nan_ok=True)
        assert told[f"capacity_mah_per_g{end}"][0] == pytest.approx(1000.0)  # at cycle 1, where 100 % is held


def test_capacity_agrees_with_the_cycle_life(predictor: Predictor) -> None:
    told = predictor.predict(CELLS.head(1), points=False).table
    for end in ("_low", "_high"):
        first, life = (told[column + end][0] for column in ("first_capacity_mah_per_g", "cycle_life_80"))
        at_life = predictor.predict(CELLS.head(1).assign(cycle=life), points=False).table
        assert at_life[f"capacity_mah_per_g{end}"][0] == pytest.approx(0.8 * first)  # by one law


def test_whose_values_they_are_and_by_which_mass(old: Bundle) -> None:
    some, more = kept(*[1000.0] * 10).rows, kept(*[2000.0] * 12, basis="silicon", cell_type="full").rows
    both = FirstCapacities((*some, *({**row, "paper": f"other {row['paper']}"} for row in more)))
    featurizer = old.parts["ice"].featurizer
    flags = {"family_argyrodite", "anode_composite"}
    vectors = np.array([[float(feature.name in flags) for feature in featurizer.features_]])
    for rows, half in ((both, ""), (FirstCapacities(some), ", all half cells")):
        masses = "per gram of silicon in 12 and " if not half else ""
        _, _, (words,) = CapacityRanges(rows, featurizer).ranges(vectors, 0.9, [], lambda column: np.ones((3, 1)))
        assert words[FIRST_CAPACITY.column] == (
            f"first_capacity_mah_per_g: no point, the range of {len(rows.rows)} papers of the same class and "
            f"architecture{half}, {masses}per gram of an anode mass not named in 10"
        )
        assert words[CAPACITY.column] == (
            "capacity_mah_per_g: no point, the range of the first capacity times that of the retention"
        )


def test_few_papers_tell_no_range_and_fail_nothing(old: Bundle) -> None:
    # eight papers and one to come: 8 of 9 is less than 90 %
    told = Predictor(Bundle(old.parts, old.facts, kept(*[1000.0] * 8))).predict(CELLS, points=False).table
    assert told[[f"{column}_low" for column in RANGES]].isna().all(axis=None)
    assert told[RANGE_OF][0].endswith(
        "first_capacity_mah_per_g: not told, 8 papers do not support a level of 0.9; "
        "capacity_mah_per_g: not told, as the first capacity is not"
    )
    assert told["retention_pct_low"].notna().tolist() == [True, False, True]


def test_a_level_that_is_none_is_refused(old: Bundle) -> None:
    ranges = CapacityRanges(kept(*[1000.0] * 19), old.parts["ice"].featurizer)
    vectors = np.zeros((1, len(old.parts["ice"].featurizer.features_)))
    with pytest.raises(LevelError, match="level: got 2, expected a number between 0 and 1"):
        ranges.ranges(vectors, 2.0, [], lambda column: np.ones((3, 1)))


def test_a_model_without_them_answers_as_before(old: Bundle, predictor: Predictor) -> None:
    before, after = (each.predict(CELLS, points=False, cycles=[50]).table for each in (Predictor(old), predictor))
    assert not {column for column in before if column.startswith(tuple(RANGES))}
    numbers = before.columns.drop(RANGE_OF)
    pd.testing.assert_frame_equal(after[numbers], before[numbers], check_exact=True)
    with pytest.raises(ValueError, match="saved without first_capacity_mah_per_g; train again, or leave it out"):
        Predictor(old).predict(CELLS, targets=["first_capacity_mah_per_g"], points=False)
    assert list(predictor.predict(CELLS).table) == list(Predictor(old).predict(CELLS).table)  # points, and no ranges


def test_they_are_asked_for_alone_and_are_no_targets(predictor: Predictor) -> None:
    table = predictor.predict(CELLS, targets=["capacity_mah_per_g"], points=False).table
    assert list(table)[:3] == ["capacity_mah_per_g", "capacity_mah_per_g_low", "capacity_mah_per_g_high"]
    assert "ice_pct" not in table
    with pytest.raises(ValueError, match="capacity_mah_per_g: range only, no model predicts it"):
        predictor.bundle.targets(["capacity_mah_per_g"])
    with pytest.raises(
        ValueError, match="limit of capacity_mah_per_g: range only, no model predicts it, expected one of"
    ):
        check_limits({"capacity_mah_per_g": 1000.0})
    assert list(all_targets()) == [*TARGETS, *RANGES, *ON_REQUEST]


def test_the_first_capacity_alone_asks_no_model_of_the_fade(predictor: Predictor) -> None:
    every = predictor.predict(CELLS, points=False).table
    found = predictor.predict(CELLS, targets=["first_capacity_mah_per_g"], points=False).table
    ends = ["first_capacity_mah_per_g_low", "first_capacity_mah_per_g_high"]
    pd.testing.assert_frame_equal(found[ends], every[ends], check_exact=True)
    assert found[RANGE_OF][0].startswith("first_capacity_mah_per_g: no point, the range of ")
    assert not found["notice"].str.contains("fade: ").any()
    assert not [column for column in found if "fade" in column]


def test_a_bundle_keeps_them(predictor: Predictor, tmp_path: Path) -> None:
    again = load_bundle(save_bundle(predictor.bundle, tmp_path / "bundle"))
    assert again.capacities == predictor.bundle.capacities
    assert again.facts["quantities"] == ["conductivity", "ice", "fade"]
    pd.testing.assert_frame_equal(
        Predictor(again).predict(CELLS, points=False).table, predictor.predict(CELLS, points=False).table
    )


def changed(folder: Path, name: str, content: Any) -> Path:
    """Write a file of a bundle anew, with its hash."""
    (folder / name).write_text(json.dumps(content), encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


WRONG = {
    "row": 1, "paper": None, "first_capacity_mah_per_g": "900", "first_capacity_qualifier": 3, "basis": "cathode",
    "cell_type": ["half"], "kinds": "anode_composite",
}  # fmt: skip
"""Of each key a value that no cell has."""
DAMAGED = [
    *([{**kept(1.0).rows[0], name: value}] for name, value in WRONG.items()),
    *([{key: value for key, value in kept(1.0).rows[0].items() if key != name}] for name in WRONG),
    [{**kept(1.0).rows[0], "first_capacity_mah_per_g": float("inf")}],
    [{**kept(1.0).rows[0], "first_capacity_mah_per_g": True}],
    [{**kept(1.0).rows[0], "basis": ["silicon"]}],
    [{**kept(1.0).rows[0], "kinds": [1]}],
    [{"row": "C1"}], ["C1"], [], {}, {"a": 1}, None, 7,
]  # fmt: skip


def test_every_key_is_damaged_once() -> None:
    assert {*WRONG} == {*kept(1.0).rows[0]}


@pytest.mark.parametrize("content", DAMAGED)
def test_damaged_ones_are_refused(predictor: Predictor, tmp_path: Path, content: Any) -> None:
    folder = save_bundle(predictor.bundle, tmp_path / "bundle")
    with pytest.raises(BundleError, match=r"first_capacity\.json is damaged"):
        load_bundle(changed(folder, "first_capacity.json", content))


@pytest.mark.parametrize("quantities", [["conductivity"], "fade", 3])
def test_a_bundle_without_its_first_quantities_is_refused(old: Bundle, tmp_path: Path, quantities: Any) -> None:
    folder = save_bundle(old, tmp_path / "bundle")
    facts = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
    with pytest.raises(BundleError, match=r"damaged \(quantities: "):
        load_bundle(changed(folder, "bundle.json", {**facts, "quantities": quantities}))


class OneMore(IceTask):
    """A quantity that is learned since the bundle was saved."""

    name = "one_more"
    targets = (replace(IceTask.targets[0], column="one_more_pct"),)


def test_a_model_is_not_asked_for_a_quantity_learned_since() -> None:
    with registered(OneMore()):
        predictor = Predictor(load_bundle(OLD))
        assert "one_more_pct" in TARGETS
        assert "one_more_pct" not in predictor.predict(CELLS).table
        with pytest.raises(ValueError, match="saved without one_more_pct"):
            predictor.predict(CELLS, targets=["one_more_pct"])


def test_nothing_is_kept_where_no_cell_has_one(literature: Literature) -> None:
    empty = [cell.model_copy(update={"first_capacity_mah_per_g": None}) for cell in literature.cells]
    assert first_capacities(replace(literature, cells=empty)) is None


def test_the_kinds_of_a_cell_are_its_class_and_architecture(literature: Literature) -> None:
    cell = CellRow(
        cell_id="X1", source_id="x", electrolyte="Li6PS5Cl", anode="Si film", anode_architecture="thin-film",
        cell_type="half", first_capacity_mah_per_g=3000.0, first_capacity_basis="silicon",
    )  # fmt: skip
    found = first_capacities(replace(literature, cells=[cell]))
    assert found is not None
    (row,) = found.rows
    assert row["kinds"] == ["anode_thin_film", "family_sulfide", "family_argyrodite"]
    assert (row["basis"], row["first_capacity_mah_per_g"], row["cell_type"]) == ("silicon", 3000.0, "half")


@pytest.mark.parametrize(
    ("stated", "share", "told"),
    [
        ("silicon", 60, (1800.0, "electrode")),  # 3000 mAh/g of 0.6 g in a gram of the layer
        ("silicon", 100, (3000.0, "silicon")),
        ("silicon", None, (3000.0, "silicon")),
        ("silicon", 0, (3000.0, "silicon")),  # contradicts itself: not counted as nothing
        ("electrode", 60, (3000.0, "electrode")),
        (None, 60, (3000.0, "anode")),
        (None, 100, (3000.0, "silicon")),
    ],
)
def test_a_capacity_of_the_silicon_is_counted_by_the_whole_layer(
    literature: Literature, stated: str | None, share: float | None, told: tuple[float, str]
) -> None:
    cell = CellRow.model_validate({
        "cell_id": "X1", "source_id": "x", "electrolyte": "Li6PS5Cl", "cell_type": "half", "silicon_wt_pct": share,
        "first_capacity_mah_per_g": 3000.0, "first_capacity_basis": stated,
    })  # fmt: skip
    found = first_capacities(replace(literature, cells=[cell]))
    assert found is not None
    (row,) = found.rows
    assert (row["first_capacity_mah_per_g"], row["basis"]) == told


def test_of_the_shipped_cells_what_the_sources_say_is_stated(literature: Literature) -> None:
    stated = {cell.cell_id: cell.first_capacity_basis for cell in literature.cells if cell.first_capacity_basis}
    assert {name for name, basis in stated.items() if basis != "cathode"} == {"M057"}
    for cell in literature.cells:
        if stated.get(cell.cell_id) == "cathode":
            assert "per gram of cathode" in f"{cell.note}".lower() or "mAh/g of NCM83" in f"{cell.as_written}"
