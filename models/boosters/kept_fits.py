"""Boosters of the last fits, kept for a fit of the same rows with the same settings, and what pairs of features do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xgboost as xgb

MOST_KEPT = 24
"""Boosters kept: recipes that are compared on the same rows differ in what is made of their boosters (a line beside
them, how far they are believed) more often than in the boosters."""
SHARED = "SILION_FITS"
"""Environment variable: a folder where processes that fit the same rows share their boosters, and what those make of
pairs of features, as those of the test suite do. Unset, as it is for users, nothing is read or written."""
_KEPT: dict[tuple[Any, ...], xgb.Booster] = {}


def content_of(table: np.ndarray, *labels: np.ndarray) -> bytes:
    """Return the digest of all that a booster is fitted to.

    Parameters
    ----------
    table : ndarray, shape (n_rows, n_features)
        The features; their shape counts as well.
    labels : ndarray, each of shape (n_rows,)
        Bounds and weights of the labels.
    """
    digest = blake2b(str(table.shape).encode())
    for values in (table, *labels):
        digest.update(np.ascontiguousarray(values, dtype=float).tobytes())
    return digest.digest()


def boosted(settings: Mapping[str, Any], data: xgb.DMatrix, rounds: int, content: bytes) -> xgb.Booster:
    """Return what `xgboost.train` returns, without its callbacks: nothing watches these rounds.

    Parameters
    ----------
    settings : mapping of str to Any
        Parameters of xgboost.
    data : DMatrix
        What is fitted.
    rounds : int
        Trees, or steps of the linear booster.
    content : bytes
        What `content_of` gave of the data.
    """
    key = (content, rounds, *sorted(settings.items()))
    booster = _KEPT.pop(key, None) or _fitted(settings, data, rounds, key)
    while len(_KEPT) >= MOST_KEPT:
        _KEPT.pop(next(iter(_KEPT)), None)
    _KEPT[key] = booster
    return booster


def _fitted(settings: Mapping[str, Any], data: xgb.DMatrix, rounds: int, key: tuple[Any, ...]) -> xgb.Booster:
    import xgboost as xgb  # it takes a second, and reading a model needs none of it

    shared = _place(repr((xgb.__version__, key)).encode(), "ubj")
    if shared and shared.is_file():
        return xgb.Booster(dict(settings), model_file=shared)
    booster = xgb.Booster(dict(settings), [data])
    # it has taken over the names of the features; to compare them again in each round takes a fifth of the time
    vars(booster)["_assign_dmatrix_features"] = lambda data: None
    for number in range(rounds):
        booster.update(data, number)
    del vars(booster)["_assign_dmatrix_features"]
    if shared:
        aside = _aside(shared)
        booster.save_model(aside)
        aside.replace(shared)
    return booster


def pair_effects(booster: Any, data: Any, table: np.ndarray) -> np.ndarray:
    """Return what `booster.predict(data, pred_interactions=True)` returns, which takes seconds.

    Parameters
    ----------
    booster : xgboost.Booster or SavedBooster
        Asked.
    data : DMatrix or Matrix
        The rows, as the booster reads them.
    table : ndarray, shape (n_rows, n_features)
        The same rows.
    """
    shared = _place(bytes(booster.save_raw("ubj")) + content_of(table), "npy") if os.environ.get(SHARED) else None
    if shared and shared.is_file():
        return np.asarray(np.load(shared))
    effects = np.asarray(booster.predict(data, pred_interactions=True))
    if shared:
        aside = _aside(shared)
        np.save(aside, effects)
        aside.replace(shared)
    return effects


def _place(named: bytes, ending: str) -> Path | None:
    """Return the file that processes share what is named so in, None where they share nothing."""
    folder = os.environ.get(SHARED)
    return Path(folder, f"{blake2b(named, digest_size=20).hexdigest()}.{ending}") if folder else None


def _aside(shared: Path) -> Path:
    return shared.with_name(f"{os.getpid()}-{get_ident()}-{shared.name}")
