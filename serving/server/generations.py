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
from models.candidates import candidate_designs
from models.predictor import Predictor
from serving.server.shared_folder import SHOWN, identity_of


class NotReadyError(RuntimeError):
    """There is no model yet."""


@dataclass(frozen=True)
class ServedModel:
    """One model, ready to answer.

    Attributes
    ----------
    predictor : Predictor
        Of the bundle.
    identity : str
        SHA-256 of the bundle's manifest, which holds the hashes of all its files.
    generation : int
        Counts the models of this server, from 1.
    """

    predictor: Predictor
    identity: str
    generation: int

    @property
    def bundle(self) -> Bundle:
        """The bundle that the predictor answers from."""
        return self.predictor.bundle

    @property
    def short(self) -> str:
        """The identity as answers and headers name it."""
        return self.identity[:SHOWN]


def load_model(folder: Path, generation: int) -> ServedModel:
    """Read a bundle, every file checked by its hash, and let it predict once.

    What cannot predict shall not serve, and what the first answer takes longer for shall keep nobody waiting.

    Parameters
    ----------
    folder : Path
        Of the bundle.
    generation : int
        Counts the models of this server, from 1.

    Raises
    ------
    BundleError
        The folder cannot be used.
    """
    bundle = load_bundle(folder)
    predictor = Predictor(bundle)
    predictions = predictor.predict(candidate_designs([Candidate(electrolyte="Li6PS5Cl", anode="Si")]), points=False)
    _ = predictions.energies  # made when it is asked for
    return ServedModel(predictor, identity_of(folder), generation)


_PINNED: ContextVar[ServedModel | None] = ContextVar("model", default=None)
"""The model of the request that runs."""


class Generations:
    """Models by generation.

    Parameters
    ----------
    number : memoryview or sequence of int
        One place that holds the generation that answers, 0 for none; shared memory where there are several workers.

    Examples
    --------
    >>> models = Generations([0])
    >>> models.pin() is None
    True
    >>> models.current()
    Traceback (most recent call last):
    serving.server.generations.NotReadyError: no model is loaded yet
    """

    def __init__(self, number: MutableSequence[int] | memoryview) -> None:
        self._number = number
        self._models: dict[int, ServedModel] = {}

    def add(self, model: ServedModel) -> None:
        """Put a model beside the others; it answers once its generation is the number.

        Parameters
        ----------
        model : ServedModel
            Of another generation than the others.
        """
        self._models = {**self._models, model.generation: model}

    def keep_only(self, generation: int) -> None:
        """Let go of all models but one; requests that hold another keep it until they are done.

        Parameters
        ----------
        generation : int
            Of the model that stays.
        """
        self._models = {number: model for number, model in self._models.items() if number == generation}

    def pin(self) -> ServedModel | None:
        """Hold the model that answers now for the rest of this request; None where there is none yet.

        Another thread may `add` and `keep_only` meanwhile. So the models are taken before the number is read: those
        taken hold the model of the number, as one is let go of only after the number is another.
        """
        models = self._models
        model = models.get(self._number[0])
        _PINNED.set(model)
        return model

    def current(self) -> ServedModel:
        """Return the model of this request.

        Raises
        ------
        NotReadyError
            There was none when it began.
        """
        model = _PINNED.get()
        if model is None:
            raise NotReadyError("no model is loaded yet")
        return model
