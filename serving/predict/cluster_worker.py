"""Work on a worker of a cluster: one model, loaded once, answers rows that were sent."""

from __future__ import annotations

import hashlib
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
from distributed import Worker, WorkerPlugin, get_worker

from features.tables.chunks import Portion, Rows
from models.bundle import load_bundle, save_bundle
from models.predictor import Predictor
from serving.predict.checkpoint import digest_of, surroundings
from serving.predict.portion import Answer, Options, answer

RESUME = "what is finished is kept for --resume"
CODEC = "zstd"


class ClusterError(ConnectionError):
    """A cluster that cannot do the work; what it had finished is kept."""


def check_surroundings(expected: dict[str, str], actual: dict[str, str], worker: str) -> None:
    """Refuse a worker whose answers might differ.

    Parameters
    ----------
    expected, actual : dict
        What `surroundings` gave here, and there.
    worker : str
        Its address.

    Raises
    ------
    ClusterError
        Naming the worker and all that differs.
    """
    names = [name for name, version in expected.items() if actual.get(name) != version]
    differences = [f"{name} {actual.get(name)}, here {expected[name]}" for name in names]
    if differences:
        raise ClusterError(
            f"worker {worker} differs: {'; '.join(differences)}; give it the same environment and checkout, or it "
            f"would answer otherwise; {RESUME}"
        )


class ModelOnWorker(WorkerPlugin):  # type: ignore[misc]  # dask is skipped by mypy
    """A model on every worker, those that join later included: sent as its files, loaded once at the first portion.

    It stays on the cluster under the name of its contents, so that the next run with it begins warm.

    Parameters
    ----------
    predictor : Predictor
        The model.
    """

    idempotent = True

    def __init__(self, predictor: Predictor) -> None:
        with tempfile.TemporaryDirectory() as folder:
            saved = save_bundle(predictor.bundle, Path(folder) / "bundle")
            self.files = {
                path.relative_to(saved).as_posix(): path.read_bytes()
                for path in sorted(saved.rglob("*"))
                if path.is_file()
            }
        self.digest = digest_of(predictor.bundle)
        self.surroundings = surroundings()
        named = hashlib.sha256(repr([self.digest, sorted(self.surroundings.items())]).encode())
        self.name = f"silion-{named.hexdigest()[:16]}"

    def setup(self, worker: Worker) -> None:
        """Take note of the worker that got the model; nothing is loaded yet.

        Parameters
        ----------
        worker : Worker
            Dask calls this on each.
        """
        self.lock, self.worker = threading.Lock(), worker.address
        self.predictor: Predictor | None = None

    def loaded(self) -> Predictor:
        """Return the model, ready to answer.

        Raises
        ------
        ClusterError
            This worker's Silion, packages or model are not the client's.
        """
        with self.lock:
            if self.predictor is None:
                check_surroundings(self.surroundings, surroundings(), self.worker)
                with tempfile.TemporaryDirectory() as folder:
                    for name, content in self.files.items():
                        path = Path(folder, name)
                        path.parent.mkdir(parents=True, exist_ok=True)
                        path.write_bytes(content)
                    bundle = load_bundle(folder)
                if digest_of(bundle) != self.digest:
                    raise ClusterError(f"worker {self.worker}: the model that arrived is not the one sent; {RESUME}")
                self.predictor = Predictor(bundle)
            return self.predictor


def answer_sent(
    model: str, portion: Portion, rows: Rows, options: Options, measured: pd.DataFrame | None, suffix: str
) -> tuple[Answer, int]:
    """Answer, on a worker, rows that were sent; the answer is packed for its way back, with the size of its rows.

    Notices repeat, so that text shrinks to a tenth in a fiftieth of the work.

    Parameters
    ----------
    model : str
        Name of the plugin that holds it.
    portion : Portion
        Where the rows stood.
    rows : Rows
        As read, nothing checked.
    options : Options
        What is wanted of every design.
    measured : DataFrame or None
        Designs of the same laboratory with what was measured, columns of `Measured`.
    suffix : str
        Ending of the output.
    """
    plugin = get_worker().plugins[model]
    answered = answer(portion, rows, plugin.loaded(), options, suffix, measured)
    return replace(answered, rows=pa.compress(answered.rows, CODEC, asbytes=True)), len(answered.rows)


def unpacked(answered: Answer, size: int) -> Answer:
    """Return an answer as it was before it was sent.

    Parameters
    ----------
    answered : Answer
        As `answer_sent` packed it.
    size : int
        Of its rows, in bytes.
    """
    return replace(answered, rows=pa.decompress(answered.rows, size, CODEC, asbytes=True))
