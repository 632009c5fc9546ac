"""Fade of a cell: log10 of the cycles to 80 %, which gives both capacity retention and cycle life.

The examples are cycling points. What a point says of its cell's life depends on the shape of the fade law, which is
learnt from the training points or fixed by a recipe: labels are made anew inside every fold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from features.tables.literature import Literature
from models.ensemble import Recipe
from models.tasks import fade_law
from models.tasks.cycling import cycling_points
from models.tasks.examples import Examples
from models.tasks.target import Target
from models.tasks.task import CALM, Settings, Task, finite

RETENTION = Target(
    "retention_pct", "capacity retention", "%", False, 0.0, 100.0, "percentage points", ".0f", at_cycle=True
)
LIFE = Target("cycle_life_80", "cycle life to 80 %", "cycles", True, 1.0, 1e6, "decades", ".0f", censored=True)
SQUARE_ROOT = 0.5
"""Shape of a loss that grows with the square root of the cycles, as that of a layer that slows its own growth; reported
for silicon composites too (arXiv:2605.10217), and doubted as a general law (escholarship.org/uc/item/0pq2f6r5)."""
LIKE_CYCLES = 1.25
"""Ratio of cycles up to which the retentions of two cells are compared."""
PRINTED_HALF_PCT = 0.5
"""Retentions are printed to about one per cent: 100 % counts as held by an interval that ends at 99.6."""


def fade_examples(literature: Literature) -> Examples:
    """Return cycling points as examples; their labels are made again, by `relabelled`, inside each fold.

    Parameters
    ----------
    literature : Literature
        Its tables of cells and cycling.
    """
    points = cycling_points(literature).reset_index(drop=True)
    return Examples(points, fade_law.fade_labels(points, fade_law.fade_shape(points)))


def retention_at(lives: np.ndarray, cycles: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """Return the retention of each row in %, by its own life and fade shape, shape (n_rows,).

    Parameters
    ----------
    lives : ndarray, shape (n_rows,)
        log10 cycles to 80 %.
    cycles : ndarray, shape (n_rows,)
        Cycles after the reference.
    shapes : ndarray, shape (n_rows,)
        Of the fade law.
    """
    return np.array(
        [
            float(fade_law.retention_pct(life, cycle, shape))
            for life, cycle, shape in zip(lives, cycles, shapes, strict=True)
        ]
    )


class FadeTask(Task):
    """Fade of a cell, by one law that ties every retention to the cycle life."""

    name = "fade"
    targets = (RETENTION, LIFE)
    label = f"{RETENTION.label} and {LIFE.label}"
    summary = f"{LIFE.label}, from which {RETENTION.label} is read"
    outcome, result = "cycle life", "retention"
    axis = "life to 80 % (cycles)"
    higher, lower = "longer", "shorter"
    scale_unit = "log10 cycles to 80 %"
    log10_scale = True
    recipes: ClassVar[Mapping[str, Recipe]] = {
        "few trees": Recipe(rounds=60),
        "half believed": replace(CALM, fade_shape=SQUARE_ROOT),
        "hardly believed": replace(CALM, fade_shape=SQUARE_ROOT, shrink=0.2),
    }

    def examples(self, literature: Literature) -> Examples:
        """Return `fade_examples`.

        Parameters
        ----------
        literature : Literature
            All tables.
        """
        return fade_examples(literature)

    def relabelled(self, examples: Examples, recipe: Recipe) -> tuple[Examples, dict[str, float]]:
        """Return the points under the recipe's shape of the fade law, or the one that they show, and that shape.

        Parameters
        ----------
        examples, recipe
            As for `Task.relabelled`.
        """
        shape = fade_law.fade_shape(examples.designs) if recipe.fade_shape is None else recipe.fade_shape
        return Examples(examples.designs, fade_law.fade_labels(examples.designs, shape)), {"shape": shape}

    def without_rows(self, literature: Literature, row_names: Set[str]) -> Literature:
        """Return the literature without some cycling points; the cells stay.

        Of several points of a cell at one cycle the first ones are those that stay.

        Parameters
        ----------
        literature : Literature
            All tables.
        row_names : set of str
            Names of points, as `Examples.row_names` gives them.
        """
        remaining = _remaining_points(fade_examples(literature), row_names)
        rows = [row for row in literature.cycling if not row.in_training or _take(remaining, (row.cell_id, row.cycle))]
        return replace(literature, cycling=rows)

    def measurement_text(self, row: pd.Series) -> str:
        """Return a retention in words: `= 64 % at cycle 140`.

        Parameters
        ----------
        row : Series
            A row of the examples' designs.
        """
        return f"{row['qualifier']} {row['retention_pct']:.3g} % at cycle {row['cycle']:g}"

    def known(self, target: Target, examples: Examples) -> tuple[np.ndarray, np.ndarray]:
        """Return bounds of the retention as measured: the labels of a point depend on the other papers' points.

        Parameters
        ----------
        target, examples
            As for `Task.known`; only retention has values by point.
        """
        value = examples.designs[RETENTION.column].to_numpy(dtype=float)
        mark = examples.designs["qualifier"].to_numpy()
        return np.where(mark == "<", -np.inf, value), np.where(mark == ">", np.inf, value)

    def baseline_labels(self, examples: Examples) -> tuple[np.ndarray, np.ndarray]:
        """Return the printed retention, whatever the cycle, each point counting once.

        Parameters
        ----------
        examples : Examples
            Training points.
        """
        values = examples.designs[RETENTION.column].to_numpy(dtype=float)
        return values, np.ones(len(values))

    def out_of_fold(self, target: Target, values: np.ndarray, examples: Examples, shape: np.ndarray) -> np.ndarray:
        """Return the retention at each point's cycle, or the life as it is, shape (n_repeats, n_rows).

        Parameters
        ----------
        target, values, examples, shape
            As for `Task.out_of_fold`.
        """
        if not target.at_cycle:
            return values
        cycles = examples.designs["cycles"].to_numpy(dtype=float)
        return np.array([retention_at(lives, cycles, shapes) for lives, shapes in zip(values, shape, strict=True)])

    def is_covered(
        self, target: Target, examples: Examples, values: np.ndarray, half: np.ndarray, ends: tuple[np.ndarray, ...]
    ) -> np.ndarray:
        """Return whether the interval of the retention holds what is printed, to the precision it is printed with.

        Parameters
        ----------
        target, examples, values, half, ends
            As for `Task.is_covered`.
        """
        printed, (low, high) = examples.designs[RETENTION.column].to_numpy(dtype=float), ends
        return np.asarray((low - PRINTED_HALF_PCT <= printed) & (printed <= high + PRINTED_HALF_PCT))

    def choice_error(self, examples: Examples, predicted: np.ndarray, settings: Settings) -> np.ndarray:
        """Return how far the curve misses each printed retention, in points: recipes may differ in the law's shape.

        Parameters
        ----------
        examples, predicted, settings
            As for `Task.choice_error`.
        """
        designs = examples.designs
        curve = fade_law.retention_pct(predicted, designs["cycles"].to_numpy(dtype=float), settings["shape"])
        miss = curve - designs["retention_pct"].to_numpy(dtype=float)
        mark = designs["qualifier"].to_numpy()
        return np.asarray(
            np.where(mark == ">", np.maximum(-miss, 0), np.where(mark == "<", np.maximum(miss, 0), np.abs(miss)))
        )

    def comparable(self, designs: pd.DataFrame, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return whether two points are of two cells, after about as many cycles.

        Parameters
        ----------
        designs, first, second
            As for `Task.comparable`.
        """
        cells, cycles = designs["row_id"].to_numpy(), designs["cycles"].to_numpy(dtype=float)
        ratio = np.maximum(cycles[first], cycles[second]) / np.minimum(cycles[first], cycles[second])
        return np.asarray((cells[first] != cells[second]) & (ratio <= LIKE_CYCLES))

    def in_unit(self, target: Target, scaled: Any, cycles: Any, settings: Settings) -> np.ndarray:
        """Return the retention in % after these cycles, or the life in cycles, the reference cycle included.

        Parameters
        ----------
        target, scaled, cycles, settings
            As for `Task.in_unit`.
        """
        if target.at_cycle:
            return fade_law.retention_pct(scaled, cycles, settings["shape"])
        return np.asarray(np.clip(1 + 10.0**scaled, target.low, target.high))

    def published(
        self, target: Target, row: Mapping[str, object], cycles: float, settings: Settings
    ) -> tuple[float, str]:
        """Return the retention brought to other cycles, or the life, by the fade law.

        Parameters
        ----------
        target, row, cycles, settings
            As for `Task.published`.
        """
        retention = finite(row.get(RETENTION.column))
        life = fade_law.log10_life(finite(row.get("cycle")) - 1.0, retention, settings["shape"])
        qualifier = str(row.get("qualifier") or "=")
        if retention >= fade_law.HIGHEST_INFORMATIVE_PCT:
            qualifier = ">"
        return float(self.in_unit(target, life, cycles, settings)), qualifier

    def limits(self, target: Target) -> tuple[float, float]:
        """Return the limits of what the fade law can resolve: beyond 1 and 99 % a retention says nothing of the life.

        Parameters
        ----------
        target : Target
            Retention or life.
        """
        if target.at_cycle:
            return fade_law.LOWEST_INFORMATIVE_PCT, fade_law.HIGHEST_INFORMATIVE_PCT
        return 1.0, target.high

    def on_scale(self, target: Target, limit: float, cycles: np.ndarray, settings: Settings) -> np.ndarray:
        """Return the life at which the limit is just reached, log10 cycles.

        Parameters
        ----------
        target, limit, cycles, settings
            As for `Task.on_scale`.
        """
        if not target.at_cycle:
            return np.asarray(np.log10(limit - 1))
        with np.errstate(divide="ignore"):  # at the first cycle everything is held, whatever the life
            return fade_law.log10_life(cycles, limit, settings.get("shape", np.nan))

    def measured(self, number: Callable[[str], np.ndarray], settings: Settings) -> np.ndarray:
        """Return measured lives, log10 cycles: as given, else by the fade law from a retention at its cycle.

        Parameters
        ----------
        number, settings
            As for `Task.measured`. A retention of 99 % or more, or 1 % or less, only bounds the life: NaN.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            printed = np.log10(number(LIFE.column) - 1)
            retention = number(RETENTION.column)
            curve = fade_law.log10_life(number("cycle") - 1, retention, settings["shape"])
        low, high = self.limits(RETENTION)
        bound = (retention >= high) | (retention <= low)
        return np.asarray(np.where(np.isfinite(printed), printed, np.where(bound, np.nan, curve)))


def _remaining_points(examples: Examples, removed: Set[str]) -> dict[tuple[str, float], int]:
    """Return how many points stay of each cell and cycle that loses one."""
    places = zip(examples.designs["row_id"], examples.designs["cycle"], strict=True)
    points = [
        ((str(cell), float(cycle)), name in removed)
        for (cell, cycle), name in zip(places, examples.row_names, strict=True)
    ]
    affected = {place for place, is_gone in points if is_gone}
    return {place: sum(cell_cycle == place and not is_gone for cell_cycle, is_gone in points) for place in affected}


def _take(remaining: dict[tuple[str, float], int], place: tuple[str, float]) -> bool:
    """Return whether a point stays; counts down what is left at its place."""
    if place not in remaining:
        return True
    remaining[place] -= 1
    return remaining[place] >= 0
