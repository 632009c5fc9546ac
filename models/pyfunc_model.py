"""The bundle as MLflow serves it. This file is logged as it stands (models from code): nothing is pickled."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from features.tables.records import Candidate
from models.bundle import load_bundle
from models.candidates import candidate_frame, usable_rows
from models.exceedance import parse_limits
from models.lab_calibration import measured_frame, parse_measured
from models.predictor import DEFAULT_LEVEL, Predictor


class SilionModel(PythonModel):  # type: ignore[misc]  # mlflow is skipped by mypy
    """Candidate designs in, predictions with intervals and notices out: the same numbers as `silion predict`."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the bundle logged beside this file; its hashes are checked before anything is used.

        Parameters
        ----------
        context : PythonModelContext
            MLflow's context, with the artifact `bundle`.
        """
        self.predictor = Predictor(load_bundle(context.artifacts["bundle"]))

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Predict a frame of designs, columns as in `data/examples/candidates.csv`.

        Parameters
        ----------
        context : PythonModelContext
            MLflow's context; not read.
        model_input : DataFrame
            Designs, columns as in `data/examples/candidates.csv`.
        params : dict of str to Any | None
            As the options of `silion predict`: `targets`, `level`, `cycles`, `above` (TARGET=LIMIT), and `measured`, a
            JSON list of measured designs of the same laboratory; defaults where None.

        Raises
        ------
        InputError
            Any design that cannot be used; all mistakes at once, rows counted from 1.
        ValueError
            A target or limit that does not exist.
        """
        designs = [
            {str(key): value for key, value in values.items() if key in Candidate.model_fields and value == value}
            for values in model_input.to_dict("records")
        ]
        rows = usable_rows(Candidate, designs)
        options = params or {}
        own = str(options.get("measured") or "")
        rows_of_own = parse_measured(json.loads(own)) if own else []
        return self.predictor.predict(
            candidate_frame(rows),
            targets=list(options.get("targets", [])),
            level=float(options.get("level", DEFAULT_LEVEL)),
            precedents=0,
            measured=measured_frame(rows_of_own) if rows_of_own else None,
            cycles=list(options.get("cycles", [])),
            above=parse_limits(list(options.get("above", []))),
            points=False,
        ).table


set_model(SilionModel())
