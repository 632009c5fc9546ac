"""The right to move a store's aliases: held by one, waited for by others, gone with its process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from models import registry
from models.saved.store_lock import StoreBusyError, moving_aliases
from tests.postgres import NoPostgresError, postgres
from tests.shared import ROOT, environment
from tests.shelf import Shelf, new_shelf
from training.promotion import champion as moves
from training.promotion.champion import AliasError

HOLD = (
    "import sys\n"
    "from models.saved.store_lock import moving_aliases\n"
    "with moving_aliases(sys.argv[1]):\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


@contextmanager
def held(uri: str) -> Iterator[subprocess.Popen[str]]:
    """Another program that holds a store."""
    asked = [sys.executable, "-c", HOLD, uri]
    env = environment(PYTHONPATH=str(ROOT))
    with subprocess.Popen(asked, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        try:
            yield other
        finally:
            other.kill()


def refused_then_free(uri: str) -> None:
    with held(uri) as other:
        with pytest.raises(StoreBusyError, match="another program moves its champion"), moving_aliases(uri, 0.0):
            pass
        other.kill()  # a killed holder holds nothing
        other.wait()
        with moving_aliases(uri):
            pass


def test_a_local_store_is_held_by_a_file_beside_it(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    refused_then_free(uri)
    assert [path.name for path in tmp_path.iterdir()] == [".mlflow.db.lock"]
    with moving_aliases("http://127.0.0.1:9"):  # nothing to hold: no address is asked
        pass


@pytest.mark.slow
def test_a_postgresql_store_is_held_by_an_advisory_lock() -> None:
    try:
        with postgres() as database:
            refused_then_free(database)
    except NoPostgresError as error:
        pytest.skip(f"needs PostgreSQL: {error}")


@pytest.fixture
def shelf(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A store with three versions, of which nobody asks for a model."""
    shelf = new_shelf(tmp_path, tmp_path_factory, monkeypatch)
    (tmp_path / "bundle").mkdir()
    for alias in ("champion", None, None):
        shelf.add(tmp_path / "bundle", None, alias)
    return shelf


@pytest.mark.slow
def test_a_move_beside_another_changes_nothing(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    with held(shelf.uri), monkeypatch.context() as patch:
        patch.setattr(moves, "moving_aliases", lambda uri: moving_aliases(uri, 0.0))
        with pytest.raises(StoreBusyError, match="nothing changed, run the command again"):
            moves.make_champion("2", "1", {})
    assert shelf.aliases() == {"champion": "1"}
    moves.make_champion("2", "1", {})
    assert shelf.aliases() == {"champion": "2", "previous_champion": "1"}


@pytest.mark.slow
def test_a_client_that_takes_no_lock_is_found_by_reading_again(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow's own client makes version 3 the champion right after we made version 2 it."""
    import mlflow

    real = mlflow.MlflowClient.set_registered_model_alias

    def overtaken(client: Any, name: str, alias: str, version: str) -> None:
        real(client, name, alias, version)
        if (alias, version) == (registry.CHAMPION, "2"):
            real(client, name, alias, "3")

    monkeypatch.setattr(mlflow.MlflowClient, "set_registered_model_alias", overtaken)
    with pytest.raises(AliasError, match="version 2 was made the champion, and another program made it 3"):
        moves.make_champion("2", "1", {})
    assert shelf.aliases()["champion"] == "3"


@pytest.mark.slow
@pytest.mark.parametrize("other", ["2", None], ids=["made by another", "refused for another reason"])
def test_an_alias_that_another_client_makes_at_the_same_moment(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, other: str | None
) -> None:
    """A store behind an MLflow server has no lock: the database refuses the insertion that comes second, once."""
    import mlflow

    real, refused = mlflow.MlflowClient.set_registered_model_alias, []

    def second(client: Any, name: str, alias: str, version: str) -> None:
        if not refused:
            refused.append(alias)
            if other:
                real(client, name, alias, other)
            raise mlflow.exceptions.MlflowException("duplicate key value violates unique constraint")
        real(client, name, alias, version)

    monkeypatch.setattr(mlflow.MlflowClient, "set_registered_model_alias", second)
    with registry.client() as store:
        if other:
            moves.name_new(store, "3")
            assert shelf.aliases() == {"champion": "1", "challenger": "3"}
        else:
            with pytest.raises(mlflow.exceptions.MlflowException, match="duplicate key"):
                moves.name_new(store, "3")
            assert shelf.aliases() == {"champion": "1"}
    assert refused == ["challenger"]
