"""Compositions that another paper measured: the row's own paper is held out, the others stay, and predictions are drawn
to what they measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from models.calibrate import calibrate
from models.ensemble import Labels, Recipe
from models.intervals import LevelError
from models.known.measurements import LEAST_MODEL_SHARE, Conditions, Measurements, learn_measurements
from models.known.scatter import Agreement, drawn, precisions
from models.lab_effect.learning import FEWEST_CALIBRATED
from models.tasks.examples import Examples
from training.config import Protocol
from training.data.groups import PaperGroups
from training.evaluation.crossvalidate import MODEL, validate


@dataclass(frozen=True)
class KnownErrors:
    """Predictions of rows whose composition another paper measured, the row's own paper unseen.

    Attributes
    ----------
    rows : ndarray of int, shape (n_judged,)
        Places among the examples.
    labels : Labels
        Of these rows.
    groups : ndarray of int, shape (n_judged,)
        Group of papers of each.
    alone : ndarray, shape (n_judged,)
        Model's prediction, on its scale.
    weight, mean : ndarray, shape (n_judged,)
        Of what the other papers measured, as of `precisions`.
    between, within : ndarray, shape (n_judged,)
        Deviations that the training rows of its fold showed.
    other_paper : ndarray, shape (n_judged,)
        Mean distance of a single other paper's value from the row's.
    """

    rows: np.ndarray
    labels: Labels
    groups: np.ndarray
    alone: np.ndarray
    weight: np.ndarray
    mean: np.ndarray
    between: np.ndarray
    within: np.ndarray
    other_paper: np.ndarray

    def model_deviation(self, others: np.ndarray) -> float:
        """Return the deviation of the model's error of a composition's value, as some rows show it.

        Parameters
        ----------
        others : ndarray of bool, shape (n_judged,)
            Rows that count; every group counts once.
        """
        some = others & self.labels.exact
        square = (self.labels.middle - self.alone)[some] ** 2 - self.between[some] ** 2 - self.within[some] ** 2
        kinds, member = np.unique(self.groups[some], return_inverse=True)
        least = LEAST_MODEL_SHARE * float(self.between.mean())
        if not len(kinds):
            return 2 * float(self.between.mean())
        by_group = np.bincount(member, square) / np.bincount(member)
        return float(np.sqrt(max(by_group.mean(), least**2)))

    def drawn(self, deviation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return drawn predictions and the deviation of their errors, shape (n_judged,) each.

        Parameters
        ----------
        deviation : ndarray, shape (n_judged,)
            Of the model's error of the composition's value.
        """
        centre, variance = drawn(self.alone, deviation**2, self.weight, self.mean)
        return centre, np.sqrt(variance + self.between**2 + self.within**2)

    @property
    def unseen(self) -> tuple[np.ndarray, np.ndarray]:
        """Drawn predictions and deviations; the deviation of the model is that of the other groups' rows."""
        settled = np.empty(len(self.groups))
        for group in np.unique(self.groups):
            own = self.groups == group
            settled[own] = self.model_deviation(~own)
        return self.drawn(settled)

    def coverage(self, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Return whether each row lies in its interval, and the interval's width; NaN where too few papers calibrate.

        Parameters
        ----------
        level : float
            Share of papers whose values the interval should hold, 0 to 1.
        """
        centre, deviation = self.unseen
        miss = self.labels.distance(centre)
        covered, width = np.full(len(miss), np.nan), np.full(len(miss), np.nan)
        for group in np.unique(self.groups):
            own = self.groups == group
            try:
                half = self._calibrated(miss, deviation, ~own).half_width(deviation[own], level)
            except LevelError:
                continue
            covered[own], width[own] = miss[own] <= half + 1e-12, 2 * half
        return covered, width

    def _calibrated(self, miss: np.ndarray, deviation: np.ndarray, some: np.ndarray) -> Agreement:
        """Calibrate the intervals on papers, by some of the rows."""
        groups = self.groups[some]
        if len(np.unique(groups)) < FEWEST_CALIBRATED:
            return Agreement()
        errors = Labels(miss[some], miss[some], np.ones(int(some.sum())))
        return Agreement(
            calibration=calibrate(np.zeros((1, len(groups))), deviation[None, some], errors, groups, noise=0.0)
        )

    def settle(self, agreement: Agreement) -> Agreement:
        """Return an agreement with the model's deviation, and the intervals, as all rows show them.

        Parameters
        ----------
        agreement : Agreement
            Kept where too few groups of papers measured what another one did.
        """
        if len(np.unique(self.groups)) < FEWEST_CALIBRATED:
            return agreement
        centre, deviation = self.unseen
        every = np.ones(len(self.groups), dtype=bool)
        calibration = self._calibrated(self.labels.distance(centre), deviation, every).calibration
        return replace(agreement, model=self.model_deviation(every), calibration=calibration)


def known_errors(
    name: str, examples: Examples, choices: Mapping[str, Recipe], protocol: Protocol, every: Examples | None = None
) -> KnownErrors:
    """Predict every row whose composition another paper measured, without its own paper.

    Parameters
    ----------
    name : str
        Key of `TASKS`.
    examples : Examples
        All rows.
    choices : mapping of str to Recipe
        Recipes to choose from inside each training fold.
    protocol : Protocol
        Folds and seed; one repeat is made.
    every : Examples or None
        All rows, and after them those that are looked up beside them: they are neither judged nor learned from.
    """
    kin, every = PaperGroups.of(examples, by_composition=False), every or examples
    wide = PaperGroups.of(every, by_composition=False)
    values, places = np.where(every.labels.exact, every.labels.middle, np.nan), range(len(wide.groups))
    measured = Measurements.of(every.designs, values, every.papers.tolist(), [str(place) for place in places])
    pairs, rows = measured.telling(Conditions.of(examples.designs))
    sources = np.array([int(row) for row in measured.rows], dtype=np.int64)[rows]
    is_measured = pairs.near & ~(wide.papers[pairs.design] & wide.papers[sources]).any(axis=1)
    judged = np.unique(pairs.design[is_measured])
    folds = replace(protocol, repeats=1).tests(kin.groups)
    tests = [(0, rows) for _, fold in folds if len(rows := np.intersect1d(fold, judged))]
    if not tests:
        return _none()
    model = validate(name, examples, kin, choices, protocol, tests=tests, baselines=())
    pieces = [_measured(every, wide.unrelated(test), test) for _, test in tests]
    order = np.concatenate([test for _, test in tests])
    weight, mean, between, within, other_paper = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    is_known = weight > 0
    rows = order[is_known]
    return KnownErrors(
        rows, examples.labels.take(rows), kin.groups[rows], model.predicted[MODEL][0, rows],
        weight[is_known], mean[is_known], between[is_known], within[is_known], other_paper[is_known],
    )  # fmt: skip


def _measured(examples: Examples, train_rows: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return weight, mean and deviations of what training rows measured of test rows, and how far papers lie apart."""
    train, tested = examples.take(train_rows), examples.take(test)
    known = learn_measurements(train.designs, train.labels, np.nan)
    values, _ = known.telling(Conditions.of(tested.designs))
    weight, mean = precisions(values, known.agreement, len(test), own=False)
    apart = np.abs(values.value - tested.labels.middle[values.design])
    count = np.bincount(values.design, values.near, minlength=len(test))
    other_paper = np.bincount(values.design, apart * values.near, minlength=len(test)) / np.maximum(count, 1)
    between, within = (np.full(len(test), deviation) for deviation in (known.agreement.between, known.agreement.within))
    return np.where(count > 0, weight, 0.0), mean, between, within, other_paper


def _none() -> KnownErrors:
    empty, places = np.empty(0), np.empty(0, dtype=np.int64)
    return KnownErrors(places, Labels(empty, empty, empty), places, *[empty] * 6)
