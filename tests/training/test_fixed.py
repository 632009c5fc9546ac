from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from features.tables.literature import Literature
from features.tables.mistakes import InputError
from features.tables.records import ElectrolyteRow
from models.ensemble import Recipe
from models.tasks.conductivity import conductivity_examples
from models.tasks.examples import Examples
from tests.shared import ROOT, Command
from training.config import TrainConfig
from training.data.groups import PaperGroups
from training.evaluation import crossvalidate
from training.evaluation.fixed_split import FixedSplit, fixed_split, read_ids
from training.train import measure_fixed

QUICK = TrainConfig(folds=3, repeats=1, choices={"conductivity": {"quick": Recipe(rounds=5, members=1)}})


@pytest.mark.parametrize(
    "content",
    [
        b"E1\nE2\n",
        b"ID\nE1\nE2\n",
        b"row_id,why\nE1,first\nE2,\n",
        b"measurement_id\r\nE1\r\nE2",
        b"\xef\xbb\xbfID\nE1\nE2\n",
        b"\xef\xbb\xbfE1\nE2\n",
        b'"id"\n"E1"\n\n  E2 \n,left out\n',
    ],
)
def test_ids_are_the_first_column_with_or_without_a_header(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ids.csv").write_bytes(content)
    assert read_ids(tmp_path / "ids.csv") == ["E1", "E2"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"ID\n", b"\xef\xbb\xbf", b" ,x\n"])
def test_a_file_without_an_id_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ids.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"ids\.csv: no id in it; expected row ids, one a line"):
        read_ids(tmp_path / "ids.csv")


def test_no_file_and_an_id_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv: no such file; expected a CSV of row ids"):
        read_ids(tmp_path / "none.csv")
    with pytest.raises(InputError, match="no such file"):
        read_ids(tmp_path)
    (tmp_path / "ids.csv").write_text("E1\nE2\nE3\nE2\nE1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"ids\.csv: 'E2' stands in it twice; every row is tested once"):
        read_ids(tmp_path / "ids.csv")


def table(*rows: tuple[str, str, str]) -> tuple[Examples, PaperGroups]:
    """Id, electrolyte and paper of each row."""
    given = [
        ElectrolyteRow(measurement_id=name, electrolyte=electrolyte, source_id=paper, conductivity_s_per_cm=1e-4)
        for name, electrolyte, paper in rows
    ]
    examples = conductivity_examples(Literature(given))
    return examples, PaperGroups.of(examples, by_composition=True)


ROWS = (
    ("obelix:a1", "Li3N", "p"),
    ("obelix:b2", "Li3.05N", "q"),  # 0.5 - 2/4.05 = 0.0062 from Li3N
    ("liverpool:a1", "Li2S", "r|p"),
    ("E3", "Li2O", "s"),
    ("liverpool:7", "LiF", "s|t"),
    ("laskowski:12", "LiCl", "u"),
)


def split(ids: list[str]) -> FixedSplit:
    return fixed_split(*table(*ROWS), ids)


def test_kin_of_test_rows_are_on_neither_side() -> None:
    # Li3N: its twin by composition and the row that shares p go; LiF: E3 shares s; only LiCl is left
    found = split(["liverpool:7", "obelix:a1"])
    assert (found.test.tolist(), found.train.tolist(), found.removed) == ([0, 4], [5], 3)
    found = split(["laskowski:12"])
    assert (found.test.tolist(), found.train.tolist(), found.removed) == ([5], [0, 1, 2, 3, 4], 0)


def test_ids_may_leave_the_table_out() -> None:
    found = split(["b2", "7", "E3"])
    assert found.test.tolist() == [1, 3, 4]
    assert found.train.tolist() == [2, 5]
    assert found.removed == 1


def test_an_id_of_two_tables_asks_for_the_table() -> None:
    with pytest.raises(InputError, match="'a1' may mean obelix:a1, liverpool:a1; write the table before it"):
        split(["7", "a1"])
    assert split(["liverpool:a1"]).test.tolist() == [2]


def test_unknown_ids_are_counted_named_and_compared() -> None:
    with pytest.raises(InputError) as caught:
        split(["E3", "obelix:a", "x1", "x2", "x3", "x4", "x5"])
    said = str(caught.value)
    # six of seven are unknown, five are named; what is nearest to the first of them follows
    assert said.startswith(
        "6 of 7 test ids are of no conductivity in the data: 'obelix:a', 'x1', 'x2', 'x3', 'x4', ..."
    )
    assert "'x5'" not in said
    assert "closest: obelix:a1" in said
    assert said.endswith("is the table they belong to given with --public or --data?")


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(InputError, match="nothing to learn from"):
        fixed_split(*table(*ROWS[:3]), ["obelix:a1"])
    with pytest.raises(InputError, match="nothing to learn from"):
        split([name for name, _, _ in ROWS])


def test_no_fit_sees_a_test_row_or_its_kin(literature: Literature, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test rows are judged by a fit without them and their kin; the intervals are calibrated without them too."""
    seen: list[set[str]] = []
    real = crossvalidate.fit_part

    def watched(name: str, designs: object, *rest: object) -> object:
        seen.append(set(designs["row_id"]))
        return real(name, designs, *rest)

    monkeypatch.setattr(crossvalidate, "fit_part", watched)
    argyrodites = {
        row.measurement_id for row in literature.electrolytes if row.in_training and row.composition == "Li6PS5Cl"
    }
    assert {"E054", "E055", "E081"} <= argyrodites
    # E071 is of the same paper as E070, both LLZTO
    score, found = measure_fixed(literature, QUICK, ["E055", "E070"])
    assert len(seen) == 1 + QUICK.folds
    for rows in seen:
        assert not rows & (argyrodites | {"E070", "E071"})
    assert seen[0] == set.union(*seen)
    assert len(seen[0]) == len(found.train)
    everything = len(conductivity_examples(literature).papers)
    assert found.removed == everything - 2 - len(found.train) == score.removed
    assert found.removed >= len(argyrodites) - 1 + 1
    assert (score.rows, score.papers) == (2, 2)


@pytest.mark.slow
def test_labels_of_test_rows_change_no_prediction(literature: Literature) -> None:
    """What a test row says must not reach its own prediction: error moves by just what the label moved."""
    ids = ["E055"]
    changed = [
        row.model_copy(update={"conductivity_s_per_cm": 10 * row.conductivity_s_per_cm, "activation_energy_ev": 0.1})
        if row.measurement_id in ids and row.conductivity_s_per_cm
        else row
        for row in literature.electrolytes
    ]
    moved = Literature(changed, literature.cells, literature.cycling, literature.sources)
    before, after = (measure_fixed(each, QUICK, ids)[0] for each in (literature, moved))
    for name, error in before.by_method.items():
        # the label rose by one decade: |p - y| becomes |p - y - 1|, so the two errors differ by 1 or add up to 1
        other = after.by_method[name]
        assert min(abs(abs(other - error) - 1), abs(other + error - 1)) < 1e-9, name
    assert before.width == after.width


def test_judge_fixed_rows_on_the_command_line(silion: Command, tmp_path: Path) -> None:
    with (ROOT / "data" / "literature" / "electrolytes.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row["in_training"] != "no" and row["conductivity_s_per_cm"] and row["electrolyte_class"] != "liquid"
        ]
    test = [row for row in rows if row["measurement_id"] in ("E055", "E029")]
    # by hand: the paper's other rows and all of the very formula; what else lies within 0.02 of it is kin as well
    kin = [
        row
        for row in rows
        if row not in test
        and (row["composition"] == "Li6PS5Cl" or row["source_id"] in {each["source_id"] for each in test})
    ]
    assert len(test) == 2
    assert len(kin) >= 7
    (tmp_path / "ids.csv").write_text("ID\nE055\nE029\n", encoding="utf-8")
    done = silion("evaluate", "--test", tmp_path / "ids.csv", "--folds", "3", "--repeats", "1", timeout=120)
    assert done.code == 0, done.err
    said = done.out.splitlines()
    removed = int(said[1].split()[0])
    assert len(kin) <= removed <= len(kin) + 20
    assert said[0] == f"2 test rows; {len(rows) - 2 - removed} rows to learn from"
    assert said[1].startswith(f"{removed} rows removed from training")
    assert said[2].startswith("2 rows of 2 groups; mean absolute error, decades")
    assert np.isfinite(float(said[2].split(": silion ")[1].split(",")[0]))
