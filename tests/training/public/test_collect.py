from __future__ import annotations

import csv
import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.tables.literature import Literature
from features.tables.records import ElectrolyteRow, SourceRow
from features.tables.rows import read_table
from models.tasks.conductivity import conductivity_examples
from tests.shared import run_main
from training.data.groups import PaperGroups
from training.data.load import resolve_papers
from training.public import polymers
from training.public.collect import READERS, convert, kind_of, summary, with_looked_up, with_public, write_view
from training.public.connector import Converted, Refused
from training.public.download import PublicDataError
from training.public.merge import ORDER
from training.public.requested_tables import asked_tables
from training.public.sources import SOURCES, pull, pulled


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


def test_without_names_it_is_the_same_literature(literature: Literature) -> None:
    assert with_public(literature, []) is literature


def test_shipped_rows_come_first_and_keep_their_papers(cache: Path, datasets: Path, literature: Literature) -> None:
    pull("obelix", datasets)
    before = [row.model_copy() for row in literature.electrolytes]
    found = with_public(literature, ["obelix", "obelix"])
    assert found.electrolytes[: len(before)] == before
    assert literature.electrolytes == before  # what was given is not changed
    assert (found.cells, found.cycling, found.sources) == (literature.cells, literature.cycling, literature.sources)
    added = found.electrolytes[len(before) :]
    assert {row.seed for row in added} == {"obelix"}
    assert len({row.measurement_id for row in found.electrolytes}) == len(found.electrolytes)


def test_the_benchmarks_test_rows_are_left_out(cache: Path, datasets: Path, literature: Literature) -> None:
    folder = pull("obelix", datasets)
    ids = {f"obelix:{line}" for line in (folder / "test_idx.csv").read_text().split()[1:]}
    assert len(ids) == 121
    assert not ids & {row.measurement_id for row in with_public(literature, ["obelix"]).electrolytes}
    assert ids & {row.measurement_id for row in convert(["obelix"])["obelix"].rows}


def test_what_is_looked_up_is_not_among_the_rows_to_learn_from(
    cache: Path, datasets: Path, literature: Literature
) -> None:
    pull("obelix", datasets)
    assert with_looked_up(literature, []).looked_up == []
    found, learned = with_looked_up(literature, ["obelix"]), with_public(literature, ["obelix"])
    assert found.electrolytes == literature.electrolytes
    assert found.electrolytes + found.looked_up == learned.electrolytes  # the same rows are left out of both
    assert found.hashes == learned.hashes


def test_pulled_stands_for_the_open_tables_that_are_there(cache: Path, datasets: Path) -> None:
    assert asked_tables(["pulled"]) == ()
    pull("liverpool", datasets)  # states no licence: taken by name alone
    assert asked_tables(["pulled"]) == ()
    assert asked_tables(["liverpool,pulled"]) == ("liverpool",)
    folder = pull("obelix", datasets)
    assert asked_tables(["pulled", "obelix"]) == ("obelix",)
    (folder / "train_idx.csv").write_text("ID\n")
    assert asked_tables(["pulled"]) == ()


def test_a_table_that_cannot_be_had_is_left_out_where_that_was_asked_for(
    cache: Path, datasets: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(datasets / "liverpool", tmp_path / "liverpool")
    monkeypatch.setenv("SILION_PUBLIC_FROM", str(tmp_path))
    assert run_main("data", "pull", "obelix", "liverpool", "--if-reachable") == 0
    told = capsys.readouterr().out
    assert told.startswith(f"notice: obelix is left out: {tmp_path} and {tmp_path / 'obelix'}: no all.csv, ")
    assert "liverpool: The Liverpool Ionics Dataset\n" in told
    assert run_main("data", "pull", "obelix", "liverpool") == 2
    (tmp_path / "liverpool" / "LiIonDatabase.csv").write_text("another\n")
    assert run_main("data", "pull", "liverpool", "--if-reachable") == 3  # changed, and not merely out of reach


@pytest.fixture
def silent(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OBELiX and the polymers at a host that gives no answer."""
    monkeypatch.delenv("SILION_PUBLIC_FROM", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    moved_to("http://127.0.0.1:1/", "obelix", monkeypatch)  # nothing listens there
    monkeypatch.setattr(polymers, "POLYMERS", replace(polymers.POLYMERS, url_base="http://127.0.0.1:1/"))


def moved_to(base: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOURCES, name, replace(SOURCES[name], url_base=base))


def if_reachable(capsys: pytest.CaptureFixture[str], *names: str, code: int = 0) -> str:
    assert run_main("data", "pull", *names, "--timeout", "2", "--if-reachable") == code
    return capsys.readouterr().out


@pytest.mark.usefixtures("silent")
def test_without_internet_one_sentence_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    told = if_reachable(capsys, "obelix", "polymers")
    assert told == "notice: no answer from 127.0.0.1:1 in 2 s: left out, and not needed: obelix, polymers\n"
    assert asked_tables(["pulled"]) == ()
    assert run_main("data", "pull", "obelix", "--timeout", "2") == 2


@pytest.mark.usefixtures("silent")
def test_without_internet_the_copy_in_the_cache_is_used(capsys: pytest.CaptureFixture[str], datasets: Path) -> None:
    folder = pull("obelix", datasets)
    told = if_reachable(capsys, "obelix", "polymers")
    notice = "notice: no answer from 127.0.0.1:1 in 2 s: left out, and not needed: polymers\n"
    assert told == f"obelix: the copy in the cache is used\n{notice}"
    assert asked_tables(["pulled"]) == ("obelix",)
    (folder / "all.csv").write_text("ID\n")
    assert "left out, and not needed: obelix\n" in if_reachable(capsys, "obelix")


@pytest.mark.usefixtures("silent")
def test_a_folder_without_the_table_leaves_the_copy_in_the_cache(
    capsys: pytest.CaptureFixture[str], datasets: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pull("obelix", datasets)
    monkeypatch.setenv("SILION_PUBLIC_FROM", str(tmp_path))
    assert if_reachable(capsys, "obelix").startswith(f"notice: obelix is used as it lies in the cache: {tmp_path} and ")


@pytest.mark.usefixtures("silent")
def test_a_silent_host_keeps_no_table_of_another_away(
    capsys: pytest.CaptureFixture[str],
    carrier: tuple[Path, str, list[str]],
    datasets: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home, base, asked = carrier
    moved_to(base, "liverpool", monkeypatch)
    moved_to(base, "laskowski", monkeypatch)
    (home / "data/misc").mkdir(parents=True)
    shutil.copy(datasets / "liverpool/LiIonDatabase.csv", home / "data/misc")
    told = if_reachable(capsys, "obelix", "laskowski", "liverpool", "polymers").splitlines()
    # the host answers that it has no such file: it is asked for the next table all the same
    assert told[0].startswith(f"notice: laskowski is left out: {base}data/misc/laskowski_semi-fromatted.csv: could not")
    assert "404" in told[0]
    assert told[1] == "liverpool: The Liverpool Ionics Dataset"
    assert told[-1] == "notice: no answer from 127.0.0.1:1 in 2 s: left out, and not needed: obelix, polymers"
    assert asked == ["laskowski_semi-fromatted.csv", "LiIonDatabase.csv"]


@pytest.mark.usefixtures("silent")
def test_a_silent_host_is_asked_once(
    capsys: pytest.CaptureFixture[str], carrier: tuple[Path, str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, base, asked = carrier
    for name in ("laskowski", "liverpool"):
        moved_to(base, name, monkeypatch)
    (home / "data/misc").mkdir(parents=True)
    (home / "data/misc/laskowski_semi-fromatted.csv.broken").touch()
    assert if_reachable(capsys, "laskowski", "liverpool").endswith("not needed: laskowski, liverpool\n")
    assert asked == ["laskowski_semi-fromatted.csv"]


def test_an_unknown_table_is_no_table_out_of_reach(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert if_reachable(capsys, "obelisk", code=2) == ""


def test_a_paper_known_by_its_doi_gets_the_shipped_id(cache: Path, datasets: Path, literature: Literature) -> None:
    pull("obelix", datasets)
    assert literature.sources["kwon2015"].doi == "10.1039/c4ta05231e"
    found = {row.measurement_id: row for row in with_public(literature, ["obelix"]).electrolytes}
    # three rows of OBELiX name that DOI alone, one beside a second that no shipped paper has
    assert {found[f"obelix:{name}"].paper for name in ("52b", "8po", "ya8")} == {"kwon2015"}
    assert found["obelix:j8q"].paper == "kwon2015|10.1021/acs.chemmater.7b00886"
    known = {source.doi for source in literature.sources.values() if source.doi}
    for row in found.values():
        assert not known & set(row.paper.split("|")), row.measurement_id


def test_the_hashes_of_a_public_table_are_those_of_its_files(
    cache: Path, datasets: Path, literature: Literature
) -> None:
    folder = pull("liverpool", datasets)
    found = with_public(literature, ["liverpool"]).hashes
    content = (folder / "LiIonDatabase.csv").read_bytes()
    assert found == literature.hashes | {"liverpool/LiIonDatabase.csv": hashlib.sha256(content).hexdigest()}
    assert "liverpool/LiIonDatabase.csv" not in literature.hashes


def test_a_paper_known_inside_several_is_kin_of_the_shipped_row() -> None:
    source = {"source_id": "smith2020", "citation": "A. Smith, 2020", "doi": "10.1000/smith", "told_by": "mei:1"}
    rows = [
        row("E1", electrolyte="Li3N", source_id="smith2020"),
        row("obelix:1", electrolyte="LiF", source_id="10.1000/other|10.1000/SMITH"),
        row("obelix:2", electrolyte="LiCl", source_id="10.1000/smith"),
        row("obelix:3", electrolyte="LiBr", source_id="10.1000/smiths"),
    ]
    held = Literature(rows, sources={"smith2020": SourceRow.model_validate(source)})
    resolve_papers(held)
    papers = [each.paper for each in held.electrolytes]
    assert papers == ["smith2020", "smith2020|10.1000/other", "smith2020", "10.1000/smiths"]
    kin = PaperGroups.of(conductivity_examples(held), by_composition=True)
    assert kin.leaks(np.array([1, 2, 3]), np.array([0])).tolist() == [True, True, False]
