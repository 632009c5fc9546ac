"""Predictions for designs in JSON, and for whole tables."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import WithJsonSchema

from models.predictor import DEFAULT_LEVEL
from models.saved.labs import read_lab
from models.tasks.registry import NOT_LEARNED, TARGETS
from serving.server.batching import Deadline
from serving.server.prediction_replies import alike, predict, predict_alike
from serving.server.replies import Answer, JsonResponse, JsonRoute, unusable
from serving.server.request_designs import check_count, check_pairs
from serving.server.routes.context import Context
from serving.server.schemas import Level, PredictReply, PredictRequest, ToldColumn
from serving.server.upload.table import KINDS, NAME, RETURNED_AS, RETURNED_TYPES, predict_table

TABLES = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in KINDS}
TABLE_IN = {"requestBody": {"required": True, "content": TABLES}}
TABLE_OUT: dict[int | str, dict[str, Any]] = {200: {"content": TABLES}}
Rank = Annotated[
    str | None,
    WithJsonSchema({"type": "string", "enum": list(TARGETS)}),
    Query(description="highest predictions of this target first, rows with errors last"),
]
Targets = Annotated[
    list[ToldColumn] | None,
    Query(min_length=1, description="only these, once each; all but those told on request where not given"),
]


def router(context: Context) -> APIRouter:
    """Build the routes.

    Parameters
    ----------
    context : Context
        Model, limits, threads and counters of the server.
    """
    routes = APIRouter(tags=["predictions"], route_class=JsonRoute)
    settings = context.settings

    @routes.post("/predict", response_model=PredictReply)
    async def predictions(request: PredictRequest) -> Response:
        """One result or one error per design, in order; 422 with all mistakes when none can be used.

        Designs times `precedents` are bounded, see `nearest` in the limits of `GET /schema`: an answer must not be far
        larger than its question.
        """
        check_count("designs", len(request.designs), settings.max_designs)
        check_count("measured designs", len(request.measured), settings.max_measured)
        if request.curve:
            check_count("designs with a curve", len(request.designs), settings.max_curves)
        _check_nearest(len(request.designs), request.precedents, settings.max_nearest)
        model, request = context.model, _with_lab(request, settings.lab)
        check_pairs(len(request.designs), len(request.measured), settings, request.curve)

        def alone(deadline: Deadline) -> tuple[Response, int]:
            return _with_count(predict(model, request, deadline))

        def together(requests: list[PredictRequest], deadline: Deadline) -> list[tuple[Response, int] | ValueError]:
            replies = predict_alike(model, requests, deadline)
            return [reply if isinstance(reply, ValueError) else _with_count(reply) for reply in replies]

        shared = alike(model, request)
        try:
            if shared is None:
                content, rejected = await context.work.run(alone)
            else:
                content, rejected = await context.work.share(shared, request, together)
        except ValueError as error:
            return unusable(error)
        context.metrics.count_designs(len(request.designs) - rejected, rejected)
        return content

    @routes.post("/predict/file", response_class=Response, openapi_extra=TABLE_IN, responses=TABLE_OUT)
    async def table(
        request: Request,
        level: Annotated[Level, Query()] = DEFAULT_LEVEL,
        rank: Rank = None,
        targets: Targets = None,
    ) -> Response:
        """A table in, the same out (CSV for Excel): every row with its predictions, or its mistakes in `error`."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in KINDS:
            raise HTTPException(415, f"Content-Type: got {kind or 'none'!r}, expected one of {', '.join(KINDS)}")
        if rank is not None and rank not in TARGETS:
            reason = f"{rank}: {NOT_LEARNED[rank]}" if rank in NOT_LEARNED else f"got {rank!r}"
            raise HTTPException(422, f"rank: {reason}, expected one of {', '.join(TARGETS)}")
        if rank is not None and targets and rank not in targets:
            raise HTTPException(422, f"rank: got {rank}, expected one of the targets asked for, {', '.join(targets)}")
        content, model = await request.body(), context.model
        try:
            predicted = await context.work.run(
                lambda deadline: predict_table(content, kind, model, settings, level, rank, deadline, targets)
            )
        except ValueError as error:
            return unusable(error)
        context.metrics.count_designs(predicted.rows - predicted.rejected, predicted.rejected)
        headers = {
            "X-Silion-Rows": str(predicted.rows),
            "X-Silion-Rejected": str(predicted.rejected),
            "Content-Disposition": f'attachment; filename="{NAME}_predicted{RETURNED_AS[kind]}"',
        }
        if predicted.order:
            headers["X-Silion-Order"] = predicted.order
        return Answer(predicted.content, media_type=RETURNED_TYPES[kind], headers=headers)

    return routes


def _check_nearest(designs: int, precedents: int, most: int) -> None:
    """Refuse what would be answered with far more than was sent."""
    if designs * precedents > most:
        request = f"{precedents} for each of {designs} designs, expected at most {most} together"
        advice = f"ask for {most // designs}, for fewer designs, or send a table to /predict/file"
        raise HTTPException(422, f"precedents: got {request}; {advice}")


def _with_count(reply: dict[str, Any]) -> tuple[Response, int]:
    """Return an answer as it is sent, and the number of designs it could not predict."""
    return JsonResponse(reply), sum("error" in result for result in reply["results"])


def _with_lab(request: PredictRequest, lab: str | None) -> PredictRequest:
    """Return the request with the measurements of the server's own laboratory, unless it brings some."""
    if lab is None or request.measured:
        return request
    return request.model_copy(update={"measured": [row.model_dump(exclude_none=True) for row in read_lab(lab)]})
