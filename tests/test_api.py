"""The Python API: the command line's numbers from plain Python, and what a notebook shows of them."""

from __future__ import annotations

import doctest
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import silion as api
from features.tables.mistakes import InputError
from models.bundle import load_bundle
from serving.notebook import model as model_module
from tests.shared import ROOT, Command, Store, environment

CANDIDATES = ROOT / "data" / "examples" / "candidates.csv"


@pytest.fixture(scope="session")
def model(bundle_folder: Path) -> api.Model:
    return api.load(bundle_folder)


class Balanced(HTMLParser):
    """Elements that are still open, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("circle", "line", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_data(self, data: str) -> None:
        self.text += data


def test_importing_loads_nothing_heavy() -> None:
    program = "import sys, silion; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    heavy = (
        "numpy pandas pyarrow pydantic xgboost mlflow sklearn matplotlib argparse cli serving training models".split()
    )
    assert not loaded & set(heavy)


def test_a_frame_gives_the_command_lines_numbers(
    model: api.Model, silion: Command, bundle_folder: Path, tmp_path: Path
) -> None:
    done = silion("predict", CANDIDATES, "-o", tmp_path / "out.parquet", "--model", bundle_folder)
    assert done.code == 0, done.err
    own, printed = model.predict(pd.read_csv(CANDIDATES)).table, pd.read_parquet(tmp_path / "out.parquet")
    assert own["design"].tolist() == printed["design"].tolist()
    for column in ("conductivity_s_per_cm", "ice_pct_low", "retention_pct_high", "cycle_life_80"):
        np.testing.assert_array_equal(own[column], printed[column])
    assert own["notice"].tolist() == printed["notice"].tolist()


def test_one_design_a_list_and_a_frame_are_the_same(model: api.Model) -> None:
    design = {"electrolyte": "Li6PS5Cl", "anode": "micro-Si", "stack_pressure_mpa": 20, "prelithiated": True}
    one = model.predict(design).table
    assert len(one) == 1
    predicted = one.columns.drop([*design])
    two = model.predict([design, {"electrolyte": "LLZTO"}]).table
    pd.testing.assert_frame_equal(two.iloc[[0]][predicted], one[predicted])
    frame = pd.DataFrame([design], index=["sample 7"])
    indexed = model.predict(frame).table
    assert indexed.index.tolist() == ["sample 7"]
    pd.testing.assert_frame_equal(indexed.reset_index(drop=True), one)


def test_every_mistake_is_told_at_once_and_nothing_predicted(model: api.Model) -> None:
    with pytest.raises(InputError) as error:
        model.predict([{"electrolyte": "LPSCx"}, {"electrolyte": "LLZTO"}, {"electrolyte": "LLZTO", "np_ratio": -1}])
    assert [(mistake.line, mistake.column) for mistake in error.value.mistakes] == [(1, "electrolyte"), (3, "np_ratio")]
    with pytest.raises(InputError, match="stack_pressure_mpa"):
        model.predict({"electrolyte": "LLZTO", "stack_pressure_bar": 200})
    with pytest.raises(InputError, match="got a text, expected a data frame, a dict"):
        model.predict("Li6PS5Cl")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="got none"):
        model.predict([])


def test_a_notebook_shows_intervals_notices_and_papers(model: api.Model) -> None:
    answers = model.predict({"sample": "<A&1>", "electrolyte": "Li6PS5Cl", "anode": "micro-Si"})
    shown = Balanced(answers._repr_html_())
    assert not shown.open
    assert "<A&1>" in shown.text
    assert "90 % interval" in shown.text
    nearest = answers.nearest.iloc[0]
    assert nearest["doi"] in shown.text or nearest["citation"] in shown.text
    for notice in answers.table["notice"][0].split("; "):
        assert notice in shown.text
    assert answers._repr_html_().count("<svg") == 6  # four targets, two quantities told as a range alone
    assert "range only: the range of " in shown.text
    assert "<A&1>" in repr(answers)


def test_an_explanation_adds_up_to_the_prediction(model: api.Model) -> None:
    design = {"electrolyte": "Li6PS5Cl", "temperature_c": 60}
    why = model.explain(design, targets=["conductivity_s_per_cm"])
    (waterfall,) = why.waterfalls
    answer = model.predict(design).table["conductivity_s_per_cm"][0]
    # base times all factors is the prediction
    assert waterfall.base * waterfall.steps["factor"].prod() == pytest.approx(answer, rel=1e-4)
    assert not Balanced(why._repr_html_()).open
    assert "ionic conductivity" in repr(why)
    assert not model.explain({"electrolyte": "LLZTO"}, targets=["ice_pct"]).waterfalls  # no anode described


def test_designs_are_compared_as_on_the_command_line(
    model: api.Model, silion: Command, bundle_folder: Path, tmp_path: Path
) -> None:
    wanted = ["conductivity_s_per_cm"]  # one of the examples describes no anode
    done = silion(
        "compare", CANDIDATES, "-o", tmp_path / "pairs.parquet", "--model", bundle_folder, "--targets", *wanted
    )
    assert done.code == 0, done.err
    printed = pd.read_parquet(tmp_path / "pairs.parquet")
    frame = pd.read_csv(CANDIDATES)
    pd.testing.assert_frame_equal(model.compare(frame, targets=wanted).table, printed)
    beside = model.compare(frame.head(1), frame.iloc[1:3], targets=["ice_pct"])
    assert beside.table["design_b"].tolist() == frame["design"].iloc[1:3].tolist()
    assert not Balanced(beside._repr_html_()).open
    with pytest.raises(ValueError, match="at least two"):
        model.compare({"electrolyte": "LLZTO"})


def test_what_was_measured_moves_nothing_without_papers_that_support_it(model: api.Model) -> None:
    mine = [{"electrolyte": "Li6PS5Cl", "temperature_c": 25, "conductivity_s_per_cm": 0.01, "sample": "x"}]
    answers = model.predict({"electrolyte": "Li6PS5Br"}, calibrate=mine, targets=["conductivity_s_per_cm"])
    assert "measured" in answers.table["notice"][0]
    with pytest.raises(InputError, match="measured designs"):
        model.predict({"electrolyte": "Li6PS5Br"}, calibrate=[{"electrolyte": "nonsense"}])


def test_a_model_is_saved_loaded_and_found_in_its_store_from_any_folder(
    model: api.Model, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saved = model.save("mine/model")
    assert load_bundle(saved).facts == model.bundle.facts
    assert api.load(saved).predict({"electrolyte": "LLZTO"}).table.equals(model.predict({"electrolyte": "LLZTO"}).table)
    (tmp_path / "thesis").mkdir()
    with pytest.raises(ValueError, match="choose another folder"):
        model.save("thesis")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    champion = api.load(store=store.folder / "mlflow.db")
    assert champion.skill["target"].tolist() == [*model.skill["target"]]
    with pytest.raises(ValueError, match="Train one with"):
        api.load(store=tmp_path / "none.db")
    assert not list(tmp_path.glob("*.db"))


def test_a_training_in_python_is_that_of_the_command_line(store: Store, tmp_path: Path) -> None:
    """The shared store was trained with three folds once; so is this one, and it is not registered."""
    trained = api.train(folds=3, repeats=1)
    champion = api.load(store=store.folder / "mlflow.db")
    pd.testing.assert_frame_equal(trained.skill, champion.skill)


def test_lives_are_those_of_the_command_line(silion: Command, tmp_path: Path) -> None:
    cycles = ROOT / "data" / "examples" / "first_cycles.csv"
    done = silion("life", cycles, "-o", tmp_path / "lives.csv", "--at-least", "300")
    assert done.code == 0, done.err
    lives = api.life(pd.read_csv(cycles), at_least=[300])
    printed = pd.read_csv(tmp_path / "lives.csv")
    for column in ("cycle_life", "cycle_life_low", "cycle_life_high", "outlives_300"):
        assert lives.table[column].tolist() == pytest.approx(printed[column].tolist(), rel=1e-5, nan_ok=True)
    assert not Balanced(lives._repr_html_()).open
    with pytest.raises(InputError):
        api.life(pd.DataFrame({"cell": ["A"], "cycle": [1], "capacity_mah": [100.0]}))


def test_examples_of_the_docstrings_run(bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(bundle_folder, tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    texts = {"silion": api.__doc__, "load": api.load.__doc__, "formula": api.formula.__doc__, "life": api.life.__doc__}
    texts |= {"docs/python.md": (ROOT / "docs" / "python.md").read_text(encoding="utf-8")}
    texts |= {name: getattr(model_module.Model, name).__doc__ for name in ("predict", "explain", "compare")}
    for name, text in texts.items():
        examples = re.sub(r" *# doctest: \+SKIP", "", str(text))
        test = doctest.DocTestParser().get_doctest(examples, {"silion": api, "pd": pd}, name, None, 0)
        assert test.examples
        assert doctest.DocTestRunner().run(test).failed == 0, name


def test_the_module_still_is_the_command_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "silion", "formula", "LPSCl"],
        cwd=tmp_path, env=environment(PYTHONPATH=str(ROOT)), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert '"Cl": 1' in done.stdout
