"""Activation energies of papers the model never saw: how far predicted ones are from printed ones, and how many lie
inside the interval."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from features.tables.fields import AS_PRINTED
from models.learners.arrhenius import energy_interval
from models.tasks.conductivity import ACTIVATION_ENERGY, printed_energies
from reporting.numbers import share_with_interval
from reporting.pages import capital
from training.evaluation.bootstrap import bootstrap_ratio, covered_share
from training.evaluation.crossvalidate import OutOfFold
from training.evaluation.evaluate import claim

FACT = "energies"
"""Fact of a bundle: an `EnergyScore` as plain values, empty where too few papers print an energy."""
FEWEST = 5
"""Groups of papers below which nothing is reported."""


@dataclass(frozen=True)
class EnergyScore:
    """Predicted activation energies beside the printed ones, by models that never saw the paper nor the composition.

    Attributes
    ----------
    rows, papers : int
        Printed energies, and groups of papers that print them.
    level : float
        Share promised.
    error, error_of_median : float
        Mean absolute error in eV, each group of papers counting once; of ours, and of the median of the other groups.
    skill, skill_low, skill_high : float
        Error over that of the median, with its 90 % bootstrap interval over groups.
    shown : bool
        Whether the interval excludes the median, also without the group that helps most.
    coverage, coverage_low, coverage_high : float
        Share inside the interval, each group counting once, with its 90 % interval.
    width : float
        Mean width of the interval, eV.
    """

    rows: int
    papers: int
    level: float
    error: float
    error_of_median: float
    skill: float
    skill_low: float
    skill_high: float
    shown: bool
    coverage: float
    coverage_low: float
    coverage_high: float
    width: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, the skill named as that of other targets."""
        verdict = "skill shown" if self.shown else "no skill shown yet"
        return {**asdict(self), "skill_name": "error over the dummy's", "verdict": verdict}

    @property
    def text(self) -> str:
        """The score as a sentence."""
        coverage = share_with_interval(self.coverage, self.coverage_low, self.coverage_high)
        return (
            f"{capital(ACTIVATION_ENERGY.label)}: on {self.rows} energies printed by {self.papers} "
            f"groups of papers that the model never saw the mean error is {self.error:.3f} eV; always saying the "
            f"median of the others errs by {self.error_of_median:.3f} (ratio {self.skill:.2f}, {self.skill_low:.2f} "
            f"to {self.skill_high:.2f}). The {100 * self.level:g} % interval, {self.width:.2f} eV "
            f"wide, holds {coverage} of them. Printed energies are taken {AS_PRINTED}; "
            "hardly a paper says which it is."
        )


def energy_score(out_of_fold: OutOfFold, level: float, seed: int) -> EnergyScore | None:
    """Judge the activation energies of a cross-validation; None where fewer than five groups of papers print one.

    Parameters
    ----------
    out_of_fold : OutOfFold
        Of the conductivity.
    level : float
        Share of values the interval should hold, 0 to 1.
    seed : int
        Of the bootstrap.
    """
    printed = printed_energies(out_of_fold.examples.designs)
    rows = np.flatnonzero(np.isfinite(printed) & np.isfinite(out_of_fold.energy).all(axis=0))
    groups, printed = out_of_fold.groups[rows], printed[rows]
    kinds, member, size = np.unique(groups, return_inverse=True, return_counts=True)
    if len(kinds) < FEWEST:
        return None
    weight = 1 / (len(kinds) * size[member])
    means = np.bincount(member, printed) / size
    others = np.array([np.median(np.delete(means, group)) for group in range(len(kinds))])[member]
    errors, covered, width = [], [], []
    for energies in out_of_fold.energy[:, rows]:
        value, low, high = energy_interval(energies, level).T
        errors.append(np.abs(value - printed))
        covered.append((low <= printed) & (printed <= high))
        width.append(high - low)
    model, dummy = weight * np.mean(errors, axis=0), weight * np.abs(others - printed)
    low, high = bootstrap_ratio(groups, model, dummy, seed)
    return EnergyScore(
        len(rows),
        len(kinds),
        level,
        float(model.sum()),
        float(dummy.sum()),
        float(model.sum() / dummy.sum()),
        low,
        high,
        claim(groups, model, dummy, high, seed)[0],
        *covered_share(np.mean(covered, axis=0), groups, seed),
        float(weight @ np.mean(width, axis=0)),
    )
