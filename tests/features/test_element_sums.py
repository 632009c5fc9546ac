from __future__ import annotations

import numpy as np

from features.element_sums import atoms, element_sums
from features.formulas.elements import SYMBOLS
from features.formulas.vectorised import read_amounts


def test_sums_are_those_of_a_table_of_all_elements_to_the_last_bit() -> None:
    draw = np.random.default_rng(0)
    formulas = [
        "".join(f"{symbol}{draw.uniform(0.1, 9):.2f}" for symbol in draw.choice(SYMBOLS, count, replace=False))
        for count in draw.integers(1, 25, 300)
    ]
    amounts = read_amounts([*formulas, "PEO", "Li"])
    table = np.zeros((len(amounts.known), len(SYMBOLS)))
    values = draw.normal(size=len(amounts.element))
    table[amounts.owner, amounts.element] = values
    assert element_sums(amounts, values).tolist() == table.sum(axis=1).tolist()
    rows = [amounts.amount[start:stop].sum() for start, stop in zip(amounts.starts, amounts.starts[1:], strict=False)]
    assert atoms(amounts).tolist() == rows
