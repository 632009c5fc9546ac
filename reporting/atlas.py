"""The data atlas: every measured value that models learn from against pressure, size and class, with its paper."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from features.electrolyte import classes_of
from features.tables.literature import Literature
from models.tasks.examples import Examples
from models.tasks.registry import TASKS, targets_with_an_error, task_of
from models.tasks.target import Target
from reporting import pages
from reporting.figures import axes, look
from reporting.pages import capital, counted

TITLE = "Data atlas: every value the models learn from, and its paper"
HELP = (
    "A point is one published value: rest on it to read design and paper, click it to open the paper. Hollow points "
    "are bounds ('at least', 'at most'). A value is drawn only where its paper states the other quantity too."
)
NOT_STATED = "not stated"
_INK, _RULE = "#010203", "#040506"
"""Stand-ins for the colours of text and of axes, which follow the scheme of the page."""
_STYLE = (
    "<style>.atlas{color:#1b1f24;--rule:#7a808a}.atlas a:hover{opacity:.6}"
    "@media screen and (prefers-color-scheme:dark){.atlas{color:#e6e8ea;--rule:#8b949e}}</style>"
)
_RANK = 0.11
"""Distance of two points of a class that would lie on each other, in rows of the picture."""


@dataclass(frozen=True)
class AtlasColumn:
    """Quantity that values are drawn against.

    Attributes
    ----------
    column : str
        Of `points`.
    name, unit : str
    scale : str
        Of matplotlib: `log`, or `symlog` where 0 is a value; empty for words.
    """

    column: str
    name: str
    unit: str = ""
    scale: str = ""


AXES = (
    AtlasColumn("stack_pressure_mpa", "stack pressure", "MPa", "symlog"),
    AtlasColumn("size_nm", "silicon particle size or film thickness", "nm", "log"),
    AtlasColumn("electrolyte_class", "electrolyte class"),
)
"""Every quantity is drawn against those that its designs have; the axis of words comes last, as it is the tallest."""
CYCLES = (50, 200)
"""Ends of the bands by which retentions are coloured: a retention means nothing without its cycle."""


def points(examples: Mapping[str, Examples], literature: Literature) -> pd.DataFrame:
    """Return every value, one row a point.

    Parameters
    ----------
    examples : mapping of str to Examples
        Rows in training by task, see `models.tasks.registry.TASKS`.
    literature : Literature
        For citations and DOIs.

    Returns
    -------
    DataFrame
        `target` (column), `design`, `electrolyte_class`, `stack_pressure_mpa`, `size_nm` (of silicon particles, else
        the thickness of the film), `of_cells` (whether it is a cell's and not an electrolyte's), `kind` (what it is
        coloured by), `value` (in the target's unit), `bound` (whether only a bound is known), `measured` (as text),
        `citation`, `doi`, `place`. NaN where a paper does not state it.
    """
    tables = [
        _points_of(target, examples[task_of(column).name], literature)
        for column, target in targets_with_an_error().items()
        if task_of(column).name in examples
    ]
    return pd.concat(tables, ignore_index=True)


def literature_points(literature: Literature) -> pd.DataFrame:
    """Return every value of the tables, see `points`.

    Parameters
    ----------
    literature : Literature
        All tables.
    """
    return points({name: task.examples(literature) for name, task in TASKS.items()}, literature)


def _points_of(target: Target, examples: Examples, literature: Literature) -> pd.DataFrame:
    task, designs = task_of(target.column), examples.designs
    low, high = task.known(target, examples)
    middle = np.where(np.isfinite(low) & np.isfinite(high), (low + high) / 2, np.where(np.isfinite(low), low, high))
    size = _number(designs, "silicon_size_nm")
    return pd.DataFrame(
        {
            "target": target.column,
            "design": [_design(row) for _, row in designs.iterrows()],
            "electrolyte_class": [kind or NOT_STATED for kind in classes_of(designs)],
            "stack_pressure_mpa": _number(designs, "stack_pressure_mpa"),
            "size_nm": size.where(size.notna(), _number(designs, "film_thickness_nm")),
            "of_cells": "anode" in designs,
            "kind": _kinds(target, designs),
            "value": target.unscaled(middle),
            "bound": low != high,
            "measured": [task.measurement_text(row).removeprefix("= ") for _, row in designs.iterrows()],
            "citation": [literature.citation(paper) for paper in examples.papers],
            "doi": [literature.doi(paper) for paper in examples.papers],
            "place": designs["place"].fillna("").to_numpy() if "place" in designs else "",
        }
    )


def _number(designs: pd.DataFrame, column: str) -> pd.Series:
    if column not in designs:
        return pd.Series(np.nan, index=designs.index)
    return pd.to_numeric(designs[column])


def _design(row: pd.Series) -> str:
    texts = [row.get(name) for name in ("anode", "electrolyte", "composition")]
    names = dict.fromkeys(name for name in texts if isinstance(name, str) and name)
    return " | ".join([*names][:2]) or str(row["row_id"])


def _kinds(target: Target, designs: pd.DataFrame) -> list[str]:
    """Return what colours points: the cycle where a value needs one, else the anode; one kind for electrolytes."""
    if target.at_cycle:
        first, last = CYCLES
        names = (f"up to cycle {first}", f"cycle {first + 1} to {last}", f"beyond cycle {last}")
        return [names[int(place)] for place in np.searchsorted(CYCLES, designs["cycle"])]
    if "anode_architecture" in designs:
        return [str(kind) for kind in designs["anode_architecture"].fillna(NOT_STATED)]
    return [""] * len(designs)


def pictures(table: pd.DataFrame) -> list[pages.Drawing]:
    """Draw the atlas, a picture for each quantity and axis of which the rows state at least two values.

    Parameters
    ----------
    table : DataFrame
        Of `points`.
    """
    return [_drawing(target, rows, against) for target, rows, against in _pairs(table) if _varies(rows, against)]


def _pairs(table: pd.DataFrame) -> Iterator[tuple[Target, pd.DataFrame, AtlasColumn]]:
    """Yield quantities with their rows, and what they could be drawn against."""
    for column, target in targets_with_an_error().items():
        rows = table[table["target"] == column]
        yield from ((target, rows, against) for against in AXES if len(rows) and against.column in rows)


def _varies(rows: pd.DataFrame, against: AtlasColumn) -> bool:
    return bool(rows[against.column].nunique() > 1)


def _not_drawn(table: pd.DataFrame) -> list[pages.Block]:
    """Say what cannot be drawn, for quantities of cells: an axis that hardly any paper states."""
    missing = [
        f"{target.label} against {against.name} ({rows[against.column].notna().sum()} of {len(rows)} values state one"
        f"{', all of them the same' if rows[against.column].nunique() == 1 else ''})"
        for target, rows, against in _pairs(table)
        if not _varies(rows, against) and rows["of_cells"].any()
    ]
    return [pages.Paragraph(f"Nothing to draw of {'; '.join(missing)}.")] if missing else []


def _drawing(target: Target, rows: pd.DataFrame, against: AtlasColumn) -> pages.Drawing:
    drawn = rows[rows[against.column].notna()]
    name = capital(target.label)
    caption = f"{name} against {against.name}: {counted(len(drawn), 'value')} of {_papers(drawn)}"
    if len(drawn) < len(rows):
        caption += f"; {counted(len(rows) - len(drawn), 'more value')} without it"
    kinds = sorted(rows["kind"].unique(), key=lambda kind: (kind == NOT_STATED, _numbers(kind), kind))
    return pages.Drawing(_svg(_figure(target, drawn, against, kinds), drawn, caption), f"{caption}.")


def _papers(rows: pd.DataFrame) -> str:
    return counted(rows["citation"].nunique(), "paper")


def _numbers(text: str) -> int:
    """Order kinds that are bands of cycles: by the last number, and what has no end last."""
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    return (numbers[-1] + text.startswith("beyond")) if numbers else 0


def _figure(target: Target, rows: pd.DataFrame, against: AtlasColumn, kinds: Sequence[str]) -> Figure:
    if against.scale:
        figure, plot = axes(4.2, 3.0)
        _scatter(plot, rows, kinds, rows[against.column].to_numpy(dtype=float), rows["value"].to_numpy(dtype=float))
        plot.set_xscale(against.scale, **({"linthresh": 1} if against.scale == "symlog" else {}))
        _scale(plot, "y", target)
        plot.set_xlabel(f"{against.name} ({against.unit})")
        if against.scale == "symlog":
            plot.set_xlim(left=-0.15)
    else:
        order = rows.groupby(against.column)["value"].median().sort_values().index.tolist()
        figure, plot = axes(4.2, 1.5 + 0.22 * len(order))
        places = _beside(rows[against.column].map(order.index).to_numpy(), target.scaled(rows["value"]))
        _scatter(plot, rows, kinds, rows["value"].to_numpy(dtype=float), places)
        plot.set_yticks(range(len(order)), [f"{name} ({(rows[against.column] == name).sum()})" for name in order])
        plot.set_ylim(-0.6, len(order) - 0.4)
        plot.grid(axis="y", linewidth=0.4, alpha=0.35)
        _scale(plot, "x", target)
    if len(kinds) > 1:
        figure.legend(
            loc="outside lower center", ncols=3, fontsize=7.5, frameon=False, handletextpad=0.2, columnspacing=1
        )
    return figure


def _scale(plot: Axes, axis: str, target: Target) -> None:
    label = f"{target.label} ({target.unit})"
    plot.set(**{f"{axis}label": label, f"{axis}scale": "log" if target.log10 else "linear"})
    drawn = plot.xaxis if axis == "x" else plot.yaxis
    drawn.set_major_locator(LogLocator(numticks=7) if target.log10 else MaxNLocator(6))


def _beside(row: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Move points of one row of the picture apart that would lie on each other, to both sides in turn.

    Parameters
    ----------
    row : ndarray, shape (n_points,)
        Row of each point.
    value : ndarray, shape (n_points,)
        Where it lies along the row.
    """
    step = (np.ptp(value) or 1.0) / 45
    cell = pd.Series(list(zip(row, np.round(value / step), strict=True)))
    rank = cell.groupby(cell).cumcount().to_numpy()
    side = np.where(rank % 2, 1, -1) * ((rank + 1) // 2)
    return np.asarray(row + np.clip(side * _RANK, -0.42, 0.42))


def _scatter(plot: Axes, rows: pd.DataFrame, kinds: Sequence[str], x: np.ndarray, y: np.ndarray) -> None:
    for place, kind in enumerate(kinds):
        style = look(place)
        colour = _INK if style["color"] == "#000000" else style["color"]
        own, bound = (rows["kind"] == kind).to_numpy(), rows["bound"].to_numpy(dtype=bool)
        for some, face in ((own & ~bound, colour), (own & bound, "none")):
            marks = plot.scatter(x[some], y[some], s=26, marker=style["marker"], facecolor=face, edgecolor=colour,
                                 linewidth=1, alpha=0.8)  # fmt: skip
            marks.set_urls([f"point-{index}" for index in rows.index[some]])
        if own.any():
            plot.scatter([], [], s=26, marker=style["marker"], color=colour, label=kind)


def _svg(figure: Figure, rows: pd.DataFrame, caption: str) -> str:
    """Return a figure as SVG to stand in a page: colours of the page's scheme, each point with its title and paper."""
    for plot in figure.axes:
        plot.set_facecolor("none")
        plot.tick_params(colors=_RULE, labelcolor=_INK, which="both", labelsize=8)
        plot.xaxis.label.set(color=_INK, fontsize=9)
        plot.yaxis.label.set(color=_INK, fontsize=9)
        for spine in plot.spines.values():
            spine.set_edgecolor(_RULE)
    for legend in figure.legends:
        for name in legend.get_texts():
            name.set_color(_INK)
    written = io.StringIO()
    options: dict[Any, Any] = {"svg.hashsalt": f"silion {caption}", "svg.fonttype": "none"}
    with warnings.catch_warnings(), matplotlib.rc_context(options):
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    text, by_name = written.getvalue(), dict(rows.iterrows())
    text = text[text.index("<svg") :].replace(_INK, "currentColor").replace(_RULE, "var(--rule)")
    text = re.sub(r"<metadata>.*?</metadata>", _STYLE, text, count=1, flags=re.DOTALL)
    text = text.replace("<svg ", f'<svg class="atlas" role="img" aria-label="{escape(caption)}" ', 1)
    return re.sub(r'<a xlink:href="point-(\d+)"[^>]*>', lambda link: _link(by_name[int(link[1])]), text)


def _link(row: pd.Series) -> str:
    where = f' href="{escape(_address(row["doi"]))}" target="_blank" rel="noopener"' if row["doi"] else ""
    return f"<a{where}><title>{escape(title(row))}</title>"


def title(row: pd.Series) -> str:
    """Return the text that a point shows when one rests on it.

    Parameters
    ----------
    row : Series
        Of `points`.
    """
    known = [
        f"{row[against.column]:g} {against.unit}" for against in AXES if against.unit and pd.notna(row[against.column])
    ]
    return "\n".join(filter(None, [f"{row['measured']}: {row['design']}", ", ".join(known), row["citation"]]))


def _address(doi: str) -> str:
    return f"https://doi.org/{quote(doi)}"


def gallery(table: pd.DataFrame) -> list[pages.Block]:
    """Return the pictures with a sentence on how they are read.

    Parameters
    ----------
    table : DataFrame
        Of `points`.
    """
    return [pages.Paragraph(HELP), pages.Gallery(pictures(table)), *_not_drawn(table)]


def page(table: pd.DataFrame, drawn: Sequence[pages.Block] | None = None) -> str:
    """Return the atlas as a whole page: the pictures, and every point with its paper in sortable tables to unfold.

    Parameters
    ----------
    table : DataFrame
        Of `points`.
    drawn : sequence of Block or None
        Its `gallery`, where it is drawn already.
    """
    return pages.html(TITLE, [*(drawn or gallery(table)), *_tables(table)], unfolded=())


def _tables(table: pd.DataFrame) -> Iterator[pages.Block]:
    header = {"measured": "measured", "design": "design", "electrolyte_class": "electrolyte class",
              "stack_pressure_mpa": "stack pressure (MPa)", "size_nm": "size (nm)", "citation": "paper",
              "place": "place in the paper or review"}  # fmt: skip
    for column, target in targets_with_an_error().items():
        rows = table[table["target"] == column]
        columns = [name for name in header if rows[name].notna().any()]
        cells = [
            [_paper(row) if name == "citation" else row[name] for name in columns] for row in rows.to_dict("records")
        ]
        yield pages.Heading(f"{capital(target.label)}: {counted(len(rows), 'value')} of {_papers(rows)}")
        yield pages.Table([header[name] for name in columns], cells, sortable=True)


def _paper(row: Mapping[Hashable, Any]) -> pages.Cell:
    return pages.Link(row["citation"], _address(row["doi"])) if row["doi"] else row["citation"]
