"""The ranges that papers print for the systems of the reviews, written down before any model was asked.

`system_ranges.csv`: system, electrolyte as a user would write it, temperature, lowest and highest conductivity printed
for it there (a room temperature counts as 25 °C; where no temperature is printed for a value, neither is one made up:
it counts as 25 °C too), and the papers, as ids of `data/literature/sources.csv`. Where a system has one printed value,
the range is that of its nearest kin, whose papers stand beside.
"""

import csv
from pathlib import Path

import pytest

HERE = Path(__file__)
SOURCES = HERE.parents[2] / "data" / "literature" / "sources.csv"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ranges() -> list[dict[str, str]]:
    return rows_of(HERE.with_name("system_ranges.csv"))


@pytest.mark.parametrize("row", ranges(), ids=lambda row: f"{row['electrolyte']} {row['temperature_c']}")
def test_a_range_has_two_ends_a_temperature_and_papers_that_are_there(row):
    low, high = float(row["low_s_per_cm"]), float(row["high_s_per_cm"])
    assert 1e-12 < low < high < 1
    assert float(row["temperature_c"]) in {25, 60, 80, 120}
    sources = row["source"].split("; ")
    assert set(sources) <= {source["source_id"] for source in rows_of(SOURCES)}


def test_a_system_and_electrolyte_stand_once_per_temperature():
    keys = [(row["system"], row["electrolyte"], row["temperature_c"]) for row in ranges()]
    assert len(keys) == len(set(keys))
