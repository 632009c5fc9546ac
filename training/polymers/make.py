"""The polymer model that ships: made of the pulled table by one command, none of its rows inside.

python -m training.polymers.make [FOLDER]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from features.formulas.polymer_notation import polymers
from features.polymers.vector import unit_numbers
from features.tables.literature import Literature
from models.polymers.model import SHIPPED, PolymerModel
from training.data.load import SHIPPED as OUR_TABLES
from training.data.load import load_literature
from training.polymers.learn import SEED, learn, polymer_rows, without_kin
from training.public.polymers import POLYMERS, digest, pulled_polymers, read_polymers


def make(table: pd.DataFrame, literature: Literature, seed: int = SEED) -> PolymerModel:
    """Learn the polymer model from the rows that share no composition with our literature.

    Parameters
    ----------
    table : DataFrame
        As `read_polymers` gives it, kept-out polymers away.
    literature : Literature
        Shipped tables.
    seed : int
        Of the folds and of the boosting.
    """
    rows = polymer_rows(without_kin(table, literature))
    seen = sorted(rows.table["unit"].unique())
    numbers = {name: unit_numbers(row.structure) for name, row in polymers().items() if row.structure}
    shapes = [unit_numbers(unit) for unit in seen]
    about: dict[str, object] = {
        "rows": len(rows.table),
        "polymers": len(seen),
        "salts": int(rows.table["salt"].nunique()),
        "kin_left_out": len(table) - len(rows.table),
        "seen": [digest(unit) for unit in seen],
        "names_seen": [
            name for name, named in numbers.items() if any(abs(named - shape).max() < 1e-9 for shape in shapes)
        ],
        "licence": POLYMERS.licence,
        "cite": POLYMERS.citation,
        "seed": seed,
    }
    return learn(rows, about, seed)


def main() -> None:
    """Make the model and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=str(SHIPPED), help="where to write (default: the shipped model)")
    folder = Path(parser.parse_args().folder)
    make(read_polymers(pulled_polymers()), load_literature([OUR_TABLES])).save(folder)


if __name__ == "__main__":
    main()
