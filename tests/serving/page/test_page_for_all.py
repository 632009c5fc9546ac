from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import DESIGN, FOUR, SCRIPT, Visit, link, no_script_ran, numbers
from tests.served import TOKEN

pytestmark = pytest.mark.slow


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until there; every stop on the way must be seen."""
    for _ in range(150):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        if page.locator(f"{selector}:focus").count():
            return
    pytest.fail(f"{selector} cannot be reached with the Tab key")


def test_all_of_it_by_keyboard(visit: Visit) -> None:
    page = visit.open()
    tab_to(page, "#field-electrolyte")
    page.keyboard.type("Li6PS5Cl")
    tab_to(page, "#field-anode")
    page.keyboard.type("micro-Si")
    tab_to(page, "details:has(#field-anode_architecture) > summary")  # what is asked less often is folded
    page.keyboard.press("Enter")
    tab_to(page, "#field-anode_architecture")
    page.keyboard.type("electrolyte-free")
    tab_to(page, "#predict")
    page.keyboard.press("Enter")
    visit.settled("ready")
    design = {"electrolyte": "Li6PS5Cl", "anode": "micro-Si", "anode_architecture": "electrolyte-free"}
    assert visit.shown() == numbers(visit.api("predict", {"designs": [design]}))
    tab_to(page, '[name="reason"]')
    page.keyboard.press("ArrowDown")
    expect(page.locator(".waterfall caption")).to_contain_text("initial Coulombic efficiency")
    for selector in ("#file", "#rank", ".upload-form button"):
        tab_to(page, selector)
    page.reload()  # back to the top; the link in the address bar holds the design
    expect(page.locator("#field-anode")).to_have_value("micro-Si")
    visit.settled("ready")
    tab_to(page, "#copy")
    page.keyboard.press("Enter")
    expect(page.locator('.design[aria-pressed="true"]:focus')).to_have_text("B Design B")


def test_a_phone_never_scrolls_sideways(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    page.set_viewport_size({"width": 360, "height": 740})
    for fragment in ("", link([DESIGN]), link(FOUR), link([{"electrolyte": "LPS", "stack_pressure_mpa": "-5"}])):
        visit.open(fragment)
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.goto("about:blank")
    visit.open()
    source = tmp_path / "designs.csv"
    source.write_text("electrolyte,a remark of one's own\nLLZTO,long " + "words " * 40 + "\n", encoding="utf-8")
    page.locator("#file").set_input_files(source)
    page.get_by_role("button", name="Predict the table").click()
    expect(page.locator(".ranked tbody tr")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_a_telephone_offers_a_minus_where_a_value_may_be_negative(visit: Visit) -> None:
    """-20 °C has to be typed: some telephones offer digits and a point alone for decimal numbers."""
    page = visit.open()
    fields = [
        each for group in page.request.get(f"{visit.address}/schema").json()["groups"] for each in group["fields"]
    ]
    offered = {each["name"]: page.locator(f"#field-{each['name']}").get_attribute("inputmode") for each in fields}
    below = {each["name"] for each in fields if each["kind"] == "number" and each["low"] < 0}
    assert {"temperature_c", "voltage_low_v"} <= below
    assert {name for name, mode in offered.items() if mode == "decimal"} == {
        each["name"] for each in fields if each["kind"] == "number"
    } - below


def test_scripts_in_every_field_and_in_the_link_stay_text(visit: Visit) -> None:
    page = visit.open()
    names = [field.get_attribute("name") or "" for field in page.locator("#groups [name]").all()]
    assert len(names) > 40
    page.goto("about:blank")
    visit.open(link([dict.fromkeys(names, SCRIPT), DESIGN], **{SCRIPT: SCRIPT, f"a.{SCRIPT}": "x"}))
    expect(page.get_by_role("heading", name="Design A cannot be predicted yet")).to_be_visible()
    expect(page.locator("#trouble")).to_contain_text("onerror")
    assert page.locator("#field-binder").input_value() == SCRIPT
    no_script_ran(page)
    page.goto("about:blank")
    words = [name for name in names if page_text(name, visit)]
    visit.open(link([{**dict.fromkeys(words, SCRIPT), "electrolyte": "LLZTO"}, {"electrolyte": "LLZTO"}]))
    visit.settled("ready")  # free text may be anything: predicted, and told in the table of designs
    assert page.locator(".given mark", has_text="onerror").count() == len(words)
    no_script_ran(page)
    page.locator("#clear").click()
    visit.fill({"electrolyte": SCRIPT})
    visit.predict()
    expect(page.locator("#field-electrolyte-mistake")).to_contain_text("onerror")
    no_script_ran(page)


def page_text(name: str, visit: Visit) -> bool:
    """Whether a field takes any text: neither read as a formula, nor as a structure."""
    groups = visit.page.request.get(f"{visit.address}/schema").json()["groups"]
    free = {field["name"] for group in groups[1:4] for field in group["fields"] if field["kind"] == "text"}
    return name in free - {"cathode_electrolyte"}


CONTRAST = """() => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(each => each / 255)
    .map(each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, place) => sum + each * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = element => {
    for (let each = element; each; each = each.parentElement) {
      const found = parts(getComputedStyle(each).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const low = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("noscript")) continue;
    const style = getComputedStyle(element);
    const colour = element instanceof SVGElement ? style.fill : style.color;
    const [one, other] = [light(parts(colour)), light(ground(element))].sort((a, b) => b - a);
    seen += 1;
    if ((one + 0.05) / (other + 0.05) < 4.5) low.push([element.className, walker.currentNode.data, colour]);
  }
  return { seen, low };
}"""
"""Contrast as WCAG 2.2 defines it, of every text on the page with the ground it stands on."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_read(visit: Visit, scheme: str) -> None:
    visit.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for fragment in (link(FOUR), link([{"electrolyte": "LPS", "stack_pressure_mpa": "-5"}, DESIGN])):
        page = visit.open(fragment)
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        found = page.evaluate(CONTRAST)
        assert found["seen"] > 200
        assert found["low"] == []
        page.goto("about:blank")


def test_nothing_moves_for_who_wants_it_still(visit: Visit) -> None:
    page = visit.open()
    moving = "getComputedStyle(document.querySelector('#results')).transitionDuration"
    assert page.evaluate(moving) == "0.15s"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(moving) == "0s"


def test_every_field_and_picture_has_a_name(visit: Visit) -> None:
    page = visit.open(link(FOUR))
    unnamed = "each => each.filter(box => !box.labels?.[0]?.textContent.trim()).map(box => box.outerHTML)"
    assert page.locator("input, select, textarea").evaluate_all(unnamed) == []
    pictures = page.locator("svg").evaluate_all(
        "each => each.filter(svg => !svg.closest('[aria-hidden]') && !svg.parentElement.closest('svg'))"
        ".map(svg => [svg.getAttribute('role'), (svg.getAttribute('aria-label') ?? '').length > 20])"
    )
    assert len(pictures) == 4 + 5 * 3 + 1  # bars: conductivity of four, the rest of three with an anode; and the curve
    assert all(each == ["img", True] for each in pictures)


def test_a_server_with_a_token_is_asked_with_it(browser: Browser, address: str) -> None:
    visit = Visit(browser.new_page(), address)
    visit.page.goto(address)
    for text in ("wrong", TOKEN):
        visit.page.locator("#token-text").fill(text)
        with visit.page.expect_response(f"{address}/schema") as reply:
            visit.page.get_by_role("button", name="Go on").click()
        assert reply.value.status == (200 if text == TOKEN else 401)
    visit.fill({"electrolyte": "LLZTO"})
    visit.predict()
    assert set(visit.shown()["conductivity_s_per_cm"]) == {"A"}
    assert TOKEN not in visit.page.url
    visit.page.close()
    visit.leave()
