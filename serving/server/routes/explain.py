"""Reasons of predictions."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from serving.server.replies import JsonRoute
from serving.server.request_designs import check_count
from serving.server.routes.context import Context
from serving.server.schemas import ExplainRequest, Explanation


class FirstCycleTerm(BaseModel):
    """One way in which lithium of the first cycle is lost, or brought where the points are negative."""

    label: str
    points: float | None = Field(description="of the first charge, by rules of the reviews; null where not known")
    low: float | None = Field(description="end of the 90 % interval")
    high: float | None
    missing: str = Field(description="why the points are not known; empty where they are")
    text: str = Field(description="the points with their interval, or why they are not known")
    source: str = Field(description="what the reviews print, and where")


class FirstCycle(BaseModel):
    """Where the lithium of the first cycle goes, by rules of the reviews: an estimate that shows no skill."""

    target: str = Field(description="column of the target that the terms belong to")
    title: str
    note: str
    headings: list[str] = Field(description="of a table of label, text and source of each term")
    terms: list[FirstCycleTerm]


class Explained(BaseModel):
    """One design: what moved its predictions, or why it cannot be used."""

    explanations: dict[str, Explanation | None] | None = None
    notices: list[str] | None = None
    range_of: str | None = Field(
        default=None, description="which targets have no point, and whose values their ranges hold"
    )
    first_cycle: FirstCycle | None = Field(
        default=None, description="null where no anode is described or ICE is not asked for"
    )
    error: list[str] | None = None


class ExplainReply(BaseModel):
    """Results in the order of the designs."""

    model: str
    results: list[Explained]


def router(context: Context) -> APIRouter:
    """Build the routes.

    Parameters
    ----------
    context : Context
        Model, limits, threads and counters of the server.
    """
    routes = APIRouter(tags=["predictions"], route_class=JsonRoute)

    @routes.post("/explain", response_model=ExplainReply)
    async def explanations(request: ExplainRequest) -> Response:
        """Contributions to each prediction from the model's base: factors whose product, or points whose sum, it is."""
        from serving.server.explanation_replies import explain

        check_count("designs to explain", len(request.designs), context.settings.max_explained)
        model = context.model
        return await context.answer(lambda deadline: explain(model, request, deadline))

    return routes
