"""Another model in the place of the one that answers: what is asked for, and why it may not come."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any


class ReloadError(ValueError):
    """The new model cannot serve; the old one goes on."""


class LoadError(ReloadError):
    """A worker cannot use a model; `kind` names the error it met."""

    def __init__(self, words: str, kind: str) -> None:
        super().__init__(words)
        self.kind = kind


Reload = Callable[[], Awaitable[dict[str, Any]]]
"""Asks for the model that the server's reference names now; gives what `POST /admin/reload` answers. Raises
`ReloadError`."""
