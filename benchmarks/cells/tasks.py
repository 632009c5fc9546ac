"""What is predicted of cells, and from what: the rows of ICE and of fading, and the folds made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.cells.ideas import curve_ideas, direct_ideas, ice_ideas
from benchmarks.cells.rows import Fold, Idea, Rows
from features.cell import CellFeatures
from features.tables.literature import Literature
from models.ensemble import Labels, Recipe
from models.tasks import fade_law
from models.tasks.conductivity import conductivity_examples
from models.tasks.cycling import cycling_points
from models.tasks.examples import Examples
from models.tasks.fade import fade_examples
from models.tasks.ice import ice_examples
from models.tasks.part import Part, fit_part, with_conductivity

LINK = {True: Recipe(linear_share=0.5), False: Recipe(members=1, rounds=100)}
"""Recipe of the electrolyte's conductivity: the shipped one for the outer folds, a short one for the inner."""


@dataclass(frozen=True)
class Task:
    """One table of cells and the ideas to predict it.

    `judged` are rows with a value, not a bound; `truth` their values in %.
    """

    name: str
    examples: Examples
    liquid: Examples
    side: Examples
    ideas: dict[str, Idea]
    truth: np.ndarray
    judged: np.ndarray
    fades: bool
    unit: str = "paper"

    @property
    def constant(self) -> str:
        """The best constant: a median in which each paper counts once."""
        return "direct: each paper counts once" if self.fades else "each paper counts once, median"

    @property
    def papers(self) -> np.ndarray:
        """What is held out and drawn again: the paper of each row, or its first author."""
        papers = self.examples.papers
        return (
            papers if self.unit == "paper" else np.array([paper.rstrip("abc").rstrip("0123456789") for paper in papers])
        )

    def names(self, rows: np.ndarray) -> set[str]:
        """Papers of some rows."""
        return set(self.examples.papers[rows])


def tasks(literature: Literature) -> list[Task]:
    """ICE and fading, with liquid cells and cells of known first capacity beside them."""
    years = {paper: source.year for paper, source in literature.sources.items()}

    def dated(examples: Examples) -> Examples:
        return Examples(examples.designs.assign(year=examples.designs["paper"].map(years)), examples.labels)

    def wet(examples: Examples) -> Examples:
        return dated(
            examples.take(np.flatnonzero(examples.designs["electrolyte_class"].isin(["liquid", "gel"]).to_numpy()))
        )

    ice, points = ice_examples(literature), fade_examples(literature)
    soaked = cycling_points(literature, liquid=True).reset_index(drop=True)
    soaked_labels = fade_law.fade_labels(soaked, fade_law.FALLBACK_SHAPE)
    printed = points.designs["retention_pct"].to_numpy(dtype=float)
    side = dated(first_capacities(literature))
    return [
        Task(
            "ICE", dated(ice), wet(ice_examples(literature, liquid=True)), side, ice_ideas(), ice.labels.lower,
            ice.labels.exact, False,
        ),
        Task(
            "retention", dated(points), wet(Examples(soaked, soaked_labels)), side, curve_ideas() | direct_ideas(),
            printed, ~points.designs["qualifier"].isin(["<", ">"]).to_numpy(), True,
        ),
    ]  # fmt: skip


def first_capacities(literature: Literature) -> Examples:
    """Solid cells in training with a first capacity per gram, log10: the side target."""
    cells = [
        cell
        for cell in literature.cells
        if cell.in_training and cell.first_capacity_mah_per_g and cell.electrolyte_class not in ("liquid", "gel")
    ]
    frame = pd.DataFrame([cell.model_dump() for cell in cells]).assign(paper=[cell.paper for cell in cells])
    value = np.log10(frame["first_capacity_mah_per_g"].to_numpy(dtype=float))
    return Examples(frame, Labels(value, value, np.ones(len(value))))


class Reader:
    """Turns designs into rows; the conductivity link is fitted without the held-out papers."""

    def __init__(self, literature: Literature) -> None:
        self.electrolytes = conductivity_examples(literature)
        self.fitted: dict[tuple[frozenset[str], bool], Part] = {}

    def link(self, held_out: frozenset[str], full: bool) -> Callable[[Examples], Rows]:
        names = self.electrolytes.papers
        key = (held_out & frozenset(names), full)
        if key not in self.fitted:
            others = self.electrolytes.take(np.flatnonzero([name not in held_out for name in names]))
            self.fitted[key] = fit_part("conductivity", others.designs, others.labels, LINK[full], 0)
        part = self.fitted[key]

        def read(examples: Examples) -> Rows:
            designs = with_conductivity(examples.designs, part)
            vectors = CellFeatures().fit_transform(designs)
            return Rows(designs, vectors.assign(year=designs["year"].to_numpy(dtype=float)), examples.labels)

        return read

    def fold(self, task: Task, rows: np.ndarray, test: np.ndarray, seed: int, *, full: bool, without: set[str]) -> Fold:
        """Fold of a task; `without` are all papers that nothing here may have seen."""
        read = self.link(frozenset(without), full)

        def usable(examples: Examples) -> Rows:
            return read(examples.take(np.flatnonzero([paper not in without for paper in examples.papers])))

        train, test_rows = task.examples.take(rows), task.examples.take(test)
        hidden = test_rows.designs.assign(ice_pct=np.nan, retention_pct=np.nan, average_ce_pct=np.nan)
        return Fold(
            read(train), read(Examples(hidden, test_rows.labels)), usable(task.liquid), usable(task.side), seed
        )  # fmt: skip
