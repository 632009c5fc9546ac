"""A few measurements of one's own: what one laboratory's results have in common, learnt from the papers' errors.

The errors of a model on one paper go together: most of what it misses is shared by the paper's rows. The error of a row
is taken as a Gaussian process within its paper, its covariance falling with the distance of the designs, plus a noise
of its own. Measured designs of a laboratory then move the predictions of its other designs, the more the nearer they
are, and narrow them. The intervals are calibrated as they will be used: some rows of each paper are revealed, the
others judged, every paper by constants that were settled without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.boosted import Labels
from models.intervals import Calibration, LevelError, calibrate

MOST_REVEALED = 5
"""More measured designs than this are used, but their intervals are those of this many."""
DRAWS = 10
"""Times that rows of a paper are drawn to be revealed."""
REACHES = (0.5, 1.0, 2.0)
"""Distances over which errors of one paper forget each other."""
COMMONS = (0.0, 0.3, 0.6, 1.0)
"""Shares of the shared error that no distance makes forget; 1 is a plain shift."""
TRIED = (1, 3)
"""Numbers of revealed rows the kernel is chosen by, on papers with more rows than the largest."""
FEWEST_PAPERS = 5
"""With fewer papers of that many rows, all papers with two rows choose."""
NOISES = (0.25, 0.5, 1.0)
"""Shares of the variance within papers that is taken for noise of the single row."""


@dataclass(frozen=True)
class Kernel:
    """Covariance of the errors within a paper.

    Attributes
    ----------
    shared, noise : variance that near designs of one paper share, and that of a row alone, on the model's scale
    reach : distance, in the unit of `Domain.distances`, over which the shared part falls to 1/e of what can fall
    common : share of the shared part that never falls: one shift for the whole laboratory
    """

    shared: float
    noise: float
    reach: float
    common: float

    def between(self, distances: np.ndarray) -> np.ndarray:
        """Covariance at distances, same shape."""
        return np.asarray(self.shared * (self.common + (1 - self.common) * np.exp(-distances / self.reach)))

    def shift(
        self, errors: np.ndarray, among: np.ndarray, to: np.ndarray, weight: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """What measured designs say of others.

        Parameters
        ----------
        errors : measured minus predicted, shape (n_measured,)
        among : distances between the measured designs, shape (n_measured, n_measured)
        to : distances from the others to them, shape (n_others, n_measured)
        weight : of each measurement, 1 where not given; a smaller one counts as noisier

        Returns
        -------
        shift, spread : what to add to the others' predictions, and the deviation that is left, shape (n_others,)
        """
        noise = np.full(len(errors), self.noise) / (1.0 if weight is None else weight)
        inverse = np.linalg.inv(self.between(among) + np.diag(noise))
        pull = self.between(to) @ inverse
        left = self.shared + self.noise - (pull * self.between(to)).sum(axis=1)
        return pull @ errors, np.sqrt(np.maximum(left, self.noise))


@dataclass(frozen=True)
class LabEffect:
    """What a bundle keeps to use a laboratory's own measurements.

    Attributes
    ----------
    kernel : settled on all papers
    revealed : calibration of the intervals by number of measured designs, for as many as the papers allow
    """

    kernel: Kernel
    revealed: Mapping[int, Calibration] = field(default_factory=dict)

    def half_width(self, count: int, spread: np.ndarray, level: float) -> np.ndarray | None:
        """Half width of the interval with `count` measured designs; None where too few papers could calibrate it.

        Fewer designs than measured are assumed where only that has papers enough: the interval is then too wide, not
        too narrow.
        """
        for usable in range(min(count, MOST_REVEALED), 0, -1):
            if usable in self.revealed:
                try:
                    return self.revealed[usable].half_width(spread, level)
                except LevelError:
                    continue
        return None

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        kernel = self.kernel
        return {
            "shared": kernel.shared,
            "noise": kernel.noise,
            "reach": kernel.reach,
            "common": kernel.common,
            "revealed": {str(count): each.as_dict() for count, each in self.revealed.items()},
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> LabEffect:
        """Read what `as_dict` gave."""
        revealed = {int(count): Calibration.from_dict(each) for count, each in state["revealed"].items()}
        kernel = Kernel(*(float(state[name]) for name in ("shared", "noise", "reach", "common")))
        return cls(kernel, revealed)


@dataclass(frozen=True)
class Reveals:
    """Errors of rows after some rows of their paper were revealed.

    Attributes
    ----------
    error : what the shifted prediction misses, shape (n_cases,); for a bound, how far it lies outside
    spread : deviation expected, shape (n_cases,)
    before : what the unshifted prediction misses, shape (n_cases,)
    paper, group : number of paper and of group of each case, shape (n_cases,)
    """

    error: np.ndarray
    spread: np.ndarray
    before: np.ndarray
    paper: np.ndarray
    group: np.ndarray


@dataclass(frozen=True)
class Errors:
    """Out-of-fold errors to learn from.

    Attributes
    ----------
    predicted, spread : shape (n_repeats, n_rows)
    labels : of the rows
    papers, groups : number of each row's paper, and of its group of papers, shape (n_rows,)
    distances : between all rows, shape (n_rows, n_rows)
    """

    predicted: np.ndarray
    spread: np.ndarray
    labels: Labels
    papers: np.ndarray
    groups: np.ndarray
    distances: np.ndarray

    @property
    def missed(self) -> np.ndarray:
        """Measured minus predicted; NaN where only a bound is known, shape (n_repeats, n_rows)."""
        return np.where(self.labels.exact, self.labels.middle - self.predicted, np.nan)


def learn(errors: Errors, seed: int) -> LabEffect:
    """Settle the kernel on all papers, and calibrate its intervals with each paper judged by the others' kernel."""
    trials = {kernel: _trial(errors, kernel, seed) for kernel in kernels(errors)}
    best = _best(trials, left_out=None)
    revealed: dict[int, Calibration] = {}
    for count in range(1, MOST_REVEALED + 1):
        found = reveal(errors, count, seed, trials)
        if found is None or len(np.unique(found.group)) < 2:
            break
        exact = Labels(found.error, found.error, np.ones(len(found.error)))
        revealed[count] = calibrate(np.zeros((1, len(found.error))), found.spread[None], exact, found.group, noise=0.0)
    return LabEffect(best, revealed)


def kernels(errors: Errors) -> list[Kernel]:
    """Kernels to choose from: variances between and within papers by moments, over `REACHES`, `COMMONS` and `NOISES`;
    the last shares nothing, for data whose papers do not show that own measurements help."""
    missed = errors.missed
    known = np.isfinite(missed).all(axis=0)
    within, between, freedom, papers = 0.0, 0.0, 0, 0
    sizes = 0.0
    for paper in np.unique(errors.papers[known]):
        rows = known & (errors.papers == paper)
        mean = missed[:, rows].mean(axis=1, keepdims=True)
        within += float(((missed[:, rows] - mean) ** 2).sum(axis=1).mean())
        freedom += int(rows.sum()) - 1
        between, papers, sizes = between + float((mean**2).mean()), papers + 1, sizes + 1 / rows.sum()
    noise = max(within / max(freedom, 1), 1e-6)
    shared = max(between / max(papers, 1) - noise * sizes / max(papers, 1), 0.05 * noise)
    nothing = Kernel(0.0, shared + noise, 1.0, 1.0)
    return [
        Kernel(shared + noise * (1 - share), noise * share, reach, common)
        for common in COMMONS
        for reach in (REACHES if common < 1 else REACHES[:1])
        for share in NOISES
    ] + [nothing]


def reveal(
    errors: Errors, count: int, seed: int, trials: Mapping[Kernel, Mapping[int, float]] | None = None, least: int = 0
) -> Reveals | None:
    """Reveal `count` rows of each paper that has more, and predict the others; None where no paper has more.

    Parameters
    ----------
    trials : error of each kernel by paper; a paper is judged by the kernel that is best without it
    least : rows beyond which nothing is revealed: with it the same rows are judged for every count up to it
    """
    trials = trials if trials is not None else {kernel: _trial(errors, kernel, seed) for kernel in kernels(errors)}
    cases = []
    for paper, known, drawn in _draws(errors, max(count, least), seed):
        kernel = _best(trials, left_out=paper)
        shown, judged = known[drawn[:count]], known[drawn[max(count, least) :]]
        cases.append(_cases(errors, kernel, shown, judged))
    if not cases:
        return None
    return Reveals(*(np.concatenate([case[place] for case in cases]) for place in range(5)))


def _draws(errors: Errors, most: int, seed: int) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Papers with more than `most` rows of a known value: their rows, and orders to reveal them in."""
    exact = errors.labels.exact & np.isfinite(errors.predicted).all(axis=0)
    random, found = np.random.default_rng(seed), []
    for paper in np.unique(errors.papers):
        known = np.flatnonzero(exact & (errors.papers == paper))
        if len(known) > most:
            found += [(int(paper), known, random.permutation(len(known))) for _ in range(DRAWS)]
    return found


def _cases(errors: Errors, kernel: Kernel, shown: np.ndarray, judged: np.ndarray) -> tuple[np.ndarray, ...]:
    missed, repeats = errors.missed, len(errors.predicted)
    moved = np.zeros((repeats, len(judged)))
    left = np.full(len(judged), np.sqrt(kernel.shared + kernel.noise))
    if len(shown):
        among, to = errors.distances[np.ix_(shown, shown)], errors.distances[np.ix_(judged, shown)]
        for repeat in range(repeats):
            moved[repeat], left = kernel.shift(missed[repeat, shown], among, to)
    before = missed[:, judged]
    error = np.abs(before - moved)
    spread = np.hypot(left, errors.spread[:, judged])
    numbers = [np.tile(each[judged], repeats) for each in (errors.papers, errors.groups)]
    return error.ravel(), spread.ravel(), np.abs(before).ravel(), *numbers


def _trial(errors: Errors, kernel: Kernel, seed: int) -> dict[int, float]:
    """Mean error of a kernel by paper, some of its rows revealed."""
    large = len({paper for paper, _, _ in _draws(errors, max(TRIED), seed)}) >= FEWEST_PAPERS
    found: dict[int, list[float]] = {}
    for count in TRIED if large else TRIED[:1]:
        for paper, known, drawn in _draws(errors, max(TRIED) if large else count, seed):
            error = _cases(errors, kernel, known[drawn[:count]], known[drawn[count:]])[0]
            found.setdefault(paper, []).append(float(error.mean()))
    return {paper: float(np.mean(each)) for paper, each in found.items()}


def _best(trials: Mapping[Kernel, Mapping[int, float]], left_out: int | None) -> Kernel:
    """The kernel with the smallest mean error over all papers but one; the first where no paper tells."""

    def mean(each: Mapping[int, float]) -> float:
        kept: Sequence[float] = [error for paper, error in each.items() if paper != left_out]
        return float(np.mean(kept)) if kept else 0.0

    return min(trials, key=lambda kernel: mean(trials[kernel]))
