"""Display of answers in a notebook: plain HTML that holds its own style, so that it looks alike in every front end."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from models.tasks.target import Target

WIDTH, HEIGHT = 180, 14
"""Pixels of an interval's bar."""
STYLE = """<style>
.silion table{border-collapse:collapse;margin:.3em 0 1em}
.silion td,.silion th{border:0;border-bottom:1px solid rgba(128,128,128,.35);padding:.25em .8em .25em 0;text-align:left}
.silion td.number{font-variant-numeric:tabular-nums;white-space:nowrap}
.silion .quiet{opacity:.7} .silion ul{margin:.2em 0 .8em 1.2em;padding:0} .silion h4{margin:.8em 0 .2em}
.silion .bar{color:#0072b2} .silion .minus{color:#d55e00} .silion{overflow-x:auto}
@media (max-width:40rem){.silion svg{width:60px}
.silion td.number,.silion th{white-space:normal;padding-right:.4em;font-size:.85em}}
</style>"""


def framed(parts: Sequence[str]) -> str:
    """Return pieces of HTML as one output of a notebook, with the style they need.

    Parameters
    ----------
    parts : sequence of str
        HTML.
    """
    return f'{STYLE}<div class="silion">{"".join(parts)}</div>'


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of cells that are HTML already.

    Parameters
    ----------
    header : sequence of str
        Plain text.
    rows : sequence of sequence of str
        HTML, as many cells as the header has.
    """
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join("<tr>" + "".join(f'<td class="number">{cell}</td>' for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def bullets(texts: Sequence[str]) -> str:
    """Return a list of plain texts; nothing where there are none.

    Parameters
    ----------
    texts : sequence of str
    """
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>" if texts else ""


def folded(summary: str, inside: str) -> str:
    """Return HTML behind a click.

    Parameters
    ----------
    summary : str
        Plain text to click on.
    inside : str
        HTML.
    """
    return f'<details><summary class="quiet">{escape(summary)}</summary>{inside}</details>' if inside else ""


def span(target: Target, lows: np.ndarray, highs: np.ndarray) -> tuple[float, float]:
    """Return the ends of the axis that intervals of one target share, on its error scale.

    Parameters
    ----------
    target : Target
    lows, highs : array, shape (n_designs,)
        Ends of the intervals in the target's unit, NaN where there is none.

    Examples
    --------
    >>> from models.tasks.conductivity import CONDUCTIVITY
    >>> low, high = span(CONDUCTIVITY, np.array([1e-4, np.nan]), np.array([1e-2, np.nan]))
    >>> round(low, 9), round(high, 9)
    (-4.0, -2.0)
    """
    ends = target.scaled(np.concatenate([lows, highs]))
    ends = ends[np.isfinite(ends)]
    if not len(ends) or ends.min() == ends.max():
        return 0.0, 1.0
    return float(ends.min()), float(ends.max())


def interval_bar(target: Target, value: float, low: float, high: float, ends: tuple[float, float]) -> str:
    """Draw an interval with the prediction as a dot, on a log scale where the target has one.

    Parameters
    ----------
    target : Target
        Quantity that is drawn.
    value, low, high : float
        In the target's unit; without a value no dot is drawn.
    ends : tuple of float
        What `span` gave.
    """
    point = np.isfinite(value)
    first, last, dot = (
        (float(target.scaled(end)) - ends[0]) / (ends[1] - ends[0]) for end in (low, high, value if point else low)
    )
    places = [5 + (WIDTH - 10) * float(np.clip(share, 0, 1)) for share in (first, last, dot)]
    unit = f" {target.unit}" if target.unit else ""
    label = escape(
        f"{f'{target.show(value)}{unit}' if point else 'no point'}, {target.show(low)} to {target.show(high)}"
    )
    return (
        f'<svg class="bar" role="img" aria-label="{label}" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} '
        f'{HEIGHT}"><title>{label}</title><line x1="{places[0]:.1f}" x2="{places[1]:.1f}" y1="7" y2="7" '
        'stroke="currentColor" stroke-width="4" stroke-opacity=".35" stroke-linecap="round"/>'
        + (f'<circle cx="{places[2]:.1f}" cy="7" r="4" fill="currentColor"/>' if point else "")
        + "</svg>"
    )


def step_bar(share: float) -> str:
    """Draw what a feature adds or takes away, from the middle to the right or to the left.

    Parameters
    ----------
    share : float
        Of the strongest one, -1 to 1.
    """
    middle, length = WIDTH / 2, abs(share) * (WIDTH / 2 - 2)
    start = middle if share > 0 else middle - length
    kind = "bar" if share > 0 else "minus"
    return (
        f'<svg class="{kind}" aria-hidden="true" width="{WIDTH}" height="{HEIGHT}"><line x1="{middle}" x2="{middle}" '
        f'y1="0" y2="{HEIGHT}" stroke="currentColor" stroke-opacity=".4"/><rect x="{start:.1f}" y="3" '
        f'width="{max(length, 1):.1f}" height="8" fill="currentColor"/></svg>'
    )
