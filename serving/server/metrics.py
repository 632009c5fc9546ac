"""Counts for Prometheus: requests, their times, and designs. Never what was asked."""

from __future__ import annotations

import os
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Variable of prometheus_client: where the workers of one server keep their counts. Set before it is imported."""
BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Upper ends of the classes of answer times, in seconds."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Counted by their names; a client may invent others without end."""


class Metrics:
    """Counters of one worker, or of one app in a test."""

    def __init__(self) -> None:
        disable_created_metrics()
        self._registry = CollectorRegistry()
        self.requests = Counter("silion_requests", "answers", ["path", "method", "status"], registry=self._registry)
        self.seconds = Histogram(
            "silion_request_seconds", "time to the answer", ["path"], registry=self._registry, buckets=BUCKETS
        )
        self.designs = Counter("silion_designs", "designs asked for", ["outcome"], registry=self._registry)
        self.running = Gauge(
            "silion_requests_running", "requests being answered", registry=self._registry, multiprocess_mode="livesum"
        )

    def text(self) -> bytes:
        """Return the counts of all workers in Prometheus' text format."""
        if SHARED_FOLDER not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        return generate_latest(registry)

    def count_designs(self, predicted: int, rejected: int) -> None:
        """Count the designs of one request.

        Parameters
        ----------
        predicted, rejected : int
            Designs that were predicted, and that could not be.

        Examples
        --------
        >>> metrics = Metrics()
        >>> metrics.count_designs(3, 1)
        >>> [line for line in metrics.text().decode().splitlines() if not line.startswith("#")][-3:-1]
        ['silion_designs_total{outcome="predicted"} 3.0', 'silion_designs_total{outcome="rejected"} 1.0']
        """
        self.designs.labels("predicted").inc(predicted)
        self.designs.labels("rejected").inc(rejected)


class Counted:
    """Middleware that counts every answer by its route; what no route knows is counted as one."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an ASGI application."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        status, began = "aborted", time.perf_counter()

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        self._metrics.running.inc()
        try:
            await self._app(scope, receive, sent)
        finally:
            self._metrics.running.dec()
            path = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if path != "other" and scope["method"] in METHODS else "any"
            self._metrics.requests.labels(path, method, status).inc()
            self._metrics.seconds.labels(path).observe(time.perf_counter() - began)
        return None
