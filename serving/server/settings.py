"""Limits of a server: who may ask, how much at once, and how long it may take."""

from __future__ import annotations

import os
from dataclasses import dataclass

TOKEN_VARIABLE = "SILION_TOKEN"
SHORTEST_TOKEN = 16
MEGABYTE = 1024 * 1024
GRACE_S = 5.0
"""Beyond the time of a request: what a worker may take to finish its requests when it is to end."""


class SettingsError(ValueError):
    """A setting that cannot be meant."""


@dataclass(frozen=True)
class Settings:
    """Limits of one server; all workers share them.

    Attributes
    ----------
    token : str or None
        A client has to bear it; None lets everybody ask, and nobody reload.
    max_designs : int
        Of one request or file.
    max_measured : int
        Own measured designs of one request.
    max_curves, max_explained : int
        Designs of one request that ask for a retention curve, or for reasons.
    max_nearest : int
        Nearest rows of one request, for each target: its designs times the rows that each asks for.
    max_pairs : int
        Of a design and a measured one in one request: each is compared, which takes up to 9 microseconds.
    max_body_bytes : float
        Of one request.
    max_in_flight_bytes : float
        Of all bodies that one worker holds at the same time; more are told to come back. Small ones find some more
        room than large ones, see `ROOM` in `admission`.
    seconds : float
        For the answer to one request, waiting for its turn included.
    body_seconds : float
        For the client to send its body.
    header_seconds : float
        For the client to send the headers of a request it has begun, or of the first one of a connection.
    taking_seconds : float
        For the client to take each piece of its answer, 64 kB.
    max_answer_bytes : float
        Of all answers that the clients of one worker have not taken yet; more are told to come back.
    max_connections : int
        Of one worker; where there are more, the one that has waited longest for its client is closed.
    waiting : int
        Requests that may wait for their turn in one worker; more are told to come back.
    threads : int
        That predict at the same time in one worker.
    workers : int
        Processes that answer.
    lab : str or None
        Laboratory whose measurements move the answers of requests that bring none of their own; kept by `silion lab`.
    local_names : bool
        Answer only under names of this machine, as a token would keep pages from elsewhere out.

    Raises
    ------
    SettingsError
        A token that is too short to be one, or a limit that is not positive.

    Examples
    --------
    >>> Settings(workers=0)
    Traceback (most recent call last):
    serving.server.settings.SettingsError: workers: got 0, expected more than 0
    """

    token: str | None = None
    max_designs: int = 10_000
    max_measured: int = 1_000
    max_curves: int = 100
    max_explained: int = 20
    max_nearest: int = 30_000
    max_pairs: int = 1_000_000
    max_body_bytes: float = 16.0 * MEGABYTE
    max_in_flight_bytes: float = 64.0 * MEGABYTE
    seconds: float = 30.0
    body_seconds: float = 20.0
    header_seconds: float = 10.0
    taking_seconds: float = 10.0
    max_answer_bytes: float = 128.0 * MEGABYTE
    max_connections: int = 800
    waiting: int = 256
    threads: int = 2
    workers: int = 1
    lab: str | None = None
    local_names: bool = False

    def __post_init__(self) -> None:
        if self.token is not None and (len(self.token) < SHORTEST_TOKEN or not self.token.isascii()):
            raise SettingsError(
                f"{TOKEN_VARIABLE}: got {len(self.token)} characters, expected at least {SHORTEST_TOKEN} plain ones, "
                f"such as those of `openssl rand -hex 32`"
            )
        for name in ("max_designs", "max_body_bytes", "seconds", "body_seconds", "waiting", "threads", "workers"):
            if not getattr(self, name) > 0:
                raise SettingsError(f"{name}: got {getattr(self, name)}, expected more than 0")


def token_of_environment() -> str | None:
    """Read the token from the environment; None where there is none."""
    return os.environ.get(TOKEN_VARIABLE) or None
