"""A small server on loopback: health, the model's card, and predictions in the words of the command line."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from features.records import Candidate
from features.tables import Mistake, parse_row
from models.bundle import Bundle
from models.designs import candidate_frame, formula_mistake
from models.own import measured_frame, parse_measured
from models.predictor import DEFAULT_LEVEL, Predictor

MAX_DESIGNS = 10_000
MAX_MEASURED = 1_000


class PredictRequest(BaseModel):
    """Designs to predict; the fields of a design are the columns of the candidate table."""

    model_config = ConfigDict(extra="forbid")

    designs: list[dict[str, Any]] = Field(min_length=1, max_length=MAX_DESIGNS)
    level: float = Field(default=DEFAULT_LEVEL, gt=0, lt=1)
    measured: list[dict[str, Any]] = Field(default_factory=list, max_length=MAX_MEASURED)


def create_app(bundle: Bundle) -> FastAPI:
    """The server for one bundle."""
    app = FastAPI(
        title="Silion", description="Predictions for silicon-anode solid-state cells, with intervals and notices."
    )
    predictor = Predictor(bundle)

    @app.exception_handler(RequestValidationError)
    def unusable(request: Request, error: RequestValidationError) -> JSONResponse:
        """What is wrong with a request, in words: the input itself may hold what JSON cannot."""
        found = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        return JSONResponse({"detail": found}, 422)

    @app.get("/health")
    def health() -> dict[str, str]:
        """Alive."""
        return {"status": "ok"}

    @app.get("/model")
    def model() -> dict[str, Any]:
        """Skill by target, data hashes, code version."""
        return bundle.facts

    @app.post("/predict")
    def predict(request: PredictRequest) -> dict[str, Any]:
        """One result or one error per design, in order; 422 with all mistakes when none is usable."""
        found: list[Candidate | list[Mistake]] = [
            _read(values, number) for number, values in enumerate(request.designs, start=1)
        ]
        good = [row for row in found if isinstance(row, Candidate)]
        if not good:
            raise HTTPException(422, [str(mistake) for each in found if isinstance(each, list) for mistake in each])
        try:
            measured = measured_frame(parse_measured(request.measured)) if request.measured else None
            answers = predictor.predict(candidate_frame(good), level=request.level, measured=measured)
        except ValueError as error:
            raise HTTPException(422, [str(error)]) from None
        values = iter(zip(answers.table.to_dict("records"), answers.precedents, strict=True))
        return {
            "results": [
                _result(*next(values)) if isinstance(each, Candidate) else {"error": [str(mistake) for mistake in each]}
                for each in found
            ]
        }

    return app


def _read(values: dict[str, Any], number: int) -> Candidate | list[Mistake]:
    row = parse_row(Candidate, values, number)
    if isinstance(row, list):
        return row
    mistake = formula_mistake(row, number)
    return [mistake] if mistake else row


def _result(row: dict[Any, Any], precedents: dict[str, Any]) -> dict[str, Any]:
    return {**{str(key): None if value != value else value for key, value in row.items()}, "precedents": precedents}
