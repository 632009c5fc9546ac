"""Activation energies of papers left out: what is told, and what else might be told of the same electrolytes.

`benchmarks.accuracy` prints it, part `energies`. One eighth of the papers is left out at a time; a composition may
still be known from another paper, as it is where somebody asks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmarks.regimes import LEVEL, choices_of
from features.tables.literature import Literature
from models.bundle import Bundle
from models.calibrate import calibrate
from models.known.activation_energies import COLD_C, HOT_C, slope_ev
from models.known.measurements import Conditions, learn_measurements
from models.predictor import Predictor
from models.tasks.conductivity import ACTIVATION_ENERGY, CONDUCTIVITY, printed_energies
from models.tasks.part import Part, fit_part
from models.tasks.registry import LINK, TASKS
from training.data.groups import PaperGroups
from training.data.paper_splits import grouped_folds
from training.evaluation.bootstrap import bootstrap_ratio, covered_share

FOLDS = 8
MISSED_DECADES = 0.9
"""The model's error of a conductivity on unseen papers (docs/skill.md); says how far measured values draw it."""
VARIANTS = {
    "alone": "slope of the conductivities of the model alone",
    "slope": "slope of the conductivities told, drawn to measured ones",
    "median": "median of the other papers, for all",
    "model": "energy of the model (its Arrhenius half)",
    "told": "the same drawn to printed energies, near the slope of what is told: **what is told**",
}


@dataclass(frozen=True)
class Judged:
    """Printed energies of papers left out, and what is told of their electrolytes.

    Attributes
    ----------
    table : DataFrame
        `printed`, `paper` (number of the group), `known` (whether another paper measured or printed something of the
        composition), `low` and `high` of what is told, and a column per key of `VARIANTS`; eV.
    """

    table: pd.DataFrame

    @property
    def weight(self) -> np.ndarray:
        """Weight of each row: each group of papers counts once."""
        size = self.table.groupby("paper")["printed"].transform("size")
        return (1 / size).to_numpy()

    def some(self, rows: pd.Series) -> Judged:
        """Return some rows."""
        return Judged(self.table[rows].reset_index(drop=True))

    def error(self, name: str) -> np.ndarray:
        """Absolute error of a variant in eV, shape (n_rows,)."""
        return (self.table[name] - self.table["printed"]).abs().to_numpy()


def judge(literature: Literature, public: list[str]) -> Judged:
    """Tell the activation energy of every row that prints one, by a model of the other papers."""
    examples = TASKS[LINK].examples(literature)
    kin, recipe = PaperGroups.of(examples, by_composition=False), next(iter(choices_of(public).values()))
    printed = printed_energies(examples.designs)
    pieces = []
    for test in grouped_folds(kin.groups, FOLDS, 0):
        train_rows = np.setdiff1d(np.arange(len(kin.groups)), test)
        train, rows = examples.take(train_rows[~kin.leaks(train_rows, test)]), test[np.isfinite(printed[test])]
        part = fit_part(LINK, train.designs, train.labels, recipe, 0)
        known = learn_measurements(train.designs, train.labels, MISSED_DECADES**2)
        values, spread = part.predict(train.designs)
        groups = PaperGroups.of(train, by_composition=False).groups
        # no width enters an energy, but a model without intervals answers nothing
        part = replace(part, calibration=calibrate(values[None], spread[None], train.labels, groups))
        others = pd.Series(printed_energies(train.designs)).groupby(groups).mean().median()
        table = _energies(part, replace(part, known=known), examples.designs.iloc[rows].reset_index(drop=True))
        pieces.append(table.assign(printed=printed[rows], paper=kin.groups[rows], median=others))
    return Judged(pd.concat(pieces, ignore_index=True))


def _energies(alone: Part, drawn: Part, designs: pd.DataFrame) -> pd.DataFrame:
    """Return the variants of some designs by a part that keeps no measurements and one that does."""
    energy, conditions = ACTIVATION_ENERGY.column, Conditions.of(designs)
    answers = {name: _answer(part, designs, energy) for name, part in (("model", alone), ("told", drawn))}
    slopes = {}
    for name, part in (("alone", alone), ("slope", drawn)):
        ends = (_answer(part, designs.assign(temperature_c=end), CONDUCTIVITY.column) for end in (COLD_C, HOT_C))
        slopes[name] = slope_ev(*(np.log10(table[CONDUCTIVITY.column].to_numpy()) for table in ends))
    near = np.zeros(len(designs), dtype=bool)
    if drawn.known is not None:
        near[drawn.known.telling(conditions)[0].design] = True
    answer = answers["told"]
    return pd.DataFrame(
        {"model": answers["model"][energy], "told": answer[energy], "low": answer[f"{energy}_low"],
         "high": answer[f"{energy}_high"], "known": near, **slopes}
    )  # fmt: skip


def _answer(part: Part, designs: pd.DataFrame, column: str) -> pd.DataFrame:
    return Predictor(Bundle({LINK: part})).predict(designs, targets=[column], level=LEVEL, precedents=0).table


def text(judged: Judged) -> str:
    """The figures as a Markdown table with its heading."""
    table, known = judged.table, judged.some(judged.table["known"])
    lines = [
        f"On {len(table)} energies printed by {table['paper'].nunique()} groups of papers left out, one eighth of the "
        f"papers at a time; of {len(known.table)} of these, of {known.table['paper'].nunique()} groups, another paper "
        "measured the composition. Mean absolute error in eV, each group counting once:",
        "",
        "| told | error | where the composition was measured | over the median's (90 %) |",
        "|---|---|---|---|",
    ]
    for name, label in VARIANTS.items():
        low, high = bootstrap_ratio(
            table["paper"].to_numpy(), judged.weight * judged.error(name), judged.weight * judged.error("median"), 0
        )
        errors = [float(np.average(rows.error(name), weights=rows.weight)) for rows in (judged, known)]
        over = errors[0] / float(np.average(judged.error("median"), weights=judged.weight))
        ratio = "" if name == "median" else f"{over:.2f} ({low:.2f} to {high:.2f})"
        lines.append(f"| {label} | {errors[0]:.3f} | {errors[1]:.3f} | {ratio} |")
    inside = ((table["low"] <= table["printed"]) & (table["printed"] <= table["high"])).to_numpy(dtype=float)
    share, low, high = (100 * value for value in covered_share(inside, table["paper"].to_numpy(), 0))
    width = float(np.average(table["high"] - table["low"], weights=judged.weight))
    held_of = f"{share:.0f} % ({low:.0f} to {high:.0f})"
    return "\n".join([*lines, "", f"The {100 * LEVEL:g} % interval, {width:.2f} eV wide, holds {held_of}."])
