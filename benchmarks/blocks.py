"""What each block of electrolyte features is worth on papers never seen: shipped literature, OBELiX training ids.

    python -m benchmarks.blocks [--repeats 2]

OBELiX is read from `../shared/datasets/obelix` and skipped where that folder is absent; nothing of it is kept. Groups
are papers joined where they share a composition; a censored value (`<1E-10`) is a bound, not judged by its error.
"""

from __future__ import annotations

import argparse
import csv
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.results import ROOT, write_result
from models.ensemble import Labels, Recipe
from models.tasks.conductivity import conductivity_examples
from models.tasks.examples import Examples
from models.tasks.registry import LINK
from training.config import Protocol
from training.data.groups import PaperGroups
from training.data.load import load_literature
from training.evaluation.crossvalidate import MODEL, validate

OBELIX = ROOT.parent / "shared" / "datasets" / "obelix"
CHOICES: dict[str, tuple[str, ...]] = {
    "fractions": ("fractions",),
    "fractions, anions": ("fractions", "anions"),
    "fractions, anions, basics (shipped)": ("fractions", "anions", "basics"),
    "fractions, statistics": ("fractions", "statistics"),
    "fractions, anions, contrasts": ("fractions", "anions", "contrasts"),
    "fractions, anions, structure": ("fractions", "anions", "structure"),
    "fractions, anions, basics, structure": ("fractions", "anions", "basics", "structure"),
}
LATTICE = {
    "a": "lattice_a_angstrom", "b": "lattice_b_angstrom", "c": "lattice_c_angstrom", "alpha": "lattice_alpha_deg",
    "beta": "lattice_beta_deg", "gamma": "lattice_gamma_deg", "Z": "formula_units_per_cell",
    "Space group": "space_group",
}  # fmt: skip


def obelix() -> Examples:
    """Rows of the official training ids, with structure where one is held; room temperature throughout."""
    train_ids = {row["ID"] for row in csv.DictReader((OBELIX / "train_idx.csv").open(encoding="utf-8"))}
    table = pd.read_csv(OBELIX / "all.csv", dtype=str)
    table = table[table["ID"].isin(train_ids)].reset_index(drop=True)
    with zipfile.ZipFile(OBELIX / "all_cifs.zip") as archive:
        cifs = {
            Path(name).stem: archive.read(name).decode("utf-8") for name in archive.namelist() if name.endswith(".cif")
        }
    designs = pd.DataFrame({column: table[label] for label, column in LATTICE.items()})
    numbers = [name for name in LATTICE.values() if name != "space_group"]
    designs[numbers] = designs[numbers].apply(pd.to_numeric, errors="coerce")
    designs = designs.assign(
        electrolyte=table["True Composition"],
        composition="",
        temperature_c=25.0,
        cif_text=[cifs.get(identity, "") for identity in table["ID"]],
        paper=table["DOI"].fillna(table["ID"]),
        row_id=table["ID"],
    )
    printed = table["Ionic conductivity (S cm-1)"]
    bound = printed.str.startswith("<").to_numpy()
    value = np.log10(printed.str.removeprefix("<").astype(float).to_numpy())
    return Examples(designs, Labels(np.where(bound, -np.inf, value), value, np.ones(len(value))))


def score(examples: Examples, recipe: Recipe, repeats: int) -> dict[str, float]:
    """Mean absolute error in decades of the model and of the dummy, over rows with a value."""
    kin = PaperGroups.of(examples, by_composition=True)
    out_of_fold = validate(LINK, examples, kin, {"blocks": recipe}, Protocol(repeats=repeats))
    exact = examples.labels.exact
    truth = examples.labels.lower[exact]
    return {name: float(np.abs(out_of_fold.predicted[name][:, exact] - truth).mean()) for name in (MODEL, "dummy")}


def main() -> None:
    """Print and keep one line per set of blocks and table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2)
    repeats = parser.parse_args().repeats
    tables = {"literature": (conductivity_examples(load_literature()), Recipe(linear_share=0.5, members=2))}
    if OBELIX.is_dir():
        many = Recipe(rounds=500, rate=0.05, min_child_weight=2, reg_lambda=3, members=2)
        tables["OBELiX training ids"] = (obelix(), many)
    else:
        print(f"no {OBELIX.name} folder beside the checkout: only the shipped literature")
    results = {}
    for table, (examples, recipe) in tables.items():
        for name, blocks in CHOICES.items():
            if table == "literature" and "structure" in blocks:
                continue
            errors = score(examples, replace(recipe, blocks=blocks), repeats)
            results[f"{table}: {name}"] = errors
            ratio = errors[MODEL] / errors["dummy"]
            print(f"{table:<20} {name:<38} {errors[MODEL]:.3f} decades  {ratio:.3f} of the dummy's", flush=True)
    write_result("blocks", results)


if __name__ == "__main__":
    main()
