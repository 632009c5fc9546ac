"""What every endpoint needs."""

from __future__ import annotations

from dataclasses import dataclass

from serving.server.batching import Work
from serving.server.generations import Generations, ServedModel
from serving.server.metrics import Metrics
from serving.server.settings import Settings
from serving.server.shared_folder import Reload


@dataclass(frozen=True)
class Context:
    """One server's parts.

    Attributes
    ----------
    reload : None where nobody can load another model
    """

    models: Generations
    settings: Settings
    work: Work
    metrics: Metrics
    reload: Reload | None = None

    @property
    def model(self) -> ServedModel:
        """The model that answers now; ask once per request."""
        return self.models.current()
