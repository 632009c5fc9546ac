"""A planted model: the life rises with the stack pressure, a step at 20 MPa, and with nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.tables.records import Candidate
from models.bundle import Bundle, load_bundle
from models.domain import Domain
from models.ensemble import Labels, Recipe
from models.predictor import Predictor
from models.tasks.part import fit_part, with_conductivity
from models.tasks.registry import LINK

PRESSURES = (0.0, 1.0, 2.0, 5.0, 20.0, 50.0, 75.0)


@pytest.fixture(scope="session")
def planted(bundle_folder: Path) -> Predictor:
    """Lives of 10 cycles up to 5 MPa and of 1000 from 20 MPa on, whatever the silicon size; four cells each."""
    bundle = load_bundle(bundle_folder)
    rows = [
        {"electrolyte": "Li6PS5Cl", "anode": "Si", "stack_pressure_mpa": pressure, "silicon_size_nm": size}
        for pressure in PRESSURES
        for size in (50.0, 100.0, 500.0, 1000.0)
    ]
    frame = pd.DataFrame(rows).reindex(columns=list(Candidate.model_fields))
    designs = with_conductivity(frame, bundle.parts[LINK])
    life = np.where(frame["stack_pressure_mpa"] > 10, 3.0, 1.0)
    recipe = Recipe(rounds=60, rate=0.2, min_child_weight=1.0, reg_lambda=0.0, subsample=1.0, colsample=1.0, members=1)
    part = fit_part("fade", designs, Labels(life, life, np.ones(len(life))), recipe, 0)
    precedents = [
        {
            "paper": f"p{row}",
            "doi": "",
            "citation": "",
            "cycle": 10.0**held + 1,
            "retention_pct": 80.0,
            "qualifier": "=",
        }
        for row, held in enumerate(life)
    ]
    domain = Domain.learn(
        part.featurizer.transform(designs), [each["paper"] for each in precedents], frame,
        ["stack_pressure_mpa", "silicon_size_nm"], {"Li", "P", "S", "Cl"}, {"sulfide-argyrodite"}, precedents,
    )  # fmt: skip
    domain.far = 0.5
    old = bundle.parts["fade"]
    parts = {**bundle.parts, "fade": replace(old, featurizer=part.featurizer, ensemble=part.ensemble, domain=domain)}
    return Predictor(Bundle(parts, {**bundle.facts, "skill": {}}))  # skill is shown of what was planted
