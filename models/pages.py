"""Pieces of HTML that the report and the server draw alike. Everything shown is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h1,h2{line-height:1.2;color:#1f4e79} h2{margin-top:2.2rem;border-bottom:1px solid #d6dde5;padding-bottom:.2rem}
table{border-collapse:collapse;margin:1rem 0;font-size:.92rem;display:block;overflow-x:auto}
th,td{border-bottom:1px solid #d6dde5;padding:.35rem .6rem;text-align:left;vertical-align:top} th{background:#eef3f8}
figure{margin:1rem 0} img{max-width:100%;height:auto} figcaption{color:#4a525c;font-size:.9rem}
.no{color:#8a1f11;font-weight:600} .yes{color:#1d6b34;font-weight:600} code{background:#f2f4f7;padding:.1rem .25rem}
@media print{body{max-width:none} h2{break-after:avoid} figure,table{break-inside:avoid}}
"""


def page(title: str, pieces: Iterable[str]) -> str:
    """A whole page that loads nothing from elsewhere."""
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
    )
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(pieces)}</body></html>\n'


def heading(text: str, level: int = 2) -> str:
    """A heading."""
    return f"<h{level}>{escape(text)}</h{level}>"


def paragraph(text: str) -> str:
    """A paragraph."""
    return f"<p>{escape(text)}</p>"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; every cell is escaped."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def picture(source: str, alternative: str) -> str:
    """A picture with its words below, which are also its alternative text."""
    words = escape(alternative)
    return f'<figure><img src="{escape(source)}" alt="{words}"><figcaption>{words}</figcaption></figure>'
