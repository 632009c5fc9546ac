from __future__ import annotations

import csv
from pathlib import Path

import pytest

from features.records import ElectrolyteRow
from features.tables import read_table
from training.public.collect import READERS, convert, kind_of, summary, write_view
from training.public.converted import Converted, Refused
from training.public.merge import ORDER
from training.public.sources import SOURCES, PublicDataError, pull, pulled


def row(identity: str, **values: object) -> ElectrolyteRow:
    given = {"electrolyte": "Li2S", "conductivity_s_per_cm": 1e-9, "source_id": "x", "cif_text": "data_x\n"}
    return ElectrolyteRow.model_validate({"measurement_id": identity, **given, **values})


def test_every_source_has_a_reader() -> None:
    assert tuple(READERS) == tuple(SOURCES) == ORDER


def test_convert_reads_what_was_pulled(cache: Path, datasets: Path) -> None:
    pull("liverpool", datasets)
    converted = convert(["liverpool", "liverpool"])
    assert list(converted) == ["liverpool"]
    assert converted["liverpool"].counts["rows"] == 817
    with pytest.raises(PublicDataError, match="run: silion data pull obelix"):
        convert(["liverpool", "obelix"])
    with pytest.raises(PublicDataError, match=r"no public table named 'libverpool'.*closest: liverpool"):
        convert(["libverpool"])


def test_summary_tells_licence_citation_and_counts() -> None:
    refused = [
        Refused("1", "", "the conductivity cannot be read: 'a'"),
        Refused("2", "", "the conductivity cannot be read: 'b'"),
        Refused("3", "", "temperature_c: got 900.0, expected a plain number in °C"),
    ]
    told = summary("laskowski", Converted([row("a"), row("b", conductivity_qualifier="<")], refused))
    source = SOURCES["laskowski"]
    assert told.splitlines() == [
        f"laskowski: {source.title}",
        f"  licence: {source.licence}",
        f"  cite: {source.citation}",
        "  2 rows, 1 of them bounds; 3 refused",
        "    2 the conductivity cannot be read",
        "    1 temperature_c outside what the record holds",
    ]


def test_reasons_are_counted_without_what_is_special() -> None:
    assert kind_of(Refused("", "", "the subscripts stand apart and fit in 2 ways, such as A or B")) == (
        "the subscripts stand apart and fit"
    )
    assert kind_of(Refused("", "", "a component without an anion, 0.5Li2: a letter is missing")) == (
        "a component without an anion"
    )


def test_the_view_is_a_table_of_our_own_layout(tmp_path: Path) -> None:
    write_view(Converted([row("a", note='says "so", twice')], [Refused("line 3", "Li;1", "why")]), tmp_path / "view")
    table = read_table(tmp_path / "view" / "electrolytes.csv", ElectrolyteRow)
    assert table.mistakes == []
    assert table.rows == [row("a", note='says "so", twice', cif_text=None)]
    assert "cif_text" not in table.columns
    with (tmp_path / "view" / "refused.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["place", "text", "reason"], ["line 3", "Li;1", "why"]]


def test_a_view_in_the_cache_does_not_spoil_the_table(cache: Path, datasets: Path) -> None:
    folder = pull("liverpool", datasets)
    write_view(convert(["liverpool"])["liverpool"], folder)
    assert pulled("liverpool") == folder
    assert len(read_table(folder / "electrolytes.csv", ElectrolyteRow).rows) == 817
