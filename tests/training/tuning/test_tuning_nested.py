from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from features.tables.literature import Literature, papers_of
from models.ensemble import Recipe
from models.tasks.examples import Examples
from models.tasks.ice import ice_examples
from tests.salts import CHOICE, table
from training.config import Protocol
from training.data.groups import PaperGroups
from training.evaluation.choose import INNER_FITS
from training.evaluation.crossvalidate import cross_validate
from training.tuning import nested as nested_module
from training.tuning import study as study_module
from training.tuning.nested import TUNED, Tuning, cross_validate_tuned, tune_nested, untuned
from training.tuning.study import Budget, Study, tune


@pytest.mark.slow
def test_the_outer_papers_are_in_no_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples, kin = table()
    protocol, seen = Protocol(3, 2, 4), list[tuple[set[str], int]]()
    real = tune

    def watched(name: str, rows: Examples, kin: PaperGroups, choices: object, seed: int, *rest: object) -> Study:
        seen.append((set(rows.papers), seed))
        return real(name, rows, kin, choices, seed, *rest)

    monkeypatch.setattr(nested_module, "tune", watched)
    tuning = Tuning(("conductivity",), Budget(trials=1), tmp_path / "a.db")
    found = tune_nested("conductivity", examples, kin, CHOICE, protocol, tuning)
    tests = protocol.tests(kin.groups)
    assert len(seen) == len(tests) == len(tuning.studies) == len(found.chosen) == len(found.removed) == 6
    for (papers, seed), (repeat, test) in zip(seen, tests, strict=True):
        outer = set(examples.papers[test])
        assert not papers & outer
        assert papers | outer == set(examples.papers)  # no salt is another's kin: nothing else is left out
        assert seed == 4 + repeat
    assert np.isfinite(found.predicted["silion"]).all()
    assert [sorted(set(row)) for row in found.fold] == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.slow
def test_parts_that_are_not_tuned_are_as_without(literature: Literature, tmp_path: Path) -> None:
    """Only ICE is searched: conductivity and fade come out to the last bit as `cross_validate` gives them."""
    choices = {part: {"few": Recipe(rounds=20, members=1)} for part in ("conductivity", "ice", "fade")}
    protocol = Protocol(2, 1)
    tuning = Tuning(("ice",), Budget(trials=2), tmp_path / "a.db")
    done: list[int] = []
    plain = cross_validate(literature, choices, protocol)
    found = cross_validate_tuned(literature, choices, protocol, tuning, done.append)
    assert list(found) == list(plain)
    for part in ("conductivity", "fade"):
        for method, values in plain[part].predicted.items():
            np.testing.assert_array_equal(found[part].predicted[method], values)
        for name in ("spread", "shape", "fold", "distance"):
            np.testing.assert_array_equal(getattr(found[part], name), getattr(plain[part], name))
        assert (found[part].chosen, found[part].removed) == (plain[part].chosen, plain[part].removed)
    assert set(found["ice"].chosen) <= {"few", TUNED}
    assert sum(done) == 3 * 2 + 2 * 2 * INNER_FITS  # a fit per part and fold, and the choice between two for ICE
    # cells of a paper held out are in no study, whichever of several papers tells them
    ice = ice_examples(literature)
    kin = PaperGroups.of(ice, by_composition=False)
    assert len(tuning.studies) == 2
    assert {each.part for each in tuning.studies} == {"ice"}
    for _, test in protocol.tests(kin.groups):
        rest = np.setdiff1d(np.arange(len(kin.groups)), test)
        held = {paper for each in ice.papers[test] for paper in papers_of(each)}
        assert not held & {paper for each in ice.papers[rest] for paper in papers_of(each)}


@pytest.mark.slow
def test_a_run_made_again_searches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples, kin = table()
    asked = ("conductivity", examples, kin, CHOICE, Protocol(3, 1))
    tuning = Tuning(("conductivity",), Budget(trials=3), tmp_path / "a.db")
    first = tune_nested(*asked, tuning)
    kept = json.loads(json.dumps(tuning.kept))  # as the facts of a model hold it
    assert len(kept) == 3
    monkeypatch.setattr(study_module, "opened", None)
    repeated = Tuning.again(kept)
    assert json.loads(json.dumps(repeated.kept)) == kept
    again = tune_nested(*asked, repeated)
    assert again.chosen == first.chosen
    np.testing.assert_array_equal(again.predicted["silion"], first.predicted["silion"])
    # other rows, other studies: only what was given is offered
    fewer = np.arange(12)
    assert Tuning.again(kept).offered("conductivity", examples.take(fewer), kin.take(fewer), CHOICE, 0) == CHOICE


@pytest.mark.slow
def test_learning_curves_use_a_given_recipe(literature: Literature) -> None:
    choices = {part: {"few": Recipe(rounds=20, members=1)} for part in ("conductivity", "ice", "fade")}
    found = cross_validate(literature, choices, Protocol(2, 1))
    found["ice"].chosen, found["fade"].chosen = [TUNED, TUNED], [TUNED, "few"]
    kept = untuned(found, choices)
    assert {part: each.chosen for part, each in kept.items()} == {
        "conductivity": ["few", "few"], "ice": ["few"], "fade": ["few"],
    }  # fmt: skip
    assert found["ice"].chosen == [TUNED, TUNED]
