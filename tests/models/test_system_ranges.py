"""The ranges that papers print for the systems of the reviews, written down before any model was asked.

`system_ranges.csv`: system, electrolyte as a user would write it, temperature, lowest and highest conductivity printed
for it there (a room temperature counts as 25 °C; where no temperature is printed for a value, neither is one made up:
it counts as 25 °C too), and the papers, as ids of `data/literature/sources.csv`, or of `system_range_sources.csv` for
those that no table of ours has a row of, with the place and what is written there. Where a system has one printed
value, the range is that of its nearest kin (for a polymer: with another salt, or with a filler), whose papers stand
beside; where it has no such kin, that value alone. An order of magnitude is half a decade to either side
(LiBH4: about 1e-8 at room temperature, Choi et al., J. Phys. Chem. C 121, 26209 (2017); 1e-3 above 390 K, Matsuo et
al., Appl. Phys. Lett. 91, 224103 (2007)), "up to an order of magnitude" below a value is that decade (Li3YCl6), and a
lower bound leaves the upper end at 1 S/cm (closo-borates; LiCB11H12 above its transition: 10.1039/c5ee02941d). No page
at hand prints a conductivity of Li2B12H12 or Li2B10H10, of poly(1,3-dioxolane) with a salt alone, or of poly(propylene
carbonate) with a salt alone: none has a line. Poly(vinyl alcohol) is kept out of every look and has none either.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

from features.tables.records import Candidate
from models.bundle import load_bundle
from models.candidates import candidate_frame
from models.predictor import Predictor

HERE = Path(__file__)
AT_THE_END = {"PMMA-LiClO4-PC-EC at 25 °C"}
"""All gels are told one value: an interval of 772 shipped rows ended at 3.4e-2 S/cm, one of 708 at 1.6e-2, and this gel
conducts 3.1e-2 in print, as a liquid does. `benchmarks.goals systems` says how far it is from the default model's."""
SOURCES = HERE.parents[2] / "data" / "literature" / "sources.csv"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ranges() -> list[dict[str, str]]:
    return rows_of(HERE.with_name("system_ranges.csv"))


def further() -> list[dict[str, str]]:
    return rows_of(HERE.with_name("system_range_sources.csv"))


@pytest.mark.parametrize("row", further(), ids=lambda row: row["source"])
def test_a_further_paper_is_asked_for_and_says_where_it_was_read(row):
    assert any(row["source"] in line["source"].split("; ") for line in ranges())
    assert row["citation"]
    assert "http" in row["place"]
    assert row["as_written"]


@pytest.mark.parametrize("row", ranges(), ids=lambda row: f"{row['electrolyte']} {row['temperature_c']}")
def test_a_range_has_two_ends_a_temperature_and_papers_that_are_there(row):
    low, high = float(row["low_s_per_cm"]), float(row["high_s_per_cm"])
    assert 1e-12 < low <= high <= 1
    assert float(row["temperature_c"]) in {25, 60, 80, 120, 130}
    known = {source["source_id"] for source in rows_of(SOURCES)} | {source["source"] for source in further()}
    assert set(row["source"].split("; ")) <= known


def test_a_system_and_electrolyte_stand_once_per_temperature():
    keys = [(row["system"], row["electrolyte"], row["temperature_c"]) for row in ranges()]
    assert len(keys) == len(set(keys))


def test_every_system_is_told_within_reach_of_what_its_papers_print(bundle_folder):
    """Its 90 % interval meets the printed range, and the value is not two decades away from it."""
    printed = ranges()
    asked = [Candidate(electrolyte=row["electrolyte"], temperature_c=row["temperature_c"]) for row in printed]
    told = Predictor(load_bundle(bundle_folder)).predict(candidate_frame(asked)).table
    value, low, high = (told[f"conductivity_s_per_cm{end}"].to_numpy(dtype=float) for end in ("", "_low", "_high"))
    lowest, highest = (np.array([float(row[name]) for row in printed]) for name in ("low_s_per_cm", "high_s_per_cm"))
    names = np.array([f"{row['electrolyte']} at {row['temperature_c']} °C" for row in printed])
    assert set(names[(low > highest) | (high < lowest)]) <= AT_THE_END
    decades = np.log10(np.maximum(lowest / value, value / highest))
    assert names[decades > 2].tolist() == []


def test_a_polymer_with_a_salt_is_told_warmer_where_it_is_warmer(bundle_folder):
    """PEO/LiTFSI was told the same at 25 and 60 °C once; its papers print a factor of 16 and more between them."""
    asked = [Candidate(electrolyte="PEO-LiTFSI (EO:Li = 18)", temperature_c=warm) for warm in (25, 60)]
    told = Predictor(load_bundle(bundle_folder)).predict(candidate_frame(asked)).table["conductivity_s_per_cm"]
    assert 3 < told[1] / told[0] < 100
