"""Values found beside the reviews are those of the table of cells; what contradicts says why it was not believed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from features.tables.described import DESCRIPTORS, DescriptorSource
from features.tables.literature import Literature
from features.tables.rows import read_table
from models.tasks.examples import cells_in_training
from models.tasks.ice import ice_examples
from training.data.check import DESCRIPTOR_SOURCES, _is_same, check, descriptor_mistakes
from training.data.load import SHIPPED

HEADER = "cell_id,descriptor,value,source,place,as_written,hand,preferred,reason\n"
CELLS = (
    "cell_id,electrolyte,electrolyte_class,electrolyte_state,silicon_wt_pct,ice_pct,source_id\n"
    "a,Li6PS5Cl,sulfide-argyrodite,,80,90,lab\nb,1 M LiPF6,liquid,liquid,60,70,lab\n"
)


def folder(tmp_path: Path, *rows: str) -> Path:
    (tmp_path / "cells.csv").write_text(CELLS, encoding="utf-8")
    (tmp_path / DESCRIPTOR_SOURCES).write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return tmp_path


def row(cell: str, column: str, value: str, preferred: str = "yes", reason: str = "") -> str:
    return f"{cell},{column},{value},10.1/x,Methods,{value} wt%,first,{preferred},{reason}"


def test_the_shipped_values_are_those_of_the_table(literature: Literature) -> None:
    assert descriptor_mistakes(SHIPPED, literature) == []
    rows = read_table(SHIPPED / DESCRIPTOR_SOURCES, DescriptorSource).rows
    nine = {column for descriptor in DESCRIPTORS for column in descriptor.columns}
    assert sum(row.descriptor in nine and row.preferred for row in rows) > 100
    assert {row.hand for row in rows} == {"first", "second", "definition"}


def test_the_second_reading_is_that_of_the_log(literature: Literature) -> None:
    log = pd.read_csv(SHIPPED / "passes" / "descriptors_second.csv", dtype=str, keep_default_na=False)
    verdicts = dict(zip(zip(log["id"], log["column"], strict=True), log["verdict"], strict=True))
    rows = read_table(SHIPPED / DESCRIPTOR_SOURCES, DescriptorSource).rows
    asked = [row for row in rows if (row.cell_id, row.descriptor) in verdicts and row.preferred]
    assert [row.second_reading for row in asked] == [verdicts[row.cell_id, row.descriptor] for row in asked]
    unasked = [row for row in rows if (row.cell_id, row.descriptor) not in verdicts]
    assert {row.second_reading for row in unasked} <= {"not asked", "not reached"}
    cells, points = ({row.cell_id: row for row in literature.cells}, {row.point_id: row for row in literature.cycling})
    for row in log.itertuples():  # what was compared is what the tables hold
        value = getattr(cells.get(row.id) or points[row.id], row.column)
        if row.verdict == "emptied" or not row.first:
            assert value is None
        else:
            assert _is_same(row.first, value) or value is (row.first == "yes")


def test_a_value_that_is_not_in_the_table_is_named_with_both(tmp_path: Path) -> None:
    mistakes, _ = check(folder(tmp_path, row("a", "silicon_wt_pct", "70")))
    assert "got 70 for silicon_wt_pct of a, expected 80.0, as in cells.csv" in str(mistakes[0])


def test_all_mistakes_of_the_sources_are_told_at_once(tmp_path: Path) -> None:
    bad = [
        row("nobody", "silicon_wt_pct", "80"),
        row("a", "ice_pct", "90"),  # a result describes no cell
        row("a", "silicon_wt_pct", "75", "no"),  # contradicts, without a reason
        row("a", "silicon_wt_pct", "80"),
        row("a", "silicon_wt_pct", "80.0"),  # the same again
    ]
    mistakes, _ = check(folder(tmp_path, *bad))
    assert [(mistake.line, mistake.column) for mistake in mistakes] == [
        (2, "cell_id"), (3, "descriptor"), (4, "reason"), (6, "preferred"),
    ]  # fmt: skip


def test_both_of_two_values_may_be_kept_where_one_is_preferred(tmp_path: Path) -> None:
    both = [row("a", "silicon_wt_pct", "80"), row("a", "silicon_wt_pct", "75", "no", "the table gives 80 twice")]
    assert check(folder(tmp_path, *both))[0] == []


def test_a_share_of_nothing_is_a_value(tmp_path: Path) -> None:
    cells = "cell_id,electrolyte,carbon_wt_pct,source_id\na,Li6PS5Cl,0,lab\n"
    (folder(tmp_path, row("a", "carbon_wt_pct", "0")) / "cells.csv").write_text(cells, encoding="utf-8")
    assert check(tmp_path)[0] == []


def test_solid_models_learn_from_solid_cells_alone(literature: Literature) -> None:
    solid, every = cells_in_training(literature), cells_in_training(literature, liquid=True)
    assert {cell.state for cell in solid} == {"solid"}
    assert {cell.state for cell in every} == {"solid", "gel", "liquid", None}
    liquid_tables = [cell for cell in every if cell.seed in ("rsos172370", "srep07659")]
    assert len(liquid_tables) == 24
    assert not {cell.cell_id for cell in liquid_tables} & set(ice_examples(literature).designs["row_id"])


def test_a_cell_whose_electrolyte_nothing_names_is_not_taken_as_solid(literature: Literature) -> None:
    nanotubes = next(cell for cell in literature.cells if cell.cell_id == "M016")
    assert nanotubes.in_training
    assert nanotubes.state is None
    assert nanotubes not in cells_in_training(literature)


@pytest.mark.parametrize(("state", "family", "is_wrong"), [("liquid", "sulfide-argyrodite", True),
    ("solid", "liquid", True), ("gel", "gel", False), ("solid", "polymer", False)])  # fmt: skip
def test_state_and_class_of_an_electrolyte_agree(tmp_path: Path, state: str, family: str, is_wrong: bool) -> None:
    cells = f"cell_id,electrolyte,electrolyte_class,electrolyte_state,source_id\na,Li6PS5Cl,{family},{state},lab\n"
    (tmp_path / "cells.csv").write_text(cells, encoding="utf-8")
    mistakes = [mistake for mistake in check(tmp_path)[0] if mistake.column == "electrolyte_state"]
    assert bool(mistakes) == is_wrong
