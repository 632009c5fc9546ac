"""A store of one's own with registered versions, made in no time from what is trained already."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from models import registry
from models.bundle import Bundle, save_bundle
from tests.shared import alone
from training.evaluation.out_of_fold import write_out_of_fold

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass(frozen=True)
class Shelf:
    """A copy of an empty store; register into it what you like."""

    folder: Path

    @property
    def uri(self) -> str:
        return f"sqlite:///{self.folder / 'mlflow.db'}"

    @property
    def client(self) -> MlflowClient:
        from mlflow import MlflowClient

        return MlflowClient(self.uri, self.uri)

    def add(self, bundle: Bundle | Path, judged: pd.DataFrame | None, alias: str | None = None) -> str:
        """Register a version whose run keeps a table of out-of-fold predictions; returns its number."""
        with registry.client() as client:
            if not client.search_registered_models():
                client.create_registered_model("silion")
            found = client.get_experiment_by_name("silion")
            artifacts = (self.folder / "mlartifacts").as_uri()
            number = found.experiment_id if found else client.create_experiment("silion", artifacts)
            run = client.create_run(number)
            report = self.folder / f"report-{run.info.run_id}"
            report.mkdir()
            if judged is not None:
                write_out_of_fold(judged, report)
                client.log_artifacts(run.info.run_id, str(report), "report")
            model = self.folder / f"model-{run.info.run_id}"
            if isinstance(bundle, Bundle):
                save_bundle(bundle, model / registry.BUNDLE_INSIDE)
            else:
                shutil.copytree(bundle, model / registry.BUNDLE_INSIDE)
            version = client.create_model_version("silion", model.as_uri(), run_id=run.info.run_id)
            if alias:
                client.set_registered_model_alias("silion", alias, version.version)
        return str(version.version)

    def aliases(self) -> dict[str, str]:
        return {alias: version.version for version in registry.versions() for alias in version.aliases}

    def tags(self, number: str) -> Mapping[str, str]:
        return registry.find(number).tags

    def copy(self, folder: Path) -> Shelf:
        """Another store of the same versions, whose files stay where they are."""
        folder.mkdir(parents=True)
        shutil.copyfile(self.folder / "mlflow.db", folder / "mlflow.db")
        return Shelf(folder)


def new_shelf(folder: Path, factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Shelf:
    """An empty store in a folder, as the store that commands use; MLflow makes its tables once per run."""
    base = factory.getbasetemp()
    with alone((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "empty-store") as place:
        template = place / "mlflow.db"
        if not template.exists():
            aside = place / "aside.db"
            patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{aside}")
            registry.check_store()
            aside.rename(template)
    shutil.copyfile(template, folder / "mlflow.db")
    patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
    return Shelf(folder)
