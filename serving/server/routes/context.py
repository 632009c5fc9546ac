"""Parts of a server that its endpoints share."""

from __future__ import annotations

from dataclasses import dataclass

from serving.server.batching import Work
from serving.server.generations import Generations, ServedModel
from serving.server.metrics import Metrics
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
