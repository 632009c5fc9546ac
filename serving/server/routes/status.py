"""Health, the model that answers, counts, and the reload."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException, Response
from prometheus_client import CONTENT_TYPE_LATEST

from serving.server.generations import ServedModel
from serving.server.prediction_replies import target_facts
from serving.server.replies import JsonResponse, failure
from serving.server.routes.context import Context
from serving.server.schemas import Failure, HealthReply, ModelReply, ReadyReply, ReloadReply, VersionReply
from serving.server.shared_folder import ReloadError


def router(context: Context) -> APIRouter:
    """Build the routes.

    Parameters
    ----------
    context : Context
        Model, limits, threads and counters of the server.
    """
    routes = APIRouter(tags=["the server"])

    @routes.get("/health", response_model=HealthReply)
    async def health() -> Response:
        """Alive. Never asks for a token."""
        return JsonResponse({"status": "ok"})

    @routes.get("/ready", response_model=ReadyReply, responses={503: {"model": Failure}})
    async def ready() -> Response:
        """A model is loaded; 503 where none is. Never asks for a token."""
        model = context.model
        return JsonResponse({"status": "ready", "model": model.short, "generation": model.generation})

    @routes.get("/version", response_model=VersionReply)
    async def version() -> Response:
        """Package, model, and hashes of data and feature schema."""
        return JsonResponse(_version(context.model))

    @routes.get("/model", response_model=ModelReply)
    async def model() -> Response:
        """The model's card: targets, units, limits, skill on papers never seen, and what it learned from."""
        return JsonResponse(_card(context.model))

    @routes.get(
        "/metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def metrics() -> Response:
        """Counts of all workers in Prometheus' text format."""
        return Response(context.metrics.text(), media_type=CONTENT_TYPE_LATEST)

    @routes.post(
        "/admin/reload", response_model=ReloadReply, responses={403: {"model": Failure}, 409: {"model": Failure}}
    )
    async def reload() -> Response:
        """Load the present champion in every worker, then switch all at once; always needs the token.

        Requests that have begun are answered by the model they began with. A model that cannot be used changes
        nothing: 409.
        """
        if context.reload is None:
            raise HTTPException(403, "this server cannot reload")
        try:
            return JsonResponse(await context.reload())
        except ReloadError as error:
            return failure(409, [str(error)])

    return routes


def _version(model: ServedModel) -> dict[str, Any]:
    from importlib.metadata import version

    facts = model.bundle.facts
    names = ("code_version", "schema_hash", "format_version", "data_hashes", "packages")
    return {"package": version("silion"), "model": model.identity, **{name: facts.get(name) for name in names}}


def _card(model: ServedModel) -> dict[str, Any]:
    facts = model.bundle.facts
    parts = {}
    for name, part in model.bundle.parts.items():
        domain = part.domain
        parts[name] = {
            "rows": len(domain.papers) if domain else 0,
            "papers": len(set(domain.papers)) if domain else 0,
            "elements": domain.elements if domain else [],
            "classes": domain.classes if domain else [],
            "ranges": domain.ranges if domain else {},
        }
    return {
        "model": model.short,
        "targets": target_facts(model),
        "regimes": facts.get("regimes", {}),
        "parts": parts,
        "data_hashes": facts.get("data_hashes", {}),
        "config": facts.get("config", {}),
    }
