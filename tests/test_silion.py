"""The command line: exit codes, messages, and that nothing half-written is left."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from models.bundle import Bundle, load_bundle, save_bundle
from models.lab_effect.kernel import Kernel, LabEffect
from models.predictions import TEXT_COLUMNS
from models.registry import check_store
from models.tasks.registry import LINK
from tests.shared import Command, Store, environment
from tests.shared import run_main as run

CANDIDATES = Path("data/examples/candidates.csv")


def test_predict_through_the_champion(silion: Command, store: Store, root: Path, tmp_path: Path) -> None:
    done = silion("predict", CANDIDATES, "-o", tmp_path / "out.csv", env=store.env)
    assert done.code == 0, done.err
    table = pd.read_csv(tmp_path / "out.csv")
    asked = pd.read_csv(root / CANDIDATES)
    assert table["design"].tolist() == asked["design"].tolist()
    assert table["conductivity_s_per_cm"].notna().all()
    for column in ("conductivity_s_per_cm", "ice_pct", "retention_pct", "cycle_life_80"):
        told = table[table[f"{column}_low"].notna()]
        assert len(told) >= 8
        assert (told[f"{column}_low"] <= told[f"{column}_high"]).all()
        known = table[table[column].notna()]  # a target without skill has a range alone
        assert (known[f"{column}_low"] <= known[column]).all()
        assert (known[column] <= known[f"{column}_high"]).all()
    assert not (tmp_path / "out.csv.rejected.csv").exists()


def test_good_rows_are_written_and_bad_ones_returned(silion: Command, bundle_folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(
        "name,electrolyte,temperature_c,stack_pressure_mpa,anode_architecture\n"
        "good,Li6PS5Cl,25,5,composite\n"
        "cold,Li6PS5Cl,-300,5,composite\n"
        "pressure,Li6PS5Cl,25,-5,compsite\n"
        "formula,LPSCx,25,5,\n",
        encoding="utf-8",
    )
    done = silion("predict", source, "-o", tmp_path / "out.csv", "--model", bundle_folder)
    assert done.code == 1
    assert pd.read_csv(tmp_path / "out.csv")["name"].tolist() == ["good"]
    rejected = pd.read_csv(tmp_path / "out.csv.rejected.csv")
    assert rejected["name"].tolist() == ["cold", "pressure", "formula"]
    assert rejected["line"].tolist() == [3, 4, 5]
    for words in (
        "line 3, column temperature_c: got '-300', expected a plain number in °C, at least -150",
        "line 4, column stack_pressure_mpa: got '-5', expected a plain number in MPa, at least 0",
        "line 4, column anode_architecture: got 'compsite'",
        "closest: composite",
        "line 5, column electrolyte: got 'LPSCx'",
        "closest known names: LPSCl",
    ):
        assert words in done.err


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.csv", None, "no such file"),
        ("empty.csv", b"", "the file is empty"),
        ("latin.csv", b"electrolyte\nLi\xb5\n", "not UTF-8"),
        ("sheet.csv", b"PK\x03\x04 and the rest of a spreadsheet", "this is a spreadsheet"),
        ("column.csv", b"electrolite\nLi6PS5Cl\n", "column electrolyte: got no such column"),
        ("unit.csv", b"electrolyte,stack_pressure_bar\nLi6PS5Cl,5\n", "stack_pressure_mpa (in MPa)"),
        ("all_bad.csv", b"electrolyte\nLPS\n", "no row can be used"),
        ("clash.csv", b"electrolyte,ice_pct\nLi6PS5Cl,80\n", "ice_pct_measured"),
    ],
)
def test_what_cannot_be_used_ends_with_2(
    silion: Command, bundle_folder: Path, tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = silion("predict", tmp_path / name, "-o", tmp_path / "out.csv", "--model", bundle_folder)
    assert done.code == 2
    assert words in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--level", "0.999"), "papers support at most"),
        (("--level", "1.5"), "between 0 and 1"),
        (("--targets", "voltage"), "unknown target voltage"),
    ],
)
def test_impossible_wishes_end_with_2(
    silion: Command, bundle_folder: Path, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = silion("predict", CANDIDATES, "-o", tmp_path / "out.csv", "--model", bundle_folder, *arguments)
    assert done.code == 2
    assert words in done.err
    assert not (tmp_path / "out.csv").exists()


def test_targets_choose_the_columns(silion: Command, bundle_folder: Path, tmp_path: Path) -> None:
    done = silion("predict", CANDIDATES, "-o", tmp_path / "o.csv", "--model", bundle_folder, "--targets", "ice_pct")
    assert done.code == 0
    columns = pd.read_csv(tmp_path / "o.csv").columns.tolist()
    told = [column for column in columns if column not in TEXT_COLUMNS]
    assert told[-4:] == ["ice_pct", "ice_pct_low", "ice_pct_high", "ice_pct_distance"]
    assert columns[-1] == "notice"
    assert "retention_pct" not in columns


def test_no_model_says_what_to_do(silion: Command, tmp_path: Path) -> None:
    env = {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'none.db'}"}
    done = silion("predict", CANDIDATES, "-o", tmp_path / "out.csv", env=env)
    assert done.code == 2
    assert "Train one with `silion train`" in done.err


def test_formula_prints_one_object_a_line(silion: Command) -> None:
    done = silion("formula", "75Li2S-25P2S5", "nonsense")
    first, second = (json.loads(line) for line in done.out.splitlines())
    # 75 Li2S + 25 P2S5: Li 150, S 75 + 125 = 200, P 50
    assert first["composition"] == {"Li": 150, "S": 200, "P": 50}
    assert set(second) == {"text", "error"}
    assert done.code == 1


def test_formula_asks_where_a_capital_i_may_be_an_l(silion: Command) -> None:
    done = silion("formula", "Li6PS5CI", "Li6PS5Cl")
    doubted, fine = (json.loads(line) for line in done.out.splitlines())
    assert (doubted["question"], done.code) == ("Li6PS5Cl?", 0)
    assert "question" not in fine


def test_version_is_that_of_the_project(root: Path, silion: Command) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    done = silion("--version")
    assert (done.code, done.out, done.err) == (0, f"silion {project['version']}\n", "")


def test_models_list_show_export(silion: Command, store: Store, tmp_path: Path) -> None:
    listed = silion("models", "list", env=store.env)
    assert "champion" in listed.out
    facts = json.loads(silion("models", "show", "champion", "--json", env=store.env).out)
    assert facts["config"]["repeats"] == 1
    assert set(facts["skill"]) == {"conductivity_s_per_cm", "ice_pct", "retention_pct", "cycle_life_80"}
    exported = silion("models", "export", "1", "-o", tmp_path / "model", env=store.env)
    assert exported.code == 0
    again = silion("predict", CANDIDATES, "-o", tmp_path / "a.csv", "--model", tmp_path / "model")
    direct = silion("predict", CANDIDATES, "-o", tmp_path / "b.csv", env=store.env)
    assert again.code == direct.code == 0
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_export_never_overwrites_something_else(silion: Command, bundle_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work", encoding="utf-8")
    done = silion("models", "export", bundle_folder, "-o", tmp_path / "mine")
    assert done.code == 2
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_train_reports_and_registers(store: Store) -> None:
    assert "model: silion version 1" in store.trained.out
    names = {path.name for path in (store.folder / "report").iterdir()}
    assert {"index.html", "skill.csv", "skill.png", "calibration.png", "ice_pct_parity.png"} <= names


def test_train_refuses_to_replace_a_foreign_folder(silion: Command, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work", encoding="utf-8")
    env = {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}"}
    done = silion("train", "--folds", "2", "--repeats", "1", "--report", tmp_path / "mine", env=env)
    assert done.code == 2
    assert "choose another folder" in done.err
    assert not (tmp_path / "mlflow.db").exists()


def test_a_store_that_cannot_be_reached_ends_with_2_before_any_work(silion: Command, tmp_path: Path) -> None:
    env = {"MLFLOW_TRACKING_URI": "nonsense://x"}
    for arguments in (("models", "list"), ("train", "--report", tmp_path / "report")):
        done = silion(*arguments, env=env, timeout=60)
        assert done.code == 2
        assert "the MLflow store nonsense://x cannot be used" in done.err
        assert "Traceback" not in done.err
    assert not (tmp_path / "report").exists()


def test_a_model_brings_its_own_configuration(silion: Command, bundle_folder: Path) -> None:
    done = silion("evaluate", "--model", bundle_folder, "--folds", "2")
    assert done.code == 2
    assert "--model brings its own" in done.err


def test_another_schema_is_refused_with_3(silion: Command, bundle_folder: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(bundle_folder, tmp_path / "model"))
    with (model / "bundle.json").open("a", encoding="utf-8") as file:
        file.write(" ")
    done = silion("predict", CANDIDATES, "-o", tmp_path / "out.csv", "--model", model)
    assert done.code == 3
    assert "bundle.json was changed" in done.err
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(("flag", "value"), [("--folds", "1"), ("--repeats", "0"), ("--folds", "500")])
def test_impossible_protocols_end_with_2(silion: Command, flag: str, value: str) -> None:
    done = silion("evaluate", flag, value)
    assert done.code == 2
    assert "expected at least" in done.err or "too few for 500 folds" in done.err


def test_data_check_finds_what_is_wrong(silion: Command, tmp_path: Path, root: Path) -> None:
    assert silion("data", "check").code == 0
    broken = tmp_path / "cells.csv"
    broken.write_text("cell_id,source_id,ice_pct\nA1,mine,140\nA2,,80\n", encoding="utf-8")
    done = silion("data", "check", broken)
    assert done.code == 1
    assert "line 2, column ice_pct: got 140, expected at most 100 %; if it is a prelithiated half cell, " in done.out
    assert "line 3, column source_id" in done.out


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_training_leaves_no_version_and_a_readable_store(
    silion: Command, new_store: Path, tmp_path: Path, root: Path, how: signal.Signals
) -> None:
    shutil.copyfile(new_store, tmp_path / "mlflow.db")
    env = environment(MLFLOW_TRACKING_URI=f"sqlite:///{tmp_path / 'mlflow.db'}", PYTHONPATH=str(root))
    asked = [sys.executable, "-m", "silion", "train", "--report", str(tmp_path / "report"), "--repeats", "50"]
    process = subprocess.Popen(asked, cwd=root, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(600):  # until the fits have begun, which room for the model is held for
        if list(tmp_path.glob(".silion-room.*")):
            break
        time.sleep(0.1)
    time.sleep(1)
    process.send_signal(how)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert not [path for path in tmp_path.iterdir() if "report" in path.name]
    listed = silion("models", "list", env={"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}"})
    assert listed.code == 0
    assert "no model in" in listed.out


def test_a_prediction_that_cannot_be_written_leaves_nothing(
    silion: Command, bundle_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    done = silion("predict", CANDIDATES, "-o", tmp_path / "file" / "out.csv", "--model", bundle_folder)
    assert done.code == 2
    assert "Traceback" not in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.fixture(scope="session")
def new_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that was asked and never written to: a command makes one like it before any work, which takes seconds."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    with ThreadPoolExecutor(1) as worker, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{path}")
        worker.submit(check_store).result()
    return path


@pytest.fixture
def here(tmp_path: Path, new_store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a new store and an empty cache of public tables."""
    shutil.copyfile(new_store, tmp_path / "mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.setenv("SILION_CACHE", str(tmp_path / "cache"))
    return tmp_path


def assert_nothing_was_kept(folder: Path) -> None:
    """No report, whole or half, and neither run nor model in the store."""
    assert not [path for path in folder.iterdir() if "report" in path.name]
    with closing(sqlite3.connect(folder / "mlflow.db")) as store:
        for table in ("runs", "registered_models", "model_versions"):
            assert store.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


@pytest.mark.slow
def test_training_with_too_few_papers_writes_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("train", "--folds", "500", "--repeats", "1", "--report", here / "report") == 2
    assert "papers are too few for 500 folds" in capsys.readouterr().err
    assert_nothing_was_kept(here)


ARGYRODITES = "Li6PS5Cl Li5.5PS4.5Cl1.5 Li6PS5Br Li6PS5I Li7PS6 Li5.7PS4.7Cl1.3".split()


@pytest.mark.slow
@pytest.mark.parametrize("papers", [1, 4])
def test_a_small_table_of_ones_own_is_refused_and_nothing_written(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], papers: int
) -> None:
    """The same commands over a folder of few papers in the place of the shipped one."""
    folder = here / "few"
    folder.mkdir()
    rows = list(enumerate(ARGYRODITES))
    tables = {
        "electrolytes": ["measurement_id,electrolyte,conductivity_s_per_cm,source_id"]
        + [f"E{row},{name},1e-{3 + row % 4},lab{row % papers}" for row, name in rows],
        "cells": ["cell_id,electrolyte,anode,ice_pct,source_id"]
        + [f"A{row},{name},Si,{70 + row},lab{row % papers}" for row, name in rows],
        "cycling": ["point_id,cell_id,cycle,retention_pct,source_id"]
        + [f"P{row},A{row},100,{70 + row},lab{row % papers}" for row, _ in rows],
    }
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (here / "ids.csv").write_text("E0\n", encoding="utf-8")
    monkeypatch.setattr("training.train.SHIPPED", folder)
    assert run("train", "--report", here / "report") == 2
    assert f"{papers} papers are too few for 5 folds; add papers" in capsys.readouterr().err
    assert run("evaluate") == 2
    assert f"{papers} papers are too few for 5 folds" in capsys.readouterr().err
    assert run("evaluate", "--test", here / "ids.csv") == 2
    words = "nothing to learn from" if papers == 1 else "papers are too few for 5 folds"
    assert words in capsys.readouterr().err
    assert_nothing_was_kept(here)


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("libverpool", None, 2, "no public table named 'libverpool'; expected one of obelix, liverpool, laskowski"),
        ("libverpool", None, 2, "closest: liverpool"),
        ("liverpool", None, 2, "LiIonDatabase.csv: no such file; run: silion data pull liverpool"),
        ("liverpool", b"ID\n", 3, "LiIonDatabase.csv: got SHA-256"),
    ],
)
def test_public_tables_that_cannot_be_used(
    here: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None, code: int, words: str
) -> None:
    cache = here / "cache"
    if content is not None:
        (cache / name).mkdir(parents=True)
        (cache / name / "LiIonDatabase.csv").write_bytes(content)
    (here / "ids.csv").write_text("E055\n", encoding="utf-8")
    commands = [
        ("train", "--report", here / "report"),
        ("evaluate",),
        ("evaluate", "--test", here / "ids.csv"),
    ]
    for command in commands:
        assert run(*command, "--public", name) == code
        said = capsys.readouterr()
        assert words in said.err
        assert said.out == ""
    assert_nothing_was_kept(here)
    assert content is not None or not cache.exists()


@pytest.mark.parametrize(
    ("ids", "more", "words"),
    [
        ("E055\n", ("--model", "champion"), "leave --model and --write-docs out"),
        ("E055\n", ("--write-readme",), "leave --model and --write-docs out"),
        (None, (), "ids.csv: no such file"),
        ("", (), "ids.csv: no id in it"),
        ("E055\nE055\n", (), "'E055' stands in it twice"),
        ("E055\nE0550\nobelix:7cr\n", (), "2 of 3 test ids are of no conductivity in the data: 'E0550', 'obelix:7cr'"),
    ],
)
def test_a_test_file_that_cannot_be_used_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ids: str | None, more: tuple[str, ...], words: str
) -> None:
    if ids is not None:
        (tmp_path / "ids.csv").write_text(ids, encoding="utf-8")
    assert run("evaluate", "--test", tmp_path / "ids.csv", *more) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("mine", "code", "words"),
    [
        ("electrolyte,temperature_c,conductivity_s_per_cm\nLi6PS5Cl,25,0.01\nLi6PS5Cl,25,-1\n", 0,
         "note: left out of the calibration: mine.csv line 3, column conductivity_s_per_cm: got '-1'"),
        ("electrolyte,temperature_c,conductivity_s_per_cm\nLi6PS5Cl,25,\n", 2, "leave --calibrate out to predict with"),
        ("electrolyte,conductivity_ms_per_cm\nLi6PS5Cl,3\n", 2, "conductivity_s_per_cm (in S/cm); convert the values"),
        (None, 2, "mine.csv: no such file"),
    ],
)  # fmt: skip
def test_own_measurements_through_the_command_line(
    root: Path,
    bundle_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    mine: str | None,
    code: int,
    words: str,
) -> None:
    if mine is not None:
        (tmp_path / "mine.csv").write_text(mine, encoding="utf-8")
    asked = ("predict", root / CANDIDATES, "-o", tmp_path / "out.csv", "--calibrate", tmp_path / "mine.csv")
    # a model to which papers have shown an effect of their own
    bundle = load_bundle(bundle_folder)
    part = replace(bundle.parts[LINK], lab=LabEffect(Kernel(0.3, 0.1, reach=1.0, common=0.5)))
    model = save_bundle(Bundle({**bundle.parts, "conductivity": part}, bundle.facts), tmp_path / "model")
    assert run(*asked, "--model", model) == code
    assert words in capsys.readouterr().err
    assert (tmp_path / "out.csv").exists() == (code == 0)
    if code == 0:
        notices = pd.read_csv(tmp_path / "out.csv")["notice"]
        same = notices.str.contains("conductivity: drawn to your own measurement of this composition")
        assert same.tolist() == [True] * 5 + [False] * 7  # five of the examples are cells with Li6PS5Cl at 25 °C
        assert notices[~same].str.contains("conductivity: moved by 1 measured design of yours").all()
        # a model of before refuses the same table, and writes nothing
        (tmp_path / "out.csv").unlink()
        assert run(*asked, "--model", root / "tests" / "bundles" / "v1") == 2
        assert "saved before own measurements could be used; train again" in capsys.readouterr().err
        assert not (tmp_path / "out.csv").exists()


def test_a_table_of_measured_designs_can_be_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "measured.csv").write_text(
        "electrolyte,ice_pct\nLi6PS5Cl,80\nLi6PS5Cl,101\nLPS,80\nLi6PS5Cl,\n", encoding="utf-8"
    )
    assert run("data", "check", tmp_path / "measured.csv") == 1
    said = capsys.readouterr().out
    assert "line 3, column ice_pct: got '101'" in said
    assert "line 4, column electrolyte: got 'LPS'" in said
    assert "line 5, column conductivity_s_per_cm: got nothing measured" in said
    assert "line 2" not in said
    (tmp_path / "measured.csv").write_text("electrolyte,ice_pct\nLi6PS5Cl,80\n", encoding="utf-8")
    assert run("data", "check", tmp_path / "measured.csv") == 0


def test_what_fails_while_a_command_stops_is_part_of_stopping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cluster that went away while its work is taken back after Ctrl-C is no error of its own: 130, not 2."""
    asked = ["data", "check", str(tmp_path / "nowhere")]
    assert run(*asked) == 2
    assert "interrupted" not in capsys.readouterr().err
    stopped = threading.Event()
    stopped.set()
    monkeypatch.setattr("cli.main.STOPPED", stopped)
    assert run(*asked) == 130
    assert capsys.readouterr().err == "interrupted: every output is whole or absent\n"
