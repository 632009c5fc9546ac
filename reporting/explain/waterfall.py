"""One prediction taken apart: factors whose product it is, or percentage points whose sum it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.feature import Feature
from models.bundle import Bundle
from models.explain.feature_groups import rows_of
from models.explain.readings import reading
from models.explain.reasons import reasons, shares
from models.predictor import DEFAULT_CYCLE, Predictor
from models.tasks.part import with_conductivity
from models.tasks.registry import LINK, TARGETS, task_of
from models.tasks.target import Target
from reporting import pages
from reporting.explain import figures as pictures
from reporting.files import Written

AGREES = 1e-4
"""Relative difference, or points, by which what was put together again may miss the prediction."""


@dataclass
class Waterfall:
    """What moved one prediction of one design.

    Attributes
    ----------
    design : its name
    column : target
    cycle : at which retention is asked for; None for other targets
    base : the answer when nothing is known of the design, in the target's unit
    steps : one row per feature, strongest first: `feature`, `label`, `value` (in words, with its unit), `shap` (on the
        model's scale), `piece` (log10 of the factor, or points), and `factor` or `points`
    predicted, low, high : the prediction with its interval, in the target's unit
    rebuilt : base times all factors, or base plus all points
    notice : of the prediction
    """

    design: str
    column: str
    cycle: float | None
    base: float
    steps: pd.DataFrame
    predicted: float
    low: float
    high: float
    rebuilt: float
    notice: str

    @property
    def target(self) -> Target:
        """What is predicted."""
        return TARGETS[self.column]

    @property
    def title(self) -> str:
        """Target, cycle and design in words."""
        at = f" after {self.cycle:g} cycles" if self.cycle is not None else ""
        return f"{self.target.label}{at}: {self.design}"

    def told(self, piece: float) -> str:
        """A step as written: `x3.2`, `+4.1`."""
        return f"×{10.0**piece:.3g}" if self.target.log10 else f"{piece:+.2g}"


def waterfalls(bundle: Bundle, designs: pd.DataFrame, names: list[str], column: str) -> list[Waterfall | None]:
    """The prediction of each design for one target, taken apart; None for a design that says too little for it.

    Raises
    ------
    ArithmeticError
        The pieces do not make up the prediction: the explanation would be wrong.
    """
    part, target = bundle.parts[task_of(column).name], TARGETS[column]
    answers = Predictor(bundle).predict(designs, targets=[column], precedents=0).table
    known = np.flatnonzero(np.isfinite(answers[column].to_numpy(dtype=float)))
    made: list[Waterfall | None] = [None] * len(designs)
    if not len(known):
        return made
    designs, answers = designs.iloc[known], answers.iloc[known]
    frame = designs if not task_of(column).of_cells else with_conductivity(designs, bundle.parts[LINK])
    cycle = _cycles(designs)
    found = reasons(part, frame)
    split = shares(column, part, found, cycle)
    base, rebuilt = _in_unit(target, split.start), _in_unit(target, split.start + split.pieces.sum(axis=1))
    predicted = answers[column].to_numpy(dtype=float)
    missed = np.abs(target.scaled(rebuilt) - target.scaled(predicted))
    if (missed > AGREES * np.maximum(np.abs(target.scaled(predicted)), 1.0)).any():
        worst = int(np.argmax(missed))
        raise ArithmeticError(
            f"{target.label} of {names[known[worst]]}: the pieces make {rebuilt[worst]:g}, the prediction is "
            f"{predicted[worst]:g}; this is a fault of Silion, please report it"
        )
    low, high = (answers[f"{column}_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
    for row, place in enumerate(known):
        steps = _steps(found.features, found.vectors[row], found.values[row], split.pieces[row], target)
        at = float(cycle[row]) if target.at_cycle else None
        now, least, most, again = (float(each[row]) for each in (predicted, low, high, rebuilt))
        notice = str(answers["notice"].iloc[row])
        made[place] = Waterfall(names[place], column, at, float(base[row]), steps, now, least, most, again, notice)
    return made


def _in_unit(target: Target, scaled: np.ndarray) -> np.ndarray:
    return np.asarray(10.0**scaled if target.log10 else scaled)


def _cycles(designs: pd.DataFrame) -> np.ndarray:
    """Cycle each design asks for, 100 where it names none."""
    given = pd.to_numeric(designs["cycle"]) if "cycle" in designs else pd.Series(np.nan, index=designs.index)
    return given.astype(float).fillna(DEFAULT_CYCLE).to_numpy()


def _steps(
    features: list[Feature], vector: np.ndarray, shap: np.ndarray, pieces: np.ndarray, target: Target
) -> pd.DataFrame:
    order = np.argsort(-np.abs(pieces), kind="stable")
    table = pd.DataFrame(
        {
            "feature": [features[place].name for place in order],
            "label": [reading(features[place]).label for place in order],
            "value": [reading(features[place]).said(vector[place]) for place in order],
            "shap": shap[order],
            "piece": pieces[order],
        }
    )
    return table.assign(**({"factor": 10.0 ** table["piece"]} if target.log10 else {"points": table["piece"]}))


def waterfall_blocks(told: Waterfall, name: str, sentence: str, written: Written) -> list[pages.Block]:
    """The picture of a prediction taken apart, with its numbers.

    Parameters
    ----------
    name : of the files, without ending
    sentence : goes onto the picture: that no skill is shown yet; empty where it is
    """
    target, top = told.target, told.steps.head(pictures.SHOWN)
    rest = told.steps.iloc[len(top) :]
    labels = [f"{row.label} = {row.value}" for row in rows_of(top)]
    pieces = top["piece"].to_numpy()
    if len(rest):
        labels.append(f"the other {len(rest)} features together")
        pieces = np.append(pieces, rest["piece"].sum())
    said = [told.told(piece) for piece in pieces]
    ends = [float(target.scaled(each)) for each in (told.predicted, told.low, told.high)]
    start = float(target.scaled(told.base))
    between = f"{target.show(told.low)} to {target.show(told.high)}"
    words = [f"{target.show(each)} {target.unit}" for each in (told.base, told.predicted)]
    printed = (words[0], f"{words[1]} ({between})")
    axis = f"{target.label} ({target.unit})"
    figure = pictures.waterfall(
        labels, pieces, said, start, (ends[0], ends[1], ends[2]), printed, told.title, axis, target.log10
    )
    sign = " " if target.log10 else " + "
    made = f"{told.base:.3g}{sign}{sign.join(said)} = {told.rebuilt:.3g} {target.unit}"
    caption = (
        f"{told.title}. From the base to the prediction {words[1]} (90 % interval {between}): "
        f"{made.replace('+ -', '- ').replace('+ +', '+ ')}."
    )
    return [written.picture(name, pictures.warned(figure, sentence), told.steps, caption)]
