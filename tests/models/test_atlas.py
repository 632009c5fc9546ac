"""The data atlas: each point where its numbers say, under its paper."""

from __future__ import annotations

import re
from html import unescape

import numpy as np
import pandas as pd
import pytest

from features.tables.literature import Literature
from features.tables.records import SourceRow
from models.ensemble import Labels
from models.tasks.examples import Examples
from reporting import atlas
from reporting.pages import Gallery

CITED = "A. Author & B. Other, <Silicon>, 2024."
SOURCES = {"p1": SourceRow(source_id="p1", citation=CITED, doi="10.1000/x(1)", doi_from="seed", told_by="zhan:1")}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Three cells of two papers: one without a pressure, a film without particles, and a bound."""
    designs = pd.DataFrame(
        {
            "row_id": ["c1", "c2", "c3"],
            "paper": ["p1", "p1", "q"],
            "place": ["Table 1", None, "Fig. 2"],
            "electrolyte": ["Li6PS5Cl", "LLZO", "Li6PS5Cl"],
            "composition": None,
            "electrolyte_class": ["sulfide-argyrodite", "oxide-garnet", "sulfide-argyrodite"],
            "anode": ["micro-Si", "Si film", "Si <b>"],
            "anode_architecture": ["composite", "thin-film", None],
            "stack_pressure_mpa": [50.0, np.nan, 0.0],
            "silicon_size_nm": [1000.0, np.nan, 60.0],
            "film_thickness_nm": [np.nan, 200.0, np.nan],
            "ice_pct": [84.0, 90.0, 70.0],
            "ice_qualifier": ["=", "=", ">"],
        }
    )
    labels = Labels(np.array([84.0, 90.0, 70.0]), np.array([84.0, 90.0, np.inf]), np.ones(3))
    return atlas.points({"ice": Examples(designs, labels)}, Literature(sources=SOURCES))


def test_a_point_is_a_value_with_its_paper(table: pd.DataFrame) -> None:
    assert table["target"].tolist() == ["ice_pct"] * 3
    assert table["value"].tolist() == [84.0, 90.0, 70.0]
    assert table["bound"].tolist() == [False, False, True]
    assert table["size_nm"].tolist() == [1000.0, 200.0, 60.0]  # the film's thickness where there are no particles
    assert table["citation"].tolist() == [CITED, CITED, "q"]
    assert table["doi"].tolist() == ["10.1000/x(1)", "10.1000/x(1)", ""]
    assert atlas.title(table.loc[0]) == f"84 %: micro-Si | Li6PS5Cl\n50 MPa, 1000 nm\n{CITED}"


@pytest.mark.slow
def test_pictures_are_of_what_varies_and_say_what_is_missing(table: pd.DataFrame) -> None:
    assert [drawing.caption for drawing in atlas.pictures(table)] == [
        "Initial Coulombic efficiency against stack pressure: 2 values of 2 papers; 1 more value without it.",
        "Initial Coulombic efficiency against silicon particle size or film thickness: 3 values of 2 papers.",
        "Initial Coulombic efficiency against electrolyte class: 3 values of 2 papers.",
    ]
    alike = table.assign(stack_pressure_mpa=[0.0, np.nan, 0.0])
    assert not any("pressure" in drawing.caption for drawing in atlas.pictures(alike))
    assert "against stack pressure (2 of 3 values state one, all of them the same)" in atlas.page(alike)


def test_every_point_leads_to_its_paper_and_nothing_of_it_is_markup(table: pd.DataFrame) -> None:
    for drawing in atlas.pictures(table):
        links = re.findall(r"<a([^>]*)><title>(.*?)</title>", drawing.svg, flags=re.DOTALL)
        drawn = table if "pressure" not in drawing.caption else table.drop(index=1)
        titles = sorted(atlas.title(row) for _, row in drawn.iterrows())
        assert sorted(unescape(text) for _, text in links) == titles
        for where, text in links:
            assert ('href="https://doi.org/10.1000/x%281%29"' in where) == (unescape(text).endswith(CITED))
        assert "point-" not in drawing.svg
        assert "<Silicon>" not in drawing.svg
        assert "<b>" not in drawing.svg
        assert "currentColor" in drawing.svg


def test_points_of_one_class_do_not_hide_each_other(table: pd.DataFrame) -> None:
    rows = atlas._beside(np.array([0, 0, 0, 1]), np.array([5.0, 5.0, 5.0, 50.0]))
    assert len(set(rows[:3])) == 3
    assert np.abs(rows - [0, 0, 0, 1]).max() < 0.5


@pytest.mark.slow
def test_the_page_lists_every_value_of_the_tables(literature: Literature) -> None:
    points = atlas.literature_points(literature)
    drawn = atlas.gallery(points)
    page = atlas.page(points, drawn)
    assert page.count("<tr>") - page.count("<thead><tr>") == len(points)
    (gallery,) = (block for block in drawn if isinstance(block, Gallery))
    assert page.count("<svg") == len(gallery.drawings) > 0
    assert not re.search(r'(src=|url\()["\']?http|<link|@import', page)  # nothing is loaded from elsewhere
