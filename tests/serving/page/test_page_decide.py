"""What the page does for who decides: differences, own measurements, suggestions, ranges without a point."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import DESIGN, FOUR, Visit, link
from tests.served import BEARER

pytestmark = pytest.mark.slow


def test_differences_come_before_the_designs_themselves(visit: Visit) -> None:
    page = visit.open(link(FOUR[:2]))
    told = visit.api("compare", {"designs": FOUR[:2], "level": 0.9})
    expect(page.locator(".differ .notices li")).to_have_count(len(told["notices"]))
    judged = [column for column, each in told["pairs"][0]["differences"].items() if each]
    assert page.locator(".differ tbody tr").count() == len(judged)
    assert page.locator("#results > *").first.get_attribute("class") == "differ"
    for row, column in zip(page.locator(".differ tbody tr").all(), judged, strict=True):
        chance = told["pairs"][0]["differences"][column]["a_above_b"]
        expect(row.locator("td").last).to_have_text(f"{100 * chance:.0f} %")


def test_what_the_tables_hold_is_offered_and_what_is_not_known_is_no_value(visit: Visit) -> None:
    page = visit.open()
    (main, *others) = page.request.get(f"{visit.address}/schema").json()["groups"]
    assert len(main["fields"]) == 10
    for field in main["fields"]:
        box = page.locator(f"#field-{field['name']}")
        assert box.get_attribute("placeholder") == ("" if field["required"] else "not known")
        offered = page.locator(f"#field-{field['name']}-offered option")
        assert [each.get_attribute("value") for each in offered.all()] == field["suggestions"]
    offered = {field["name"]: field["suggestions"] for field in main["fields"] if field["suggestions"]}
    assert {*offered} == {"electrolyte", "anode", "counter_electrode"}
    assert "Li6PS5Cl" in offered["electrolyte"]
    assert page.locator("#groups details[open]").count() == 1  # all others are folded
    assert page.locator("#groups details").count() == 1 + len(others)


def test_a_target_without_skill_is_a_range_without_a_point(visit: Visit) -> None:
    page = visit.open(link([DESIGN]))
    told = visit.api("predict", {"designs": [DESIGN]})
    facts = told["targets"]
    assert not facts["retention_pct"]["skill"]["shown"]
    assert told["results"][0]["predictions"]["retention_pct"]["value"] is None
    for column, target in facts.items():
        quiet = told["results"][0]["predictions"][column]["value"] is None
        assert not (quiet and target["skill"]["shown"])
        assert page.locator(f'[data-target="{column}"] svg .here').count() == (0 if quiet else 1)
        assert page.locator(f'[data-target="{column}"] .no-point').count() == (1 if quiet else 0)


def test_a_quantity_without_a_model_says_whose_values_its_range_holds(visit: Visit) -> None:
    page = visit.open(link([DESIGN]))
    card = page.locator('[data-target="first_capacity_mah_per_g"]')
    expect(card.locator(".skill strong")).to_have_text("Range only")
    said = visit.api("predict", {"designs": [DESIGN]})["results"][0]["range_of"]
    words = card.locator(".whose").inner_text()
    assert words.startswith("the range of ")
    assert f"first_capacity_mah_per_g: no point, {words}" in said
    assert "per gram of" in words
    assert page.locator('[data-target="capacity_mah_per_g"] .unit').inner_text().startswith("mAh/g at cycle ")
    reasons = page.locator(".why input[name=reason]").all()
    assert "first_capacity_mah_per_g" not in [each.get_attribute("value") for each in reasons]
    assert page.locator('#rank option[value="first_capacity_mah_per_g"]').count() == 0


def test_own_measurements_move_the_answers_and_stay_in_the_browser(
    visit: Visit, browser: Browser, tmp_path: Path
) -> None:
    page = visit.open(link([DESIGN]))
    plain = visit.shown()["ice_pct"]["A"]
    page.locator("#own > summary").click()
    page.locator("#own-ice_pct").fill("eighty")
    page.locator("#own-keep").click()
    expect(page.locator("#own .status")).to_contain_text("column ice_pct: got 'eighty'")
    page.locator("#own-ice_pct").fill("60")
    page.locator("#own-keep").click()
    expect(page.locator("#own .count")).to_have_text("1 kept")
    expect(page.locator('[data-target="ice_pct"] .before')).to_have_count(1)
    moved = visit.api("predict", {"designs": [DESIGN], "measured": [{**DESIGN, "ice_pct": "60"}]})
    assert visit.shown()["ice_pct"]["A"][0] == moved["results"][0]["predictions"]["ice_pct"]["value"]
    value, low, high = visit.shown()["ice_pct"]["A"]
    assert value is not None
    assert low < value < high
    middle = sum(plain[1:]) / 2 if plain[0] is None else plain[0]  # without skill there was a range alone
    assert abs(value - 60) < abs(middle - 60)
    expect(page.locator('[data-target="ice_pct"] .known')).to_contain_text(
        "your own: initial Coulombic efficiency 60 %"
    )
    # a table is taken in as it is pasted from Excel, or refused in the server's words
    page.locator("#own-table").fill("electrolyte\ttemperature_c\tconductivity_s_per_cm\nLi6PS5Cl\t25\t0.002")
    page.locator("#own-paste").click()
    expect(page.locator("#own .count")).to_have_text("2 kept")
    page.reload()
    visit.settled("ready")
    expect(page.locator("#own .count")).to_have_text("2 kept")
    # in a link only if asked
    assert "own" not in parse_qs(urlparse(page.url).fragment)
    page.locator("#own > summary").click()
    page.locator("#own-share").check()
    visit.settled("ready")
    shared = page.url
    assert [row.get("ice_pct") for row in json.loads(parse_qs(urlparse(shared).fragment)["own"][0])] == ["60", None]
    stranger = browser.new_context(extra_http_headers=BEARER)
    other = Visit(stranger.new_page(), visit.address)
    other.open(urlparse(shared)._replace(scheme="", netloc="", path="").geturl())
    expect(other.page.locator("#own .count")).to_have_text("2 kept")
    assert other.page.evaluate("localStorage.getItem('silion-own')") is None
    stranger.close()
    page.locator("#own-forget").click()
    visit.settled("ready")
    assert visit.shown()["ice_pct"]["A"] == plain


def test_on_a_phone_the_first_answer_is_in_view(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    page = visit.open()
    visit.fill({"electrolyte": "Li6PS5Cl", "anode": "nano-Si"})
    visit.predict()
    # the page glides there, so this is waited for; all of the number, not its upper edge
    expect(page.locator(".card .number").first).to_be_in_viewport(ratio=1)


def test_a_table_is_told_under_its_own_name_with_its_numbers_first(visit: Visit, tmp_path: Path) -> None:
    table = tmp_path / "winter campaign.csv"
    table.write_text("batch,operator,electrolyte\n1,me,Li6PS5Cl\n2,me,LLZTO\n3,me,nonsense!!\n", encoding="utf-8")
    page = visit.open()
    page.locator("#file").set_input_files(table)
    page.locator("#rank").select_option("conductivity_s_per_cm")
    page.get_by_role("button", name="Predict the table").click()
    expect(page.locator(".ranked tbody tr")).to_have_count(3)
    heads = page.locator(".ranked th").all_inner_texts()
    assert heads[:4] == ["rank", "batch", "error", "conductivity_s_per_cm"]
    assert {"operator", "electrolyte"} <= {*heads[4:]}
    assert page.locator(".ranked tbody").inner_text().count("winter campaign.csv line 4") == 1
    expect(page.locator(".uploaded .no-skill")).to_contain_text("What this order is worth: ionic conductivity: ")
