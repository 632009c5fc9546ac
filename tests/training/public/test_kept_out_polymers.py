"""No row of ours that trains holds one of the 25 polymers kept out of the public table."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.formulas.polymer_notation import polymers
from features.formulas.reader import FormulaError, read_formula
from features.polymers.vector import unit_numbers
from features.tables.literature import Literature
from training.public.polymers import KEPT_OUT, TABLE, digest


def named_polymers(text: str) -> set[str]:
    """Polymers that the reader finds in a text, and those whose names stand in a text that it refuses."""
    try:
        read = {part.get("polymer") for part in read_formula(text).parts}
    except FormulaError:
        read = set()
    spellings = {name: [name, *filter(None, row.written.split("|"))] for name, row in polymers().items()}
    named = {
        name
        for name, written in spellings.items()
        if any(re.search(rf"(?<![A-Za-z]){re.escape(one)}(?![A-Za-z])", text, re.IGNORECASE) for one in written)
    }
    return named | (read & set(spellings))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("PVA/LiBOB", {"PVA"}),
        ("PVA/chitosan with 30 wt% lithium acetate", {"PVA", "chitosan"}),
        ("PVA/LiBOB soaked in 1 M LiBOB in water", {"PVA"}),  # refused by the reader: named all the same
        ("PEO-LiTFSI (EO:Li = 18)", {"PEO"}),
        ("PVAc/LiClO4", {"PVAc"}),
        ("Li6PS5Cl", set()),
    ],
)
def test_the_polymers_of_a_text(text: str, names: set[str]) -> None:
    assert named_polymers(text) == names


def test_no_polymer_kept_out_trains(datasets: Path, literature: Literature) -> None:
    """Compared by the numbers of the repeat unit, which are the same wherever in the chain a unit is cut."""
    units = pd.read_csv(datasets / "polymers" / TABLE)["smiles"].unique()
    kept_out = [unit_numbers(unit) for unit in units if digest(unit) in KEPT_OUT]
    assert len(kept_out) == len(KEPT_OUT) == 25

    def is_kept_out(name: str) -> bool:
        structure = polymers()[name].structure
        return bool(structure) and any(np.allclose(unit_numbers(structure), unit) for unit in kept_out)

    assert is_kept_out("PVA")
    assert not is_kept_out("PEO")
    rows = {
        row.measurement_id: row.in_training
        for row in literature.electrolytes
        if any(map(is_kept_out, named_polymers(row.electrolyte)))
    }
    assert rows == dict.fromkeys(["O043", "O044", "Q013", "Q014"], False)
