"""The gate, the move of the champion and the way back, in a real store; killed between any two steps."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy

from features.tables.literature import Literature
from models.bundle import Bundle, load_bundle
from models.ensemble import BoostedEnsemble, Labels, Recipe
from models.learners.arrhenius import ArrheniusEnsemble
from models.learners.mixed import MixedEnsemble
from models.registry import ModelNotFoundError, StoreError
from models.tasks.part import Part, fit_part
from models.tasks.registry import LINK
from tests.shared import ROOT, environment
from tests.shelf import Shelf, new_shelf
from training.config import Protocol
from training.evaluation import bootstrap, crossvalidate
from training.evaluation.crossvalidate import cross_validate
from training.evaluation.out_of_fold import out_of_fold_table
from training.promotion import champion as aliases
from training.promotion.challenger import Comparison, Paired
from training.promotion.champion import AliasError
from training.promotion.gate import failed, gate
from training.promotion.physical_checks import check_physics, example_designs
from training.promotion.promote import promote, rollback
from training.train import Trained

pytestmark = pytest.mark.slow

PARTS = ("conductivity", "ice", "fade")


@pytest.fixture
def shelf(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    return new_shelf(tmp_path, tmp_path_factory, monkeypatch)


@pytest.fixture(scope="module")
def good(trained: Trained) -> pd.DataFrame:
    return out_of_fold_table(trained.found, trained.config.level)


@pytest.fixture(scope="module")
def worse(literature: Literature) -> pd.DataFrame:
    """A model that learnt the labels of other rows, judged on the true ones."""

    def misled(name: str, designs: pd.DataFrame, labels: Labels, recipe: Recipe, seed: int) -> Part:
        return fit_part(name, designs, labels.take(np.random.default_rng(7).permutation(len(designs))), recipe, seed)

    choices = {part: {"trees": Recipe(members=1, rounds=60)} for part in PARTS}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crossvalidate, "fit_part", misled)
        return out_of_fold_table(cross_validate(literature, choices, Protocol(3, 1, 0)), 0.9)


@pytest.fixture
def falling(bundle_folder: Path) -> Bundle:
    """A model whose conductivity falls with temperature and whose capacity comes back with the cycles."""
    bundle = load_bundle(bundle_folder)
    bundle.parts[LINK].known = None  # what was measured would hold the answers
    ensemble = bundle.parts[LINK].ensemble
    for each in (ensemble.own, ensemble.joint) if isinstance(ensemble, MixedEnsemble) else (ensemble,):
        assert isinstance(each, ArrheniusEnsemble)
        each.recipe = replace(each.recipe, arrhenius=-1.0)  # the share of the law that makes it rise
    bundle.parts["fade"].settings["shape"] *= -1
    return bundle


def test_a_challenger_that_is_not_worse_becomes_the_champion(
    shelf: Shelf, bundle_folder: Path, good: pd.DataFrame
) -> None:
    shelf.add(bundle_folder, good, "champion")
    shelf.add(bundle_folder, good, "challenger")
    found = promote()
    assert found.promoted
    assert (found.version, found.former, found.failed) == ("2", "1", ())
    assert len(found.criteria) == 4 + 4 + 7  # skill and coverage of four targets, seven truths
    assert shelf.aliases() == {"champion": "2", "previous_champion": "1"}
    assert shelf.tags("2")["decision"] == "gate passed"
    assert "version 2 is the champion; version 1 is kept as previous_champion; 15 of 15 criteria passed" in found.text
    again = promote()
    assert again.text == "version 2 is the champion already: nothing changed"
    assert again.promoted
    assert promote("champion").text == again.text


def test_rollback_restores_the_champion_before_and_refuses_where_there_is_none(
    shelf: Shelf, bundle_folder: Path, good: pd.DataFrame
) -> None:
    for alias in ("champion", None, None):
        shelf.add(bundle_folder, good, alias)
    promote("2")
    promote("models:/silion/3")
    assert rollback() == ("3", "2")
    assert shelf.aliases() == {"champion": "2", "previous_champion": "1"}
    assert shelf.tags("3")["rolled_back"].startswith("on 2")
    assert rollback() == ("2", "1")
    assert shelf.aliases() == {"champion": "1"}
    with pytest.raises(AliasError, match="version 1 is the champion and none is kept from before it: nothing changed"):
        rollback()
    promote("3")
    assert shelf.aliases() == {"champion": "3", "previous_champion": "1"}
    assert "rolled_back" not in shelf.tags("3")


def test_a_worse_challenger_is_refused_and_nothing_changes(
    shelf: Shelf, bundle_folder: Path, good: pd.DataFrame, worse: pd.DataFrame
) -> None:
    shelf.add(bundle_folder, good, "champion")
    shelf.add(bundle_folder, worse, "challenger")
    before = (shelf.folder / "mlflow.db").read_bytes()
    found = promote()
    assert not found.promoted
    assert "conductivity_s_per_cm.difference" in {each.name for each in found.failed}
    assert (shelf.folder / "mlflow.db").read_bytes() == before
    lines = found.text.splitlines()
    assert lines[0].startswith("version 2 was not promoted and nothing changed; ")
    assert len(lines) == len(found.failed) + 3  # the head, how both were judged, and what to do
    said = next(line for line in lines if "ionic conductivity: worse" in line)
    assert re.search(r"on \d+ rows of \d+ papers; the interval must reach 0", said)


def test_force_keeps_the_reason(shelf: Shelf, bundle_folder: Path, good: pd.DataFrame, worse: pd.DataFrame) -> None:
    shelf.add(bundle_folder, good, "champion")
    shelf.add(bundle_folder, worse, "challenger")
    for nothing in ("", "  "):
        with pytest.raises(ValueError, match="--force: got no reason"):
            promote(force=nothing)
    found = promote(force="our cells need\nthe new class")
    assert found.promoted
    assert shelf.aliases() == {"champion": "2", "previous_champion": "1"}
    assert shelf.tags("2")["decision"].startswith("forced: our cells need the new class; not passed: ionic conduct")
    assert "forced: our cells need the new class" in found.text


def test_force_is_not_kept_where_the_gate_passes(shelf: Shelf, bundle_folder: Path, good: pd.DataFrame) -> None:
    shelf.add(bundle_folder, good, "champion")
    shelf.add(bundle_folder, good, "challenger")
    assert promote(force="in a hurry").reason is None
    assert shelf.tags("2")["decision"] == "gate passed"


def test_broken_physics_is_refused(shelf: Shelf, bundle_folder: Path, good: pd.DataFrame, falling: Bundle) -> None:
    shelf.add(bundle_folder, good, "champion")
    shelf.add(falling, good, "challenger")
    found = promote()
    assert not found.promoted
    names = {each.name for each in found.failed}
    assert {"truth.temperature", "truth.fade", "truth.reference"} <= names
    assert "conductivity never falls with temperature: broken " in found.text
    assert shelf.aliases() == {"champion": "1", "challenger": "2"}


def test_each_truth_is_broken_by_a_model_that_breaks_it(
    trained: Trained, bundle_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    designs = example_designs()
    assert [each.broken for each in check_physics(trained.bundle, designs)] == [()] * 7

    def broken() -> set[str]:
        return {each.name for each in check_physics(bundle, designs) if each.broken}

    bundle = load_bundle(bundle_folder)
    real = BoostedEnsemble.predict
    with monkeypatch.context() as patch:
        patch.setattr(
            BoostedEnsemble, "predict", lambda trees, table: tuple(np.nan * each for each in real(trees, table))
        )
        assert "numbers" in broken()
    bundle.parts["fade"].settings["shape"] = 0.0  # the same retention at every cycle
    assert broken() == {"reference"}
    bundle.parts["fade"].settings["shape"] = -1.0  # it rises; at the life it is 80 % all the same
    assert broken() == {"reference", "fade", "intervals"}


def test_intervals_that_hold_too_little_are_refused(trained: Trained, good: pd.DataFrame) -> None:
    """Half of the values held: 50 % with an interval over 21 papers that ends far below 90 %."""
    half = good.assign(covered=[row % 2 for row in range(len(good))])
    refused = {each.name: each.text for each in failed(gate(None, half, trained.bundle, 0))}
    assert "ice_pct.coverage_high" in refused
    assert "initial Coulombic efficiency: 90 % intervals hold" in refused["ice_pct.coverage_high"]
    none = failed(gate(None, good.assign(covered=float("nan")), trained.bundle, 0))
    assert len(none) == 4
    assert "cannot be judged, too few papers for that level" in none[0].text
    assert failed(gate(None, good.assign(covered=1.0), trained.bundle, 0)) == []


def test_a_quantity_that_neither_model_gives_a_value_of_refuses_nobody(trained: Trained, good: pd.DataFrame) -> None:
    """0.5 to 1.5 points worse: no reason where a range alone is reported, one where either model reports a value."""
    worse = Comparison({"ice_pct": Paired("ice_pct", 30, 9, 4.0, 5.0, 1.0, 0.5, 1.5, 0.9, 0.9)}, ())
    silent, told = (replace(trained.bundle, facts={"skill": {"ice_pct": {"shown": shown}}}) for shown in (False, True))
    held = good.assign(covered=1.0)
    for ours, theirs, refused in ((silent, silent, 0), (silent, told, 1), (told, silent, 1), (silent, None, 1)):
        criteria = gate(worse, held, ours, 0, theirs)
        assert len(failed(criteria)) == refused
        assert ("not judged, as both models report a range only" in criteria[0].text) == (refused == 0)


def test_a_champion_that_kept_no_predictions_is_told(shelf: Shelf, bundle_folder: Path, good: pd.DataFrame) -> None:
    shelf.add(bundle_folder, None, "champion")
    shelf.add(bundle_folder, good, "challenger")
    found = promote()
    assert [each.name for each in found.failed] == ["comparison"]
    assert "version 1 cannot be compared: its run keeps no report/judged.csv; train again" in found.text
    assert promote(force="the first one kept nothing").promoted


def test_without_a_champion_the_rest_of_the_gate_is_judged(
    shelf: Shelf, bundle_folder: Path, good: pd.DataFrame
) -> None:
    with pytest.raises(ModelNotFoundError, match="no model 'challenger'"):
        promote()
    shelf.add(bundle_folder, good)
    with pytest.raises(AliasError, match="no champion to roll back"):
        rollback()
    with pytest.raises(ModelNotFoundError, match=r"no model '9' .* versions there: 1 \(no alias\)"):
        promote("9")
    assert promote("1").former is None
    assert shelf.aliases() == {"champion": "1"}


def test_a_champion_that_changed_meanwhile_stops_the_move(
    shelf: Shelf, bundle_folder: Path, good: pd.DataFrame
) -> None:
    for alias in ("champion", None):
        shelf.add(bundle_folder, good, alias)
    with pytest.raises(AliasError, match="the champion is version 1 by now, not 7: nothing changed"):
        aliases.make_champion("2", "7", {"decision": "late"})
    with pytest.raises(AliasError, match="version 1 is the champion already"):
        aliases.make_champion("1", "1", {})
    assert shelf.aliases() == {"champion": "1"}
    assert shelf.tags("2") == {}


LOCK = (
    "import sqlite3, sys\n"
    "store = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
    "store.execute('BEGIN IMMEDIATE')\n"
    "print('held', flush=True)\n"
    "sys.stdin.read()\n"
)


@contextmanager
def impatient() -> Iterator[None]:
    """MLflow waits 20 seconds for a locked sqlite file; here a tenth of one."""

    def sooner(connection: object, cursor: object, statement: str, parameters: object, *rest: object) -> object:
        return statement.replace("busy_timeout = 20000", "busy_timeout = 100"), parameters

    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", sooner, retval=True)
    try:
        yield
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", sooner)


def test_a_locked_store_is_told_and_nothing_changes(
    shelf: Shelf, bundle_folder: Path, good: pd.DataFrame, capfd: pytest.CaptureFixture[str]
) -> None:
    shelf.add(bundle_folder, good, "champion")
    shelf.add(bundle_folder, good, "challenger")
    asked = [sys.executable, "-c", LOCK, str(shelf.folder / "mlflow.db")]
    with subprocess.Popen(asked, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with impatient(), pytest.raises(StoreError, match="another program is writing to it; run the command again"):
            promote()
        other.communicate("")
    assert "Traceback" not in capfd.readouterr().err
    assert shelf.aliases() == {"champion": "1", "challenger": "2"}
    assert shelf.tags("2") == {}
    assert promote().promoted


KILL = """
import json, os, shutil, signal, sys
from pathlib import Path
import mlflow.store.model_registry.sqlalchemy_store, mlflow.store.tracking.sqlalchemy_store, sqlalchemy.dialects.sqlite
from mlflow import MlflowClient
from training.promotion import promote

promote._criteria = lambda challenger, champion: (None, [])  # the gate only reads: no step of it can leave anything
source, folder, what = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

def die_before(count):
    left = [count]
    def watched(write):
        def call(*arguments, **named):
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            return write(*arguments, **named)
        return call
    for name in ("set_model_version_tag", "delete_model_version_tag", "set_registered_model_alias",
                 "delete_registered_model_alias"):
        setattr(MlflowClient, name, watched(getattr(MlflowClient, name)))

ended = []
while not ended or ended[-1] == -signal.SIGKILL:
    place = folder / str(len(ended))
    place.mkdir(parents=True)
    shutil.copyfile(source, place / "mlflow.db")
    child = os.fork()
    if not child:
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{place / 'mlflow.db'}"
        die_before(len(ended))
        promote.promote() if what == "promote" else promote.rollback()
        os._exit(0)
    ended.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(json.dumps(ended))
"""


def killed(shelf: Shelf, what: str) -> list[Shelf]:
    """One store for each write of a command, killed (SIGKILL) before it; and one of the command that went through."""
    folder = shelf.folder / what
    asked = [sys.executable, "-c", KILL, str(shelf.folder / "mlflow.db"), str(folder), what]
    env = environment(PYTHONPATH=str(ROOT), PYTHONWARNINGS="ignore")
    done = subprocess.run(asked, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    ended = json.loads(done.stdout)
    assert ended[-1] == 0, done.stderr
    assert set(ended[:-1]) == {-9}
    return [Shelf(folder / str(number)) for number in range(len(ended))]


def test_promotion_and_rollback_survive_a_kill_between_any_two_steps(
    shelf: Shelf, bundle_folder: Path, good: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "BOOTSTRAPS", 50)
    for alias in ("champion", None, "challenger"):
        shelf.add(bundle_folder, good, alias)
    promote("2")
    old = {"champion": "2", "previous_champion": "1", "challenger": "3"}
    new = {"champion": "3", "previous_champion": "2"}
    assert shelf.aliases() == old

    stores, seen = killed(shelf, "promote"), set()
    assert len(stores) == 7  # three tags, champion, previous champion, challenger no more; and one that went through
    for store in stores:
        other = store.copy(store.folder / "other")
        monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
        seen.add(champion := store.aliases()["champion"])
        assert champion in ("2", "3")
        promote()
        monkeypatch.setattr(
            "training.promotion.promote._criteria", lambda challenger, champion: (None, [])
        )  # the first judged
        assert store.aliases() == new
        assert store.tags("3")["decision"] == "gate passed"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", other.uri)  # rollback as the next command instead
        taken_back, restored = rollback()
        assert (taken_back, restored) == (("3", "2") if champion == "3" else ("2", "1"))
        assert other.aliases()["champion"] == restored
    assert seen == {"2", "3"}

    stores = killed(stores[-1], "rollback")
    assert len(stores) == 4  # champion, previous champion, tag; and one that went through
    for store in stores:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
        champion = store.aliases()["champion"]
        aliases.settle()
        previous = {"3": "2", "2": "1"}[champion]
        assert store.aliases() == {"champion": champion, "previous_champion": previous}
