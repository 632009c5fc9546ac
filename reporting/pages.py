"""A page as data: headings, paragraphs, bullets, tables and pictures, written as HTML or Markdown from one list.

Everything shown is escaped in both. The HTML holds its own style (`page.css`), the script of its sortable tables
(`sort.js`), and loads nothing but the pictures beside it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from pathlib import Path
from typing import TypeAlias, assert_never
from urllib.parse import quote

LONG = 60
"""Characters above which a column is kept wide."""
_DATA_URL = "data:image/png;base64,"
"""Beginning of the source of a picture that the page itself holds."""
_NUMBER = re.compile(r"[+\-−]?\d+(\.\d+)?(e[+-]?\d+)?( ?%)?( \([^()]*\))?")
"""A cell that reads as a number, with its per cent sign and with what stands beside it in parentheses."""
_MARKS = re.compile(r"[\\`*<>\[\]~$]|&(?=#?\w+;)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
"""Characters that Markdown takes for markup: no underscore inside a word, no ampersand that starts no entity."""


@cache
def _asset(name: str) -> str:
    """Return the text of a file that lies beside this module."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


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
        """Return `number` for each column of nothing but numbers, `long` for one of long texts, else an empty text."""
        columns = [[text for row in self.rows if (text := cell_text(row[place]))] for place in range(len(self.header))]
        return [_column_kind(texts) for texts in columns]


def _column_kind(texts: Sequence[str]) -> str:
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


@dataclass(frozen=True)
class Drawing:
    """A picture that is part of the page, with text to select and points that lead somewhere; Markdown has its caption.

    Attributes
    ----------
    svg : str
        An SVG element, trusted: all text of data in it is escaped already.
    caption : str
        Plain text.
    """

    svg: str
    caption: str


@dataclass(frozen=True)
class Gallery:
    """Drawings side by side, as many as the page is wide."""

    drawings: Sequence[Drawing]


@dataclass(frozen=True)
class Folded:
    """Blocks behind a click on a line of text; Markdown shows them."""

    summary: str
    blocks: Sequence[Block]


Block: TypeAlias = "Heading | Paragraph | Bullets | Table | Picture | Drawing | Gallery | Folded"


def cell_text(cell: Cell) -> str:
    """Return a cell as plain text on one line.

    Parameters
    ----------
    cell : str, int, float, Link or None
        None and NaN are shown as an empty text.

    Examples
    --------
    >>> cell_text(0.00012), cell_text("two\\nlines"), cell_text(float("nan"))
    ('0.00012', 'two lines', '')
    """
    if cell is None or cell != cell:
        return ""
    return f"{cell:g}" if isinstance(cell, float) else " ".join(str(getattr(cell, "text", cell)).split())


def data_url(png: bytes) -> str:
    """Return a picture as an address that holds the picture itself.

    Parameters
    ----------
    png : bytes
        Content of a PNG file.

    Examples
    --------
    >>> data_url(b"png")
    'data:image/png;base64,cG5n'
    """
    return _DATA_URL + base64.b64encode(png).decode("ascii")


def inlined(blocks: Iterable[Block], folder: Path) -> list[Block]:
    """Put the pictures of a page into the page itself.

    Parameters
    ----------
    blocks : iterable of Block
    folder : Path
        Where the PNG files stand that the pictures name as their source.

    Returns
    -------
    list of Block
        Pictures with a `data:` address as source, every other block as it was.
    """
    return [
        replace(block, source=data_url((folder / block.source).read_bytes())) if isinstance(block, Picture) else block
        for block in blocks
    ]


def sortable(blocks: Iterable[Block]) -> list[Block]:
    """Make every table of more than two rows sortable.

    Parameters
    ----------
    blocks : iterable of Block

    Returns
    -------
    list of Block
        In the same order; blocks of other kinds are as they were.
    """
    return [
        replace(block, sortable=True) if isinstance(block, Table) and len(block.rows) > 2 else block for block in blocks
    ]


def html(title: str, blocks: Iterable[Block], unfolded: Collection[str] | None = None) -> str:
    """Write a whole page that loads nothing from elsewhere.

    Parameters
    ----------
    title : str
        Plain text; the title of the page and its first heading.
    blocks : iterable of Block
        In the order of the page.
    unfolded : collection of str, optional
        Headings of the sections that are open; all others are behind a click on theirs, and a list of contents before
        the first of them leads there. None folds nothing.

    Returns
    -------
    str
        HTML with its style, and with the script of sortable tables where there is one.
    """
    blocks = list(blocks)
    lines = map(_html, blocks) if unfolded is None else _folded(blocks, unfolded)
    sorts = any(isinstance(block, Table) and block.sortable for block in blocks)
    return document(title, "\n".join(lines), _asset("sort.js") if sorts else "")


def document(title: str, body: str, script: str = "") -> str:
    """Write a whole page around HTML, with the style of every page.

    Parameters
    ----------
    title : str
        Plain text; the title of the page and its first heading.
    body : str
        HTML.
    script : str
        JavaScript that the page holds; none where empty.
    """
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>\n{_asset('page.css')}</style>"
    )
    body = f"<h1>{escape(title)}</h1>\n{body}"
    script = f"<script>\n{script}</script>\n" if script else ""
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{body}\n{script}</body></html>\n'


def _folded(blocks: Iterable[Block], unfolded: Collection[str]) -> Iterator[str]:
    """Yield the HTML of blocks, each section but the unfolded ones behind a click on its heading."""
    is_open, blocks = False, list(blocks)
    behind = [block.text for block in blocks if isinstance(block, Heading) and block.level == 2]
    behind = [text for text in behind if text not in unfolded]
    for block in blocks:
        if isinstance(block, Heading) and block.level == 2:
            if is_open:
                yield "</details>"
            is_open = block.text not in unfolded
            if is_open:
                if block.text == behind[0]:
                    yield _contents(behind)
                yield f'<details><summary>{_html(block)}</summary><a id="{_anchor(block.text)}"></a>'
                continue
        yield _html(block)
    if is_open:
        yield "</details>"


def _contents(headings: Sequence[str]) -> str:
    """Return links to sections; browsers open a section that a link leads into."""
    links = [f'<li><a href="#{_anchor(text)}">{_escaped(text)}</a></li>' for text in headings]
    return f'<nav aria-label="Contents"><p>In detail:</p><ul class="contents">{"".join(links)}</ul></nav>'


def _anchor(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


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
            text, address = _escaped(caption), source if source.startswith(_DATA_URL) else quote(source)
            table = f' (numbers: <a href="{quote(numbers)}">{_escaped(numbers)}</a>)' if numbers else ""
            below = f"<figcaption>{text}{table}</figcaption>"
            return f'<figure><img src="{escape(address)}" alt="{text}">{below}</figure>'
        case Drawing(svg, caption):
            return f"<figure>{svg}<figcaption>{_escaped(caption)}</figcaption></figure>"
        case Gallery(drawings):
            return f'<div class="gallery">{"".join(map(_html, drawings))}</div>'
        case Folded(summary, blocks):
            return f"<details><summary>{_escaped(summary)}</summary>{''.join(map(_html, blocks))}</details>"
        case _:
            assert_never(block)


def _escaped(text: str) -> str:
    """Escape text for HTML; a per cent sign stays on the line of its number."""
    return escape(text).replace(" %", "&nbsp;%")


def _html_cell(cell: Cell) -> str:
    text = _escaped(cell_text(cell))
    return f'<a href="{escape(cell.address)}">{text}</a>' if isinstance(cell, Link) else text


def markdown(title: str, blocks: Iterable[Block]) -> str:
    """Write a page as GitHub Markdown, with tables and with pictures as links.

    Parameters
    ----------
    title, blocks
        As of `html`.

    Examples
    --------
    >>> print(markdown("A page", [Paragraph("Of one_word and *stars*.")]), end="")
    # A page
    <BLANKLINE>
    Of one_word and \\*stars\\*.
    """
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
        case Drawing(_, caption):
            return _plain(caption)
        case Gallery(drawings):
            return "\n".join(f"- {_markdown(drawing)}" for drawing in drawings)
        case Folded(summary, blocks):
            return "\n\n".join([_plain(summary), *map(_markdown, blocks)])
        case _:
            assert_never(block)


def _plain(text: str) -> str:
    """Escape text, so that Markdown shows it as it stands, on one line."""
    line = _MARKS.sub(r"\\\g<0>", " ".join(text.split()))
    return re.sub(r"^(\d+)([.)])|^([#+=-])", r"\1\\\2\3", line)


def _markdown_cell(cell: Cell) -> str:
    text = _MARKS.sub(r"\\\g<0>", cell_text(cell)).replace("|", r"\|")
    return f"[{text}]({cell.address.replace('|', '%7C')})" if isinstance(cell, Link) else text


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    Parameters
    ----------
    number : int
    noun : str
        Noun in the singular, with a regular plural.

    Examples
    --------
    >>> counted(1, "row"), counted(5, "row")
    ('1 row', '5 rows')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def capital(text: str) -> str:
    """Return a text with a capital letter at its beginning; the others stay as they are.

    Parameters
    ----------
    text : str
        A sentence.

    Examples
    --------
    >>> capital("initial Coulombic efficiency")
    'Initial Coulombic efficiency'
    """
    return text[:1].upper() + text[1:]
