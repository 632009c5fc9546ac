"""Parts of a server that its endpoints share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Response

from serving.server.batching import Deadline, Work
from serving.server.generations import Generations, ServedModel
from serving.server.metrics import Metrics
from serving.server.replies import JsonResponse, unusable
from serving.server.settings import Settings
from serving.server.shared_folder import Reload


@dataclass(frozen=True)
class Context:
    """Parts of one server.

    Attributes
    ----------
    models : Generations
        That this process holds.
    settings : Settings
        Limits.
    work : Work
        Threads that predict.
    metrics : Metrics
        Counters.
    reload : callable or None
        Loads another model in all workers; None where nobody can.
    """

    models: Generations
    settings: Settings
    work: Work
    metrics: Metrics
    reload: Reload | None = None

    @property
    def model(self) -> ServedModel:
        """The model of this request; `NotReadyError` where there is none yet."""
        return self.models.current()

    async def answer(self, function: Callable[[Deadline], Any]) -> Response:
        """Answer in JSON what a function makes of a request; 422 with all mistakes where it cannot be used.

        Parameters
        ----------
        function : callable
            Given the deadline, it runs in a thread and returns plain values.
        """
        try:
            return await self.work.run(lambda deadline: JsonResponse(function(deadline)))
        except ValueError as error:
            return unusable(error)
