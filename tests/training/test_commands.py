"""The commands of retraining as people call them: exit codes, where the words go, and what stays as it was."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cli.main import build_parser
from tests.shared import run_main
from tests.shelf import Shelf, new_shelf
from training.evaluation.out_of_fold import out_of_fold_table
from training.train import Trained

Said = pytest.CaptureFixture[str]
NEW = "id,electrolyte,sigma (mS/cm),T (°C),doi\ns1,Li6PS5Cl,2.3,25,10.1000/abc\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder with a file of one new row, `new.csv`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "new.csv").write_text(NEW, encoding="utf-8")
    return tmp_path


@pytest.fixture
def shelf(folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    return new_shelf(folder, tmp_path_factory, monkeypatch)


@pytest.fixture(scope="module")
def good(trained: Trained) -> pd.DataFrame:
    return out_of_fold_table(trained.found, trained.config.level)


def further_off(table: pd.DataFrame) -> pd.DataFrame:
    """The same judgement of a model whose every prediction is three units too high: decades, or percentage points."""
    return table.assign(predicted_0=table["lower"] + (table["predicted_0"] - table["lower"]).abs() + 3)


def test_a_refused_promotion_ends_with_3_and_force_with_0(
    shelf: Shelf, bundle_folder: Path, good: pd.DataFrame, capsys: Said
) -> None:
    shelf.add(bundle_folder, good, "champion")
    shelf.add(bundle_folder, further_off(good), "challenger")
    assert run_main("models", "promote") == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "version 2 was not promoted and nothing changed" in said.err
    assert "ionic conductivity: worse" in said.err
    assert "judged by 3 folds x 1 repeat; rough" in said.err
    assert shelf.aliases() == {"champion": "1", "challenger": "2"}
    assert run_main("models", "promote", "--force", "  ") == 2
    assert "--force: got no reason" in capsys.readouterr().err
    assert run_main("models", "promote", "--force", "ours") == 0
    assert "version 2 is the champion; version 1 is kept as previous_champion" in capsys.readouterr().out
    assert shelf.aliases() == {"champion": "2", "previous_champion": "1"}
    assert shelf.tags("2")["decision"].startswith("forced: ours; not passed: ionic conductivity")


def test_rollback_with_nothing_before_ends_with_3(
    shelf: Shelf, bundle_folder: Path, good: pd.DataFrame, capsys: Said
) -> None:
    assert run_main("models", "rollback") == 3
    assert "no champion to roll back: nothing changed" in capsys.readouterr().err
    shelf.add(bundle_folder, good, "champion")
    shelf.add(bundle_folder, good, "challenger")
    assert run_main("models", "promote") == 0
    assert run_main("models", "rollback") == 0
    assert "version 1 is the champion again; version 2 was taken back" in capsys.readouterr().out
    assert run_main("models", "rollback") == 3
    assert "none is kept from before it: nothing changed" in capsys.readouterr().err
    assert shelf.aliases() == {"champion": "1"}


@pytest.mark.parametrize("asked", [(), ("7",), ("models:/silion@nobody",)])
def test_promoting_what_is_not_there_ends_with_2(shelf: Shelf, asked: tuple[str, ...], capsys: Said) -> None:
    assert run_main("models", "promote", *asked) == 2
    assert "Train one with `silion train`" in capsys.readouterr().err
    assert shelf.aliases() == {}


def test_rejected_rows_end_with_1_and_the_others_are_written(folder: Path, capsys: Said) -> None:
    (folder / "new.csv").write_text(NEW + "s2,Li3PS4,fast,25,10.1000/abc\n", encoding="utf-8")
    for words, written in ((), False), (("--write",), True):
        assert run_main("data", "add", "new.csv", *words) == 1
        assert "line 3, column sigma (mS/cm): got 'fast'" in capsys.readouterr().out
        assert (folder / "mydata" / "electrolytes.csv").exists() == written
        assert (folder / "new.csv.rejected.csv").exists() == written
    assert "s2" not in (folder / "mydata" / "electrolytes.csv").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_conflict_ends_with_3_until_it_is_decided(folder: Path, capsys: Said) -> None:
    own = folder / "mydata" / "electrolytes.csv"
    assert run_main("data", "add", "new.csv", "--write") == 0
    before = own.read_bytes()
    (folder / "new.csv").write_text(NEW.replace("2.3", "2.9"), encoding="utf-8")
    assert run_main("data", "add", "new.csv", "--write") == 3
    assert "--replace" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        run_main("data", "add", "new.csv", "--write", "--keep", "--replace")
    assert run_main("data", "add", "new.csv", "--write", "--keep") == 0
    assert own.read_bytes() == before
    assert run_main("data", "add", "new.csv", "--write", "--replace") == 0
    assert "0.0029" in own.read_text(encoding="utf-8")


def test_an_unlikely_value_ends_with_3_until_it_is_confirmed(folder: Path, capsys: Said) -> None:
    """2.3 mS/cm entered as S/cm."""
    (folder / "new.csv").write_text(NEW.replace("(mS/cm)", "(S/cm)"), encoding="utf-8")
    assert run_main("data", "add", "new.csv", "--write") == 3
    assert "--confirm" in capsys.readouterr().out
    assert not (folder / "mydata").exists()
    assert run_main("data", "add", "new.csv", "--write", "--confirm") == 0


@pytest.mark.slow
def test_withdrawing(folder: Path, capsys: Said) -> None:
    assert run_main("data", "add", "new.csv", "--write") == 0
    before = (folder / "mydata" / "electrolytes.csv").read_bytes()
    for words, why in (("s1",), "--why"), (("nobody", "--why", "wet"), "nobody"), (("", "--why", "wet"), "empty id"):
        assert run_main("data", "withdraw", *words) == 2
        assert why in capsys.readouterr().err
        assert (folder / "mydata" / "electrolytes.csv").read_bytes() == before
    assert run_main("data", "withdraw", "10.1000/abc", "--why", "wet") == 0
    assert "out of the next training" in capsys.readouterr().out
    assert run_main("data", "withdraw", "10.1000/abc", "--undo") == 0
    assert (folder / "mydata" / "electrolytes.csv").read_bytes() == before


def test_a_template_is_never_written_over_a_file(folder: Path, capsys: Said) -> None:
    assert run_main("data", "template", "cells", "-o", "cells.csv") == 0
    assert "fill it in, then: silion data add cells.csv" in capsys.readouterr().out
    before = (folder / "cells.csv").read_bytes()
    assert run_main("data", "template", "electrolytes", "-o", "cells.csv") == 2
    assert (folder / "cells.csv").read_bytes() == before
    assert run_main("data", "add", "cells.csv") == 0  # the example alone: nothing to add
    assert "added          0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train", "--reproduce", "nothing"), "--reproduce: got 'nothing', expected a run that registered a model"),
        (
            ("train", "--reproduce", "nothing", "--seed", "3"),
            "--reproduce brings its own data, seed, folds and repeats",
        ),
        (("train", "--tune", "-1"), "tune_minutes: got -1, expected a number of minutes"),
        (("train", "--tune", "nan"), "tune_minutes: got nan, expected a number of minutes"),
        (("train", "--data", "nowhere"), "nowhere: no such data folder"),
        (("data", "add", "nowhere.csv"), "nowhere.csv: no such file"),
        (("data", "withdraw", "x", "--why", "y", "--into", "new.csv"), "new.csv"),
    ],
)
def test_what_cannot_be_used_ends_with_2(shelf: Shelf, words: tuple[str, ...], said: str, capsys: Said) -> None:
    assert run_main(*words) == 2
    assert said in capsys.readouterr().err
    assert shelf.aliases() == {}
    assert not (shelf.folder / "report").exists()


@pytest.mark.parametrize("words", [("-o", "x.html"), ("--out", "x.html"), ("--output", "x.html"), ()])
def test_the_atlas_goes_where_it_is_asked_to(words: tuple[str, ...]) -> None:
    """`--output` is the older word; without any it has a name of its own."""
    assert build_parser().parse_args(["data", "atlas", *words]).out == (words or ("", "atlas.html"))[1]
