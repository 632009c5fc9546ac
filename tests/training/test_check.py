from __future__ import annotations

from pathlib import Path

import pytest

from features.tables.described import PAPERS_THAT_TAUGHT, stated_descriptors
from features.tables.literature import Literature
from features.tables.mistakes import InputError
from models.tasks.examples import cells_in_training
from models.tasks.ice import cells_above_100
from tests.shared import ROOT
from training.data.check import check, table_kind
from training.data.load import SHIPPED, load_literature
from training.data.paper_splits import joined_groups
from training.report.inventory import as_text, inventory


def test_the_shipped_folder_is_clean() -> None:
    mistakes, counts = check(ROOT / "data" / "literature")
    assert mistakes == []
    assert set(counts) >= {"electrolytes", "cells", "cycling", "sources"}


def test_the_shipped_examples_are_clean() -> None:
    assert check(ROOT / "data" / "examples" / "candidates.csv")[0] == []


@pytest.mark.parametrize(
    ("table", "content", "words"),
    [
        (
            "electrolytes.csv",
            "measurement_id,electrolyte,conductivity_s_per_cm,source_id\na,Li6PS6Cl,1e-3,lab\n",
            # 6 + 5 - 12 - 1
            "column composition: got a charge of -2.00 in row a, expected balance",
        ),
        (
            "electrolytes.csv",
            "measurement_id,electrolyte,conductivity_s_per_cm,source_id\na,Li3N,1e-3,lab\nb,Li3N,1e-3,lab\n",
            "got b, which says what a says",
        ),
        (
            "cells.csv",
            "cell_id,electrolyte,ice_pct,source_id\na,Li3N,80,lab\nb,Li3N,80,lab\n",
            "got b, which says what a says",
        ),
        (
            "sources.csv",
            "source_id,citation,told_by\na,A. Author. A Journal 1,x:1\nb,A. Author.  A journal 1,y:2\n",
            "column citation: got that of a in row b, expected one id per paper",
        ),
    ],
)
def test_mistakes_between_rows(tmp_path: Path, table: str, content: str, words: str) -> None:
    (tmp_path / table).write_text(content, encoding="utf-8")
    mistakes, _ = check(tmp_path)
    assert [words in str(mistake) for mistake in mistakes] == [True]


SOURCE = "source_id,citation,doi,told_by\n"
ROW = "measurement_id,electrolyte,conductivity_s_per_cm,source_id,doi\n"
CITED = "A. Author. Journal of Things 12 (2020)"


@pytest.mark.parametrize(
    ("table", "content", "words"),
    [
        (
            "sources.csv",
            f"{SOURCE}a,{CITED},10.1000/x,x:1\nb,B. Other. J. Cells 1 (2021),https://doi.org/10.1000/X?x=1,y:2\n",
            "column doi: got that of a in row b, expected one id per paper",
        ),
        (
            "sources.csv",
            f"{SOURCE}a,{CITED},10.1000/x|10.1000/y,x:1\nb,B. Other. J. Cells 1 (2021),10.1000/y,y:2\n",
            "column doi: got that of a in row b, expected one id per paper",
        ),
        (
            "sources.csv",
            f"{SOURCE}{{source}},{CITED},10.1000/x,x:1\n",
            "column source_id: got '{source}', expected an id of its own; literature/sources.csv line",
        ),
        (
            "sources.csv",
            f"{SOURCE}mine,{CITED},{{doi}},x:1\n",
            "column doi: got that of {source} in row mine, expected one id per paper",
        ),
        (
            "electrolytes.csv",
            f"{ROW}{{row}},Li3N,1e-3,lab,\n",
            "column measurement_id: got '{row}', expected an id of its own; literature/electrolytes.csv line",
        ),
    ],
)
def test_what_a_training_refuses_is_found_in_a_folder_and_in_the_table_alone(
    tmp_path: Path, literature: Literature, table: str, content: str, words: str
) -> None:
    cited = next(source for source in literature.sources.values() if source.doi)
    names = {"source": cited.source_id, "doi": cited.doi, "row": literature.electrolytes[0].measurement_id}
    (tmp_path / table).write_text(content.format(**names), encoding="utf-8")
    for place in (tmp_path, tmp_path / table):
        mistakes, _ = check(place)
        assert [words.format(**names) in str(mistake) for mistake in mistakes] == [True]
    with pytest.raises(InputError, match="the data cannot be used: 1 mistakes"):
        load_literature([SHIPPED, tmp_path])


def test_a_row_of_two_papers_is_of_both_of_them(tmp_path: Path) -> None:
    """A row that names two papers joins them: they stand on one side of every split, and a training takes it."""
    rows = "a,Li3N,1e-3,,10.1000/x|10.1000/y\nb,Li3N,2e-3,,10.1000/x\nc,Li3N,3e-3,,10.1000/y\nd,Li3N,4e-3,,10.1000/z\n"
    (tmp_path / "electrolytes.csv").write_text(ROW + rows, encoding="utf-8")
    assert check(tmp_path)[0] == []
    papers = {row.measurement_id: row.paper for row in load_literature([tmp_path]).electrolytes}
    groups = joined_groups([papers[name] for name in "abcd"])
    assert groups[0] == groups[1] == groups[2] != groups[3]


def test_a_cell_has_one_point_a_cycle(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text("cell_id,electrolyte,source_id\na,Li3N,lab\n", encoding="utf-8")
    points = "point_id,cell_id,cycle,retention_pct,source_id\np,a,100,80,lab\nq,a,100,85,lab\n"
    (tmp_path / "cycling.csv").write_text(points, encoding="utf-8")
    assert "got q, which says what p says" in str(check(tmp_path)[0][0])


def test_cells_that_look_alike_and_live_differently_are_two(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text("cell_id,electrolyte,source_id\na,Li3N,lab\nb,Li3N,lab\n", encoding="utf-8")
    points = "point_id,cell_id,cycle,retention_pct,source_id\np,a,100,80,lab\nq,b,100,85,lab\n"
    (tmp_path / "cycling.csv").write_text(points, encoding="utf-8")
    assert check(tmp_path)[0] == []


def test_a_file_is_known_by_its_name_or_its_own_column(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("point_id,cell_id,cycle\n", encoding="utf-8")
    assert table_kind(tmp_path / "new.csv") == "cycling"
    assert table_kind(tmp_path / "cells.csv") == "cells"
    (tmp_path / "mine.csv").write_text("electrolyte,anode\n", encoding="utf-8")
    assert table_kind(tmp_path / "mine.csv") == "candidates"
    with pytest.raises(InputError, match="no such file"):
        table_kind(tmp_path / "nowhere.csv")


def test_the_inventory_counts_what_is_there(literature: Literature) -> None:
    found = inventory(literature)
    assert found.tables["cells"] == (len(literature.cells), sum(cell.in_training for cell in literature.cells))
    assert sum(measured for measured, _ in found.classes.values()) == len(literature.electrolytes)
    assert sum(found.papers.values()) == len(literature.cells)
    stated = [cell.ice_pct is not None for cell in literature.cells if cell.in_training]
    assert found.filled["cells"]["ice_pct"] == pytest.approx(sum(stated) / len(stated))
    first = [cell for cell in cells_in_training(literature) if cell.first_capacity_mah_per_g]
    assert sum(found.bases.values()) == len(first)
    assert found.bases["per gram of cathode (in no range)"] == sum(
        cell.first_capacity_basis == "cathode" for cell in first
    )
    printed = [
        row for row in literature.electrolytes
        if row.in_training and row.conductivity_s_per_cm and row.electrolyte_class != "liquid"
        and row.activation_energy_ev is not None and 0.1 <= row.activation_energy_ev <= 1.2
    ]  # fmt: skip
    assert found.targets["activation_energy_ev"] == (len(printed), len({row.paper for row in printed}))
    text = as_text(found)
    assert "first capacities: " in text
    assert ("ICE above 100 %" in text) == bool(cells_above_100(literature))
    assert "papers with cells" in text
    assert "never filled" in text


def test_one_file_is_checked_like_a_folder(tmp_path: Path) -> None:
    rows = ["a,LPSClX,1e-3,lab", "b,Li3N,1e-3,lab", "b,Li3N,2e-3,lab"]
    content = "\n".join(["measurement_id,electrolyte,conductivity_s_per_cm,source_id", *rows, ""])
    (tmp_path / "new.csv").write_text(content, encoding="utf-8")
    mistakes, counts = check(tmp_path / "new.csv")
    assert counts == {"electrolytes": 1}
    assert ["line 2" in str(mistakes[0]), "line 4" in str(mistakes[1])] == [True, True]


def test_a_retention_must_fit_its_two_capacities(tmp_path: Path) -> None:
    cells = "cell_id,electrolyte,source_id,first_capacity_mah_per_g\na,Li3N,lab,1000\n"
    (tmp_path / "cells.csv").write_text(cells, encoding="utf-8")
    header = "point_id,cell_id,cycle,retention_pct,capacity_mah_per_g,source_id,note\n"
    (tmp_path / "cycling.csv").write_text(f"{header}p,a,100,90,800,lab,\n", encoding="utf-8")
    assert "got 90 in row p, expected 80.0 as its two capacities say" in str(check(tmp_path)[0][0])
    (tmp_path / "cycling.csv").write_text(f"{header}p,a,100,90,800,lab,MISMATCH: as printed\n", encoding="utf-8")
    assert check(tmp_path)[0] == []


def test_the_inventory_says_how_well_the_cells_of_each_target_are_described(literature: Literature) -> None:
    described = inventory(literature).described
    capacities = ["first_capacity_mah_per_g", "capacity_mah_per_g"]
    assert list(described) == ["ice_pct", "retention_pct, cycle_life_80", *capacities]  # a conductivity is of no cell
    rows = [cell for cell in literature.cells if cell.in_training and cell.ice_pct is not None]
    solid = [cell for cell in rows if cell.state == "solid"]
    warm = sum(cell.temperature_c is not None for cell in solid)
    assert described["ice_pct"]["temperature"] == pytest.approx(warm / len(solid))
    assert "labels whose cell states" in as_text(inventory(literature))
    told = as_text(inventory(literature))
    five = {cell.paper for cell in solid if len(stated_descriptors(cell.model_dump())) >= 5}
    nine = {cell.paper for cell in solid if len(stated_descriptors(cell.model_dump())) == 9}
    assert inventory(literature).described_papers["ice_pct"] == (len(five), len(nine))
    assert "papers with at least 5 of them" in told
    assert f"{PAPERS_THAT_TAUGHT} papers with all nine gave skill where it could be tried" in told
