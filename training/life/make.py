"""The life models that ship: made of the pulled cycling sets by one command, none of their rows inside.

python -m training.life.make [FOLDER]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from models.life.discharge import SHIPPED as DISCHARGE
from models.life.model import SHIPPED, LifeModel
from training.life.discharge import discharge_examples, learn_discharge
from training.life.landmarks import life_examples
from training.life.learn import learn
from training.life.sets import CyclingSets, read_sets
from training.public.cycling import CYCLING, pulled_cycling

SEED = 0


def make(sets: CyclingSets, seed: int = SEED) -> LifeModel:
    """Fit the life model to finished cells; intervals hold for cells of a data set never seen.

    Parameters
    ----------
    sets : CyclingSets
        Cells; those kept out are left out.
    seed : int
        Of the boosting.
    """
    learnable = sets.learnable
    counts = learnable.cells.groupby("data_set").size()
    about = {
        "cells": len(learnable.cells),
        "silicon_cells": int(learnable.cells["silicon"].sum()),
        "data_sets": {str(name): int(count) for name, count in counts.items()},
        "licence": CYCLING.licence,
        "cite": CYCLING.citation,
        "seed": seed,
    }
    return learn(life_examples(learnable.curves, learnable.cells), "data_set", None, seed, about)


def main() -> None:
    """Make the models and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=str(SHIPPED), help="where to write (default: the shipped model)")
    folder = Path(parser.parse_args().folder)
    sets = pulled_cycling()
    make(read_sets(sets)).save(folder)
    learn_discharge(discharge_examples(sets)).save(folder / DISCHARGE.name)


if __name__ == "__main__":
    main()
