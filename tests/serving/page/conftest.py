from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import Visit, chromium
from tests.served import BEARER, TOKEN, serving


@pytest.fixture(scope="module")  # the driver keeps an event loop running, which no other test should meet
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def address(browser: Browser, bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(bundle_folder, tmp_path_factory.mktemp("server"), token=TOKEN) as served:
        yield served.url.rstrip("/")


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    # the page itself knows no token here: the browser shows it for the page
    context = browser.new_context(viewport={"width": 1300, "height": 900}, extra_http_headers=BEARER)
    found = Visit(context.new_page(), address)
    yield found
    context.close()
    found.leave()
