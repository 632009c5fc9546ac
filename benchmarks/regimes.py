"""Conductivity by how much is known of the electrolyte, by family, and of papers newer than the tables learnt from.

`benchmarks.accuracy` prints it, parts `regimes` and `newer`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from features.tables.literature import Literature
from models.tasks.conductivity import years_of
from models.tasks.registry import LINK, TASKS
from training.config import CHOICES, PUBLIC_CHOICES, Protocol
from training.data.groups import paper_groups
from training.evaluation.crossvalidate import Choices, validate
from training.evaluation.evaluate import score_fixed
from training.evaluation.regimes.families import FamilyCoverage, by_family
from training.evaluation.regimes.regime import RegimeScore, measure_regimes
from training.evaluation.score import Score

LAST_YEAR = 2018
"""Papers up to this year teach, later ones judge; a paper whose year nobody knows does neither."""
LEVEL = 0.9


def choices_of(public: Sequence[str]) -> Choices:
    """The recipes that are chosen from where these public tables are learnt from."""
    return (PUBLIC_CHOICES if public else CHOICES)[LINK]


def by_regime(
    literature: Literature, public: Sequence[str], repeats: int
) -> tuple[list[RegimeScore], list[FamilyCoverage]]:
    """Skill and coverage by regime, and coverage by family."""
    examples, choices, protocol = TASKS[LINK].examples(literature), choices_of(public), Protocol(5, repeats, 0)
    kin = paper_groups(LINK, examples)
    out_of_fold = validate(LINK, examples, kin, choices, protocol)
    choice = {out_of_fold.chosen[0]: choices[out_of_fold.chosen[0]]}
    scores = measure_regimes(LINK, examples, kin, out_of_fold, choice, protocol, LEVEL).scores
    return scores, by_family(TASKS[LINK].targets[0], out_of_fold, LEVEL)


def newer_score(literature: Literature, public: Sequence[str]) -> tuple[Score, int]:
    """Skill on papers after `LAST_YEAR` of a model of those before, no composition shared, and its number of rows;
    intervals of these alone."""
    examples = TASKS[LINK].examples(literature)
    years = years_of(list(examples.papers), literature)
    known = np.flatnonzero(np.isfinite(years))
    examples, years = examples.take(known), years[known]
    kin, choices = paper_groups(LINK, examples), choices_of(public)
    choice = dict([next(iter(choices.items()))])
    test, before = np.flatnonzero(years > LAST_YEAR), np.flatnonzero(years <= LAST_YEAR)
    learnt = before[~kin.leaks(before, test)]
    dated = np.concatenate([learnt, test])
    inside, place = examples.take(dated), np.arange(len(learnt), len(dated))
    judged = validate(LINK, inside, kin.take(dated), choice, Protocol(5, 1, 0), tests=[(0, place)])
    train = validate(LINK, examples.take(learnt), kin.take(learnt), choice, Protocol(5, 1, 0))
    return score_fixed(judged, train, place, LEVEL, 0), len(learnt)
