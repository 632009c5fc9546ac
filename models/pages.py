"""A page as data: headings, paragraphs, bullets, tables and pictures, written as HTML or Markdown from one list.

Everything shown is escaped in both. The HTML holds its own style and loads nothing but the pictures beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
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
h2,h3{break-after:avoid} figure,tr{break-inside:avoid} td.number{white-space:normal} td.long{min-width:0}}
"""
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
class Bullets:
    """A list of plain sentences."""

    items: Sequence[str]


@dataclass(frozen=True)
class Link:
    """A cell that leads to another page."""

    text: str
    address: str


Cell: TypeAlias = str | int | float | Link | None


@dataclass(frozen=True)
class Table:
    """A table; None and NaN are empty cells, and a column of nothing but numbers is aligned right.

    Raises
    ------
    ValueError
        A row is longer or shorter than the header.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]

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
    """A picture beside the page; its caption is its alternative text."""

    source: str
    caption: str


Block: TypeAlias = Heading | Paragraph | Bullets | Table | Picture


def shown(cell: Cell) -> str:
    """A cell as plain text on one line."""
    if cell is None or cell != cell:
        return ""
    return f"{cell:g}" if isinstance(cell, float) else " ".join(str(getattr(cell, "text", cell)).split())


def html(title: str, blocks: Iterable[Block]) -> str:
    """A whole page that loads nothing from elsewhere; the title is its first heading."""
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
    )
    body = "\n".join([f"<h1>{escape(title)}</h1>", *map(_html, blocks)])
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{body}\n</body></html>\n'


def _html(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level}>{_escaped(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{_escaped(text)}</p>"
        case Bullets(items):
            return "<ul>" + "".join(f"<li>{_escaped(item)}</li>" for item in items) + "</ul>"
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
            inside = f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"
            return f'<div class="scroll" role="region" aria-label="table" tabindex="0">{inside}</div>'
        case Picture(source, caption):
            words = _escaped(caption)
            return f'<figure><img src="{quote(source)}" alt="{words}"><figcaption>{words}</figcaption></figure>'
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
            return "\n".join(f"- {_plain(item)}" for item in items)
        case Table(header, rows):
            rules = ["---:" if kind == "number" else "---" for kind in block.kinds()]
            lines = [[_markdown_cell(name) for name in header], rules, *([*map(_markdown_cell, row)] for row in rows)]
            return "\n".join(f"| {' | '.join(line)} |" for line in lines)
        case Picture(source, caption):
            return f"![{_plain(caption)}]({quote(source)})\n\n{_plain(caption)}"
        case _:
            assert_never(block)


def _plain(text: str) -> str:
    """Text that Markdown shows as it stands, on one line."""
    line = _MARKS.sub(r"\\\g<0>", " ".join(text.split()))
    return re.sub(r"^(\d+)([.)])|^([#+=-])", r"\1\\\2\3", line)


def _markdown_cell(cell: Cell) -> str:
    text = _MARKS.sub(r"\\\g<0>", shown(cell)).replace("|", r"\|")
    return f"[{text}]({cell.address.replace('|', '%7C')})" if isinstance(cell, Link) else text
