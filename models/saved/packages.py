"""Versions of the packages that a model was made with."""

from __future__ import annotations

from importlib import metadata

from models.boosters.saved import library_version


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
