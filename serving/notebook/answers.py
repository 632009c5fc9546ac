"""Answers of the Python API: tables to go on with, and what a notebook or a terminal shows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from models.explain.waterfall import Waterfall
from models.predictions import ENDS, RANGE_OF
from models.tasks.registry import BESIDE_ONLY, ON_REQUEST, TARGETS, is_range_alone
from models.tasks.target import Target
from serving.decide.compare import text_differences
from serving.notebook import html
from serving.predict.prediction_text import SHOWN, text_notices, text_table, whose_range, written_targets

STEPS_SHOWN = 8
"""Features shown of one prediction taken apart."""


@dataclass(frozen=True)
class Answers:
    """Predictions of designs.

    Attributes
    ----------
    table : DataFrame, shape (n_designs, n_columns)
        The designs as given, then per target `<column>`, `<column>_low` and `<column>_high` in its unit, and `notice`;
        NaN where a design says too little for a target.
    nearest : DataFrame
        Nearest literature rows of different papers: `design`, `target`, `rank`, `distance`, `electrolyte`, `anode`,
        `measured`, `doi`, `citation`.
    names : list of str
        What each design is called.
    level : float
        Share of papers whose values the intervals should hold, 0 to 1.
    skill : mapping of str to str
        By target: what unseen papers showed.
    remarks : list of str
        On columns that were not read.
    asked : sequence of str or None
        Columns of the targets asked for; None where none was named.
    """

    table: pd.DataFrame
    nearest: pd.DataFrame
    names: list[str]
    level: float
    skill: Mapping[str, str]
    remarks: list[str] = field(default_factory=list)
    asked: Sequence[str] | None = None

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        notices = text_notices(self.table)
        return "\n".join(
            [
                text_table(self.table, targets=self.asked),
                f"[ ]: {100 * self.level:g} % interval",
                *([f"notices:\n{notices}"] * bool(notices)),
            ]
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows: intervals as bars, notices, and the nearest papers behind a click."""
        beyond = len(self) - SHOWN
        more = f'<p class="quiet">… and {beyond} more designs; all are in <code>.table</code></p>' if beyond > 0 else ""
        return self.html(SHOWN, more)

    def html(self, count: int, more: str = "") -> str:
        """Return the first designs as HTML: intervals as bars, notices, and the nearest papers behind a click.

        Parameters
        ----------
        count : int
            Designs to show.
        more : str
            HTML behind them.
        """
        targets = [target for column, target in written_targets(self.asked).items() if column in self.table]
        ends = {
            target.column: html.span(target, *(self._numbers(target.column + end) for end in ENDS[1:]))
            for target in targets
        }
        parts = []
        for row, name in enumerate(self.names[:count]):
            parts.append(f"<h4>{escape(name)}</h4>")
            lines = [line for target in targets if (line := self._line(row, target, ends[target.column]))]
            parts.append(html.table(["", "", f"{100 * self.level:g} % interval", "unit", "on unseen papers"], lines))
            notices = [notice for notice in str(self.table["notice"].iloc[row]).split("; ") if notice]
            parts.append(html.bullets(notices))
            parts.append(html.folded("nearest papers", self._precedents(row)))
        return html.framed([*parts, more])

    def _numbers(self, column: str) -> np.ndarray:
        return self.table[column].to_numpy(dtype=float)

    def _line(self, row: int, target: Target, ends: tuple[float, float]) -> list[str]:
        value, low, high = (float(self.table[target.column + end].iloc[row]) for end in ENDS)
        if np.isnan(low):
            return []
        bar = html.interval_bar(target, value, low, high, ends)
        point = "no point" if np.isnan(value) else f"<b>{target.show(value)}</b>"
        numbers = f"{point} [{target.show(low)} to {target.show(high)}]"
        skill = escape(self.skill.get(target.column, BESIDE_ONLY if target.column in ON_REQUEST else "not measured"))
        if is_range_alone(target.column):
            skill = f"range only: {escape(whose_range(str(self.table[RANGE_OF].iloc[row]), target.column))}"
        return [escape(target.label), bar, numbers, escape(target.unit), f'<span class="quiet">{skill}</span>']

    def _precedents(self, place: int) -> str:
        own = self.nearest[self.nearest["place"] == place]
        columns = ("target", "electrolyte", "anode", "measured", "distance", "doi", "citation")
        cells = [
            [escape("" if pd.isna(row[name]) else str(row[name])) for name in columns] for _, row in own.iterrows()
        ]
        return html.table(columns, cells) if cells else ""


def nearest_table(names: Sequence[str], precedents: Sequence[Mapping[str, list[dict[str, Any]]]]) -> pd.DataFrame:
    """Return the nearest literature rows as one table.

    Parameters
    ----------
    names : sequence of str, shape (n_designs,)
    precedents : sequence of mapping
        Per design, rows by target: what `Predictions.precedents` gives.
    """
    columns = ["place", "design", "target", "rank", "distance", "electrolyte", "anode", "measured", "doi", "citation"]
    rows = [
        {"place": place, "design": names[place], "target": target, "rank": rank, **row}
        for place, by_target in enumerate(precedents)
        for target, nearest in by_target.items()
        for rank, row in enumerate(nearest, start=1)
    ]
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True)
class Explanation:
    """Predictions taken apart, feature by feature.

    Attributes
    ----------
    table : DataFrame
        One row per design, target and feature, strongest first: `design`, `target`, `feature`, `label`, `value`,
        `shap` (on the model's scale) and `step` (`×3.2`: a factor; `+4.1`: percentage points).
    waterfalls : list of Waterfall
        From the base to the prediction, one per design and target.
    skill : mapping of str to str
        By target: what unseen papers showed.
    """

    table: pd.DataFrame
    waterfalls: list[Waterfall]
    skill: Mapping[str, str]

    def __repr__(self) -> str:
        lines = []
        for waterfall in self.waterfalls:
            lines.append(f"{waterfall.title}: {_prediction_text(waterfall)}")
            for label, value, piece in _strongest(waterfall):
                lines.append(f"  {waterfall.step_in_words(piece):>8}  {label}: {value}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows; targets without skill stand behind a click."""
        parts = []
        for waterfall in self.waterfalls:
            skill = self.skill.get(waterfall.column, "not measured")
            inside = (
                _steps(waterfall)
                + '<p class="quiet">SHAP values say how the model weighs a feature, not what causes what.</p>'
            )
            title = f"{waterfall.title}: {_prediction_text(waterfall)} ({skill})"
            parts.append(f"<h4>{escape(title)}</h4>{inside}" if skill == "skill shown" else html.folded(title, inside))
        return html.framed(parts)


def _prediction_text(waterfall: Waterfall) -> str:
    target = waterfall.target
    low, value, high = (target.show(number) for number in (waterfall.low, waterfall.predicted, waterfall.high))
    return f"{value} {target.unit} [{low} to {high}], from {target.show(waterfall.base)} when nothing is known"


def _strongest(waterfall: Waterfall) -> list[tuple[str, str, float]]:
    """Return label, value and piece of the features that matter most."""
    steps = waterfall.steps.head(STEPS_SHOWN)
    columns = (steps["label"].tolist(), steps["value"].tolist(), steps["piece"].tolist())
    return [(str(label), str(value), float(piece)) for label, value, piece in zip(*columns, strict=True)]


def _steps(waterfall: Waterfall) -> str:
    steps = _strongest(waterfall)
    most = max((abs(piece) for _, _, piece in steps), default=0.0) or 1.0
    rows = [
        [escape(label), escape(value), html.step_bar(piece / most), waterfall.step_in_words(piece)]
        for label, value, piece in steps
    ]
    return html.table(["feature", "of this design", "lowers | raises", "by"], rows)


@dataclass(frozen=True)
class Differences:
    """Pairs of designs compared as if one laboratory made and measured both.

    Attributes
    ----------
    table : DataFrame
        `design_a`, `design_b`, then per target `<column>_difference` with its ends (decades, or percentage points) and
        `<column>_a_above_b`, the probability that a lies above b; NaN where differences are not judged.
    notices : list of str
        How far unseen papers support the differences of each target.
    level : float
        Of the intervals, 0 to 1.
    """

    table: pd.DataFrame
    notices: list[str]
    level: float

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        return "\n".join([text_differences(self.table), f"[ ]: {100 * self.level:g} % interval", *self.notices])

    def _repr_html_(self) -> str:
        """Return what a notebook shows: one line per pair and target."""
        rows = []
        for _, row in self.table.head(SHOWN).iterrows():
            for column, target in TARGETS.items():
                difference = row.get(f"{column}_difference", np.nan)
                if pd.isna(difference):
                    continue
                low, high = row[f"{column}_difference_low"], row[f"{column}_difference_high"]
                rows.append(
                    [
                        escape(f"{row['design_a']} – {row['design_b']}"),
                        escape(target.label),
                        f"<b>{difference:+.2g}</b> [{low:+.2g} to {high:+.2g}] {escape(target.error_unit)}",
                        f"{100 * row[f'{column}_a_above_b']:.0f} %",
                    ]
                )
        header = ["first – second", "", f"difference, {100 * self.level:g} % interval", "first is higher"]
        return html.framed([html.table(header, rows), html.bullets(self.notices)])
