"""A few measurements of one's own: what one laboratory's results have in common, learnt from the papers' errors.

The errors of a model on one paper go together: most of what it misses is shared by the paper's rows. The error of a row
is taken as a Gaussian process within its paper, its covariance falling with the distance of the designs, plus a noise
of its own. Measured designs of a laboratory then move the predictions of its other designs, the more the nearer they
are, and narrow them. The intervals are calibrated as they will be used: some rows of each paper are revealed, the
others judged, every group of papers by a covariance that was settled without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace

import numpy as np

from models.boosters.labels import Labels
from models.calibrate import calibrate
from models.intervals import Calibration
from models.lab_effect.kernel import Kernel, LabEffect

MOST_REVEALED = 5
"""More measured designs than this are used, but their intervals are those of this many."""
DRAWS = 10
"""Times that rows of a paper are drawn to be revealed."""
REACHES = (0.5, 1.0, 2.0)
"""Distances over which errors of one paper forget each other."""
COMMONS = (0.0, 0.3, 0.6, 1.0)
"""Shares of the shared error that no distance makes forget; 1 is a plain shift."""
TRIED = (1, 3)
"""Numbers of revealed rows the kernel is chosen by, each on all papers with more rows: the large papers alone are a
dozen groups, and which of their rows are drawn would decide whether anything is shared."""
FEWEST_PAPERS = 5
"""Groups of papers that a curve over revealed rows is shown for."""
FEWEST_SETTLED = 8
"""Groups of papers below which nothing is taken to be shared."""
SURE = 1.28
"""Standard errors by which sharing must pay on groups that had no say in its choice: nine chances in ten."""
FEWEST_CALIBRATED = 10
"""Groups of papers below which revealed rows calibrate no interval."""
NOISES = (0.1, 0.2, 0.35, 0.6, 0.8)
"""Shares of the variance that is a single row's own."""


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


Trials = Mapping[Kernel, Mapping[int, float]]
"""Mean error of each kernel of `kernels`, by group."""


def learn(errors: Errors, seed: int) -> LabEffect:
    """Settle the kernel on all papers, and calibrate its intervals with each group judged by the others' kernel.

    Parameters
    ----------
    errors : Errors
        Out-of-fold errors of one part.
    seed : int
        Of the random steps.
    """
    trials = try_kernels(errors, seed)
    revealed: dict[int, Calibration] = {}
    for count in range(1, MOST_REVEALED + 1):
        cases = reveal(errors, count, seed, trials)
        if cases is None or len(np.unique(cases.group)) < FEWEST_CALIBRATED:
            break
        exact = Labels(cases.error, cases.error, np.ones(len(cases.error)))
        revealed[count] = calibrate(np.zeros((1, len(cases.error))), cases.spread[None], exact, cases.group, noise=0.0)
    return LabEffect(settled(errors, trials, left_out=None), revealed)


def kernels() -> list[Kernel]:
    """Kernels to choose from, of variance 1: over `REACHES`, `COMMONS` and `NOISES`. The first shares nothing: for data
    whose papers do not show that own measurements help."""
    return [
        Kernel(0.0, 1.0, REACHES[0], 1.0),
        *(
            Kernel(1 - noise, noise, reach, common)
            for common in COMMONS
            for reach in (REACHES if common < 1 else REACHES[:1])
            for noise in NOISES
        ),
    ]


def variance(errors: Errors, left_out: int | None = None) -> float:
    """Mean squared error over papers, every paper counting once, without one group; 0 where nothing is known.

    Parameters
    ----------
    errors : Errors
        Out-of-fold errors of one part.
    left_out : int | None
        Group left out; None for none.
    """
    missed = errors.missed
    known = np.isfinite(missed) & (errors.groups != left_out)
    papers, paper = np.unique(errors.papers, return_inverse=True)
    squares = np.bincount(paper, np.where(known, missed**2, 0.0).sum(axis=0), len(papers))
    count = np.bincount(paper, known.sum(axis=0), len(papers))
    return float((squares[count > 0] / count[count > 0]).mean()) if count.any() else 0.0


def reveal(errors: Errors, count: int, seed: int, trials: Trials | None = None, least: int = 0) -> Reveals | None:
    """Reveal `count` rows of each paper that has more, and predict the others; None where no paper has more.

    Each paper is judged by the kernel, and the variance, that the other groups of papers give.

    Parameters
    ----------
    errors : Errors
        Out-of-fold errors of one part.
    count : int
        Rows of each paper that are revealed.
    seed : int
        Of the draws among a paper's rows.
    trials : Trials, optional
        What `try_kernels` gave; made anew where it is not given.
    least : int
        Rows of each paper that are kept from judging: with the largest count here, all counts judge the same rows.
    """
    trials = try_kernels(errors, seed) if trials is None else trials
    by_group: dict[int, Kernel] = {}
    cases, missed = [], errors.missed
    for group, known, drawn in _draws(errors, max(count, least), seed):
        if group not in by_group:
            by_group[group] = settled(errors, trials, left_out=group)
        revealed, judged = known[drawn[:count]], known[drawn[max(count, least) :]]
        cases.append(_cases(errors, missed, by_group[group], revealed, judged))
    if not cases:
        return None
    return Reveals(*(np.concatenate([case[place] for case in cases]) for place in range(5)))


def try_kernels(errors: Errors, seed: int) -> Trials:
    """Mean error of each kernel by group, some rows of each paper revealed.

    Parameters
    ----------
    errors : Errors
        Out-of-fold errors of one part.
    seed : int
        Of the random steps.
    """
    tried, missed = kernels(), errors.missed
    stacked = Kernel(*np.array([astuple(kernel) for kernel in tried]).T[:, :, None, None])  # all at once
    by_count: dict[int, dict[int, list[np.ndarray]]] = {}
    for count in TRIED:
        for group, known, order in _draws(errors, count, seed):
            error = _trial(errors, missed, stacked, known[order[:count]], known[order[count:]])
            by_count.setdefault(group, {}).setdefault(count, []).append(error)
    means = {
        group: np.mean([np.mean(draws, axis=0) for draws in counts.values()], axis=0)
        for group, counts in by_count.items()
    }
    return {kernel: {group: float(mean[place]) for group, mean in means.items()} for place, kernel in enumerate(tried)}


def _trial(errors: Errors, missed: np.ndarray, stacked: Kernel, revealed: np.ndarray, judged: np.ndarray) -> np.ndarray:
    """Mean error of the judged rows by kernel, shape (n_kernels,)."""
    among, to = errors.distances[np.ix_(revealed, revealed)], errors.distances[np.ix_(judged, revealed)]
    shift = stacked.pull(among, to) @ missed[:, revealed].T
    return np.asarray(np.abs(missed[:, judged].T - shift).mean(axis=(1, 2)))


def _draws(errors: Errors, most: int, seed: int) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Papers with more than `most` rows of a known value: their group, rows, and orders to reveal them in."""
    exact = errors.labels.exact & np.isfinite(errors.predicted).all(axis=0)
    random, draws = np.random.default_rng(seed), []
    for paper in np.unique(errors.papers):
        known = np.flatnonzero(exact & (errors.papers == paper))
        if len(known) > most:
            group = int(errors.groups[known[0]])
            draws += [(group, known, random.permutation(len(known))) for _ in range(DRAWS)]
    return draws


def _cases(
    errors: Errors, missed: np.ndarray, kernel: Kernel, revealed: np.ndarray, judged: np.ndarray
) -> tuple[np.ndarray, ...]:
    repeats = len(errors.predicted)
    moved = np.zeros((repeats, len(judged)))
    deviation = np.full(len(judged), np.sqrt(kernel.shared + kernel.noise))
    if len(revealed):
        among, to = errors.distances[np.ix_(revealed, revealed)], errors.distances[np.ix_(judged, revealed)]
        shifts, deviation = kernel.shift(missed[:, revealed].T, among, to)
        moved = shifts.T
    before = missed[:, judged]
    error = np.abs(before - moved)
    spread = np.hypot(deviation, errors.spread[:, judged])
    numbers = [np.tile(ids[judged], repeats) for ids in (errors.papers, errors.groups)]
    return error.ravel(), spread.ravel(), np.abs(before).ravel(), *numbers


def settled(errors: Errors, trials: Trials, left_out: int | None) -> Kernel:
    """The kernel with the smallest mean error over all groups but one, with their variance.

    The best of some fifty kernels looks better than sharing nothing by luck alone. So each group is predicted with the
    kernel that the others choose, and that choice must beat nothing by `SURE` standard errors on `FEWEST_SETTLED`
    groups.

    Parameters
    ----------
    errors : Errors
        Out-of-fold errors of one part.
    trials : Trials
        What `try_kernels` gave.
    left_out : int or None
        Group that has no say; None for none.
    """
    tried = list(trials)
    known = sorted({group for by_group in trials.values() for group in by_group} - {left_out})
    table = np.array([[trials[kernel][group] for group in known] for kernel in tried])
    total, no_sharing = table.sum(axis=1), kernels()[0]
    best = tried[int(np.argmin(total))]
    if no_sharing in trials:
        chosen = np.argmin(total[:, None] - table, axis=0)
        gains = table[tried.index(no_sharing)] - table[chosen, np.arange(len(known))]
        if len(gains) < FEWEST_SETTLED or gains.mean() <= SURE * gains.std(ddof=1) / np.sqrt(len(gains)):
            best = no_sharing
    scale = variance(errors, left_out) or variance(errors) or 1.0
    return replace(best, shared=best.shared * scale, noise=best.noise * scale)
