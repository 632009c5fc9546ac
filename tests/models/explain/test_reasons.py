from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.tables.records import Candidate
from models.bundle import Bundle, load_bundle
from models.candidates import candidate_frame
from models.explain.shap_values import Reasons, answer, reasons, shares, training_vectors
from models.polymers.prediction import TOLD_BY
from models.predictor import Predictor
from models.tasks.conductivity import CONDUCTIVITY
from models.tasks.fade import LIFE, RETENTION
from models.tasks.ice import ICE
from models.tasks.part import with_conductivity
from models.tasks.registry import LINK, TARGETS, task_of

CELLS = candidate_frame(
    [
        Candidate(electrolyte="Li6PS5Cl", temperature_c=60.0, anode="nano-Si", np_ratio=2.0, cycle=50.0),
        Candidate(electrolyte="LLZTO", anode="Si film", film_thickness_nm=100.0),
        Candidate(
            electrolyte="PEO-LiTFSI", electrolyte_class="polymer", anode="SiO", stack_pressure_mpa=1.0, cycle=1000.0
        ),
    ]
)
CYCLE = np.array([50.0, 100.0, 1000.0])


@pytest.fixture
def bundle(bundle_folder: Path) -> Bundle:
    return load_bundle(bundle_folder)


@pytest.mark.parametrize("column", list(TARGETS))
def test_the_shares_make_up_the_printed_prediction(bundle: Bundle, column: str) -> None:
    target, part = TARGETS[column], bundle.parts[task_of(column).name]
    frame = with_conductivity(CELLS, bundle.parts[LINK]) if column != CONDUCTIVITY.column else CELLS
    split = shares(column, part, reasons(part, frame), CYCLE)
    parts = {name: replace(each, known=None) for name, each in bundle.parts.items()}  # before measured values draw it
    table = Predictor(Bundle(parts, bundle.facts)).predict(CELLS, precedents=0).table
    # nor what the polymer model tells in the place of this one: a step of its own on the page
    own = ~table["notice"].str.contains(TOLD_BY).to_numpy() | (column != CONDUCTIVITY.column)
    assert own.sum() == (2 if column == CONDUCTIVITY.column else 3)
    printed = target.scaled(table[column].to_numpy(dtype=float))[own]
    np.testing.assert_allclose((split.start + split.pieces.sum(axis=1))[own], printed, rtol=1e-5)
    np.testing.assert_allclose(split.end[own], printed, rtol=1e-5)


def test_the_shares_of_a_bent_answer_are_the_path_integral(bundle: Bundle) -> None:
    """Aumann-Shapley by its definition: the gradient along the way from base to prediction, in ten thousand steps."""
    part = bundle.parts["fade"]
    found = Reasons([], np.array([[0.9, -0.4, 0.2], [-1.5, 0.1, 0.0]]), 2.0, np.zeros((2, 3)))
    cycle = np.array([80.0, 300.0])
    split = shares(RETENTION.column, part, found, cycle)
    ways = (np.arange(10_000) + 0.5) / 10_000
    for row in range(2):
        place = found.base + ways * found.values[row].sum()
        slope = (
            answer(RETENTION.column, part, place + 1e-6, cycle[row])
            - answer(RETENTION.column, part, place - 1e-6, cycle[row])
        ) / 2e-6
        np.testing.assert_allclose(split.pieces[row], found.values[row] * slope.mean(), rtol=1e-4)


def test_what_cancels_out_is_told_by_the_derivative(bundle: Bundle) -> None:
    # +0.5 and -0.5 decades of life leave 10**2 cycles; the law falls by 80 % after that many, so around cycle 101
    # dR/dlog10(N80) = 100 * 0.8 * ln(0.8) * (-shape) * ln(10) = 41.1 * shape points a decade
    part = bundle.parts["fade"]
    found = Reasons([], np.array([[0.5, -0.5]]), 2.0, np.zeros((1, 2)))
    split = shares(RETENTION.column, part, found, np.array([101.0]))
    slope = 100 * 0.8 * -np.log(0.8) * part.settings["shape"] * np.log(10)
    np.testing.assert_allclose(split.pieces[0], [0.5 * slope, -0.5 * slope], rtol=1e-3)
    np.testing.assert_allclose(split.start, split.end)


def test_a_bound_takes_its_share_from_every_feature(bundle: Bundle) -> None:
    # base 90 %, +30 and -10 points: 110 % is cut to 100 %, so 10 points are left of 20 and every share is halved
    found = Reasons([], np.array([[30.0, -10.0]]), 90.0, np.zeros((1, 2)))
    split = shares(ICE.column, bundle.parts["ice"], found, np.array([100.0]))
    np.testing.assert_allclose(split.pieces, [[15.0, -5.0]])
    assert split.end.tolist() == [100.0]


def test_the_life_counts_the_reference_cycle(bundle: Bundle) -> None:
    # 99 cycles after the first make 100
    found = answer(LIFE.column, bundle.parts["fade"], np.array([np.log10(99.0)]), 1.0)
    np.testing.assert_allclose(found, 2.0)


def test_a_part_without_training_designs_has_learnt_none(bundle: Bundle) -> None:
    part = bundle.parts["ice"]
    assert part.domain is not None
    assert training_vectors(part).shape == part.domain.vectors.shape
    part.domain = None
    assert training_vectors(part).shape == (0, len(part.featurizer.features_))
