from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reporting import pages
from reporting.pages import (
    Block,
    Bullets,
    Heading,
    Link,
    Paragraph,
    Picture,
    Table,
    html,
    inlined,
    markdown,
    sortable,
)

VOID = {"meta", "img"}


class Nesting(HTMLParser):
    """Tags that are open, and a complaint where one closes that was not the last to open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


EVERY: list[Block] = [
    Heading("a section"),
    Heading("a part", 3),
    Paragraph("words"),
    Bullets(["one", "two"]),
    Table(["name", "value"], [("a", 1), ("b", None)]),
    Picture("some picture.png", "what it shows"),
]


def test_html_is_nested_and_loads_nothing_from_elsewhere() -> None:
    text = html("title", EVERY)
    parser = Nesting()
    parser.feed(text)
    assert parser.open == []
    assert re.findall(r'src="([^"]*)"', text) == ["some%20picture.png"]
    assert not re.search(r"<script|<link|@import|url\(|https?:", text)
    assert "<h1>title</h1>" in text
    assert '<img src="some%20picture.png" alt="what it shows"><figcaption>what it shows</figcaption>' in text
    assert "<ul><li>one</li><li>two</li></ul>" in text


def test_html_escapes_everything_shown() -> None:
    bad = """<b a="1" b='2'>&"""
    good = "&lt;b a=&quot;1&quot; b=&#x27;2&#x27;&gt;&amp;"
    table = Table([bad], [(bad,), (Link(bad, 'https://x/"><b>'),)])
    text = html(bad, [Heading(bad), Paragraph(bad), Bullets([bad]), table, Picture("a.png", bad)])
    # the title twice, heading, paragraph, bullet, header, cell, link, and the caption twice
    assert text.count(good) == 10
    assert "<b" not in text.replace("<body", "")


def test_a_picture_leads_to_its_numbers_and_a_bullet_to_a_page() -> None:
    blocks = [Picture("a.png", "words", "a b.csv"), Bullets([Link("the _other_ page", "other.html")])]
    assert '<figcaption>words (numbers: <a href="a%20b.csv">a b.csv</a>)</figcaption>' in html("t", blocks)
    assert '<li><a href="other.html">the _other_ page</a></li>' in html("t", blocks)
    text = markdown("t", blocks)
    assert "![words](a.png)\n\nwords (numbers: [a b.csv](a%20b.csv))" in text
    assert "- [the \\_other\\_ page](other.html)" in text


def test_pictures_are_put_into_the_page(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"abc")  # base64 of abc is YWJj, RFC 4648
    held = inlined([Heading("h"), Picture("a.png", "words", "a.csv")], tmp_path)
    assert held == [Heading("h"), Picture("data:image/png;base64,YWJj", "words", "a.csv")]
    assert '<img src="data:image/png;base64,YWJj" alt="words">' in html("t", held)


def test_tables_of_more_than_two_rows_are_made_sortable() -> None:
    short, long = (Table(["a"], [(row,) for row in range(count)]) for count in (2, 3))
    assert [each.sortable for each in sortable([short, long]) if isinstance(each, Table)] == [False, True]
    assert sortable([Paragraph("p")]) == [Paragraph("p")]


def test_a_per_cent_sign_stays_with_its_number() -> None:
    assert "<p>at 90&nbsp;% of it</p>" in html("t", [Paragraph("at 90 % of it")])


@pytest.mark.parametrize(
    "cells",
    [
        [1, 2.5, None],
        ["0.53", "+1.20", "-0.4"],
        ["60 %", "100 %", ""],
        ["0.57 (0.45 to 0.71)", "91 % (85 to 97)", "1e-05"],
        [float("nan"), 3, "−2"],
    ],
)
def test_columns_of_numbers_are_aligned_right(cells: list[str]) -> None:
    table = Table(["n", "word"], [(cell, "x") for cell in cells])
    assert table.kinds() == ["number", ""]
    assert '<th scope="col" class="number">n</th><th scope="col">word</th>' in html("t", [table])
    assert "| ---: | --- |" in markdown("t", [table])


@pytest.mark.parametrize(
    "cell", ["2026-11-20", "1.26.4", "10.1007/s11581", "5e10f1a1fc7e…", "3 of 4", "5.2e-06 S/cm", "x"]
)
def test_what_only_begins_like_a_number_is_text(cell: str) -> None:
    assert Table(["a"], [("1",), (cell,)]).kinds() == [""]
    assert "| --- |" in markdown("t", [Table(["a"], [("1",), (cell,)])])


def test_a_column_without_any_value_is_text() -> None:
    assert Table(["a"], [(None,), ("",)]).kinds() == [""]
    assert Table(["a"], []).kinds() == [""]


def test_columns_of_long_texts_are_kept_wide() -> None:
    assert Table(["a"], [("x" * 61,), ("y",)]).kinds() == ["long"]
    assert '<td class="long">y</td>' in html("t", [Table(["a"], [("x" * 61,), ("y",)])])


def test_empty_and_missing_cells_are_empty() -> None:
    table = Table(["a", "b"], [(None, float("nan"))])
    assert "<tr><td></td><td></td></tr>" in html("t", [table])
    assert markdown("t", [table]).endswith("|  |  |\n")


def test_numbers_are_printed_short() -> None:
    assert markdown("t", [Table(["a", "b"], [(0.1 + 0.2, 10_000_000)])]).endswith("| 0.3 | 10000000 |\n")


def test_a_row_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="row 2 of the table: got 1 cells, expected 2"):
        Table(["a", "b"], [(1, 2), (1,)])


def test_markdown_is_what_github_reads() -> None:
    assert markdown("title", EVERY) == (
        "# title\n\n## a section\n\n### a part\n\nwords\n\n- one\n- two\n\n"
        "| name | value |\n| --- | ---: |\n| a | 1 |\n| b |  |\n\n"
        "![what it shows](some%20picture.png)\n\nwhat it shows\n"
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a|b", "a|b"),
        ("*bold* and `code`", r"\*bold\* and \`code\`"),
        ("<cell>", r"\<cell\>"),
        ("[x](y)", r"\[x\](y)"),
        ("conductivity_s_per_cm", "conductivity_s_per_cm"),
        ("_so_ it is", r"\_so\_ it is"),
        ("~5 $x$", r"\~5 \$x\$"),
        ("Wang & Chen &amp; Li", r"Wang & Chen \&amp; Li"),
        (r"\& co", r"\\& co"),
        ("# not a heading", r"\# not a heading"),
        ("- no bullet", r"\- no bullet"),
        ("1. no list", r"1\. no list"),
        ("two\nlines  here", "two lines here"),
    ],
)
def test_markdown_shows_text_as_it_stands(text: str, written: str) -> None:
    assert markdown("t", [Paragraph(text)]) == f"# t\n\n{written}\n"


def test_pipes_and_line_ends_stay_inside_their_cell() -> None:
    table = Table(["a|b", "c"], [("Si | Li6PS5Cl", "x\ny"), (r"\|", "z")])
    assert markdown("t", [table]).split("\n")[2:6] == [
        r"| a\|b | c |",
        "| --- | --- |",
        r"| Si \| Li6PS5Cl | x y |",
        r"| \\\| | z |",
    ]


def test_links_stand_in_both() -> None:
    table = Table(["doi"], [(Link("10.1/a|b", "https://doi.org/10.1/a|b"),)])
    assert '<a href="https://doi.org/10.1/a|b">10.1/a|b</a>' in html("t", [table])
    assert r"| [10.1/a\|b](https://doi.org/10.1/a%7Cb) |" in markdown("t", [table])


def test_only_a_sortable_table_brings_the_script() -> None:
    plain, sortable = Table(["a"], [(1,)]), Table(["a"], [(1,)], sortable=True)
    assert "<script" not in html("t", [plain])
    text = html("t", [plain, sortable])
    assert text.count('<table class="sortable">') == 1
    assert text.count("<script>") == 1
    assert not re.search(r"src=|https?:", text)


def test_sections_but_the_first_are_behind_a_click() -> None:
    blocks = [
        pages.Paragraph("a"),
        pages.Heading("One"),
        pages.Heading("Part", 3),
        pages.Heading("Two"),
        pages.Paragraph("b"),
    ]
    page = pages.html("Title", [*blocks, pages.Heading("Three")], unfolded=("One",))
    body = page[page.index("<body>") + 7 : page.index("</body>")].replace("\n", "")
    assert body == (
        "<h1>Title</h1><p>a</p><h2>One</h2><h3>Part</h3>"
        '<nav aria-label="Contents"><p>In detail:</p><ul class="contents"><li><a href="#two">Two</a></li>'
        '<li><a href="#three">Three</a></li></ul></nav>'
        '<details><summary><h2>Two</h2></summary><a id="two"></a><p>b</p></details>'
        '<details><summary><h2>Three</h2></summary><a id="three"></a></details>'
    )


def test_blocks_of_several_pictures_stand_in_both_forms() -> None:
    drawing = pages.Drawing('<svg class="atlas"></svg>', "1 < 2")
    blocks = [pages.Gallery([drawing]), pages.Folded("the others", [pages.Paragraph("b"), drawing])]
    shown = '<figure><svg class="atlas"></svg><figcaption>1 &lt; 2</figcaption></figure>'
    page = pages.html("t", blocks)
    assert f'<div class="gallery">{shown}</div>' in page
    assert f"<details><summary>the others</summary><p>b</p>{shown}</details>" in page
    assert pages.markdown("t", blocks) == "# t\n\n- 1 \\< 2\n\nthe others\n\nb\n\n1 \\< 2\n"
