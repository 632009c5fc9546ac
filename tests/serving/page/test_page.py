from __future__ import annotations

import csv
import io
import re
from math import prod
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, Route, expect

from models.explain.lithium_balance import FIRST_CYCLE
from tests.browser import DESIGN, FOUR, SCRIPT, Visit, link, no_script_ran, numbers
from tests.served import BEARER, breaking_off

pytestmark = pytest.mark.slow


def test_a_design_that_is_filled_in_shows_the_numbers_of_the_api(visit: Visit) -> None:
    page = visit.open()
    visit.fill(DESIGN)
    visit.predict()
    answer = visit.api("predict", {"designs": [DESIGN], "curve": True})
    assert visit.shown() == numbers(answer)
    assert set(visit.shown()["ice_pct"]) == {"A"}
    for column, target in answer["targets"].items():
        words = "Skill shown" if target["skill"]["shown"] else "No skill shown yet"
        words = "Range only" if target["range_only"] else words
        expect(page.locator(f'[data-target="{column}"] .skill strong')).to_have_text(words)
    curve = answer["results"][0]["curve"]
    assert "10" not in page.locator(".curve text.tick").all_text_contents()
    page.get_by_label("logarithmic cycles").check()
    assert "10" in page.locator(".curve text.tick").all_text_contents()
    page.get_by_text("The curve in numbers").click()
    rows = page.locator(".numbers tbody tr").all_inner_texts()
    cells = [row.removeprefix("A, ").split("\t") for row in rows]
    assert [[None if cell == "no point" else float(cell) for cell in row] for row in cells] == [
        [
            cycle,
            *(told and round(told, 1) for kind in ("retention_pct", "low", "high") for told in [curve[kind][place]]),
        ]
        for place, cycle in enumerate(curve["cycle"])
    ]
    line, band = page.locator("polyline.line"), page.locator(".curve polygon").first.get_attribute("points")
    assert line.count() == (0 if curve["retention_pct"][0] is None else 1)  # without skill only the range is drawn
    assert band is not None
    assert len(band.split()) == 2 * len(curve["cycle"])


def test_what_a_dropped_connection_left_unanswered_is_asked_again(visit: Visit) -> None:
    """As where the worker that was asked was killed: the first answer does not come, and nobody notices."""
    page, dropped = visit.open(), list[str]()

    def drop_the_first(route: Route) -> None:
        if dropped:
            route.continue_()
        else:
            dropped.append(route.request.url)
            route.abort("connectionreset")

    page.route("**/predict", drop_the_first)
    visit.fill(DESIGN)
    visit.predict()
    assert visit.shown() == numbers(visit.api("predict", {"designs": [DESIGN], "curve": True}))
    assert dropped == [f"{visit.address}/predict"]
    noted = [each for each in visit.complaints if "ERR_CONNECTION_RESET" in each]
    assert len(noted) == 1
    visit.complaints.remove(noted[0])


def test_an_answer_that_breaks_off_is_asked_for_again(browser: Browser, address: str) -> None:
    """What comes between breaks off the first answer within its body, as a worker that is killed; nobody notices."""
    context = browser.new_context(extra_http_headers=BEARER)
    with breaking_off(int(address.rsplit(":", 1)[1]), b"POST /predict ") as (port, broken):
        visit = Visit(context.new_page(), f"http://127.0.0.1:{port}")
        visit.open()
        visit.fill(DESIGN)
        visit.predict()
        assert visit.shown() == numbers(visit.api("predict", {"designs": [DESIGN], "curve": True}))
        context.close()
    assert broken == [b"POST /predict "]
    assert visit.asked.count(f"{visit.address}/predict") == 2
    noted = [each for each in visit.complaints if "ERR_CONTENT_LENGTH_MISMATCH" in each]
    assert len(noted) == 1
    visit.complaints.remove(noted[0])
    visit.leave()


def test_what_moved_a_prediction_is_what_the_api_explains(visit: Visit) -> None:
    page = visit.open(link([DESIGN]))
    explanations = visit.api("explain", {"designs": [DESIGN], "top": 10})["results"][0]["explanations"]
    told = explanations["conductivity_s_per_cm"]
    rows = page.locator(".waterfall tbody tr")
    labels = rows.locator("th").all_inner_texts()
    assert labels[1:-2] == [step["label"] for step in told["steps"]]
    moved = [text.removeprefix("×\u2009") for text in rows.locator(".moved").all_inner_texts()[1:-1]]
    # factors are printed with three digits: eleven of them are off by less than 11 times half a per cent
    assert told["base"] * prod(map(float, moved)) == pytest.approx(told["prediction"], rel=0.055)
    page.get_by_role("radio", name="initial Coulombic efficiency").check()
    expect(page.locator(".waterfall caption")).to_contain_text("initial Coulombic efficiency")
    page.locator("summary").filter(has_text=FIRST_CYCLE).click()
    expect(page.get_by_role("row", name="interphase on the electrolyte-facing area")).to_contain_text("10 (-6 to 26)")
    assert rows.locator("th").all_inner_texts()[1:-2] == [step["label"] for step in explanations["ice_pct"]["steps"]]


def test_the_nearest_rows_link_to_their_papers(visit: Visit) -> None:
    page = visit.open()
    found = page.request.get(f"{visit.address}/precedents").json()["rows"]["ice"]
    known = next(row for row in found if row["doi"] and row["electrolyte"])
    design = {"electrolyte": known["electrolyte"], "anode": known["anode"]}
    page = visit.open(link([design]))
    page.get_by_role("radio", name="initial Coulombic efficiency").check()
    near = visit.api("predict", {"designs": [design], "precedents": 10})["results"][0]["precedents"]["ice_pct"]
    near = sorted(near, key=lambda row: row["same_family"] is not True)[:4]  # those of the family first
    assert near[0]["same_family"]
    assert page.locator(".nearest tbody th").all_inner_texts() == [
        " | ".join(filter(None, (row.get(name) for name in ("electrolyte", "anode", "counter_electrode"))))
        for row in near
    ]
    links = page.locator(".nearest a")
    addresses = [each.get_attribute("href") for each in links.all()]
    assert addresses == [f"https://doi.org/{row['doi']}" for row in near if row["doi"]]
    assert addresses
    assert {each.get_attribute("rel") for each in links.all()} == {"noopener noreferrer"}


def test_how_far_a_conductivity_can_be_trusted_stands_below(visit: Visit) -> None:
    page = visit.open()
    scores = page.request.get(f"{visit.address}/model").json()["regimes"]["conductivity"]
    rows = page.locator("#trust tbody tr")
    expect(rows).to_have_count(len(scores))
    assert [cells.split("\t")[1:] for cells in rows.all_inner_texts()] == [
        [
            f"a factor of {10 ** score['error']:.{1 if score['error'] < 1 else 0}f}",
            f"{100 * score['coverage']:.0f} %",
            f"{score['width']:.1f}",
            str(score["papers"]),
        ]
        for score in scores
    ]
    words = "\n".join(page.locator("#trust tbody th").all_inner_texts())
    assert "another paper measured the same composition" in words
    assert "the whole family is new" in words


def test_an_example_of_the_literature_is_one_click_away(visit: Visit) -> None:
    page = visit.open()
    example = page.request.get(f"{visit.address}/examples").json()["examples"][0]
    page.locator("#examples button").first.click()
    visit.settled()
    assert visit.shown() == numbers(visit.api("predict", {"designs": [example["design"]]}))
    assert page.locator("#field-electrolyte").input_value() == example["design"]["electrolyte"]
    expect(page.locator('[data-target="retention_pct"] .measured')).to_contain_text(
        f"{example['measured']['retention_pct']:.0f}"
    )
    visit.fill({"electrolyte": "LLZTO"})  # no longer the paper's cell: nothing was measured of it
    visit.predict()
    expect(page.locator('[data-target="retention_pct"] .measured')).to_have_count(0)


def test_a_formula_is_read_while_one_types(visit: Visit) -> None:
    page = visit.open()
    box, reading = page.locator("#field-electrolyte"), page.locator("#field-electrolyte-reading")
    box.press_sequentially("75Li2S-25P2S5")
    # 75 Li2S and 25 P2S5 are Li150 S200 P50: Li3 S4 P in lowest whole numbers
    expect(reading).to_have_text("read as Li3S4P")
    box.fill("LLZT0")
    told = page.request.get(f"{visit.address}/formula?text=LLZT0").json()
    expect(reading).to_have_text(told["error"])
    box.fill("Li3InCl6")  # and the answer follows without a button
    expect(page).to_have_url(re.compile("electrolyte=Li3InCl6$"))
    visit.settled("ready")
    assert visit.shown() == numbers(visit.api("predict", {"designs": [{"electrolyte": "Li3InCl6"}]}))


def test_a_mistake_stands_beside_its_field_in_the_words_of_the_api(visit: Visit) -> None:
    page = visit.open()
    wrong = {"electrolyte": "Li6PS5Cl", "stack_pressure_mpa": "-5", "temperature_c": "warm"}
    visit.fill(wrong)
    visit.predict()
    said = visit.api("predict", {"designs": [wrong]})["detail"]
    assert len(said) == 2
    for words in said:
        place, _, told = words.partition(": ")
        name = place.rpartition(" ")[2]
        expect(page.locator(f"#field-{name}-mistake")).to_have_text(told)
        field = page.locator(f"#field-{name}")
        assert field.get_attribute("aria-invalid") == "true"
        assert f"field-{name}-mistake" in (field.get_attribute("aria-describedby") or "")
    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
    page.locator("#copy").click()
    visit.fill({"stack_pressure_mpa": "5", "temperature_c": "25"})  # design B is right, A still is not
    visit.predict()
    assert set(visit.shown()["conductivity_s_per_cm"]) == {"B"}
    expect(page.get_by_role("heading", name="Design A cannot be predicted yet")).to_be_visible()
    page.locator(".trouble .link").first.click()
    expect(page.locator(':focus[aria-invalid="true"]')).to_have_count(1)
    visit.fill({"temperature_c": "450"})
    expect(page.locator("#field-temperature_c-outside")).to_contain_text("outside what the model learned from")


def test_a_level_beyond_the_papers_is_refused_in_the_words_of_the_api(visit: Visit) -> None:
    page = visit.open(link([{"electrolyte": "LLZTO"}]))
    page.locator("#level").evaluate("box => { box.options[0].value = '0.9999'; box.value = '0.9999'; }")
    visit.predict()
    said = visit.api("predict", {"designs": [{"electrolyte": "LLZTO"}], "level": 0.9999, "curve": True})["detail"]
    assert page.locator("#trouble p").all_inner_texts() == said


def test_four_designs_side_by_side(visit: Visit) -> None:
    page = visit.open(link(FOUR[:2]))
    for design in FOUR[2:]:
        page.locator("#copy").click()  # a copy of the one before it, to change
        visit.fill({**dict.fromkeys(DESIGN, ""), **design})
    expect(page.locator("#copy")).to_have_count(0)
    visit.predict()
    answer = visit.api("predict", {"designs": FOUR})
    assert visit.shown() == numbers(answer)
    assert set(visit.shown()["conductivity_s_per_cm"]) == set("ABCD")
    assert set(visit.shown()["ice_pct"]) == set("ABC")
    told = [result["predictions"]["retention_pct"] for result in answer["results"]]
    assert page.locator(".curve polyline").count() == sum(
        each is not None and each["value"] is not None for each in told
    )
    pressure = page.locator(".given tr", has_text="stack pressure").locator("td")
    assert pressure.all_inner_texts() == ["50\u00a0MPa", "5\u00a0MPa", "–", "–"]
    page.get_by_role("button", name="Design B").click()
    expect(page.locator("#field-stack_pressure_mpa")).to_have_value("5")
    page.get_by_role("button", name="Remove B").click()
    visit.settled()
    expect(page.locator("#status")).to_have_text("3 designs predicted.")
    assert visit.shown() == numbers(visit.api("predict", {"designs": [FOUR[0], *FOUR[2:]]}))


def test_a_curve_never_stands_without_its_band(visit: Visit) -> None:
    """Also where the design in the form has none: it cannot be predicted, or describes no anode."""
    for first in ({"electrolyte": "LPS"}, FOUR[3]):
        page = visit.open(link([first, DESIGN, FOUR[1]]))
        assert page.locator(".curve polygon").count() == 1
        assert page.locator(".curve .legend li").all_inner_texts()[0].startswith(" B, with its 90 % band")
        page.get_by_role("button", name="Design C").click()
        expect(page.locator(".curve .legend li").last).to_contain_text("C, with its 90 % band")
        page.goto("about:blank")


def test_a_link_brings_the_designs_back(visit: Visit, browser: Browser) -> None:
    page = visit.open()
    visit.fill(DESIGN)
    page.locator("#level").select_option("0.8")
    visit.predict()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#status")).to_contain_text("Link copied")
    kept, shown = page.evaluate("navigator.clipboard.readText()"), visit.shown()
    page.get_by_role("link", name="A whole table").click()
    expect(page).to_have_url(kept)  # a part of the page is no other link
    other = Visit(browser.new_page(extra_http_headers=BEARER), visit.address)
    other.open(kept.removeprefix(f"{visit.address}/"))
    assert other.shown() == shown
    assert {name: other.page.locator(f"#field-{name}").input_value() for name in DESIGN} == DESIGN
    assert other.page.locator("#level").input_value() == "0.8"
    other.open(link([DESIGN], **{"a.colour": "red", "level": "7"}))
    expect(other.page.locator("#trouble")).to_contain_text("left out: a.colour, level=7")
    other.page.close()
    other.leave()


def test_the_download_is_the_file_of_the_api(visit: Visit) -> None:
    page = visit.open(link(FOUR))
    with page.expect_download() as begun:
        page.get_by_role("button", name="Download CSV").click()
    rows = list(csv.DictReader(io.StringIO(begun.value.path().read_text(encoding="utf-8"))))
    assert [row["design"] for row in rows] == list("ABCD")
    answer = visit.api("predict", {"designs": FOUR})
    for row, result in zip(rows, answer["results"], strict=True):
        for column, told in result["predictions"].items():
            # files hold six digits
            value = told and told["value"]
            assert (row[column] == "") if value is None else float(row[column]) == pytest.approx(value, rel=1e-5)
        assert row["notice"] == "; ".join(result["notices"])


def test_a_table_comes_back_ranked(visit: Visit, tmp_path: Path) -> None:
    page = visit.open()
    source = tmp_path / f"mine {SCRIPT.replace('/', '')}.csv"
    source.write_text(
        "electrolyte,temperature_c,<b>own</b>\n"
        f'LLZTO,25,"{SCRIPT.replace(chr(34), chr(34) * 2)}"\nLPS,25,b\nLi6PS5Cl,60,c\n',
        encoding="utf-8",
    )
    page.locator("#file").set_input_files(source)
    page.locator("#rank").select_option("conductivity_s_per_cm")
    page.get_by_role("button", name="Predict the table").click()
    expect(page.locator("#upload .status")).to_contain_text("2 of 3 rows predicted")
    with page.expect_download() as begun:
        page.locator(".uploaded > button").click()
    asked = f"{visit.address}/predict/file?level=0.9&rank=conductivity_s_per_cm"
    reply = page.request.post(asked, data=source.read_bytes(), headers={"Content-Type": "text/csv"})
    assert begun.value.path().read_bytes() == reply.body()
    heads, *rows = csv.reader(io.StringIO(reply.text()))
    order = page.locator(".ranked thead th").all_inner_texts()
    assert sorted(order) == sorted(heads)
    assert order.index("conductivity_s_per_cm") < order.index("<b>own</b>")  # own columns do not push the numbers out
    drawn = page.locator(".ranked tbody tr")
    told = [[row[heads.index(head)] for head in order] for row in rows]
    found = [row.locator("td").all_text_contents() for row in drawn.all()]
    name = page.locator("#file").evaluate("box => box.files[0].name")  # errors say the file's own name
    assert found == [[cell.replace("upload.csv", name) for cell in row] for row in told]
    page.get_by_role("button", name="temperature_c", exact=True).click()
    first = drawn.first.locator("td").nth(order.index("temperature_c"))
    expect(first).to_have_text("60")
    page.get_by_role("button", name="temperature_c", exact=True).click()
    expect(first).to_have_text("25")
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"
    no_script_ran(page)


def test_a_parquet_table_comes_back_as_one(visit: Visit, tmp_path: Path) -> None:
    page = visit.open()
    source = tmp_path / "designs.parquet"
    pd.DataFrame({"electrolyte": ["LLZTO", "Li6PS5Cl"], "own": [1.5, 2.5]}).to_parquet(source)
    page.locator("#file").set_input_files(source)
    page.get_by_role("button", name="Predict the table").click()
    with page.expect_download() as begun:
        page.get_by_role("button", name="Download designs_predicted.parquet").click()
    back = pd.read_parquet(begun.value.path())
    assert back["own"].tolist() == [1.5, 2.5]
    answer = visit.api("predict", {"designs": [{"electrolyte": "LLZTO"}, {"electrolyte": "Li6PS5Cl"}]})
    told = [result["predictions"]["conductivity_s_per_cm"]["value"] for result in answer["results"]]
    assert back["conductivity_s_per_cm"].tolist() == pytest.approx(told, rel=1e-5)


def test_a_file_that_cannot_be_used_is_told_in_words(visit: Visit, tmp_path: Path) -> None:
    page = visit.open()
    source = tmp_path / "designs.csv"
    source.write_text("electrolyte\nLPS\n", encoding="utf-8")
    page.locator("#file").set_input_files(source)
    page.get_by_role("button", name="Predict the table").click()
    reply = page.request.post(
        f"{visit.address}/predict/file", data=source.read_bytes(), headers={"Content-Type": "text/csv"}
    )
    # the server cannot know the name of the file; the page does
    told = [words.replace("upload.csv", "designs.csv") for words in reply.json()["detail"]]
    expect(page.locator(".uploaded li")).to_have_text(told)
    page.locator("#file").set_input_files(files=[{"name": "a.docx", "mimeType": "", "buffer": b""}])
    page.get_by_role("button", name="Predict the table").click()
    refused = "a.docx: expected a file that ends in .csv, .tsv, .parquet or .xlsx"
    expect(page.locator(".uploaded li")).to_have_text(refused)
