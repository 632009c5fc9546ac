"""A whole screening: files, counts, nothing half-written, the same whatever the chunks; and the shipped examples."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.tables.mistakes import InputError
from features.tables.records import Candidate
from models.bundle import Bundle, load_bundle
from models.predictor import Predictor
from models.tasks.registry import TARGETS, task_of
from reporting.console import STOPPED
from serving.decide.best_design import rank_answers
from serving.predict.batch import predict_file
from serving.screen import run
from serving.screen.chunk import Chunk
from serving.screen.design_space import Space
from serving.screen.screening_page import skill_words
from serving.screen.space_reader import read_space
from silion import main
from tests.shared import ROOT, environment

EXAMPLES = sorted((ROOT / "data" / "examples").glob("*.yaml"))
SPACE = (
    "title: A <small> space\nelectrolyte: [Li6PS5Cl, Li6PS5Br]\n"
    "design:\n  anode: nano-Si\n  silicon_size_nm: [100, 300, 1000]\n  silicon_wt_pct: 40..90 step 10\n"
    "  prelithiated: [no, yes, ~]\n  stack_pressure_mpa: [0, 5]\n"
)
RANKED = (
    "keep:\n  pareto: {conductivity_s_per_cm: high, ice_pct: high, stack_pressure_mpa: low}\n"
    "  top: 4\n  by: {ice_pct: high}\n"
)


@pytest.fixture(scope="module")
def predictor(bundle_folder: Path) -> Predictor:
    """As if every target had shown skill: only then may a space choose by any of them."""
    return Predictor(replace(load_bundle(bundle_folder), facts={}))


@pytest.fixture(scope="module")
def unskilled(bundle_folder: Path) -> Predictor:
    """As it is with the shipped literature: skill for conductivity, none for cells."""
    told = {"skill_name": "error over the dummy's", "skill": 0.9, "skill_low": 0.8, "skill_high": 1.1}
    skill = {column: {**told, "shown": not task_of(column).of_cells} for column in TARGETS}
    return Predictor(replace(load_bundle(bundle_folder), facts={"skill": skill}))


def screened(predictor: Predictor, folder: Path, content: str, out: str = "out.csv") -> run.Screened:
    path = folder / "space.yaml"
    path.write_text(content, encoding="utf-8")
    return run.screen(read_space(path), predictor, folder / out)


def test_without_a_selection_every_design_is_written(predictor: Predictor, tmp_path: Path) -> None:
    result = screened(predictor, tmp_path, SPACE)
    written = pd.read_csv(tmp_path / "out.csv")
    # 2 electrolytes x 3 sizes x 6 shares x 3 x 2 pressures
    assert result.designs == result.answered == result.written == len(written) == 216
    assert written["candidate"].tolist() == list(range(216))
    screened(predictor, tmp_path, SPACE, "out.parquet")
    held = pd.read_parquet(tmp_path / "out.parquet")
    assert held.columns.tolist() == written.columns.tolist()
    assert held["prelithiated"].tolist()[:5:2] == [False, True, None]
    pd.testing.assert_series_equal(held["ice_pct"], written["ice_pct"], rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("keep", ["", RANKED], ids=["all", "ranked"])
def test_workers_of_a_cluster_write_the_same_bytes(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: str
) -> None:
    monkeypatch.setattr(run, "CHUNK", 50)
    path = tmp_path / "space.yaml"
    path.write_text(f"{SPACE}constraints:\n  - silicon_wt_pct < 85\n{keep}", encoding="utf-8")
    alone = run.screen(read_space(path), predictor, tmp_path / "alone.csv")
    together = run.screen(read_space(path), predictor, tmp_path / "together.csv", cluster="local")
    assert (tmp_path / "together.csv").read_bytes() == (tmp_path / "alone.csv").read_bytes()
    assert together.left_out == alone.left_out
    assert together.left_out["silicon_wt_pct < 85"] == 36  # one of six shares, of 216 designs
    assert (together.answered, together.worth, together.survey.reach) == (
        alone.answered, alone.worth, alone.survey.reach
    )  # fmt: skip


def test_a_cluster_that_is_none_leaves_nothing_behind(predictor: Predictor, tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(SPACE, encoding="utf-8")
    with pytest.raises(ValueError, match="--cluster: got 'localhost', expected local or the address"):
        run.screen(read_space(path), predictor, tmp_path / "out.csv", cluster="localhost")
    assert [file.name for file in tmp_path.iterdir()] == ["space.yaml"]


def test_kept_designs_tell_how_likely_they_are_among_the_best_of_all(predictor: Predictor, tmp_path: Path) -> None:
    """As many draws as for a table of all 216 designs: the same probabilities up to what the draws scatter by, 0.016
    of one and three such at most."""
    every = screened(predictor, tmp_path, SPACE).table
    result = screened(predictor, tmp_path, SPACE + RANKED)
    for column in ("ice_pct", "conductivity_s_per_cm"):
        ranking, sentence = rank_answers(every, predictor, column, 4, 0.9)
        chances = pd.Series(ranking.probability, every["candidate"])
        kept = result.table.set_index("candidate")[f"{column}_among_best_4_probability"]
        assert kept.to_numpy() == pytest.approx(chances[kept.index].to_numpy(), abs=0.08)
        assert ranking.probability.sum() == pytest.approx(4)
        assert sentence.split(":")[0] in [text.split(":")[0] for text in result.worth]
    assert len(result.worth) == 2  # the pressure is no prediction


@pytest.mark.parametrize("skilled", [True, False])
def test_answers_are_those_of_the_predictor(
    predictor: Predictor, unskilled: Predictor, tmp_path: Path, skilled: bool
) -> None:
    asked = predictor if skilled else unskilled
    screened(asked, tmp_path, SPACE, "out.parquet")
    held = pd.read_parquet(tmp_path / "out.parquet")
    designs = held[["electrolyte", "anode", "silicon_size_nm", "silicon_wt_pct", "prelithiated", "stack_pressure_mpa"]]
    found = asked.predict(designs, targets=list(TARGETS), precedents=0, points=False)  # a screen leaves capacities out
    for column in found.table.columns:
        assert held[column].fillna(-1).tolist() == found.table[column].fillna(-1).tolist()
    assert held["ice_pct_distance"].tolist() == found.distances["ice"].tolist()
    assert held["ice_pct"].isna().all() == held["cycle_life_80"].isna().all() == (not skilled)
    assert ("range_of" in held) == (not skilled)


@pytest.mark.parametrize("keep", ["", "keep: {top: 3, by: {conductivity_s_per_cm: high}}\n"], ids=["all", "ranked"])
def test_capacities_are_written_of_kept_designs_where_targets_ask_for_them(
    unskilled: Predictor, tmp_path: Path, keep: str
) -> None:
    capacities = ["first_capacity_mah_per_g", "capacity_mah_per_g"]
    targets = f"targets: [conductivity_s_per_cm, ice_pct, {', '.join(capacities)}]\n"
    result = screened(unskilled, tmp_path, SPACE + targets + keep, "out.parquet")
    kept = pd.read_parquet(tmp_path / "out.parquet")
    assert len(kept) == result.written == (3 if keep else 216)
    designs = kept[["electrolyte", "anode", "silicon_size_nm", "silicon_wt_pct", "prelithiated", "stack_pressure_mpa"]]
    alone = unskilled.predict(designs, targets=capacities, precedents=0, points=False).table
    for column in (column + end for column in capacities for end in ("_low", "_high")):
        assert kept[column].tolist() == alone[column].tolist()
        assert kept[column].notna().all()
    assert not {*capacities} & {*kept}  # no point, and no column for one
    assert kept["range_of"].str.contains("ice_pct: no point.*; first_capacity_mah_per_g: no point").all()
    assert [name for name in kept if name in ("range_of", "notice")] == ["range_of", "notice"]


def test_capacities_asked_of_a_model_without_them_are_refused(unskilled: Predictor, tmp_path: Path) -> None:
    old = Predictor(replace(unskilled.bundle, capacities=None))
    with pytest.raises(ValueError, match="this model was saved without capacity_mah_per_g"):
        screened(old, tmp_path, f"{SPACE}targets: [ice_pct, capacity_mah_per_g]\n")
    assert [path.name for path in tmp_path.iterdir()] == ["space.yaml"]


def test_chunks_change_nothing(predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for content in (SPACE, SPACE + RANKED):
        screened(predictor, tmp_path, content, "one.csv")
        with monkeypatch.context() as changed:
            changed.setattr(run, "CHUNK", 17)
            screened(predictor, tmp_path, content, "many.csv")
        assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "many.csv").read_bytes()


def test_the_front_is_that_of_all_rows(predictor: Predictor, tmp_path: Path) -> None:
    screened(predictor, tmp_path, SPACE, "all.parquet")
    result = screened(predictor, tmp_path, SPACE + RANKED)
    everything = pd.read_parquet(tmp_path / "all.parquet")
    sides = {"conductivity_s_per_cm": 1, "ice_pct": 1, "stack_pressure_mpa": -1}
    values = [tuple(side * row[column] for column, side in sides.items()) for _, row in everything.iterrows()]
    best = {one for one in values if not any(_beats(other, one) for other in values)}
    front = result.table[result.table["kept_as"].str.contains("front")]
    kept = [tuple(side * row[column] for column, side in sides.items()) for _, row in front.iterrows()]
    assert sorted(kept) == sorted(best)
    assert front["alike"].sum() == sum(value in best for value in values)


def _beats(other: tuple[float, ...], one: tuple[float, ...]) -> bool:
    return other != one and all(a >= b for a, b in zip(other, one, strict=True))


def test_nothing_left_is_said_with_counts_and_reach(predictor: Predictor, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"no design is possible and within the constraints, of 216.*\n.*> 50: leaves out 216"
    ):
        screened(predictor, tmp_path, SPACE + "constraints: stack_pressure_mpa > 50\n")
    content = SPACE + "keep:\n  where: [silicon_wt_pct > 80, ice_pct_low > 101]\n"
    # of 216 one share in six is 90 wt%
    with pytest.raises(InputError, match=r"(?s)> 80: leaves out 180\n.*> 101: leaves out 36\n.*ice_pct_low reaches"):
        screened(predictor, tmp_path, content)
    assert [path.name for path in tmp_path.iterdir()] == ["space.yaml"]


@pytest.mark.parametrize(
    ("content", "out"),
    [(SPACE, "out.csv"), (SPACE, "out.parquet"), (SPACE + RANKED, "out.csv"), (SPACE + RANKED, "out.parquet")],
)
def test_an_interrupted_run_goes_on_where_it_stopped(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, out: str
) -> None:
    """Of five chunks of 50 designs and less, two are finished when the third is stopped."""
    monkeypatch.setattr(run, "CHUNK", 50)
    (tmp_path / "space.yaml").write_text(content, encoding="utf-8")
    asked = partial(run.screen, read_space(tmp_path / "space.yaml"), predictor, nearest=2)
    asked(tmp_path / "straight" / out)
    made, predict_chunk = list[int](), run.predict_chunk

    def watch(space: Space, predictor: Predictor, level: float, start: int, stop: int) -> Chunk:
        made.append(start)
        if made == [0, 50, 100]:
            raise KeyboardInterrupt
        return predict_chunk(space, predictor, level, start, stop)

    monkeypatch.setattr(run, "predict_chunk", watch)
    with pytest.raises(KeyboardInterrupt):
        asked(tmp_path / "stopped" / out)
    assert [path.name for path in (tmp_path / "stopped").iterdir()] == [f".{out}.parts"]
    result = asked(tmp_path / "stopped" / out, resume=True)
    assert made == [0, 50, 100, 100, 150, 200]
    assert result.remarks == ["goes on after 2 finished chunks of an interrupted run"]
    assert result.answered == 216
    names = sorted(path.name for path in (tmp_path / "stopped").iterdir())
    assert names == [out, f"{out}.nearest.csv"]
    for name in names:
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "straight" / name).read_bytes()


def test_a_run_goes_on_with_another_choice_of_the_same_designs_alone(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "CHUNK", 50)

    def stopped() -> None:
        with monkeypatch.context() as patched:
            patched.setattr(run.Survey, "add", lambda *given: _stop())
            with pytest.raises(KeyboardInterrupt):
                screened(predictor, tmp_path, SPACE)

    def resumed(content: str, level: float = 0.9) -> list[str]:
        (tmp_path / "space.yaml").write_text(content, encoding="utf-8")
        space = read_space(tmp_path / "space.yaml")
        return run.screen(space, predictor, tmp_path / "out.csv", level=level, resume=True).remarks

    stopped()
    assert resumed(SPACE + RANKED) == ["goes on after 1 finished chunks of an interrupted run"]
    for changed, content, level in (("space", SPACE.replace("300", "400"), 0.9), ("options", SPACE, 0.5)):
        stopped()
        thrown_away = f"1 finished chunks of an interrupted run were thrown away: no longer the same {changed}"
        assert resumed(content, level) == [thrown_away]


def _stop() -> None:
    raise KeyboardInterrupt


def test_a_stopped_command_says_how_to_go_on(
    bundle_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "space.yaml").write_text(SPACE, encoding="utf-8")
    words = ["screen", str(tmp_path / "space.yaml"), "-o", str(tmp_path / "out.csv"), "--model", str(bundle_folder)]
    STOPPED.set()
    try:
        assert main(words) == 130
    finally:
        STOPPED.clear()
    assert "finished chunks are kept; the same command with --resume goes on with them" in capsys.readouterr().err
    assert main([*words, "--resume"]) == 0
    assert "goes on after 1 finished chunks" in capsys.readouterr().err


def test_nearest_rows_are_those_of_predict(predictor: Predictor, tmp_path: Path) -> None:
    """The kept designs, given to `predict_file` as a table, have the same nearest rows."""
    path = tmp_path / "space.yaml"
    path.write_text(SPACE + RANKED, encoding="utf-8")
    result = run.screen(read_space(path), predictor, tmp_path / "out.csv", nearest=2)
    assert result.nearest == tmp_path / "out.csv.nearest.csv"
    found = pd.read_csv(result.nearest)
    # two rows of each of four targets
    assert len(found) == 8 * result.written
    assert found["candidate"].tolist() == [number for number in result.table["candidate"] for _ in range(8)]
    designs = result.table[[name for name in result.table if name in Candidate.model_fields]]
    designs.to_csv(tmp_path / "designs.csv", index=False)
    predict_file(tmp_path / "designs.csv", tmp_path / "again.csv", predictor, precedents=2)
    expected = pd.read_csv(tmp_path / "again.csv.nearest.csv")
    pd.testing.assert_frame_equal(found.drop(columns="candidate"), expected.drop(columns="line"))
    run.screen(read_space(path), predictor, tmp_path / "out.csv")
    assert not result.nearest.exists()
    with pytest.raises(ValueError, match="nearest: got -1, expected 0 or more"):
        run.screen(read_space(path), predictor, tmp_path / "out.csv", nearest=-1)


def test_a_folder_that_vanishes_is_said(predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "CHUNK", 100)
    chunk = Space.chunk

    def vanish(space: Space, start: int, *given: Any) -> pd.DataFrame:
        if start:
            shutil.rmtree(tmp_path / "there", ignore_errors=True)
        return chunk(space, start, *given)

    monkeypatch.setattr(Space, "chunk", vanish)
    for content in (SPACE, SPACE + RANKED):
        with pytest.raises(InputError, match=r"there: this folder vanished while out\.csv was written"):
            screened(predictor, tmp_path, content, "there/out.csv")
        assert [path.name for path in tmp_path.iterdir()] == ["space.yaml"]


def test_the_output_has_to_be_a_table(predictor: Predictor, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown ending"):
        screened(predictor, tmp_path, SPACE, "out.xlsx")


def test_there_are_three_examples() -> None:
    assert [path.stem for path in EXAMPLES] == ["argyrodite", "silicon_anode", "thin_electrolyte"]


@pytest.mark.parametrize("space", EXAMPLES, ids=lambda path: path.stem)
def test_examples(space: Path, bundle_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["screen", str(space), "-o", str(tmp_path / "out.csv"), "--model", str(bundle_folder)]) == 0
    printed = capsys.readouterr()
    kept = pd.read_csv(tmp_path / "out.csv")
    assert f"{len(kept):,} written" in printed.out
    assert re.search(r"[\d,]+ designs", printed.err)
    page = (tmp_path / "out.csv.html").read_text(encoding="utf-8")
    assert "How sure" in page
    assert page.count("<img") == page.count('src="data:image/png;base64,') >= 1
    assert all(len(words) > 40 for words in re.findall(r'alt="([^"]*)"', page))
    assert not re.findall(r'(?:src|href)="(?!data:image/png;base64,|https://doi\.org/)', page)
    skill = load_bundle(bundle_folder).facts["skill"]
    silent = [column for column in read_space(space).targets if not skill.get(column, {}).get("shown", True)]
    assert kept[silent].isna().all(axis=None)
    words = "no point: no skill on papers never seen; the range that comparable papers report stands in its place"
    assert (words in page) == (words in printed.out) == bool(silent)


def test_the_front_of_the_thin_electrolyte_is_the_reviews_point(predictor: Predictor, tmp_path: Path) -> None:
    """The review prints 350.8 Wh/kg at 30 µm; steps of 5 µm leave 30 as the thickest above 350."""
    space = read_space(ROOT / "data" / "examples" / "thin_electrolyte.yaml")
    result = run.screen(space, predictor, tmp_path / "out.csv")
    assert result.table["electrolyte_thickness_um"].max() == 30
    assert (result.table["energy_density_wh_per_kg"] >= 350).all()


CHOICE = "electrolyte: Li6PS5Cl\ndesign: {{anode: nano-Si, np_ratio: [1, 2]}}\nkeep: {}\n"


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        ("{top: 2, by: {ice_pct: high}}", "ice_pct: high: of ice_pct"),
        ("{top: 2, by: {ice_pct_low: high}}", "ice_pct_low: high: of ice_pct"),
        ("{pareto: {ice_pct: high, np_ratio: low}}", "ice_pct: high: of ice_pct"),
        ("{where: [ice_pct > 85, retention_pct != ice_pct]}",
         "ice_pct > 85, retention_pct != ice_pct: of ice_pct, retention_pct"),
    ],
)  # fmt: skip
def test_nothing_is_chosen_by_what_has_no_point(
    predictor: Predictor, unskilled: Predictor, tmp_path: Path, keep: str, words: str
) -> None:
    said = f"keep: {words} no point: no skill on papers never seen. Rank by what is known: another target, a column "
    with pytest.raises(InputError, match=re.escape(said) + "of the design, or ice_pct_distance"):
        screened(unskilled, tmp_path, CHOICE.format(keep))
    assert [path.name for path in tmp_path.iterdir()] == ["space.yaml"]
    assert screened(predictor, tmp_path, CHOICE.format(keep.replace("> 85", "> 1"))).written


@pytest.mark.parametrize("keep", ["{where: ice_pct_high > 85}", "{top: 2, by: {ice_pct_distance: low}}"])
def test_the_range_filters_and_the_distance_ranks(unskilled: Predictor, tmp_path: Path, keep: str) -> None:
    result = screened(unskilled, tmp_path, CHOICE.format(keep))
    assert result.written == 2
    assert result.worth == []  # no order by a prediction
    first, second = skill_words(unskilled.bundle, read_space(tmp_path / "space.yaml"))
    assert first.startswith("ionic conductivity: skill shown")
    assert second == (
        "initial Coulombic efficiency, capacity retention, cycle life to 80 %: no point: no skill on papers never "
        "seen; the range that comparable papers report stands in its place."
    )


def test_conductivity_without_skill_is_said(unskilled: Predictor, tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_text("electrolyte: Li6PS5Cl\nkeep: {top: 1, by: {conductivity_s_per_cm: high}}\n", encoding="utf-8")
    facts = {"skill": {"conductivity_s_per_cm": {"shown": False}}}
    (only,) = skill_words(replace(unskilled.bundle, facts=facts), read_space(path))
    assert only.startswith("This chooses by ionic conductivity, for which no skill has been shown")


def test_what_has_a_point_and_what_has_none_is_said_apart(tmp_path: Path) -> None:
    """Without skill designs keep the point of their conductivity; a cell's is dropped."""
    path = tmp_path / "space.yaml"
    path.write_text(CHOICE.format("{where: ice_pct_high > 85}"), encoding="utf-8")
    skill = {column: {"shown": False} for column in ("conductivity_s_per_cm", "retention_pct", "cycle_life_80")}
    assert skill_words(Bundle({}, {"skill": skill}), read_space(path)) == [
        "ionic conductivity: no skill shown yet on unseen papers.",
        "capacity retention, cycle life to 80 %: no point: no skill on papers never seen; the range that comparable "
        "papers report stands in its place.",
    ]


def test_counting_needs_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(SPACE, encoding="utf-8")
    assert main(["screen", str(path), "-o", str(tmp_path / "out.csv"), "--count"]) == 0
    assert capsys.readouterr().err == "space.yaml: 216 designs\n"
    assert not (tmp_path / "out.csv").exists()


def test_a_title_is_no_markup(bundle_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(SPACE, encoding="utf-8")
    assert main(["screen", str(path), "-o", str(tmp_path / "out.csv"), "--model", str(bundle_folder)]) == 0
    assert "<h1>A &lt;small&gt; space</h1>" in (tmp_path / "out.csv.html").read_text(encoding="utf-8")


def test_memory_does_not_grow_with_the_space(bundle_folder: Path, tmp_path: Path) -> None:
    """`SILION_SOAK=1` draws two million designs, and the same limit holds."""
    points = 2_000_000 if os.environ.get("SILION_SOAK") == "1" else 40_000
    path = tmp_path / "space.yaml"
    path.write_text(
        "electrolyte: Li6PS5{Cl,Br}\ndesign: {anode: nano-Si, silicon_size_nm: 50..5000 log, np_ratio: 1..3}\n"
        f"sample: {{method: sobol, points: {points}}}\n"
        "keep: {pareto: {conductivity_s_per_cm: high, np_ratio: low}}\n",
        encoding="utf-8",
    )
    program = (
        "import pathlib, sys, silion\n"
        "code = silion.main(sys.argv[1:])\n"
        "status = dict(line.split(':') for line in pathlib.Path('/proc/self/status').read_text().splitlines())\n"
        "print(code, status['VmHWM'].split()[0])\n"  # ru_maxrss would count what the parent held when it forked
    )
    asked = ["screen", str(path), "-o", str(tmp_path / "out.csv"), "--model", str(bundle_folder)]
    done = subprocess.run(
        [sys.executable, "-c", program, *asked], cwd=ROOT, env=environment(), capture_output=True, text=True, check=True
    )
    code, peak_kb = map(int, done.stdout.splitlines()[-1].split())
    assert code == 0
    assert peak_kb < 700_000
