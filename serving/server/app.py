"""The server's endpoints and what stands in front of them."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI

from models.bundle import Bundle
from models.predictor import Predictor
from serving.server.admission import BoundedBody
from serving.server.batching import Work
from serving.server.generations import Generations, ServedModel
from serving.server.metrics import Counted, Metrics
from serving.server.middleware import BearerToken, Failures, Head, LocalNames, SafeHeaders
from serving.server.replies import add_handlers
from serving.server.routes import atlas, compare, docs, explain, life, look_up, page, predict, status
from serving.server.routes.context import Context
from serving.server.schemas import Failure
from serving.server.settings import Settings
from serving.server.shared_folder import Reload

DESCRIPTION = """Predictions for silicon-anode solid-state cells, with intervals, notices and nearest literature rows.

The same record models as the command line: the same mistake gives the same words, and the same design the same numbers.
Every answer that is no success is `{"detail": [words]}`. Units and limits of every field: `GET /schema`.
"""
FAILURES: dict[int | str, dict[str, Any]] = {
    code: {"model": Failure, "description": reason}
    for code, reason in {
        400: "a request that can be read in two ways",
        401: "this server wants a token, and it was not there",
        408: "the body came too slowly",
        413: "more than this server takes at once",
        415: "a type of content that is not read here",
        421: "a server without a token was asked by a name that is not this machine's",
        422: "nothing of it can be used; all mistakes",
        503: "no model, too many requests, or no answer in time; try again",
    }.items()
}


def create_app(models: Generations, settings: Settings, reload: Reload | None = None) -> FastAPI:
    """Build a server of models.

    Parameters
    ----------
    models : Generations
        Answers come from the one that is current when a request begins.
    settings : Settings
        Limits, and who may ask.
    reload : callable, optional
        Loads the present champion in all workers; None where nobody can.
    """
    app = FastAPI(
        title="Silion",
        version=version("silion"),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        responses=FAILURES,
    )
    context = Context(models, settings, Work(settings), Metrics(), reload)
    add_handlers(app)
    for routes in (status, predict, compare, life, explain, look_up):
        app.include_router(routes.router(context))
    app.include_router(atlas.router())
    app.include_router(docs.router())
    app.include_router(page.router())
    app.add_middleware(Failures)
    app.add_middleware(BoundedBody, settings=settings)
    app.add_middleware(BearerToken, token=settings.token)
    if settings.local_names:
        app.add_middleware(LocalNames)
    app.add_middleware(SafeHeaders, models=models)
    app.add_middleware(Counted, metrics=context.metrics)
    app.add_middleware(Head)
    return app


def app_of(bundle: Bundle, settings: Settings | None = None) -> FastAPI:
    """Build a server of one model that stays, without a process around it: for tests, and for other servers to mount.

    Parameters
    ----------
    bundle : Bundle
        The model, as `load_bundle` reads it.
    settings : Settings, optional
        Limits; the usual ones where None.
    """
    models = Generations([1])
    models.add(ServedModel(Predictor(bundle), "0" * 64, 1))
    return create_app(models, settings or Settings())
