from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from models.bundle import load_bundle
from serving.server.app import app_of


@pytest.fixture(scope="session")
def api(bundle_folder: Path) -> TestClient:
    """The endpoints of the small model, without a process around them."""
    return TestClient(app_of(load_bundle(bundle_folder)))
