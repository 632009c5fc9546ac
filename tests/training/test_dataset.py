from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from features.tables.literature import Literature
from features.tables.mistakes import InputError
from features.tables.records import CellRow, CyclingRow, ElectrolyteRow
from models.tasks.conductivity import conductivity_examples
from models.tasks.cycling import cycling_points
from models.tasks.ice import LiquidIceTask, cells_above_100, ice_examples
from training.data import load as dataset
from training.data.load import load_literature

ELECTROLYTES = (
    "measurement_id,electrolyte,conductivity_s_per_cm,conductivity_qualifier,conductivity_high_s_per_cm,doi\n"
)


def test_the_shipped_tables_are_clean_and_large_enough(literature: Literature) -> None:
    assert len(literature.electrolytes) >= 100
    assert len(literature.cells) >= 190
    assert len({row.paper for row in literature.cells}) >= 60
    for row in [*literature.electrolytes, *literature.cells, *literature.cycling]:
        assert row.source_id in literature.sources, row
        assert row.seed
        assert row.place


def test_the_same_measurement_never_counts_twice(literature: Literature) -> None:
    for rows in (literature.electrolytes, literature.cells, literature.cycling):
        assert not [row for row in rows if row.same_as and row.in_training]
    frame = conductivity_examples(literature).designs
    columns = ["paper", "electrolyte", "temperature_c", "conductivity_s_per_cm"]
    keys = frame[columns].astype(object).where(frame[columns].notna(), "").astype(str).agg("|".join, axis=1)
    assert not keys[keys.duplicated()].tolist()


def test_qualifiers_become_bounds() -> None:
    def row(number: int, value: float, mark: str, high: float | None = None) -> ElectrolyteRow:
        return ElectrolyteRow(
            measurement_id=f"m{number}", electrolyte="Li3N", conductivity_s_per_cm=value, conductivity_qualifier=mark,
            conductivity_high_s_per_cm=high, source_id="lab",
        )  # fmt: skip

    rows = [row(1, 1e-3, "="), row(2, 1e-10, "<"), row(3, 1e-3, ">"), row(4, 1e-4, "~"), row(5, 1e-6, "range", 1e-4)]
    labels = conductivity_examples(Literature(electrolytes=rows)).labels
    assert labels.lower.tolist() == pytest.approx([-3, -np.inf, -3, -4, -6])
    assert labels.upper.tolist() == pytest.approx([-3, -10, np.inf, -4, -4])
    assert labels.weight.tolist() == [1, 1, 1, 0.5, 1]


def cell(identity: str, **values: object) -> CellRow:
    return CellRow.model_validate({"cell_id": identity, "electrolyte": "Li6PS5Cl", "source_id": "lab", **values})


def point(cell_id: str, **values: object) -> CyclingRow:
    return CyclingRow.model_validate(
        {"point_id": f"{cell_id}-{values['cycle']}", "cell_id": cell_id, "source_id": "lab", **values}
    )


def test_an_efficiency_bound_ends_at_100() -> None:
    labels = ice_examples(Literature(cells=[cell("a", ice_pct=90, ice_qualifier=">")])).labels
    assert (labels.lower[0], labels.upper[0]) == (90, 100)


def test_an_efficiency_above_100_teaches_nothing() -> None:
    half = {"cell_type": "half", "prelithiated": "yes"}
    kept = Literature(cells=[cell("a", ice_pct=100, **half), cell("b", ice_pct=132, **half), cell("c", ice_pct=80)])
    assert ice_examples(kept).designs["row_id"].tolist() == ["a", "c"]
    assert [row.cell_id for row in cells_above_100(kept)] == ["b"]
    liquid = Literature(cells=[row.model_copy(update={"electrolyte_state": "liquid"}) for row in kept.cells])
    assert LiquidIceTask().examples(liquid).designs["row_id"].tolist() == ["a", "c"]


def test_liquid_and_gel_cells_stay_out_unless_asked_for() -> None:
    kept = Literature(cells=[cell("a", ice_pct=90), cell("b", ice_pct=80, electrolyte_class="liquid")])
    assert ice_examples(kept).designs["row_id"].tolist() == ["a"]
    assert ice_examples(kept, liquid=True).designs["row_id"].tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("of_cell", "of_point", "expected"),
    [
        ({"first_capacity_mah_per_g": 2000}, {"capacity_mah_per_g": 1500}, (75.0, "=")),
        (
            {"first_capacity_mah_per_g": 2000},
            {"retention_pct": 70, "capacity_mah_per_g": 1500},
            (70.0, "="),
        ),  # print wins
        ({"first_capacity_mah_per_g": 1000}, {"capacity_mah_per_g": 1100}, (100.0, "=")),  # above 100 trains as 100
        ({"first_areal_capacity_mah_per_cm2": 2}, {"areal_capacity_mah_per_cm2": 1.6}, (80.0, "=")),
        ({"first_capacity_mah_per_g": 2000}, {"capacity_mah_per_g": 1500, "capacity_qualifier": ">"}, (75.0, ">")),
        (
            {"first_capacity_mah_per_g": 2000, "first_capacity_qualifier": ">"},
            {"capacity_mah_per_g": 1500},
            (75.0, "<"),
        ),
        # two lower bounds say nothing of their ratio; other bases cannot be divided; a rate capacity is no first cycle
        (
            {"first_capacity_mah_per_g": 9, "first_capacity_qualifier": ">"},
            {"capacity_mah_per_g": 8, "capacity_qualifier": ">"},
            None,
        ),
        ({"first_capacity_mah_per_g": 2000}, {"areal_capacity_mah_per_cm2": 1.6}, None),
        ({"rate_capacity_mah_per_g": 2000}, {"capacity_mah_per_g": 1500}, None),
        ({"first_capacity_mah_per_g": 2000}, {"capacity_mah_per_g": 1500, "reference_cycle": 5}, None),
    ],
)
def test_retention_as_printed_or_from_two_capacities(
    of_cell: dict[str, object], of_point: dict[str, object], expected: tuple[float, str] | None
) -> None:
    points = cycling_points(Literature(cells=[cell("a", **of_cell)], cycling=[point("a", cycle=50, **of_point)]))
    if expected is None:
        assert len(points) == 0
    else:
        assert (points["retention_pct"].iloc[0], points["qualifier"].iloc[0]) == expected
        assert points["cycles"].iloc[0] == 49


def test_all_mistakes_of_all_files_at_once(tmp_path: Path) -> None:
    (tmp_path / "electrolytes.csv").write_text(
        ELECTROLYTES
        + "a,Li3N,5 mS/cm,,,10.1000/x\nb,LPSXY,1e-3,,,10.1000/x\nb,Li3N,1e-3,,,\nc,Li3N,1e-3,range,,mine\n",
        encoding="utf-8",
    )
    (tmp_path / "cells.csv").write_text(
        "cell_id,electrolyte,source_id,ice_pct\nA,Li6PS5Cl,lab,140\nB,Li6PS5Cl,lab,80\n", encoding="utf-8"
    )
    (tmp_path / "cycling.csv").write_text(
        "point_id,cell_id,cycle,retention_pct,source_id\nP,C,100,80,lab\n", encoding="utf-8"
    )
    with pytest.raises(InputError) as caught:
        load_literature([tmp_path])
    said = str(caught.value)
    for words in (
        "electrolytes.csv line 2, column conductivity_s_per_cm: got '5 mS/cm', expected a plain number in S/cm",
        "electrolytes.csv line 3, column electrolyte: got 'LPSXY'",
        "electrolytes.csv line 4, column source_id",
        "electrolytes.csv line 5, column doi: got 'mine'",
        "cells.csv line 2, column ice_pct: got 140, expected at most 100 %",
        "cycling.csv, column cell_id: got 'C' in row P",
    ):
        assert words in said


def test_duplicate_ids_unknown_preferred_rows_and_orphans_are_found(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text(
        "cell_id,electrolyte,source_id,ice_pct,same_as,in_training\nA,Li3N,lab,80,,yes\nA,Li3N,lab,81,,yes\nB,Li3N,lab,80,Z,yes\n",
        encoding="utf-8",
    )
    _, mistakes = dataset.read_literature([tmp_path])
    said = "\n".join(map(str, mistakes))
    assert "cells.csv line 2 has it too" in said
    assert "same_as: got 'Z' in row B" in said
    assert "in_training: got yes in row B" in said


def test_folders_that_hold_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such data folder"):
        load_literature([tmp_path / "none"])
    with pytest.raises(InputError, match="no table here"):
        load_literature([tmp_path])


def test_a_users_folder_adds_to_the_shipped_one(root: Path, tmp_path: Path) -> None:
    (tmp_path / "electrolytes.csv").write_text(
        ELECTROLYTES + "mine-1,Li6PS5Cl,2e-3,=,,10.1000/mine\n", encoding="utf-8"
    )
    both = load_literature([root / "data" / "literature", tmp_path])
    assert both.electrolytes[-1].paper == "10.1000/mine"
    assert both.doi("10.1000/mine") == "10.1000/mine"


def test_one_paper_is_one_group_by_whatever_name(root: Path, tmp_path: Path) -> None:
    """A shipped paper named by its DOI, in any spelling, joins its shipped rows."""
    shipped = root / "data" / "literature"
    doi, known = next((row.doi, row.source_id) for row in load_literature([shipped]).sources.values() if row.doi)
    lines = [
        f"mine-1,Li6PS5Cl,2e-3,=,,https://doi.org/{doi.upper()}",
        f"mine-2,Li6PS5Cl,3e-3,=,,{doi}",
        "mine-3,Li6PS5Cl,4e-3,=,,10.1000/other",
    ]
    (tmp_path / "electrolytes.csv").write_text(ELECTROLYTES + "\n".join(lines) + "\n", encoding="utf-8")
    papers = [row.paper for row in load_literature([shipped, tmp_path]).electrolytes[-3:]]
    assert papers == [known, known, "10.1000/other"]


def test_ids_of_two_folders_may_not_meet(root: Path, tmp_path: Path) -> None:
    shipped = root / "data" / "literature"
    taken = load_literature([shipped]).cells[0].cell_id
    (tmp_path / "cells.csv").write_text(f"cell_id,electrolyte,source_id\n{taken},Li3N,mine\n", encoding="utf-8")
    with pytest.raises(InputError, match=f"got '{taken}', expected an id of its own; literature/cells.csv line 2"):
        load_literature([shipped, tmp_path])


def test_a_folder_counts_once(root: Path) -> None:
    with pytest.raises(InputError, match="given twice"):
        load_literature([root / "data" / "literature", root / "data" / "." / "literature"])


def test_cells_of_unreadable_electrolytes_do_not_train(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text(
        "cell_id,electrolyte,electrolyte_class,source_id,ice_pct\n"
        "a,LPSClX,,lab,80\nb,some polymer,polymer,lab,81\nc,,,lab,82\n",
        encoding="utf-8",
    )
    kept, mistakes = dataset.read_literature([tmp_path])
    assert [cell.cell_id for cell in kept.cells] == ["b", "c"]
    assert ["column electrolyte: got 'LPSClX'" in str(mistake) for mistake in mistakes] == [True]
