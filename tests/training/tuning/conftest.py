from __future__ import annotations

import pytest

from training.tuning.search_space import WHOLE, Span


@pytest.fixture(autouse=True)
def _short_space(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rounds, so that a trial is quick."""
    monkeypatch.setitem(WHOLE, "rounds", Span(20, 60, log=True))
