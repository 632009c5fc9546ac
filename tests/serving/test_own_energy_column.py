"""A column `activation_energy_ev` of the user's own, where nobody asks for the energy: kept, and no prediction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.tables.mistakes import InputError
from serving.notebook.answers import Answers
from serving.notebook.design_input import read_designs
from serving.predict.batch import first_rows
from serving.predict.prediction_text import text_table
from serving.predict.read import read_candidates

COLUMN, ENERGY = "conductivity_s_per_cm", "activation_energy_ev"
OWN = {ENERGY: ["0.35 (EIS)"], f"{ENERGY}_low": ["0.3"], f"{ENERGY}_high": ["0.4"]}
TOLD = {COLUMN: [1e-3], f"{COLUMN}_low": [1e-4], f"{COLUMN}_high": [1e-2], "notice": [""]}


@pytest.mark.parametrize("asked", [None, [COLUMN]])
def test_it_is_kept_where_nobody_asks_for_it(tmp_path: Path, asked: list[str] | None) -> None:
    """As text, whatever is in it; table, terminal and notebook show the conductivity alone."""
    path = tmp_path / "in.csv"
    path.write_text(f"electrolyte,{ENERGY}\nLi6PS5Cl,0.35 (EIS)\n", encoding="utf-8")
    said = [f"kept as your own, not read by the model: {ENERGY}"]
    assert read_candidates(path, asked).remarks == said
    given = read_designs({"electrolyte": "Li6PS5Cl", ENERGY: 0.35}, asked)
    assert (given.remarks, given.names) == (said, ["Li6PS5Cl"])
    pd.DataFrame({"electrolyte": ["Li6PS5Cl"], **OWN, **TOLD}).to_csv(tmp_path / "out.csv", index=False)
    table = first_rows(tmp_path / "out.csv", targets=asked)
    assert table[ENERGY].tolist() == ["0.35 (EIS)"]
    assert table[COLUMN].tolist() == [1e-3]
    shown = text_table(table, width=200, targets=asked)
    page = Answers(table, pd.DataFrame({"place": []}), ["Li6PS5Cl"], 0.9, {}, asked=asked).html(1)
    for text in (shown, page):
        assert "S/cm" in text
        assert "activation energy" not in text


def test_it_is_refused_where_it_would_be_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(f"electrolyte,{ENERGY}\nLi6PS5Cl,0.35\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_candidates(path, [COLUMN, ENERGY])
    assert f"{ENERGY}_measured" in str(refused.value)
    with pytest.raises(InputError):
        read_designs({"electrolyte": "Li6PS5Cl", ENERGY: 0.35}, [ENERGY])
    told = pd.DataFrame(
        {"electrolyte": ["Li6PS5Cl"], ENERGY: [0.35], f"{ENERGY}_low": [0.3], f"{ENERGY}_high": [np.nan]}
    )
    assert "activation energy (eV)" in text_table(told, targets=[ENERGY])
