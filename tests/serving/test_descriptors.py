"""Which descriptors to report with a measurement."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from features.tables.records import Candidate
from models.bundle import Bundle, load_bundle
from models.candidates import candidate_frame
from models.predictor import Predictor
from models.tasks.conductivity import CONDUCTIVITY
from models.tasks.ice import ICE
from serving.predict.descriptors_to_report import report_text, to_report
from serving.predict.suggest import suggest_file
from tests.shared import ROOT

BARE = Candidate(electrolyte="Li6PS5Cl", anode="micro-Si")
WITH_RATE = Candidate(electrolyte="Li6PS5Cl", anode="micro-Si", c_rate_per_h=0.1)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(ROOT / "tests" / "bundles" / "v1")


def test_what_half_of_the_candidates_lack_counts_half(bundle: Bundle) -> None:
    alone = {one.label: one for one in to_report(bundle, candidate_frame([BARE]), ICE.column)}
    both = {one.label: one for one in to_report(bundle, candidate_frame([BARE, WITH_RATE]), ICE.column)}
    assert len(alone) == len(both) == 9
    assert both["current"].lacking == 1
    assert both["current"].score == pytest.approx(alone["current"].score / 2)
    assert both["temperature"].score == alone["temperature"].score == pytest.approx(1 - alone["temperature"].known)


def test_what_every_candidate_states_is_not_asked_for(bundle: Bundle) -> None:
    labels = [one.label for one in to_report(bundle, candidate_frame([WITH_RATE]), ICE.column)]
    assert len(labels) == 8
    assert "current" not in labels


def test_what_fewest_measured_cells_state_comes_first(bundle: Bundle) -> None:
    ranked = to_report(bundle, candidate_frame([BARE]), ICE.column)
    known = [one.known for one in ranked]
    assert known == sorted(known)
    assert known[0] < known[-1]  # no loading of an ICE cell is printed; most state a window and a current
    assert ranked[0].score == 1 - known[0]


def test_an_electrolyte_alone_has_no_descriptors_of_a_cell(bundle: Bundle) -> None:
    assert to_report(bundle, candidate_frame([BARE]), CONDUCTIVITY.column) == []
    assert to_report(bundle, pd.DataFrame(columns=list(Candidate.model_fields)), ICE.column) == []


def test_a_part_without_its_training_designs_ranks_nothing(bundle: Bundle) -> None:
    parts = bundle.parts | {"ice": replace(bundle.parts["ice"], domain=None, calibration=None)}
    assert to_report(replace(bundle, parts=parts), candidate_frame([BARE]), ICE.column) == []


def test_the_list_says_how_many_candidates_lack_it_and_how_many_cells_state_it(bundle: Bundle, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("electrolyte,anode,c_rate_per_h\nLi6PS5Cl,micro-Si,\nLi6PS5Cl,micro-Si,0.1\n", encoding="utf-8")
    lines = suggest_file(source, Predictor(bundle), 1, targets=[ICE.column]).to_report
    best = to_report(bundle, candidate_frame([BARE, WITH_RATE]), ICE.column)[0]
    assert lines[0].startswith("initial Coulombic efficiency, to report with the value")
    assert lines[1].startswith(f"  1. {best.label} (")
    assert lines[1].endswith(f"2 of 2 candidates lack it; stated by {100 * best.known:.0f} % of the measured cells")
    assert lines == report_text(bundle, candidate_frame([BARE, WITH_RATE]), [ICE.column])
