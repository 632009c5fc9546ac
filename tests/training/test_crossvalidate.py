from __future__ import annotations

import numpy as np
import pytest

from features.cell import CONDUCTIVITY
from models.boosted import Recipe
from models.parts import fit_part
from training import crossvalidate
from training.crossvalidate import MODEL, OutOfFold, Protocol, cross_validate, validate
from training.dataset import Examples, Literature, conductivity_examples
from training.split import joined_groups
from training.train import Trained

QUICK = {name: Recipe(rounds=5, members=1) for name in ("conductivity", "ice", "fade")}


def test_every_row_is_predicted_once_a_repeat(trained: Trained) -> None:
    for found in trained.found.values():
        for values in found.predicted.values():
            assert np.isfinite(values).all()
            assert values.shape == (1, len(found.groups))


def test_no_paper_and_no_composition_stands_on_both_sides(
    literature: Literature, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Watch every fit, the conductivity link included: it shares no paper with what it then predicts."""
    seen: list[tuple[str, set[str]]] = []
    real = fit_part

    def watched(name: str, designs: object, *rest: object) -> object:
        seen.append((name, set(designs["paper"])))  # type: ignore[index]
        return real(name, designs, *rest)  # type: ignore[arg-type]

    asked: list[tuple[str, set[str]]] = []
    real_baselines = crossvalidate._baselines

    def held_out(part: object, train: Examples, held: Examples) -> object:
        asked.append((seen[-1][0], set(held.papers)))
        # a cell model is fitted right after its conductivity link; the conductivity model has none
        fitted = [papers for _, papers in (seen[-1:] if seen[-1][0] == "conductivity" else seen[-2:])]
        assert not any(papers & set(held.papers) for papers in fitted)
        assert seen[-1][0] == "conductivity" or seen[-2][0] == "conductivity"
        assert CONDUCTIVITY in held.designs or seen[-1][0] == "conductivity"
        return real_baselines(part, train, held)  # type: ignore[arg-type]

    monkeypatch.setattr(crossvalidate, "fit_part", watched)
    monkeypatch.setattr(crossvalidate, "_baselines", held_out)
    cross_validate(literature, QUICK, Protocol(folds=3, repeats=1))
    assert [name for name, _ in asked].count("conductivity") == 3
    assert len(seen) == 3 + 2 * 3 * 2  # conductivity alone, then a link and a cell model per fold of both cell parts


def test_a_planted_leak_is_seen_and_closed(literature: Literature) -> None:
    """Every row is copied under five new papers' names, so that its answer stands six times.

    Split by paper alone the copies give the answer away and the nearest three neighbours look nearly exact; joined by
    composition, as the protocol does for conductivity, they cannot.
    """
    rows = [row for row in literature.electrolytes if row.in_training and row.conductivity_s_per_cm]
    copies = [
        row.model_copy(update={"measurement_id": f"{row.measurement_id}-{copy}", "source_id": f"{row.paper}-{copy}"})
        for row in rows
        for copy in range(5)
    ]
    planted = Literature([*rows, *copies], literature.cells, literature.cycling, literature.sources)
    examples = conductivity_examples(planted)
    by_paper = joined_groups(list(examples.papers))
    protocol, recipe = Protocol(folds=5, repeats=1), Recipe(members=1)
    leaking = error(validate("conductivity", examples, by_paper, recipe, protocol, lambda steps: None))
    honest = error(cross_validate(planted, QUICK | {"conductivity": recipe}, protocol)["conductivity"])
    alone = error(cross_validate(literature, QUICK | {"conductivity": recipe}, protocol)["conductivity"])
    assert leaking["nearest"] < 0.5 * alone["nearest"]
    assert honest["nearest"] > 0.8 * alone["nearest"]
    assert leaking[MODEL] < honest[MODEL]


def error(found: OutOfFold) -> dict[str, float]:
    exact = found.examples.labels.exact
    truth = found.examples.labels.lower[exact]
    return {name: float(np.abs(values[:, exact] - truth).mean()) for name, values in found.predicted.items()}


def test_same_seed_same_predictions(literature: Literature) -> None:
    first, again = (cross_validate(literature, QUICK, Protocol(folds=3, repeats=1, seed=4)) for _ in range(2))
    for name in first:
        np.testing.assert_array_equal(first[name].predicted[MODEL], again[name].predicted[MODEL])
