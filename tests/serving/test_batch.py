from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from features.tables import InputError
from models.bundle import load_bundle
from models.predictor import Predictor
from models.targets import TARGETS
from serving.batch import name_column, predict_file, text_table


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
        predict_file(tmp_path / f"in.{kind}", tmp_path / f"out.{kind}", predictor).predictions.table
        for kind in ("csv", "tsv", "parquet")
    ]
    for other in answers[1:]:
        pd.testing.assert_frame_equal(answers[0], other)
    assert (
        pd.read_parquet(tmp_path / "out.parquet")["conductivity_s_per_cm"].tolist()
        == answers[0]["conductivity_s_per_cm"].tolist()
    )


def test_rejects_of_an_earlier_run_do_not_stay(predictor: Predictor, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("electrolyte\nLi6PS5Cl\nLPS\n", encoding="utf-8")
    assert predict_file(source, tmp_path / "out.csv", predictor).rejected == tmp_path / "out.csv.rejected.csv"
    source.write_text("electrolyte\nLi6PS5Cl\n", encoding="utf-8")
    assert predict_file(source, tmp_path / "out.csv", predictor).rejected is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv", "out.csv.nearest.csv"]


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
    lines = text_table(table, limit=1).splitlines()
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
