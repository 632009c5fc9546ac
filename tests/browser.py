"""A real Chromium that looks at the page of a real server."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

REFUSED = re.compile(r"Failed to load resource: the server responded with a status of 4(01|22)")
"""What Chromium itself prints where a server refuses an input or asks for a token."""


DESIGN = {
    "electrolyte": "Li6PS5Cl",
    "temperature_c": "25",
    "anode": "micro-Si",
    "anode_architecture": "electrolyte-free",
    "silicon_wt_pct": "99.9",
    "cell_type": "full",
    "prelithiated": "no",
    "stack_pressure_mpa": "50",
    "cycle": "500",
}
FOUR = [
    DESIGN,
    {**DESIGN, "stack_pressure_mpa": "5"},
    {"electrolyte": "LLZTO", "anode": "Si film", "anode_architecture": "thin-film"},
    {"electrolyte": "75Li2S-25P2S5"},
]
SCRIPT = '"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'


def link(designs: list[dict[str, str]], **more: str) -> str:
    """The fragment of a link that holds designs."""
    told = {f"{'abcd'[place]}.{name}": value for place, design in enumerate(designs) for name, value in design.items()}
    return f"#{urlencode({'level': '0.9', **told, **more})}"


NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first is the same engine without the windows, and takes three quarters of the processor time."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's browser without a window; skips where there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium here: apt-get install chromium, as .ci/run does")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


Shown = dict[str, dict[str, tuple[float | None, float, float]]]


@dataclass
class Visit:
    """A look at the page, with all that it asked for and all that it complained of."""

    page: Page
    address: str
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)

    def open(self, fragment: str = "") -> Page:
        """The page, ready; with a fragment also answered."""
        self.page.goto(f"{self.address}/{fragment}")
        expect(self.page.locator("main[data-ready]")).to_be_attached()
        if fragment:
            self.settled()
        return self.page

    def predict(self) -> None:
        self.page.get_by_role("button", name="Predict", exact=True).click()
        self.settled()

    def settled(self, state: str = "ready|refused") -> None:
        expect(self.page.locator("#answers")).to_have_attribute("data-state", re.compile(state))
        expect(self.page.get_by_text("Taking the prediction apart")).to_have_count(0)

    def fill(self, values: dict[str, str]) -> None:
        for name, value in values.items():
            box = self.page.locator(f"#field-{name}")
            box.evaluate("box => { box.closest('details').open = true; }")
            if box.evaluate("box => box.tagName") == "SELECT":
                box.select_option(value)
            else:
                box.fill(value)

    def shown(self) -> Shown:
        """Value, low and high by target and letter, as the page holds them; no value where a range is told."""
        found: Shown = {}
        for card in self.page.locator(".card").all():
            rows = found.setdefault(card.get_attribute("data-target") or "", {})
            for row in card.locator(".row:has(data)").all():
                low, high = (
                    float(row.locator(f"data.{end}").get_attribute("value") or "nan") for end in ("low", "high")
                )
                values = [float(each.get_attribute("value") or "nan") for each in row.locator("data.value").all()]
                rows[row.get_attribute("data-design") or ""] = (values[0] if values else None, low, high)
        return found

    def api(self, path: str, body: dict[str, Any]) -> Any:
        """What the server says without the page."""
        return self.page.request.post(f"{self.address}/{path}", data=body).json()

    def leave(self) -> None:
        """Nothing was asked of anybody else, and nothing was complained of."""
        assert [url for url in self.asked if not url.startswith((f"{self.address}/", "blob:", "data:"))] == []
        assert [each for each in self.complaints if not REFUSED.match(each)] == []


def numbers(answer: dict[str, Any]) -> Shown:
    """The numbers of the API's answer in the order of `Visit.shown`."""
    return {
        column: {
            "ABCD"[place]: (told["value"], told["low"], told["high"])
            for place, result in enumerate(answer["results"])
            if (told := result.get("predictions", {}).get(column))
        }
        for column in answer["targets"]
    }


def no_script_ran(page: Page) -> None:
    """No markup of ours became an element, and nothing of it was executed."""
    assert page.evaluate("window.hacked") is None
    assert page.locator("img, body script, iframe").count() == 0
