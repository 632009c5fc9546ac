"""One prediction taken apart: factors whose product it is, or percentage points whose sum it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.feature import Feature
from models.bundle import Bundle
from models.explain.readings import reading
from models.explain.shap_values import Reasons, Shares, reasons, shares
from models.polymers.prediction import TOLD_BY
from models.predictions import ENDS, MEASURED, RANGE_OF, Predictions
from models.predictor import Predictor
from models.tasks.registry import TARGETS, task_of
from models.tasks.target import Target
from models.tasks.task import asked_cycles

BY_POLYMER_MODEL = "told by the polymer model"
"""Label of the step from the model's own prediction to the polymer model's where no measured value moves it."""
AGREES = 1e-4
"""Relative difference, or points, by which what was put together again may miss the prediction."""


@dataclass
class Waterfall:
    """Steps from the base to one prediction of one design.

    Attributes
    ----------
    design : str
        Its name.
    column : str
        Target.
    cycle : float or None
        At which retention is predicted; None for other targets.
    base : float
        Answer when nothing is known of the design, in the target's unit.
    steps : DataFrame
        One row per feature, strongest first: `feature`, `label`, `value` (in words, with its unit), `shap` (on the
        model's scale), `piece` (log10 of the factor, or points), and `factor` or `points`.
    predicted, low, high : float
        Prediction with its interval, in the target's unit; NaN without a point.
    rebuilt : float
        Base times all factors, or base plus all points.
    notice : str
        Of the prediction.
    range_of : str
        Whose values `low` and `high` hold where there is no point.
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
    range_of: str = ""

    @property
    def target(self) -> Target:
        """Target that is predicted."""
        return TARGETS[self.column]

    @property
    def title(self) -> str:
        """Target, cycle and design in words."""
        cycle = f" after {self.cycle:g} cycles" if self.cycle is not None else ""
        return f"{self.target.label}{cycle}: {self.design}"

    def step_in_words(self, piece: float) -> str:
        """Write a step: `×3.2`, `+4.1`.

        Parameters
        ----------
        piece : float
            log10 of a factor, or points.
        """
        return f"×{10.0**piece:.3g}" if self.target.log10 else f"{piece:+.2g}"


def explained(bundle: Bundle, designs: pd.DataFrame, column: str) -> tuple[Reasons, Shares]:
    """Return the SHAP values of designs and what each feature adds to their printed answer.

    Parameters
    ----------
    bundle : Bundle
    designs : DataFrame, shape (n_designs, n_columns)
        Columns of `Candidate`; retention is predicted at `cycle`, after 100 cycles where a design names none.
    column : str
        Target.
    """
    part = bundle.parts[task_of(column).name]
    shap = reasons(part, bundle.designs_for(task_of(column).name, designs))
    return shap, shares(column, part, shap, asked_cycles(designs))


def waterfalls(bundle: Bundle, designs: pd.DataFrame, names: list[str], column: str) -> list[Waterfall | None]:
    """Take the prediction of each design for one target apart.

    Parameters
    ----------
    bundle : Bundle
    designs : DataFrame, shape (n_designs, n_columns)
        Columns of `Candidate`.
    names : list of str, shape (n_designs,)
        What to call each design.
    column : str
        Target.

    Returns
    -------
    list of Waterfall or None, shape (n_designs,)
        None for a design that says too little for the target.

    Raises
    ------
    ArithmeticError
        The pieces do not make up the prediction: the explanation would be wrong.
    """
    target = TARGETS[column]
    predictions = Predictor(bundle).predict(designs, targets=[column], precedents=0, points=False)
    answers = predictions.table
    known = np.flatnonzero(np.isfinite(answers[f"{column}_low"].to_numpy(dtype=float)))
    results: list[Waterfall | None] = [None] * len(designs)
    if not len(known):
        return results
    designs, answers = designs.iloc[known], answers.iloc[known]
    shap, split = explained(bundle, designs, column)
    cycles = asked_cycles(designs)
    base, rebuilt = _in_unit(target, split.start), _in_unit(target, split.start + split.pieces.sum(axis=1))
    predicted, low, high = (answers[column + end].to_numpy(dtype=float) for end in ENDS)
    causes = moved_by(predictions, column)[known]
    pointed = np.isfinite(predicted)
    shifts = np.where(pointed & (causes != ""), target.scaled(predicted) - target.scaled(rebuilt), 0.0)
    rebuilt = _in_unit(target, target.scaled(rebuilt) + shifts)
    ranges = answers[RANGE_OF] if RANGE_OF in answers else pd.Series([""] * len(answers))
    missed = np.abs(target.scaled(rebuilt) - target.scaled(predicted))
    if (missed > AGREES * np.maximum(np.abs(target.scaled(predicted)), 1.0)).any():
        worst = int(np.argmax(missed))
        raise ArithmeticError(
            f"{target.label} of {names[int(known[worst])]}: the pieces make {rebuilt[worst]:g}, the prediction is "
            f"{predicted[worst]:g}; this is a fault of Silion, please report it"
        )
    for row, place in enumerate(known):
        steps = _steps(shap.features, shap.vectors[row], shap.values[row], split.pieces[row], target)
        if shifts[row]:
            steps = _with_measured(steps, float(shifts[row]), str(causes[row]), target)
        results[place] = Waterfall(
            design=names[int(place)],
            column=column,
            cycle=float(cycles[row]) if target.at_cycle else None,
            base=float(base[row]),
            steps=steps,
            predicted=float(predicted[row]),
            low=float(low[row]),
            high=float(high[row]),
            rebuilt=float(rebuilt[row]),
            notice=str(answers["notice"].iloc[row]),
            range_of=str(ranges.iloc[row]),
        )
    return results


def _in_unit(target: Target, scaled: np.ndarray) -> np.ndarray:
    return np.asarray(10.0**scaled if target.log10 else scaled)


def moved_by(predictions: Predictions, column: str) -> np.ndarray:
    """Return what moves each prediction from what its features make of it; shape (n_designs,), empty for nothing.

    Parameters
    ----------
    predictions : Predictions
        Of the designs.
    column : str
        Target.
    """
    texts = predictions.measured_by.get(column)
    measured = np.full(len(predictions.table), "", object)
    if texts is not None:
        measured = np.array([text or "" for text in texts.to_pylist()], dtype=object)
    if not task_of(column).has_polymer_model:
        return measured
    by_polymers = predictions.table["notice"].str.contains(TOLD_BY, regex=False).to_numpy(dtype=bool)
    return np.where(by_polymers & (measured == ""), BY_POLYMER_MODEL, measured)


def step_label(text: str, column: str) -> str:
    """Return the label of the step that `moved_by` names.

    Parameters
    ----------
    text : str
        As it gives it.
    column : str
        Target.
    """
    subject = "cell" if task_of(column).of_cells else "electrolyte"
    return BY_POLYMER_MODEL if text == BY_POLYMER_MODEL else f"drawn to what was measured of this {subject}"


def _with_measured(steps: pd.DataFrame, shift: float, text: str, target: Target) -> pd.DataFrame:
    """Add the step from the model's prediction to the one drawn to measured values, at its place by strength."""
    step = {"feature": MEASURED, "label": step_label(text, target.column), "value": text, "shap": shift, "piece": shift}
    step["factor" if target.log10 else "points"] = 10.0**shift if target.log10 else shift
    table = pd.concat([steps, pd.DataFrame([step])], ignore_index=True)
    return table.iloc[np.argsort(-np.abs(table["piece"].to_numpy()), kind="stable")].reset_index(drop=True)


def _steps(
    features: list[Feature], vector: np.ndarray, shap: np.ndarray, pieces: np.ndarray, target: Target
) -> pd.DataFrame:
    order = np.argsort(-np.abs(pieces), kind="stable")
    readings = [reading(features[place]) for place in order]
    table = pd.DataFrame(
        {
            "feature": [features[place].name for place in order],
            "label": [read.label for read in readings],
            "value": [read.in_words(vector[place]) for read, place in zip(readings, order, strict=True)],
            "shap": shap[order],
            "piece": pieces[order],
        }
    )
    return table.assign(**({"factor": 10.0 ** table["piece"]} if target.log10 else {"points": table["piece"]}))
