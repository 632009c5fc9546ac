from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pytest

from features.cell import CONDUCTIVITY
from features.tables.literature import Literature, papers_of
from features.tables.records import ElectrolyteRow
from models.ensemble import Labels, Recipe
from models.tasks.conductivity import conductivity_examples
from models.tasks.examples import Examples
from models.tasks.part import Part, fit_part
from training import conductivity_link
from training.conductivity_link import ConductivityLink
from training.data.groups import PaperGroups
from training.data.paper_splits import joined_groups
from training.evaluation import choose as choose_module
from training.evaluation import crossvalidate
from training.evaluation.choose import INNER_FITS
from training.evaluation.crossvalidate import (
    MODEL,
    OutOfFold,
    Protocol,
    cross_validate,
    fits_needed,
    predict_held_out,
    validate,
)
from training.train import Trained

TINY = Recipe(rounds=5, members=1)
QUICK = {name: {"quick": TINY} for name in ("conductivity", "ice", "fade")}
TWO = {"quick": TINY, "quicker": replace(TINY, rounds=2)}


@dataclass
class Watch:
    """Every fit and every prediction of a test, in order."""

    fits: list[tuple[Part, pd.DataFrame]] = field(default_factory=list)
    asked: list[tuple[Part, pd.DataFrame]] = field(default_factory=list)

    def learnt_by(self, part: Part) -> pd.DataFrame:
        """The designs a part was fitted on."""
        return next(designs for each, designs in self.fits if each is part)

    @property
    def pairs(self) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
        """What was learnt from and what was then predicted, for each prediction."""
        return [(self.learnt_by(part), designs) for part, designs in self.asked]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    found, real_predict = Watch(), Part.predict

    def fitted(name: str, designs: pd.DataFrame, labels: Labels, recipe: Recipe, seed: int) -> Part:
        part = fit_part(name, designs, labels, recipe, seed)
        found.fits.append((part, designs))
        return part

    def predicted(part: Part, designs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        found.asked.append((part, designs))
        return real_predict(part, designs)

    def held_out(name: str, part: Part, train: Examples, held: Examples, baselines: Collection[str]) -> object:
        found.asked.append((part, held.designs))
        return predict_held_out(name, part, train, held, baselines)

    monkeypatch.setattr(crossvalidate, "fit_part", fitted)
    monkeypatch.setattr(conductivity_link, "fit_part", fitted)
    monkeypatch.setattr(choose_module, "fit_part", fitted)
    monkeypatch.setattr(Part, "predict", predicted)
    monkeypatch.setattr(crossvalidate, "predict_held_out", held_out)
    return found


def papers_in(designs: pd.DataFrame) -> set[str]:
    return {paper for row in designs["paper"] for paper in papers_of(row)}


def test_every_row_is_predicted_once_a_repeat(trained: Trained) -> None:
    for found in trained.found.values():
        for values in found.predicted.values():
            assert np.isfinite(values).all()
            assert values.shape == (1, len(found.groups))


@pytest.mark.slow
def test_no_paper_and_no_composition_stands_on_both_sides(
    literature: Literature, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Watch every fit between two folds, those of the choice and of the conductivity link included: none of them, and
    nothing that fills a training cell, has seen a paper that is then judged."""
    judged: list[str] = []
    watched = crossvalidate.predict_held_out

    def held_out(name: str, part: Part, train: Examples, held: Examples, baselines: Collection[str]) -> object:
        found = watched(name, part, train, held, baselines)
        papers, cells = papers_in(held.designs), "cell_id" in held.designs
        used = [learnt for learnt, _ in watch.pairs]
        assert len(used) >= (3 if cells else 1)  # cells: the link fills both sides, then the model answers
        assert not any(papers & papers_in(learnt) for learnt in used)
        assert (CONDUCTIVITY in held.designs) == cells
        judged.append("cells" if cells else "conductivity")
        watch.asked.clear()
        return found

    monkeypatch.setattr(crossvalidate, "predict_held_out", held_out)
    cross_validate(literature, QUICK | {"conductivity": TWO}, Protocol(folds=3, repeats=1))
    assert judged == ["conductivity"] * 3 + ["cells"] * 6


METALS = ("Li", "Na", "K", "Rb", "Cs", "Mg", "Ca", "Sr", "Ba", "Zn", "Al", "Ga")
ANSWERS = (1e-1, 1e-9, 1e-2, 1e-8, 1e-3, 1e-7, 1e-4, 1e-6, 1e-1, 1e-9, 1e-2, 1e-8)


def planted() -> tuple[Literature, list[set[str]]]:
    """Twelve fluorides; each one's answer stands again with its twin, its paper and its second paper.

    Returns
    -------
    Literature, and for each row in order the ids of its kin by hand.
    """
    rows, kin = [], []

    def add(metal: str, kind: str, formula: str, paper: str, related: Sequence[str], answer: float) -> None:
        rows.append(
            ElectrolyteRow(
                measurement_id=f"{metal}-{kind}", electrolyte=formula, source_id=paper, conductivity_s_per_cm=answer
            )
        )
        kin.append({f"{metal}-{each}" for each in related})

    for metal, answer in zip(METALS, ANSWERS, strict=True):
        add(metal, "row", f"{metal}F", f"10.1/{metal.lower()}", ("twin", "paper", "second"), answer)
        # 1/2 against 1.02/2.02: 2 x 0.00495 = 0.0099 apart, but not the same to three decimals of a fraction
        add(metal, "twin", f"{metal}1.02F", f"10.2/{metal.lower()}", ("row",), answer)
        add(metal, "paper", f"{metal}2Te", f"10.1/{metal.lower()}", ("row", "second"), answer)
        add(metal, "second", f"{metal}3As", f"10.3/{metal.lower()}|10.1/{metal.lower()}", ("row", "paper"), answer)
    return Literature(rows), kin


@pytest.mark.slow
@pytest.mark.parametrize("by_row", [True, False])
def test_planted_kin_reach_no_fit_that_predicts_them(watch: Watch, by_row: bool) -> None:
    """Row by row all kin are on the other side and must go; by the protocol's folds the groups hold all but the twins,
    which no key joins."""
    literature, kin = planted()
    examples = conductivity_examples(literature)
    names = list(examples.designs["row_id"])
    related = dict(zip(names, kin, strict=True))
    kinship = PaperGroups.of(examples, by_composition=True)
    assert len(np.unique(kinship.groups)) == 2 * len(METALS)
    tests = [(0, np.array([row])) for row in range(8)] if by_row else None
    found = validate("conductivity", examples, kinship, TWO, Protocol(3, 1), tests=tests)
    assert len(watch.pairs) == len(found.removed) * (1 + INNER_FITS * len(TWO))
    for learnt, asked in watch.pairs:
        seen, tested = set(learnt["row_id"]), set(asked["row_id"])
        assert not seen & tested
        assert not seen & {each for row in tested for each in related[row]}
    if by_row:
        # the fluoride has three kin, its twin one, the others two each: of the first two metals
        assert found.removed == [3, 1, 2, 2] * 2
    else:
        outer = [set(asked["row_id"]) for _, asked in watch.pairs if len(asked) == 16]
        assert len(outer) >= 3  # 48 rows over three folds
        folds = [{names[row] for row in np.flatnonzero(found.fold[0] == fold)} for fold in range(3)]
        by_hand = [len({each for row in fold for each in related[row]} - fold) for fold in folds]
        assert found.removed == by_hand
        assert sum(found.removed) > 0
    assert found.chosen[0] in TWO


@pytest.mark.slow
def test_a_planted_leak_pays_only_where_nobody_looks() -> None:
    """The neighbours of a fluoride are its twin, 0.01 away, and two others: with the twin at hand the nearest baseline
    is a third right; without it it knows nothing."""
    examples = conductivity_examples(planted()[0])
    kin = PaperGroups.of(examples, by_composition=True)
    blind = PaperGroups(np.eye(len(examples.papers), dtype=bool), None, kin.groups)
    tests = [(0, np.array([row])) for row in range(0, 48, 4)]
    shared = {"quick": Recipe(rounds=40, members=1, rate=0.3, min_child_weight=0.1, subsample=1.0, colsample=1.0)}
    honest, leaking = (
        error(validate("conductivity", examples, each, shared, Protocol(), tests=tests)) for each in (kin, blind)
    )
    assert leaking["nearest"] < 0.75 * honest["nearest"]
    assert leaking[MODEL] < 0.75 * honest[MODEL]


def test_a_column_that_tells_the_label_of_test_rows_does_not_matter() -> None:
    """Labels of test rows, and columns that hold them, are changed: predictions and the choice stay as they are."""
    literature, _ = planted()
    examples = conductivity_examples(literature)
    kin = PaperGroups.of(examples, by_composition=True)
    test = np.array([0, 5, 10])
    told = examples.labels.lower.copy()
    told[test] = [-1.0, -2.0, -3.0]
    columns = {name: np.where(np.isin(np.arange(len(told)), test), told, np.nan) for name in ("answer", "note")}
    energies = np.where(np.isin(np.arange(len(told)), test), -told, np.nan)
    spoilt = Examples(
        examples.designs.assign(**columns, activation_energy_ev=energies, conductivity_s_per_cm=10.0**told),
        Labels(told, told.copy(), np.where(np.isin(np.arange(len(told)), test), 50.0, examples.labels.weight)),
    )
    assert (told != examples.labels.lower)[test].any()
    before, after = (
        validate("conductivity", each, kin, TWO, Protocol(), tests=[(0, test)]) for each in (examples, spoilt)
    )
    assert before.chosen == after.chosen
    for name, values in before.predicted.items():
        np.testing.assert_array_equal(values, after.predicted[name])
        assert np.isfinite(values[0, test]).all()
        assert np.isnan(np.delete(values[0], test)).all()
    np.testing.assert_array_equal(before.spread, after.spread)


def test_the_conductivity_link_never_saw_the_papers_held_out(watch: Watch) -> None:
    literature, _ = planted()
    examples = conductivity_examples(literature)
    names = list(examples.designs["row_id"])
    link = ConductivityLink(examples, TWO, 0)
    cells = pd.DataFrame({"electrolyte": ["LiF"], "electrolyte_conductivity_s_per_cm": [np.nan]})
    filled = link.without(["10.1/li", "10.3/na|10.9/x"])(cells)
    assert np.isfinite(filled[CONDUCTIVITY]).all()
    # of lithium the three rows of the paper go, the twin of another paper stays; of sodium only the second paper's row
    gone = {"Li-row", "Li-paper", "Li-second", "Na-second"}
    assert len(watch.fits) == 1  # the recipe is the first, not chosen
    assert set(watch.fits[-1][1]["row_id"]) == set(names) - gone
    link.without(["10.3/na", "10.1/li", "nobody's"])  # leaves the same rows
    assert len(watch.fits) == 1
    link.without(["nobody's"])
    assert set(watch.fits[-1][1]["row_id"]) == set(names)


@pytest.mark.slow
def test_progress_counts_every_fit_that_was_announced(literature: Literature) -> None:
    steps: list[int] = []
    choices = QUICK | {"ice": TWO}
    protocol = Protocol(folds=2, repeats=2)
    cross_validate(literature, choices, protocol, steps.append)
    # four folds of three parts, and inside each of ice three inner folds for both recipes
    assert sum(steps) == fits_needed(protocol, choices) == 4 * 3 + 4 * 3 * 2


@pytest.mark.slow
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
    copied = Literature([*rows, *copies], literature.cells, literature.cycling, literature.sources)
    examples = conductivity_examples(copied)
    by_paper = PaperGroups.of(examples, by_composition=False)
    assert by_paper.groups.tolist() == joined_groups(list(examples.papers)).tolist()
    protocol, recipes = Protocol(folds=5, repeats=1), {"one": Recipe(members=1)}
    leaking = error(validate("conductivity", examples, by_paper, recipes, protocol))
    honest, alone = (error(conductivity(each, recipes, protocol)) for each in (copied, literature))
    assert leaking["nearest"] < 0.5 * alone["nearest"]
    assert honest["nearest"] > 0.8 * alone["nearest"]
    assert leaking[MODEL] < honest[MODEL]


def conductivity(literature: Literature, recipes: dict[str, Recipe], protocol: Protocol) -> OutOfFold:
    examples = conductivity_examples(literature)
    return validate("conductivity", examples, PaperGroups.of(examples, by_composition=True), recipes, protocol)


def error(found: OutOfFold) -> dict[str, float]:
    exact = found.examples.labels.exact & np.isfinite(found.predicted[MODEL][0])
    truth = found.examples.labels.lower[exact]
    return {name: float(np.abs(values[:, exact] - truth).mean()) for name, values in found.predicted.items()}


@pytest.mark.slow
@pytest.mark.usefixtures("every_fit_is_made")
def test_same_seed_same_predictions(literature: Literature) -> None:
    first, again = (cross_validate(literature, QUICK, Protocol(folds=3, repeats=1, seed=4)) for _ in range(2))
    for name in first:
        np.testing.assert_array_equal(first[name].predicted[MODEL], again[name].predicted[MODEL])
