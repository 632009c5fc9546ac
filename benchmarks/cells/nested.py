"""The choice among ideas, made inside the training papers and judged on papers that none of it saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from benchmarks.cells.ideas import AFTER_LOOKING, curve_ideas
from benchmarks.cells.rows import Guess
from benchmarks.cells.tasks import Reader, Task
from models.calibrate import calibrate
from models.tasks import fade_law
from training.data.paper_splits import grouped_folds, joined_groups
from training.evaluation.cycle_life import log_likelihood

FOLDS, INNER_FOLDS, INNER_REPEATS = 5, 4, 2
SHARES = (1.0, 0.75, 0.5, 0.25)
"""How far from the dummy towards the idea; the plain nested choice knows only 1, the shrunken one all."""


@dataclass
class Outcome:
    """Outer predictions by idea and share, shape (n_ideas, n_shares, n_repeats, n_rows), and what was chosen.

    `folds` is the fold that held a row out, shape (n_repeats, n_rows); `chosen` is by nested row,
    shape (n_repeats, n_rows, 2): the idea and share that predicted the row.
    """

    target: np.ndarray
    life: np.ndarray
    chosen: dict[str, np.ndarray]
    folds: np.ndarray
    picks: dict[str, Counter[str]] = field(default_factory=dict)


def validate(task: Task, reader: Reader, repeats: int, seed: int) -> Outcome:
    """Every idea over the outer folds, and what the inner folds would have chosen."""
    rows = len(task.papers)
    shape = (len(task.ideas), len(SHARES), repeats, rows)
    outer = Outcome(np.full(shape, np.nan), np.full(shape, np.nan), {}, np.zeros((repeats, rows), dtype=int))
    for place, (repeat, train, test) in enumerate(outer_folds(task, repeats, seed)):
        outer.folds[repeat, test] = place
        without = task.names(test)
        fold = reader.fold(task, train, test, 1000 * seed + repeat, full=True, without=without)
        for number, idea in enumerate(task.ideas.values()):
            outer.target[number, :, repeat, test], outer.life[number, :, repeat, test] = _read(task, idea(fold), test)
        for name, pair in choices(task, *inner(task, reader, train, without, 1000 * seed + repeat)).items():
            outer.chosen.setdefault(name, np.zeros((repeats, rows, 2), dtype=int))[repeat, test] = pair
            label = list(task.ideas)[pair[0]] + (f" x{SHARES[pair[1]]:g}" if pair[1] else "")
            outer.picks.setdefault(name, Counter())[label] += 1
    return outer


def outer_folds(task: Task, repeats: int, seed: int) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    groups = joined_groups(list(task.papers))
    for repeat in range(repeats):
        for test in grouped_folds(groups, FOLDS, 1000 * seed + repeat):
            yield repeat, np.setdiff1d(np.arange(len(groups)), test), test


def _read(task: Task, guess: Guess, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Target (%) and log10 life of a guess at each share, shape (n_held, n_shares): as numpy assigns slices."""
    guesses = [guess.shrunk(share) for share in SHARES]
    if not task.fades:
        return np.array([shrunk.value for shrunk in guesses]).T, np.full((len(test), len(SHARES)), np.nan)
    cycles = task.examples.designs["cycles"].to_numpy(dtype=float)[test]
    lives = [shrunk.value if np.isfinite(shrunk.shape) else np.full(len(test), np.nan) for shrunk in guesses]
    return np.array([shrunk.retention_pct(cycles) for shrunk in guesses]).T, np.array(lives).T


def inner(task: Task, reader: Reader, train: np.ndarray, without: set[str], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Error and, for lives, negative log-likelihood of every idea and share on the training papers alone."""
    shape = (len(task.ideas), len(SHARES), INNER_REPEATS, len(task.papers))
    target, life = np.full(shape, np.nan), np.full(shape, np.nan)
    groups = joined_groups(list(task.papers[train]))
    for repeat in range(INNER_REPEATS):
        for test in grouped_folds(groups, INNER_FOLDS, 100_003 + 10 * seed + repeat):
            rows = train[test]
            unseen = without | task.names(rows)
            fold = reader.fold(task, np.setdiff1d(train, rows), rows, seed, full=False, without=unseen)
            for number, idea in enumerate(task.ideas.values()):
                target[number, :, repeat, rows], life[number, :, repeat, rows] = _read(task, idea(fold), rows)
    judged = train[task.judged[train]]
    miss = np.abs(target[..., judged] - task.truth[judged]).mean(axis=2)
    weight = paper_weights(task.papers[judged])
    return miss @ weight, unlikelihood(task, life[..., train], train) if task.fades else np.full(shape[:2], np.nan)


def paper_weights(papers: np.ndarray) -> np.ndarray:
    """Weights under which each paper counts once; they sum to 1."""
    _, member, size = np.unique(papers, return_inverse=True, return_counts=True)
    weight = 1 / size[member]
    return np.asarray(weight / weight.sum())


def unlikelihood(task: Task, life: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Negative censored log-likelihood of what is known of the training cells' lives, each paper counting once."""
    points = task.examples.designs.iloc[train].reset_index(drop=True)
    labels = fade_law.fade_labels(points, fade_law.fade_shape(points))
    bounds = fade_law.life_bounds(points)
    row = points.reset_index().groupby("cell_id")["index"].first().loc[bounds["cell_id"]].to_numpy()
    weight = paper_weights(bounds["paper"].to_numpy())
    values = np.full(life.shape[:2], np.inf)
    for place in np.ndindex(*values.shape):
        lives = life[place]
        if np.isfinite(lives).all():
            noise = calibrate(lives, np.zeros_like(lives), labels, task.papers[train]).noise
            lower, upper = bounds["lower"].to_numpy(), bounds["upper"].to_numpy()
            values[place] = -weight @ log_likelihood(lower, upper, lives.mean(axis=0)[row], noise)
    return values


def choices(task: Task, error: np.ndarray, unlikely: np.ndarray) -> dict[str, tuple[int, int]]:
    """Idea and share each nested row takes: of all ideas, or of those that may ship."""
    every = np.ones(len(task.ideas), dtype=bool)
    ships = np.array([name in curve_ideas() if task.fades else name not in AFTER_LOOKING for name in task.ideas])
    picks = {"nested": _best(error[:, :1], ships), "nested, shrunken": _best(error, ships)}
    if not task.fades:
        picks["nested, with ideas after looking"] = _best(error[:, :1], every)
    else:
        picks |= {
            "nested by likelihood of life": _best(unlikely[:, :1], ships),
            "nested, any road (cannot ship)": _best(error[:, :1], every),
        }
    return picks


def _best(score: np.ndarray, allowed: np.ndarray) -> tuple[int, int]:
    masked = np.where(allowed[:, None], score, np.inf)
    idea, share = np.unravel_index(int(np.argmin(masked)), masked.shape)
    return int(idea), int(share)
