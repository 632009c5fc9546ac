from __future__ import annotations

from pathlib import Path

import pytest

from tests.shared import ROOT


@pytest.fixture
def datasets() -> Path:
    """The public tables beside the checkout; without them these tests cannot run."""
    folder = ROOT.parent / "shared" / "datasets"
    if not (folder / "cycling").is_dir():
        pytest.skip("no shared/datasets/cycling beside this checkout")
    return folder
