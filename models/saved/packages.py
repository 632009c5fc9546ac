"""Versions of the packages that a model was made with."""

from __future__ import annotations

from importlib import import_module, metadata

BY_MODULE = ("xgboost",)
"""Packages that are installed under several names (`xgboost-cpu` on Linux): the module says its version."""


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
    >>> version_of("xgboost") == import_module("xgboost").__version__
    True
    """
    return str(import_module(package).__version__) if package in BY_MODULE else metadata.version(package)
