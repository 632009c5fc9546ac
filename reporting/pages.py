"""A page as data: headings, paragraphs, bullets, tables and pictures, written as HTML or Markdown from one list.

Everything shown is escaped in both. The HTML holds its own style and loads nothing but the pictures beside it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TypeAlias, assert_never
from urllib.parse import quote

STYLE = """
:root{color-scheme:light}
body{font:16px/1.5 system-ui,sans-serif;max-width:66rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h1,h2,h3{line-height:1.2;color:#1f4e79} h2{margin-top:2.4rem;border-bottom:1px solid #c3ccd6;padding-bottom:.2rem}
p,li{max-width:48rem} a{color:#0b57a4}
.scroll{overflow-x:auto;margin:1rem 0} table{border-collapse:collapse;font-size:.9rem}
th,td{border-bottom:1px solid #c3ccd6;padding:.3rem .6rem;text-align:left;vertical-align:top} th{background:#eef3f8}
th.number,td.number{text-align:right;font-variant-numeric:tabular-nums}
td.number{white-space:nowrap} td.long{min-width:16rem}
figure{margin:1.2rem 0} img{max-width:100%;height:auto} figcaption{color:#414a54;font-size:.9rem;max-width:48rem}
@media print{body{max-width:none;margin:0;font-size:10.5pt} .scroll{overflow:visible} table{font-size:8pt}
h2,h3{break-after:avoid} figure,tr{break-inside:avoid} td.number{white-space:normal} td.long{min-width:7rem}
img{max-width:16cm;max-height:11cm}}
"""
INLINE = "data:image/png;base64,"
"""How the source of a picture begins that the page itself holds."""
SORT = r"""
for (const head of document.querySelectorAll("table.sortable th")) {
  head.tabIndex = 0; head.title = "sort by this column"; head.style.cursor = "pointer";
  const sort = () => {
    const body = head.closest("table").tBodies[0], place = head.cellIndex;
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const each of head.parentNode.cells) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const key = row => row.cells[place].textContent.replace("−", "-");
    const number = text => /^[+-]?[\d.]/.test(text) ? parseFloat(text) : NaN;
    const order = (a, b) => {
      const [x, y] = [number(a), number(b)];
      return isNaN(x) || isNaN(y) ? isNaN(x) - isNaN(y) || a.localeCompare(b) : x - y;
    };
    [...body.rows].sort((a, b) => (up ? 1 : -1) * order(key(a), key(b))).forEach(row => body.append(row));
  };
  head.addEventListener("click", sort);
  head.addEventListener("keydown", event => { if (event.key === "Enter") sort(); });
}
"""
"""Our own; it goes into pages that hold a sortable table, and into no other."""
LONG = 60
"""Characters above which a column is kept wide."""
_NUMBER = re.compile(r"[+\-−]?\d+(\.\d+)?(e[+-]?\d+)?( ?%)?( \([^()]*\))?")
"""A cell that reads as a number, with its per cent sign and with what stands beside it in parentheses."""
_MARKS = re.compile(r"[\\`*<>\[\]~$]|&(?=#?\w+;)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
"""What Markdown would take for markup; an underscore inside a word is none, nor an ampersand that starts no entity."""


@dataclass(frozen=True)
class Heading:
    """A heading below the page's title; `level` 2 is a section, 3 a part of one."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of plain text."""

    text: str


@dataclass(frozen=True)
class Link:
    """Words that lead to another page."""

    text: str
    address: str


@dataclass(frozen=True)
class Bullets:
    """A list of plain sentences, or of links."""

    items: Sequence[str | Link]


Cell: TypeAlias = str | int | float | Link | None


@dataclass(frozen=True)
class Table:
    """A table; None and NaN are empty cells, and a column of nothing but numbers is aligned right.

    Where it is `sortable`, a click on a column's name (or Enter on it) sorts the rows of the HTML by that column.

    Raises
    ------
    ValueError
        A row is longer or shorter than the header.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    sortable: bool = False

    def __post_init__(self) -> None:
        """Refuse a row that does not fit the header."""
        for place, row in enumerate(self.rows, start=1):
            if len(row) != len(self.header):
                raise ValueError(f"row {place} of the table: got {len(row)} cells, expected {len(self.header)}")

    def kinds(self) -> list[str]:
        """`number` for each column that holds nothing but numbers, `long` for one of long texts, else empty."""
        columns = [[text for row in self.rows if (text := shown(row[place]))] for place in range(len(self.header))]
        return [_kind(texts) for texts in columns]


def _kind(texts: Sequence[str]) -> str:
    if texts and all(_NUMBER.fullmatch(text) for text in texts):
        return "number"
    return "long" if max(map(len, texts), default=0) > LONG else ""


@dataclass(frozen=True)
class Picture:
    """A picture beside the page, or inside it as a `data:` address; its caption is its alternative text.

    `numbers` is the address of the table it was drawn from, which its caption leads to; empty where there is none.
    """

    source: str
    caption: str
    numbers: str = ""


Block: TypeAlias = Heading | Paragraph | Bullets | Table | Picture


def shown(cell: Cell) -> str:
    """A cell as plain text on one line."""
    if cell is None or cell != cell:
        return ""
    return f"{cell:g}" if isinstance(cell, float) else " ".join(str(getattr(cell, "text", cell)).split())


def inlined(blocks: Iterable[Block], folder: Path) -> list[Block]:
    """The blocks with their pictures, which stand in a folder as PNG, put into the page itself."""
    return [
        replace(each, source=INLINE + base64.b64encode((folder / each.source).read_bytes()).decode("ascii"))
        if isinstance(each, Picture)
        else each
        for each in blocks
    ]


def sortable(blocks: Iterable[Block]) -> list[Block]:
    """The blocks with every table of more than two rows sortable."""
    return [replace(each, sortable=True) if isinstance(each, Table) and len(each.rows) > 2 else each for each in blocks]


def html(title: str, blocks: Iterable[Block]) -> str:
    """A whole page that loads nothing from elsewhere; the title is its first heading."""
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
    )
    blocks = list(blocks)
    body = "\n".join([f"<h1>{escape(title)}</h1>", *map(_html, blocks)])
    script = f"<script>{SORT}</script>\n" if any(isinstance(each, Table) and each.sortable for each in blocks) else ""
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{body}\n{script}</body></html>\n'


def _html(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level}>{_escaped(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{_escaped(text)}</p>"
        case Bullets(items):
            return "<ul>" + "".join(f"<li>{_html_cell(item)}</li>" for item in items) + "</ul>"
        case Table(header, rows):
            kinds = [f' class="{kind}"' if kind else "" for kind in block.kinds()]
            head = "".join(
                f'<th scope="col"{kind}>{_escaped(name)}</th>' for name, kind in zip(header, kinds, strict=True)
            )
            cells = [
                "".join(f"<td{kind}>{_html_cell(cell)}</td>" for cell, kind in zip(row, kinds, strict=True))
                for row in rows
            ]
            body = "\n".join(f"<tr>{row}</tr>" for row in cells)
            mark = ' class="sortable"' if block.sortable else ""
            inside = f"<table{mark}><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"
            return f'<div class="scroll" role="region" aria-label="table" tabindex="0">{inside}</div>'
        case Picture(source, caption, numbers):
            words, address = _escaped(caption), source if source.startswith(INLINE) else quote(source)
            table = f' (numbers: <a href="{quote(numbers)}">{_escaped(numbers)}</a>)' if numbers else ""
            told = f"<figcaption>{words}{table}</figcaption>"
            return f'<figure><img src="{escape(address)}" alt="{words}">{told}</figure>'
        case _:
            assert_never(block)


def _escaped(text: str) -> str:
    """Text for HTML; a per cent sign stays on the line of its number."""
    return escape(text).replace(" %", "&nbsp;%")


def _html_cell(cell: Cell) -> str:
    text = _escaped(shown(cell))
    return f'<a href="{escape(cell.address)}">{text}</a>' if isinstance(cell, Link) else text


def markdown(title: str, blocks: Iterable[Block]) -> str:
    """The same page as GitHub Markdown, with tables and pictures as links."""
    return "\n\n".join([f"# {_plain(title)}", *map(_markdown, blocks)]) + "\n"


def _markdown(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {_plain(text)}"
        case Paragraph(text):
            return _plain(text)
        case Bullets(items):
            return "\n".join(f"- {_plain(item) if isinstance(item, str) else _markdown_cell(item)}" for item in items)
        case Table(header, rows):
            rules = ["---:" if kind == "number" else "---" for kind in block.kinds()]
            lines = [[_markdown_cell(name) for name in header], rules, *([*map(_markdown_cell, row)] for row in rows)]
            return "\n".join(f"| {' | '.join(line)} |" for line in lines)
        case Picture(source, caption, numbers):
            table = f" (numbers: [{_plain(numbers)}]({quote(numbers)}))" if numbers else ""
            return f"![{_plain(caption)}]({quote(source)})\n\n{_plain(caption)}{table}"
        case _:
            assert_never(block)


def _plain(text: str) -> str:
    """Text that Markdown shows as it stands, on one line."""
    line = _MARKS.sub(r"\\\g<0>", " ".join(text.split()))
    return re.sub(r"^(\d+)([.)])|^([#+=-])", r"\1\\\2\3", line)


def _markdown_cell(cell: Cell) -> str:
    text = _MARKS.sub(r"\\\g<0>", shown(cell)).replace("|", r"\|")
    return f"[{text}]({cell.address.replace('|', '%7C')})" if isinstance(cell, Link) else text


def counted(number: int, what: str) -> str:
    """A number with its noun.

    >>> counted(1, "row"), counted(5, "row")
    ('1 row', '5 rows')
    """
    return f"{number} {what}{'' if number == 1 else 's'}"
