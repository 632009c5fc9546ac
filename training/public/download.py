"""A file of a public server, or the error that prevented it: of the server, or of the disk here."""

from __future__ import annotations

from pathlib import Path

TIMEOUT_S = 30.0
"""Seconds without an answer after which a download is given up, where nothing else is asked for."""


class PublicDataError(ValueError):
    """A public table that is not known, not there, or not reachable."""


class Unreachable(PublicDataError):
    """A host that gave no answer, or did not end it."""


def download(url: str, target: Path, timeout_s: float, remedy: str) -> None:
    """Fetch a file.

    Parameters
    ----------
    url : str
        Its address.
    target : Path
        Written; the part that was received stays after an error.
    timeout_s : float
        Seconds without an answer after which it is given up.
    remedy : str
        End of the message.

    Raises
    ------
    Unreachable
        The host gave no answer, or did not end it.
    PublicDataError
        The host answered, but not with the file.
    OSError
        The file cannot be written.
    """
    import pooch  # type: ignore[import-untyped, unused-ignore]
    import requests.exceptions as failures  # type: ignore[import-untyped, unused-ignore]

    silent = (failures.ConnectionError, failures.Timeout, failures.ChunkedEncodingError)
    try:
        # whole into memory first, a few MB each: a disk error then leaves no connection open
        pooch.HTTPDownloader(progressbar=False, timeout=timeout_s, stream=False)(url, str(target), None)
    except failures.RequestException as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        kind = Unreachable if isinstance(error, silent) else PublicDataError
        raise kind(f"{url}: could not be fetched ({reason}){remedy}") from None
