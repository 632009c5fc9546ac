"""Life of cells from their first cycles."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from features.cycling.cycle_tables import cycling_of
from features.cycling.cycler_files import text_frame
from models.life.model import LifeModel, load_life_model
from models.life.prediction import LifeAnswer, LifeOptions
from serving.life import predict_lives
from serving.server.replies import JsonRoute
from serving.server.request_designs import check_count
from serving.server.routes.context import Context
from serving.server.schemas import LifeReply, LifeRequest

NAME = "table"
"""What mistakes call the table that was sent."""
MOST_CHARACTERS = 8_000_000
"""Of the tables of one request: half a million cycles take some thirty times as much while lives are predicted."""


def router(context: Context) -> APIRouter:
    """Build the routes.

    Parameters
    ----------
    context : Context
        Limits and threads of the server; the life model is the shipped one.
    """
    routes = APIRouter(tags=["predictions"], route_class=JsonRoute)
    model, most = load_life_model(), context.settings.max_designs

    @routes.post("/life", response_model=LifeReply, response_model_exclude_unset=True)
    async def life(request: LifeRequest) -> Response:
        """Life, curve and notices of each cell from its first cycles; 422 with all mistakes when none can be told."""
        tables = (request.table, request.finished, request.voltage)
        check_count("characters of the tables", sum(len(table) for table in tables if table), MOST_CHARACTERS)
        return await context.answer(lambda deadline: _answer(request, model, most))

    return routes


def _answer(request: LifeRequest, model: LifeModel, most: int) -> dict[str, Any]:
    table = cycling_of(text_frame(request.table.encode(), f"{NAME}.csv"), NAME)
    check_count("cells", len(table.curves.names), most)
    finished = None
    if request.finished:
        finished = cycling_of(text_frame(request.finished.encode(), "finished.csv"), "finished")
    options = LifeOptions(request.threshold_pct, request.level, tuple(request.at_least))
    voltage = text_frame(request.voltage.encode(), "voltage.csv") if request.voltage else None
    answer = predict_lives(table, model, options, finished, voltage, "voltage")
    curves, results = table.curves, _results(answer, request.at_least)
    for place, result in enumerate(results):
        points = slice(*curves.starts[place : place + 2])
        result["measured"] = {
            "cycle": curves.cycle[points].tolist(),
            "retention_pct": (100 * curves.retention[points]).tolist(),
        }
    return {"level": request.level, "results": results, "mistakes": [str(mistake) for mistake in table.mistakes]}


def _results(answer: LifeAnswer, at_least: list[int]) -> list[dict[str, Any]]:
    """Return one object per cell."""
    by_cell = dict(iter(answer.curves.groupby("cell", sort=False)))
    results = []
    for row in answer.lives.to_dict("records"):
        curve = by_cell.get(row["cell"])
        result = {str(name): value for name, value in row.items() if not str(name).startswith("outlives_")}
        result["outlives"] = {str(cycles): row[f"outlives_{cycles}"] for cycles in at_least}
        result["notices"] = [text for text in str(result.pop("notice")).split("; ") if text]
        result["curve"] = None if curve is None else {str(name): curve[name].tolist() for name in curve.columns[1:]}
        results.append(result)
    return results
