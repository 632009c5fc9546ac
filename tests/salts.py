"""Sixteen salts whose conductivity is easy to learn, and a search over them that is quick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from features.tables.literature import Literature
from features.tables.records import ElectrolyteRow
from models.ensemble import Recipe
from models.tasks.conductivity import conductivity_examples
from models.tasks.examples import Examples
from training.data.groups import PaperGroups
from training.evaluation.crossvalidate import Progress
from training.tuning.study import Budget, Study, tune

SALTS = [f"{metal}2{anion}" for metal in ("Na", "K", "Rb", "Cs") for anion in ("S", "Se", "Te", "O")]
SLEEPS = Recipe(rounds=20, rate=0.01, members=1, shrink=0.1)
CHOICE = {"sleeps": SLEEPS}


def table(papers: Sequence[str] | None = None) -> tuple[Examples, PaperGroups]:
    """Each salt of its own paper where none are given: what holds oxygen conducts at 1e-9 S/cm, all else at 1e-3."""
    rows = [
        ElectrolyteRow(
            measurement_id=salt,
            electrolyte=salt,
            source_id=papers[place] if papers else f"paper of {salt}",
            conductivity_s_per_cm=1e-9 if "O" in salt else 1e-3,
        )
        for place, salt in enumerate(SALTS)
    ]
    examples = conductivity_examples(Literature(rows))
    return examples, PaperGroups.of(examples, by_composition=True)


def search(storage: Path, trials: int, seed: int = 0, progress: Progress = lambda steps: None) -> Study:
    """A search of a number of trials from the one recipe."""
    return tune("conductivity", *table(), CHOICE, seed, Budget(trials=trials), storage, progress)


def tried(study: Study) -> list[tuple[Mapping[str, object], float, bool]]:
    """What each trial was and came to; when it ran does not matter."""
    return [(each.params, each.error, each.pruned) for each in study.tried]
