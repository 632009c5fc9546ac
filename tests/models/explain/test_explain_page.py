from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

import silion
from features.tables.records import Candidate
from models.bundle import load_bundle
from models.candidates import candidate_frame
from models.explain.lithium_balance import FIRST_CYCLE, NOTE
from models.explain.what_if import Goal, Questions
from reporting.explain.explanation_page import NO_SKILL, explain


@dataclass(frozen=True)
class Page:
    """A page of reasons: its folder, the files told, the steps told, and its text."""

    folder: Path
    written: list[Path]
    done: list[int]
    text: str


DESIGNS = candidate_frame([Candidate(electrolyte="Li6PS5Cl", anode="micro-Si"), Candidate(electrolyte="Li3TlCl6")])


@pytest.fixture(scope="module")
def page(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """Conductivity of both, with questions."""
    folder, done = tmp_path_factory.mktemp("explained"), list[int]()
    asked = Questions((Goal.parse("conductivity_s_per_cm>1e-3"),), ("temperature_c",), ("temperature_c",))
    names = ["one <cell>", "one <cell>"]
    paths = explain(load_bundle(bundle_folder), folder, DESIGNS, names, ["conductivity_s_per_cm"], asked, done.append)
    return Page(folder, paths, done, (folder / "index.html").read_text(encoding="utf-8"))


def test_a_page_for_designs_and_overall(page: Page) -> None:
    assert page.done == [2]
    names = {path.name for path in page.written}
    for name in ("index.html", "conductivity_bar.png", "conductivity_bar.svg", "conductivity_beeswarm.csv",
                 "designs_conductivity.csv", "01_one-cell_conductivity_s_per_cm.png",
                 "02_one-cell_conductivity_s_per_cm_temperature_c.png"):  # fmt: skip
        assert name in names
    assert not [name for name in names if "ice" in name]
    assert all(path.is_file() for path in page.written)
    assert "one <cell>" not in page.text
    pictures = re.findall(r'<img src="([^"]+)" alt="([^"]+)"', page.text)
    assert all((page.folder / source).is_file() and words for source, words in pictures)
    assert "://" not in re.sub(r"10\.\d{4,9}/\S+", "", page.text)  # loads nothing from elsewhere


def test_the_notice_comes_before_the_reasons(page: Page) -> None:
    notice = page.text.index("elements never seen: Tl")
    _, second = (found.start() for found in re.finditer(">one &lt;cell&gt;</h3>", page.text))
    assert second < notice < page.text.index('src="02_one-cell_conductivity_s_per_cm.png"')


@pytest.fixture(scope="module")
def without_skill(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """Conductivity, and the first-cycle efficiency of which no skill is shown; the second design has no anode."""
    bundle, folder = load_bundle(bundle_folder), tmp_path_factory.mktemp("explained")
    for target, shown in {"conductivity_s_per_cm": True, "ice_pct": False}.items():
        bundle.facts["skill"][target]["shown"] = shown
    paths = explain(bundle, folder, DESIGNS, ["one", "bare"], ["conductivity_s_per_cm", "ice_pct"])
    return Page(folder, paths, [], (folder / "index.html").read_text(encoding="utf-8"))


def test_reasons_of_a_target_without_skill_are_behind_a_click(without_skill: Page) -> None:
    page = without_skill.text
    folded = "<details><summary>initial Coulombic efficiency: no skill shown yet on unseen papers</summary><figure>"
    assert page.index('src="01_one_conductivity_s_per_cm.png"') < page.index(folded)
    assert page.index(folded) < page.index('src="01_one_ice_pct.png"')
    assert page.index('src="01_one_ice_pct.png"') < page.index('<a href="#overall-ionic-conductivity">')


def test_the_first_cycle_is_told_term_by_term_where_its_efficiency_is_asked(without_skill: Page) -> None:
    names = {path.name for path in without_skill.written}
    assert {name for name in names if "first_cycle" in name} == {"01_one_first_cycle.csv"}  # the other has no anode
    page = html.unescape(without_skill.text).replace("\xa0", " ")
    folded = page[page.index(f"<summary>{FIRST_CYCLE}</summary>") :]
    assert folded.index(NOTE) < folded.index("10 (-6 to 26)") < folded.index("not known: stack_pressure_mpa is missing")
    told = pd.read_csv(without_skill.folder / "01_one_first_cycle.csv")
    assert told["points"].tolist()[0] == 10
    assert told["note"].unique().tolist() == [NOTE]


def test_a_target_without_skill_says_so_on_its_pictures(without_skill: Page) -> None:
    for name in ("ice_bar", "ice_beeswarm"):
        svg = (without_skill.folder / f"{name}.svg").read_text(encoding="utf-8")
        assert NO_SKILL in svg  # matplotlib leaves the text of each line as a comment


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--want", "ice_pct>85"], "--want and --vary go together"),
        (["--vary", "np_ratio"], "--want and --vary go together"),
        (["--want", "ice>85", "--vary", "np_ratio"], "--want: unknown target ice; closest: ice_pct"),
        (["--sweep", "np_ration"], "--sweep: unknown column np_ration; closest: np_ratio"),
        (["--sweep", "np_ratio"], "--want and --sweep ask about designs; give a table of them"),
        (["--targets", "colour"], "unknown target colour"),
    ],
)
def test_what_cannot_be_asked_is_said_before_any_work(
    options: list[str], said: str, bundle_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "why"
    assert silion.main(["explain", "-o", str(out), "--model", str(bundle_folder), *options]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()
