"""The models a worker holds, by generation, and which of them answers.

All workers read one number in shared memory at the beginning of a request. A reload first puts the new model beside the
old one in every worker and then changes that number: from then on, in one step, all of them answer as the new model,
while requests that have begun keep the old one until they are done.
"""

from __future__ import annotations

from collections.abc import MutableSequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from features.tables.records import Candidate
from models.bundle import Bundle, load_bundle
from models.candidates import candidate_frame
from models.predictor import Predictor
from serving.server.shared_folder import SHOWN, identity_of


class NotReadyError(RuntimeError):
    """There is no model yet."""


@dataclass(frozen=True)
class ServedModel:
    """One model, ready to answer.

    Attributes
    ----------
    identity : SHA-256 of the bundle's manifest, which holds the hashes of all its files
    generation : counts the models of this server, from 1
    """

    predictor: Predictor
    identity: str
    generation: int

    @property
    def bundle(self) -> Bundle:
        """What the predictor answers from."""
        return self.predictor.bundle

    @property
    def short(self) -> str:
        """The identity as answers and headers name it."""
        return self.identity[:SHOWN]


def load_model(folder: Path, generation: int) -> ServedModel:
    """Read a bundle, every file checked by its hash, and let it predict once: what cannot predict shall not serve.

    Raises
    ------
    BundleError
        The folder cannot be used.
    """
    bundle = load_bundle(folder)
    predictor = Predictor(bundle)
    predictor.predict(candidate_frame([Candidate(electrolyte="Li6PS5Cl", anode="Si")]))
    return ServedModel(predictor, identity_of(folder), generation)


_PINNED: ContextVar[ServedModel | None] = ContextVar("model", default=None)
"""The model of the request that runs."""


class Generations:
    """Models by generation.

    Parameters
    ----------
    number : one place that holds the generation that answers, 0 for none; shared memory where there are several workers
    """

    def __init__(self, number: MutableSequence[int] | memoryview) -> None:
        self._number = number
        self._models: dict[int, ServedModel] = {}

    def add(self, model: ServedModel) -> None:
        """Put a model beside the others; it answers once its generation is the number."""
        self._models[model.generation] = model

    def keep_only(self, generation: int) -> None:
        """Let go of all others; requests that hold one keep it until they are done."""
        self._models = {number: model for number, model in self._models.items() if number == generation}

    def pin(self) -> ServedModel | None:
        """Hold the model that answers now for the rest of this request; None where there is none yet.

        Called on the event loop, as are `add` and `keep_only`: none of them can come between two steps of another.
        """
        model = self._models.get(self._number[0])
        _PINNED.set(model)
        return model

    def current(self) -> ServedModel:
        """The model of this request.

        Raises
        ------
        NotReadyError
            There was none when it began.
        """
        model = _PINNED.get()
        if model is None:
            raise NotReadyError("no model is loaded yet")
        return model
