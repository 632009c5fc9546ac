from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.tables.mistakes import InputError
from models.bundle import Bundle, load_bundle
from models.intervals import Calibration
from models.lab_effect.kernel import Kernel, LabEffect
from models.predictions import TEXT_COLUMNS
from models.predictor import Predictor
from models.tasks.registry import LINK, TARGETS
from serving.predict import batch
from serving.predict.batch import BatchResult, predict_file
from serving.predict.prediction_text import name_column, text_table


@pytest.fixture(scope="module")
def predictor(bundle_folder: Path) -> Predictor:
    return Predictor(load_bundle(bundle_folder))


def test_own_columns_and_order_are_kept(predictor: Predictor, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text('lab,electrolyte,"my, note"\nB,Li6PS5Cl,"x, y"\nA,LLZTO,\n', encoding="utf-8")
    predict_file(source, tmp_path / "out.csv", predictor)
    table = pd.read_csv(tmp_path / "out.csv", keep_default_na=False)
    assert table.columns[:3].tolist() == ["lab", "electrolyte", "my, note"]
    assert table["lab"].tolist() == ["B", "A"]
    assert table["my, note"].tolist() == ["x, y", ""]


def test_csv_tsv_and_parquet_give_the_same(predictor: Predictor, tmp_path: Path) -> None:
    frame = pd.DataFrame({"electrolyte": ["Li6PS5Cl", "LLZTO"], "temperature_c": [25.0, 60.0]})
    frame.to_csv(tmp_path / "in.csv", index=False)
    frame.to_csv(tmp_path / "in.tsv", index=False, sep="\t")
    frame.to_parquet(tmp_path / "in.parquet")
    answers = [
        predict_file(tmp_path / f"in.{kind}", tmp_path / f"out_of_{kind}.parquet", predictor).table
        for kind in ("csv", "tsv", "parquet")
    ]
    predicted = [column for column in answers[0] if column not in frame]
    for other in answers[1:]:
        pd.testing.assert_frame_equal(answers[0][predicted], other[predicted], check_exact=True)
    predict_file(tmp_path / "in.parquet", tmp_path / "out.csv", predictor)
    written = pd.read_csv(tmp_path / "out.csv", keep_default_na=False)
    # six digits in text, every bit in Parquet
    assert written["conductivity_s_per_cm"].tolist() == [
        float(f"{value:.6g}") for value in answers[0]["conductivity_s_per_cm"]
    ]


def test_text_beside_parquet_has_no_types_to_write(predictor: Predictor, tmp_path: Path) -> None:
    folder = tmp_path / "designs"
    folder.mkdir()
    frame = pd.DataFrame({"electrolyte": ["Li6PS5Cl", "LLZTO"], "temperature_c": [25.0, 60.0]})
    frame.to_csv(folder / "a.csv", index=False)
    frame.to_parquet(folder / "b.parquet")
    with pytest.raises(InputError, match=r"text tables beside Parquet files.*write a \.csv or \.tsv"):
        predict_file(folder, tmp_path / "out.parquet", predictor)
    assert [path.name for path in tmp_path.iterdir()] == ["designs"]
    table = predict_file(folder, tmp_path / "out.csv", predictor).table
    assert table["conductivity_s_per_cm"][:2].tolist() == table["conductivity_s_per_cm"][2:].tolist()


def test_rejects_of_an_earlier_run_do_not_stay(predictor: Predictor, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("electrolyte\nLi6PS5Cl\nLPS\n", encoding="utf-8")
    assert predict_file(source, tmp_path / "out.csv", predictor).rejected == tmp_path / "out.csv.rejected.csv"
    source.write_text("electrolyte\nLi6PS5Cl\n", encoding="utf-8")
    assert predict_file(source, tmp_path / "out.csv", predictor).rejected is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv", "out.csv.nearest.csv"]


def test_all_mistakes_of_a_row_at_once_with_that_of_its_formula(predictor: Predictor, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("electrolyte,stack_pressure_mpa\nLPS,-5\nLLZTO,5\nLPS,5\nLPS\n", encoding="utf-8")
    found = predict_file(tmp_path / "in.csv", tmp_path / "out.csv", predictor)
    # a row with a cell too few has no columns to look at
    assert [(mistake.line, mistake.column) for mistake in found.mistakes] == [
        (2, "stack_pressure_mpa"), (2, "electrolyte"), (4, "electrolyte"), (5, ""),
    ]  # fmt: skip
    assert (found.rows, found.rejected_rows) == (1, 3)


def test_nothing_is_written_when_no_row_can_be_used(predictor: Predictor, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("electrolyte\nLPS\n", encoding="utf-8")
    with pytest.raises(InputError, match="no row can be used"):
        predict_file(source, tmp_path / "out.csv", predictor)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_misspelt_column_is_kept_and_remarked(predictor: Predictor, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("electrolyte,stack_presure_mpa\nLi6PS5Cl,5\n", encoding="utf-8")
    result = predict_file(source, tmp_path / "out.csv", predictor)
    assert result.remarks == [
        "column stack_presure_mpa is not known and was kept as your own; did you mean stack_pressure_mpa?",
        "kept as your own, not read by the model: stack_presure_mpa",
    ]


def test_the_terminal_table_names_designs_and_intervals(predictor: Predictor, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("electrolyte,sample\nLi6PS5Cl,the first\nLLZTO,the second\n", encoding="utf-8")
    table = predict_file(source, tmp_path / "out.csv", predictor).table
    assert name_column(table) == "sample"
    narrow = text_table(table, limit=1).splitlines()
    assert max(map(len, narrow)) <= 80
    assert narrow[-3] == "the first"
    lines = text_table(table, limit=1, width=200).splitlines()
    assert lines[0].startswith("design")
    assert "S/cm" in lines[0]
    assert lines[1].startswith("the first")
    assert " to " in lines[1]
    assert lines[2] == "... and 1 more"


def test_the_nearest_rows_name_their_papers(predictor: Predictor, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("sample,electrolyte,anode\nfirst,Li6PS5Cl,micro-Si\n", encoding="utf-8")
    result = predict_file(tmp_path / "in.csv", tmp_path / "out.csv", predictor)
    nearest = pd.read_csv(result.nearest)
    assert nearest["design"].unique().tolist() == ["first"]
    assert nearest.groupby("target")["rank"].apply(list).to_dict() == {target: [1, 2, 3] for target in TARGETS}
    assert nearest["citation"].notna().all()
    assert nearest.loc[nearest["target"] == "conductivity_s_per_cm", "measured"].str.endswith("S/cm").all()
    assert nearest.loc[nearest["target"] == "retention_pct", "measured"].str.contains("% at cycle").all()


def test_parquet_keeps_its_types(predictor: Predictor, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"electrolyte": ["Li6PS5Cl", "LPS", "LLZTO"], "batch": [1, 2, 3], "made": pd.to_datetime(["2026-01-01"] * 3)}
    )
    frame.to_parquet(tmp_path / "in.parquet")
    predict_file(tmp_path / "in.parquet", tmp_path / "out.parquet", predictor)
    written = pd.read_parquet(tmp_path / "out.parquet")
    assert written["batch"].tolist() == [1, 3]
    assert written["made"].dtype == frame["made"].dtype


@pytest.mark.parametrize(
    ("out", "words"),
    [("in.csv", "is the input itself"), ("out.xlsx", "unknown ending .xlsx"), ("dir.csv", "no regular file")],
)
def test_where_the_output_may_not_go(predictor: Predictor, tmp_path: Path, out: str, words: str) -> None:
    (tmp_path / "in.csv").write_text("electrolyte\nLi6PS5Cl\n", encoding="utf-8")
    (tmp_path / "dir.csv").mkdir()
    with pytest.raises(InputError, match=words):
        predict_file(tmp_path / "in.csv", tmp_path / out, predictor)
    assert (tmp_path / "in.csv").read_text(encoding="utf-8") == "electrolyte\nLi6PS5Cl\n"


def test_links_are_followed_not_replaced(predictor: Predictor, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("electrolyte\nLi6PS5Cl\n", encoding="utf-8")
    (tmp_path / "real.csv").write_text("old", encoding="utf-8")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    predict_file(tmp_path / "in.csv", tmp_path / "link.csv", predictor)
    assert (tmp_path / "link.csv").is_symlink()
    assert "Li6PS5Cl" in (tmp_path / "real.csv").read_text(encoding="utf-8")


DESIGNS = "electrolyte,temperature_c,anode\nLi6PS5Cl,25,micro-Si\nLi6PS5Br,25,micro-Si\n"
MINE = "electrolyte,temperature_c,conductivity_s_per_cm\n"


def calibrated(predictor: Predictor, folder: Path, mine: str | None, **asked: Any) -> BatchResult:
    """The two designs predicted with a table of one's own, which is not there where None."""
    (folder / "in.csv").write_text(DESIGNS, encoding="utf-8")
    if mine is not None:
        (folder / "mine.csv").write_text(mine, encoding="utf-8")
    return predict_file(folder / "in.csv", folder / "out.csv", predictor, calibrate=folder / "mine.csv", **asked)


@pytest.fixture(scope="module")
def sharing(bundle_folder: Path) -> Predictor:
    """The same model, had papers shown that half of what a measured design tells reaches every other: 0.3 of a variance
    of 0.4 is shared, so that one moves a design just like it by 3 / 4 of its error, three by 9 / 10."""
    bundle = load_bundle(bundle_folder)
    lab = LabEffect(Kernel(0.3, 0.1, reach=1.0, common=0.5), {1: Calibration((1.5,) * 19, (1.0,) * 19, 19, 0.0)})
    part = replace(bundle.parts[LINK], lab=lab)
    return Predictor(Bundle({**bundle.parts, "conductivity": part}, bundle.facts))


def logs(result: BatchResult) -> np.ndarray:
    return np.log10(result.table["conductivity_s_per_cm"].to_numpy())


@pytest.mark.parametrize("factor", [30.0, 1 / 30])
def test_predictions_move_towards_what_was_measured(sharing: Predictor, tmp_path: Path, factor: float) -> None:
    (tmp_path / "in.csv").write_text(DESIGNS, encoding="utf-8")
    plain = logs(predict_file(tmp_path / "in.csv", tmp_path / "plain.csv", sharing))
    value = float(10.0 ** plain[0] * factor)
    found = calibrated(sharing, tmp_path, f"{MINE}Li6PS5Cl,25,{value!r}\n")
    step, error = logs(found) - plain, np.log10(factor)
    # all designs move to the side of the error, none beyond it; the measured one by three quarters, the other by less,
    # yet by more than the half of it that no distance forgets
    assert (np.sign(step) == np.sign(error)).all()
    assert abs(0.75 * error) < abs(step[0]) < abs(error)  # and nearer for the very composition
    assert abs(0.375 * error) < abs(step[1]) < abs(0.75 * error)
    written = pd.read_csv(tmp_path / "out.csv")
    drawn = written["notice"].str.contains("conductivity: drawn to your own measurement of this composition")
    moved = written["notice"].str.contains("conductivity: moved by 1 measured design of yours")
    assert (drawn | moved).all()
    assert drawn.iloc[0]
    assert moved.iloc[1]
    assert found.remarks == []
    low, high = written["conductivity_s_per_cm_low"], written["conductivity_s_per_cm_high"]
    assert ((low <= written["conductivity_s_per_cm"]) & (written["conductivity_s_per_cm"] <= high)).all()


def test_repeating_a_measurement_moves_further(sharing: Predictor, tmp_path: Path) -> None:
    once = logs(calibrated(sharing, tmp_path, f"{MINE}Li6PS5Cl,25,0.1\n"))
    plain = logs(predict_file(tmp_path / "in.csv", tmp_path / "plain.csv", sharing))
    thrice = logs(calibrated(sharing, tmp_path, MINE + "Li6PS5Cl,25,0.1\n" * 3))
    assert (once < thrice).all()
    assert 0.75 * (-1 - plain[0]) < once[0] - plain[0] < -1 - plain[0]
    assert 0.9 * (-1 - plain[0]) < thrice[0] - plain[0] < -1 - plain[0]


def test_measured_rows_that_cannot_be_used_are_said(sharing: Predictor, tmp_path: Path) -> None:
    good = f"{MINE}Li6PS5Cl,25,0.01\n"
    found = calibrated(sharing, tmp_path, f"{good}LPS,25,0.01\nLi6PS5Cl,25,-1\nLi6PS5Cl,25,\n")
    said = sorted(found.remarks)
    assert len(said) == 3
    assert said[0].startswith("left out of the calibration: mine.csv line 3, column electrolyte: got 'LPS', expected")
    assert said[1] == (
        "left out of the calibration: mine.csv line 4, column conductivity_s_per_cm: got '-1', "
        "expected a plain number in S/cm, above 0 and at most 10"
    )
    assert said[2].startswith("left out of the calibration: mine.csv line 5, column conductivity_s_per_cm: got nothing")
    assert found.rejected is None
    alone = calibrated(sharing, tmp_path, good)
    pd.testing.assert_frame_equal(found.table, alone.table)


@pytest.mark.parametrize(
    ("mine", "words"),
    [
        (f"{MINE}LPS,25,0.01\nLi6PS5Cl,25,\n", "mine.csv: no measured design can be used; leave --calibrate out to "),
        (f"{MINE}LPS,25,0.01\nLi6PS5Cl,25,\n", "mine.csv line 2, column electrolyte: got 'LPS'"),
        (f"{MINE}LPS,25,0.01\nLi6PS5Cl,25,\n", "mine.csv line 3, column conductivity_s_per_cm: got nothing measured"),
        (MINE, "the file holds a header and no rows"),
        (None, "mine.csv: no such file"),
        # a unit in a header is a name of its own: another one than ours is refused, never converted
        ("electrolyte,conductivity_ms_per_cm\nLi6PS5Cl,3\n", "conductivity_s_per_cm (in S/cm); convert the values"),
        ("electrolyte,temperature_k,ice_pct\nLi6PS5Cl,298,80\n", "temperature_c (in °C); convert the values"),
        ("electrolyte,ice_percent\nLi6PS5Cl,80\n", "ice_pct (in %); convert the values and rename the column"),
    ],
)
def test_nothing_is_written_when_no_measured_design_can_be_used(
    predictor: Predictor, tmp_path: Path, mine: str | None, words: str
) -> None:
    with pytest.raises(InputError) as error:
        calibrated(predictor, tmp_path, mine)
    assert words in str(error.value)
    assert {path.name for path in tmp_path.iterdir()} <= {"in.csv", "mine.csv"}


def test_measurements_under_other_conditions_are_said(sharing: Predictor, tmp_path: Path) -> None:
    for notice in calibrated(sharing, tmp_path, f"{MINE}Li7La3Zr2O12,200,0.01\n").table["notice"]:
        assert "conductivity: tested 175 °C from the nearest of them" in notice
        assert "conductivity: far from all of them (distance " in notice
    for notice in calibrated(sharing, tmp_path, f"{MINE}Li7La3Zr2O12,200,0.01\nLi6PS5Cl,30,0.01\n").table["notice"]:
        assert "from the nearest of them" not in notice


def test_own_cells_never_change_nothing_without_a_sentence(predictor: Predictor, tmp_path: Path) -> None:
    """Too few papers have several initial efficiencies: the designs move as conductivities of one laboratory do."""
    mine = "electrolyte,temperature_c,anode,ice_pct\nLi6PS5Cl,25,micro-Si,40\n"
    found = calibrated(predictor, tmp_path, mine).table
    assert found["notice"].str.contains(r"ice: (?:moved by|drawn to|not moved by)").all()


@pytest.mark.parametrize("name", ["out.csv", "out.csv.nearest.csv", "out.csv.rejected.csv", "link.csv"])
def test_the_measured_designs_are_never_overwritten(predictor: Predictor, tmp_path: Path, name: str) -> None:
    # the row that cannot be used would be written to OUT.rejected.csv; without one, an old OUT.rejected.csv would go
    for more in ("LPS,25,\n", ""):
        (tmp_path / "in.csv").write_text(DESIGNS + more, encoding="utf-8")
        mine = tmp_path / name
        mine.write_text(f"{MINE}Li6PS5Cl,25,0.01\n", encoding="utf-8")
        out = tmp_path / "out.csv"
        if name == "link.csv" and not out.is_symlink():
            out.symlink_to(mine)
        before = sorted(path.name for path in tmp_path.iterdir())
        with pytest.raises(InputError, match=r"is the input itself; choose another name for the output"):
            predict_file(tmp_path / "in.csv", out, predictor, calibrate=mine)
        assert mine.read_text(encoding="utf-8") == f"{MINE}Li6PS5Cl,25,0.01\n"
        assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("end", ["nearest", "rejected"])
def test_the_designs_are_never_overwritten_by_what_stands_beside_the_output(
    predictor: Predictor, tmp_path: Path, end: str
) -> None:
    source = tmp_path / f"out.csv.{end}.csv"
    source.write_text(DESIGNS, encoding="utf-8")
    with pytest.raises(InputError, match="is the input itself"):
        predict_file(source, tmp_path / "out.csv", predictor)
    assert source.read_text(encoding="utf-8") == DESIGNS
    assert [path.name for path in tmp_path.iterdir()] == [source.name]


def test_a_misspelt_column_of_the_measured_designs_is_remarked(predictor: Predictor, tmp_path: Path) -> None:
    found = calibrated(predictor, tmp_path, "electrolyte,temperture_c,conductivity_s_per_cm\nLi6PS5Cl,25,0.01\n")
    assert found.remarks == [
        "mine.csv: column temperture_c is not known and was kept as your own; did you mean temperature_c?",
        "mine.csv: not read: temperture_c",
    ]


def test_measurements_of_other_targets_are_said_to_tell_nothing(predictor: Predictor, tmp_path: Path) -> None:
    found = calibrated(predictor, tmp_path, f"{MINE}Li6PS5Cl,25,0.01\n", targets=["ice_pct"])
    assert found.table["notice"].str.contains("ice: none of your measured designs tells of it", regex=False).all()
    assert not found.table["notice"].str.contains("conductivity: none", regex=False).any()


def test_a_folder_gives_one_table(predictor: Predictor, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "b.csv").write_text("electrolyte,lot\nLLZTO,3\nLPS,4\n", encoding="utf-8")
    (folder / "a.tsv").write_text("electrolyte\tlot\nLPS\t1\nLi6PS5Cl\t2\n", encoding="utf-8")
    result = predict_file(folder, tmp_path / "out.parquet", predictor)
    assert pd.read_parquet(tmp_path / "out.parquet")["lot"].tolist() == ["2", "3"]
    rejected = pd.read_csv(tmp_path / "out.parquet.rejected.csv")
    assert rejected[["file", "line", "lot"]].to_numpy().tolist() == [["a.tsv", 2, 1], ["b.csv", 3, 4]]
    assert rejected["reasons"].str.startswith(("a.tsv line 2, column electrolyte", "b.csv line 3")).all()
    nearest = pd.read_csv(tmp_path / "out.parquet.nearest.csv")
    assert nearest.columns[:5].tolist() == ["file", "design", "line", "target", "rank"]
    assert nearest[["file", "design", "line"]].drop_duplicates().to_numpy().tolist() == [
        ["a.tsv", 2, 3],
        ["b.csv", 3, 2],
    ]
    assert (result.rows, result.rejected_rows) == (2, 2)


def test_the_distance_stands_behind_each_target(predictor: Predictor, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("electrolyte,anode\nLiCs2TlI6,micro-Si\nLi6PS5Cl,\n", encoding="utf-8")
    predict_file(tmp_path / "in.csv", tmp_path / "out.csv", predictor)
    table = pd.read_csv(tmp_path / "out.csv")
    for column in TARGETS:
        place = list(table.columns).index(column)
        expected = [column, f"{column}_low", f"{column}_high", f"{column}_distance"]
        assert table.columns[place : place + 4].tolist() == expected
    assert table["conductivity_s_per_cm_distance"][0] > table["conductivity_s_per_cm_distance"][1]
    assert f"distance {table['conductivity_s_per_cm_distance'][0]:.2f}" in table["notice"][0]
    assert table["ice_pct_distance"].isna().tolist() == [False, True]
    assert table["retention_pct_distance"].equals(table["cycle_life_80_distance"])  # one model serves both


def test_probabilities_above_limits_are_columns_of_the_output(predictor: Predictor, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("electrolyte,anode\nLi6PS5Cl,Si\nLLZTO,\n", encoding="utf-8")
    above = {"conductivity_s_per_cm": 1e-4, "ice_pct": 85.0}
    result = predict_file(tmp_path / "in.csv", tmp_path / "out.csv", predictor, above=above)
    columns = ["conductivity_s_per_cm_above_0.0001_probability", "ice_pct_above_85_probability"]
    assert [column for column in result.table if column not in TEXT_COLUMNS][-2:] == columns
    assert result.table[columns[0]].between(0, 1, inclusive="neither").all()
    assert result.table[columns[1]].notna().tolist() == [True, False]  # the second describes no anode
    (tmp_path / "own.csv").write_text(f"electrolyte,{columns[1]}\nLi6PS5Cl,1\n", encoding="utf-8")
    with pytest.raises(InputError, match="the columns cannot be used"):
        predict_file(tmp_path / "own.csv", tmp_path / "out.csv", predictor, above=above)


def test_the_energy_of_each_designs_stack(predictor: Predictor, tmp_path: Path) -> None:
    """Zhan et al. print 270.3 Wh/kg at 100 µm and 350.8 at 30 µm."""
    rows = "electrolyte,electrolyte_thickness_um\nLi6PS5Cl,100\nLi6PS5Cl,30\nLi6PS5Cl,\n"
    (tmp_path / "in.csv").write_text(rows, encoding="utf-8")
    stack = ["review", "electrolyte_density_g_per_cm3=1.865"]
    result = predict_file(tmp_path / "in.csv", tmp_path / "out.csv", predictor, targets=["ice_pct"], stack=stack)
    table = pd.read_csv(tmp_path / "out.csv")
    assert list(table)[-3:] == ["energy_density_wh_per_kg", "energy_density_wh_per_l", "notice"]
    assert table["energy_density_wh_per_kg"].round(1).tolist()[:2] == [270.3, 350.8]
    assert np.isnan(table["energy_density_wh_per_kg"].iloc[2])
    assert any("Zhan" in remark for remark in result.remarks)
    with pytest.raises(ValueError, match="nothing is assumed silently"):
        predict_file(tmp_path / "in.csv", tmp_path / "out.csv", predictor, stack=["review"])
    with pytest.raises(InputError, match="the columns cannot be used"):
        predict_file(tmp_path / "out.csv", tmp_path / "again.csv", predictor, stack=stack)
    # without the question such a column is the user's own
    (tmp_path / "own.csv").write_text("electrolyte,energy_density_wh_per_kg\nLi6PS5Cl,300\n", encoding="utf-8")
    assert "energy_density_wh_per_kg" in predict_file(tmp_path / "own.csv", tmp_path / "again.csv", predictor).table


def test_retention_at_chosen_cycles(predictor: Predictor, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("electrolyte,anode,cycle\nLi6PS5Cl,micro-Si,50\nLi6PS5Cl,,\n", encoding="utf-8")
    predict_file(tmp_path / "in.csv", tmp_path / "out.parquet", predictor, targets=["ice_pct"], cycles=[1, 50, 500])
    table = pd.read_parquet(tmp_path / "out.parquet")
    whole = predict_file(tmp_path / "in.csv", tmp_path / "whole.parquet", predictor).table
    assert table["retention_pct_at_50"][0] == whole["retention_pct"][0] or np.isnan(whole["retention_pct"][0])
    for end in ("_low", "_high"):
        at = [table[f"retention_pct_at_{cycle}{end}"] for cycle in (1, 50, 500)]
        assert at[0].tolist()[0] == 100
        assert at[1].tolist()[0] == whole[f"retention_pct{end}"][0]  # the design's own cycle is 50
        assert at[2].tolist()[0] <= at[1].tolist()[0]
        assert np.isnan([each[1] for each in at]).all()
    assert "retention_pct" not in table
    with pytest.raises(ValueError, match="cycles: got 0, expected 1 or more"):
        predict_file(tmp_path / "in.csv", tmp_path / "out.csv", predictor, cycles=[0])
    with pytest.raises(InputError, match="a column that the predictions are written to"):
        predict_file(tmp_path / "out.parquet", tmp_path / "again.csv", predictor)


def test_precedents_as_many_as_asked_for(predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in.csv").write_text("electrolyte\n" + "Li6PS5Cl\n" * 4, encoding="utf-8")
    nearest = tmp_path / "out.csv.nearest.csv"
    predict_file(tmp_path / "in.csv", tmp_path / "out.csv", predictor, precedents=2)
    assert len(pd.read_csv(nearest)) == 4 * 2
    assert predict_file(tmp_path / "in.csv", tmp_path / "out.csv", predictor, precedents=0).nearest is None
    assert not nearest.exists()  # an earlier run's file would tell of other rows
    monkeypatch.setattr(batch, "MOST_WITH_PRECEDENTS", 3)
    said = predict_file(tmp_path / "in.csv", tmp_path / "out.csv", predictor).remarks[-1]
    assert said == "above 3 designs the nearest literature rows are written with --precedents K"
    assert not nearest.exists()
    # of electrolytes alone they add little: these have a limit of their own
    predict_file(tmp_path / "in.csv", tmp_path / "out.csv", predictor, targets=["conductivity_s_per_cm"])
    assert len(pd.read_csv(nearest)) == 4 * 3
    nearest.unlink()
    monkeypatch.setattr(batch, "MOST_ELECTROLYTES_WITH_PRECEDENTS", 3)
    predict_file(tmp_path / "in.csv", tmp_path / "out.csv", predictor, targets=["conductivity_s_per_cm"])
    assert not nearest.exists()
    with pytest.raises(ValueError, match="precedents: got -1, expected 0 or more"):
        predict_file(tmp_path / "in.csv", tmp_path / "out.csv", predictor, precedents=-1)
