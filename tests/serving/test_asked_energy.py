"""The activation energy, asked for by name wherever predictions are asked for: the same numbers everywhere."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

import silion
from cli.main import build_parser, main
from models.bundle import load_bundle
from models.tasks.registry import BESIDE_ONLY, all_targets
from serving.server.app import app_of

COLUMN, ENERGY = "conductivity_s_per_cm", "activation_energy_ev"
ENDS = [ENERGY, f"{ENERGY}_low", f"{ENERGY}_high"]
DESIGNS = "electrolyte,temperature_c\nLi6PS5Cl,25\nLLZTO,60\nPEO/LiTFSI,60\nNa3PS4,25\n"


@pytest.fixture(scope="module")
def api(bundle_folder: Path) -> TestClient:
    return TestClient(app_of(load_bundle(bundle_folder)))


@pytest.fixture
def told(bundle_folder: Path) -> pd.DataFrame:
    """What `silion.load(...).predict` tells of the designs."""
    model = silion.load(bundle_folder)
    return model.predict(pd.read_csv(io.StringIO(DESIGNS)), targets=[COLUMN, ENERGY]).table


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["--targets", COLUMN, ENERGY], [COLUMN, ENERGY]),
        (["--targets", f"{COLUMN},{ENERGY}"], [COLUMN, ENERGY]),  # as `mlflow run -P targets=` passes several
        (["--targets", f" {COLUMN}, {ENERGY} "], [COLUMN, ENERGY]),
        (["--targets", ""], None),  # and none
        ([], None),
    ],
)
def test_targets_stand_side_by_side_or_with_commas(words: list[str], names: list[str] | None) -> None:
    assert build_parser().parse_args(["predict", "in.csv", "-o", "out.csv", *words]).targets == names


@pytest.mark.parametrize("words", [[f"{COLUMN},,{ENERGY}"], [f"{COLUMN},"], [COLUMN, ""]])
def test_an_empty_name_is_answered_with_all_targets(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["predict", "in.csv", "-o", "out.csv", "--targets", *words])
    assert f"--targets: got an empty name, expected some of {', '.join(all_targets())}" in capsys.readouterr().err


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_the_command_line_writes_and_prints_it(
    bundle_folder: Path, told: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    (tmp_path / "in.csv").write_text(DESIGNS, encoding="utf-8")
    out = tmp_path / f"out{ending}"
    asked = ["predict", str(tmp_path / "in.csv"), "-o", str(out), "--model", str(bundle_folder)]
    assert main([*asked, "--targets", f"{COLUMN},{ENERGY}"]) == 0
    written = pq.read_table(out).to_pandas() if ending == ".parquet" else pd.read_csv(out)
    pd.testing.assert_frame_equal(written[ENDS], told[ENDS].reset_index(drop=True), rtol=1e-5)
    assert written["notice"].str.contains("holds no lithium").tolist() == [False, False, False, True]
    printed = capsys.readouterr().out
    assert "activation energy (eV)" in printed
    low, high = (f"{told[f'{ENERGY}_{end}'][0]:.2f}" for end in ("low", "high"))
    assert f"{told[ENERGY][0]:.2f} [{low} to {high}]" in printed
    assert main(asked) == 0
    assert ENERGY not in (pq.read_schema(out).names if ending == ".parquet" else pd.read_csv(out).columns)


def test_nothing_is_ranked_by_it(bundle_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.csv").write_text(DESIGNS, encoding="utf-8")
    asked = ["predict", str(tmp_path / "in.csv"), "-o", str(tmp_path / "o.csv"), "--model", str(bundle_folder)]
    assert main([*asked, "--targets", ENERGY, "--best", "2"]) == 2
    assert f"--best: {ENERGY}: {BESIDE_ONLY}" in capsys.readouterr().err


def test_the_api_tells_it_as_a_target_and_beside_the_conductivity(api: TestClient, told: pd.DataFrame) -> None:
    designs = pd.read_csv(io.StringIO(DESIGNS)).to_dict("records")
    answer = api.post("/predict", json={"designs": designs, "targets": [COLUMN, ENERGY]}).json()
    facts = answer["targets"][ENERGY]
    assert (facts["part"], facts["unit"], facts["range_only"]) == ("conductivity", "eV", False)
    assert facts["skill"]["skill_name"] == "error over the dummy's"
    assert 0.5 < facts["skill"]["coverage"] <= 1
    for place, result in enumerate(answer["results"]):
        value = result["predictions"][ENERGY]
        assert [value[end] for end in ("value", "low", "high")] == pytest.approx(told[ENDS].iloc[place].tolist())
        beside = result["activation_energy_ev"]
        assert [beside[end] for end in ("value", "low", "high")] == [value[end] for end in ("value", "low", "high")]
        assert beside["printed"] == result["measured"].get(ENERGY)
    unasked = api.post("/predict", json={"designs": designs}).json()
    assert ENERGY not in unasked["targets"]
    assert unasked["results"][0]["activation_energy_ev"]["value"] == pytest.approx(told[ENERGY][0])


def test_an_uploaded_table_may_name_its_targets(api: TestClient, told: pd.DataFrame) -> None:
    headers, query = {"Content-Type": "text/csv"}, f"/predict/file?targets={ENERGY}&targets={COLUMN}"
    table = pd.read_csv(io.StringIO(api.post(query, content=DESIGNS, headers=headers).text))
    pd.testing.assert_frame_equal(table[ENDS], told[ENDS].reset_index(drop=True), rtol=1e-5)
    assert "ice_pct_low" not in table
    ranked = api.post(f"{query}&rank={COLUMN}", content=DESIGNS, headers=headers)
    assert pd.read_csv(io.StringIO(ranked.text))["rank"].tolist() == [1, 2, 3, 4]
    refused = api.post(f"{query}&rank=ice_pct", content=DESIGNS, headers=headers)
    assert (refused.status_code, "expected one of the targets asked for" in refused.text) == (422, True)
    by_it = api.post(f"{query}&rank={ENERGY}", content=DESIGNS, headers=headers)
    assert (by_it.status_code, BESIDE_ONLY in by_it.text) == (422, True)
    unknown = api.post("/predict/file?targets=voltage", content=DESIGNS, headers=headers)
    assert (unknown.status_code, ENERGY in unknown.text) == (422, True)
