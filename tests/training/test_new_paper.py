"""A real addition: the double-layer paper (10.1038/s41467-025-56366-z) taken out of the shipped tables, and added again
as a new paper would come."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

from tests.shared import ROOT, Command, Finished
from tests.thin import thin_code

PAPER, DOI = "zhang2025b", "10.1038/s41467-025-56366-z"
TABLES = ("electrolytes", "cells", "cycling", "sources")
QUICK = ("--folds", "2", "--repeats", "1")
CELL_HEADERS = {
    "cell_id": "id",
    "temperature_c": "T (K)",
    "silicon_size_nm": "Si size (µm)",
    "electrolyte_particle_size_nm": "electrolyte particle size (µm)",
    "fabrication_pressure_mpa": "fabrication pressure (bar)",
    "current_density_ma_per_cm2": "current density (A/m²)",
    "ice_pct": "ICE (%)",
}
FACTORS = {
    "silicon_size_nm": 1e-3,
    "electrolyte_particle_size_nm": 1e-3,
    "fabrication_pressure_mpa": 10.0,  # 1 MPa is 10 bar
    "current_density_ma_per_cm2": 10.0,  # 1 mA/cm² is 10 A/m²
}
POINT_HEADERS = {"point_id": "id", "cell_id": "cell", "cycle": "cycle #", "retention_pct": "retention (%)"}
LEFT_OUT = ("source_id", "seed", "as_written", "note")
"""What a paper's own table does not have."""


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)


def of_paper(name: str) -> pd.DataFrame:
    """The shipped rows of the paper, columns that are empty in all of them left out."""
    rows = table(ROOT / "data" / "literature", name)
    rows = rows[rows["source_id"] == PAPER].drop(columns=list(LEFT_OUT))
    return rows.loc[:, (rows != "").any()]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The code, and fewer shipped tables, in which nobody has read that paper yet."""
    folder = thin_code(tmp_path / "clone", every=3)  # enough conductivities to be tuned
    literature = folder / "data" / "literature"
    for name in TABLES:
        rows = table(literature, name)
        rows[rows["source_id"] != PAPER].to_csv(literature / f"{name}.csv", index=False, quoting=csv.QUOTE_MINIMAL)
    return folder


def as_it_comes(folder: Path) -> tuple[Path, Path]:
    """The paper's cells and its cycling points, in units and words of others."""
    cells = of_paper("cells")
    for column, factor in FACTORS.items():
        cells[column] = [f"{factor * float(value):.10g}" if value else "" for value in cells[column]]
    cells["temperature_c"] = [f"{float(value) + 273.15:.10g}" if value else "" for value in cells["temperature_c"]]
    files = []
    for name, rows, headers in (("cells", cells, CELL_HEADERS), ("points", of_paper("cycling"), POINT_HEADERS)):
        path = folder / f"{name}.csv"
        rows.rename(columns=headers).assign(doi=f"https://doi.org/{DOI}").to_csv(path, index=False)
        files.append(path)
    return files[0], files[1]


def test_a_paper_comes_is_learnt_promoted_and_taken_back(silion: Command, clone: Path) -> None:
    def run(*words: str | Path, code: int = 0) -> Finished:
        done = silion(*words, cwd=clone, timeout=900)  # the code there comes first
        assert done.code == code, f"{words}\n{done.out}\n{done.err}"
        return done

    cells, points = as_it_comes(clone)
    assert "skill on papers never seen, 2 folds x 1 repeat" in run("train", *QUICK).out

    run("data", "add", cells, "--write")
    run("data", "add", points, "--write")
    for name in ("cells", "cycling"):
        there, expected = table(clone / "mydata", name), of_paper(name)
        numbers = [column for column in expected if expected[column].str.fullmatch(r"[\d.]+|").all()]
        assert {"ice_pct", "fabrication_pressure_mpa"} <= {*numbers} or name == "cycling"
        for column in expected:
            if column in numbers:
                pd.testing.assert_series_equal(
                    pd.to_numeric(there[column]), pd.to_numeric(expected[column]), check_index=False
                )
            else:
                assert there[column].tolist() == expected[column].tolist(), column
    assert set(table(clone / "mydata", "sources")["doi"]) == {DOI}

    # so few cells are not tuned, although it is asked for: it is said, and the given recipes are used
    trained = run("train", "--data", "mydata", *QUICK, "--tune", "0.1")
    assert "challenger against the champion (version 1)" in trained.out
    # the cells with an ICE, and the points after the first cycle whose retention is printed or follows from capacities
    assert "the new rows alone (ice 8, fade 6)" in trained.out
    for part in ("ice", "fade"):
        assert f"note: {part}: " in trained.err
    assert trained.err.count("left to the given recipes (--tune-anyway tunes it too)") == 2
    asked = ("predict", ROOT / "data" / "examples" / "candidates.csv", "-o")
    run(*asked, "before.csv")
    promoted = run("models", "promote", "--force", "its authors are ours")
    assert "version 2 is the champion; version 1 is kept as previous_champion" in promoted.out
    run(*asked, "after.csv")
    assert "version 1 is the champion again; version 2 was taken back" in run("models", "rollback").out
    run(*asked, "again.csv")
    before, after, again = ((clone / f"{name}.csv").read_bytes() for name in ("before", "after", "again"))
    assert before == again != after
    nearest = (clone / "after.csv.nearest.csv").read_text(encoding="utf-8")
    assert DOI in nearest
    assert DOI not in (clone / "before.csv.nearest.csv").read_text(encoding="utf-8")
