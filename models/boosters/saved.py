"""Saved boosters, predicting through xgboost's C interface, and the version of a package that made one.

xgboost's Python package imports scikit-learn, scipy and pandas: that takes longer than ten designs. Both call the same
library in the same way, so that predictions are equal to the last bit.
"""

from __future__ import annotations

import ctypes
import json
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from weakref import finalize

import numpy as np

from models.boosters.structure import check_structure

NAMES = {"win32": "xgboost.dll", "darwin": "libxgboost.dylib"}
"""Names of the library, by platform; `libxgboost.so` on others."""
MARGIN, CONTRIBUTIONS, INTERACTIONS = 1, 2, 4
"""What `XGBoosterPredictFromDMatrix` calls `type`."""
MISSING = json.dumps({"missing": np.nan, "nthread": 1}).encode()
LEAST_BYTES = 2
"""The library ends the process when it is given fewer."""
FEW, MOST_KEPT = 64, 8
"""Rows of a matrix that is kept, and such matrices of a thread: to make one costs as much as to ask five boosters."""
_KEPT = threading.local()


@cache
def library() -> ctypes.CDLL:
    """Return the library that xgboost's package brings along.

    Raises
    ------
    ImportError
        xgboost is not installed.
    """
    package = find_spec("xgboost")
    if package is None or not package.submodule_search_locations:
        raise ImportError("xgboost is not installed")
    path = Path(package.submodule_search_locations[0], "lib", NAMES.get(sys.platform, "libxgboost.so"))
    if not path.is_file():  # a distribution that keeps it elsewhere
        from xgboost.libpath import find_lib_path

        path = Path(find_lib_path()[0])
    loaded = ctypes.CDLL(str(path))
    loaded.XGBGetLastError.restype = ctypes.c_char_p
    return loaded


def library_version() -> str:
    """Return the version of the library.

    Examples
    --------
    >>> int(library_version().split(".")[0]) >= 3
    True
    """
    numbers = [ctypes.c_int() for _ in range(3)]
    library().XGBoostVersion(*map(ctypes.byref, numbers))
    return ".".join(str(number.value) for number in numbers)


class Matrix:
    """Feature vectors as the library reads them.

    Parameters
    ----------
    table : ndarray of float, shape (n_rows, n_features)
        NaN where unknown.
    """

    def __init__(self, table: np.ndarray) -> None:
        table = np.ascontiguousarray(table, dtype=np.float32)
        described = {key: table.__array_interface__[key] for key in ("data", "shape", "typestr", "version")}
        self.handle = ctypes.c_void_p()
        _call("XGDMatrixCreateFromDense", _json(described), MISSING, _out(self.handle))
        finalize(self, library().XGDMatrixFree, self.handle)

    @classmethod
    def of(cls, table: np.ndarray) -> Matrix:
        """Return the matrix of a table, one for all boosters of a thread that predict the same few rows.

        Parameters
        ----------
        table : ndarray of float32, shape (n_rows, n_features)
            NaN where unknown.
        """
        if len(table) > FEW:
            return cls(table)
        matrices: dict[tuple[Any, ...], Matrix] = _KEPT.__dict__.setdefault("matrices", {})
        key = (table.shape, table.tobytes())
        matrix = matrices.pop(key, None) or cls(table)
        if len(matrices) >= MOST_KEPT:
            del matrices[next(iter(matrices))]
        matrices[key] = matrix
        return matrix


class SavedBooster:
    """A booster read from what `xgboost.Booster.save_model` wrote.

    Parameters
    ----------
    content : bytes
        Of the file, UBJ.

    Raises
    ------
    ValueError
        That is no booster.
    """

    def __init__(self, content: bytes) -> None:
        if len(content) < LEAST_BYTES:
            raise ValueError(f"a booster of {len(content)} bytes")
        self.content = content
        self.handle = ctypes.c_void_p()
        _call("XGBoosterCreate", None, ctypes.c_uint64(0), _out(self.handle))
        finalize(self, library().XGBoosterFree, self.handle)
        _call("XGBoosterLoadModelFromBuffer", self.handle, content, ctypes.c_uint64(len(content)))
        _call("XGBoosterSetParam", self.handle, b"nthread", b"1")

    def predict(
        self,
        data: Matrix,
        *,
        output_margin: bool = False,
        pred_contribs: bool = False,
        pred_interactions: bool = False,
    ) -> np.ndarray:
        """Predict, or explain, as the method of `xgboost.Booster` with these arguments does.

        Parameters
        ----------
        data : Matrix, shape (n_rows, n_features)
        output_margin, pred_contribs, pred_interactions : bool
            One of them: the sum of the leaves, what each feature adds to it, what each pair of features does.

        Returns
        -------
        ndarray of float32, shape (n_rows,), (n_rows, n_features + 1) or (n_rows, n_features + 1, n_features + 1)
        """
        how = _asking(output_margin * MARGIN + pred_contribs * CONTRIBUTIONS + pred_interactions * INTERACTIONS)
        shape, count, values = ctypes.c_void_p(), ctypes.c_uint64(), ctypes.c_void_p()
        outputs = map(_out, (shape, count, values))
        _call("XGBoosterPredictFromDMatrix", self.handle, data.handle, how, *outputs)
        return _copied(values, np.float32, _copied(shape, np.uint64, (count.value,)).tolist())

    def save_raw(self, raw_format: str = "ubj") -> bytes:
        """Return what `save_model` writes.

        Parameters
        ----------
        raw_format : str
            `ubj` or `json`.
        """
        if raw_format == "ubj":
            return self.content
        size, content = ctypes.c_uint64(), ctypes.c_void_p()
        _call("XGBoosterSaveModelToBuffer", self.handle, _json({"format": raw_format}), _out(size), _out(content))
        return ctypes.string_at(content.value or 0, size.value)

    def save_model(self, path: Path) -> None:
        """Write a file of its own.

        Parameters
        ----------
        path : Path
            Of the file, UBJ.
        """
        path.write_bytes(self.save_raw())


def read_boosters(contents: Sequence[bytes]) -> list[SavedBooster]:
    """Read several boosters of a bundle, two at a time: the library lets go of Python's lock meanwhile.

    Their structure is checked before: the library takes the process down with it where a length or an index is wrong.

    Parameters
    ----------
    contents : sequence of bytes
        Of their files, UBJ.

    Raises
    ------
    ValueError
        One is no booster.
    """
    for content in contents:
        check_structure(content)
    with ThreadPoolExecutor(2, initializer=_alone) as pool:
        return list(pool.map(SavedBooster, contents))


def _alone() -> None:
    """Let the library read in this thread alone: others that it starts wait for each other longer than they read."""
    with suppress(ValueError):  # a library that knows no such setting reads as it does
        _call("XGBSetGlobalConfig", _json({"nthread": 1}))


class _Lent:
    """Memory of the library, as numpy reads it."""

    def __init__(self, place: int, kind: type[Any], shape: tuple[int, ...]) -> None:
        self.__array_interface__ = {
            "data": (place, True), "typestr": np.dtype(kind).str, "shape": shape, "version": 3
        }  # fmt: skip


def _copied(place: ctypes.c_void_p, kind: type[Any], shape: Any) -> np.ndarray:
    """Copy numbers that the library overwrites at its next call."""
    return np.array(_Lent(place.value, kind, tuple(shape))) if place.value else np.empty(tuple(shape), kind)


def _out(value: Any) -> Any:
    return ctypes.byref(value)


@cache
def _asking(kind: int) -> bytes:
    """Configuration of a prediction as the library reads it; `kind` is one of its types of output."""
    return _json({"type": kind, "training": False, "iteration_begin": 0, "iteration_end": 0, "strict_shape": False})


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _call(name: str, *arguments: Any) -> None:
    if getattr(library(), name)(*arguments):
        raise ValueError(library().XGBGetLastError().decode(errors="replace"))


def version_of(package: str) -> str:
    """Return the version of an installed package.

    Parameters
    ----------
    package : str
        Name as on PyPI.

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        It is not installed.

    Examples
    --------
    xgboost is installed under several names (`xgboost-cpu` on Linux): its library says the version.

    >>> import xgboost
    >>> version_of("xgboost") == xgboost.__version__
    True
    """
    return library_version() if package == "xgboost" else metadata.version(package)
