from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.cycling.cycle_tables import cycling_of, read_cycling, read_portions
from features.cycling.cycler_files import text_frame
from features.tables.mistakes import InputError


def table(*cells: tuple[str, list[tuple[float, float]]], column: str = "capacity_ah") -> pd.DataFrame:
    lines = [f"cell,cycle,{column}", *(f"{name},{cycle:g},{q:g}" for name, points in cells for cycle, q in points)]
    return text_frame("\n".join(lines).encode(), "x.csv")


def line(count: int, loss: float = 0.001) -> list[tuple[float, float]]:
    return [(cycle, 1 - loss * cycle) for cycle in range(1, count + 1)]


def replaced(points: list[tuple[float, float]], cycle: int, value: float) -> list[tuple[float, float]]:
    return [(at, value if at == cycle else q) for at, q in points]


def test_good_cells_are_answered_and_every_bad_one_gets_one_message() -> None:
    steps = [(cycle, (0.8 if cycle > 20 else 1) - 0.001 * cycle) for cycle in range(1, 51)]
    rises = [(cycle, 1.6 if cycle > 20 else 1.0) for cycle in range(1, 51)]
    mixed = [(cycle, 1000.0 if cycle > 9 else 1.0) for cycle in range(1, 31)]
    read = cycling_of(
        table(
            ("good", line(30)),
            ("two", line(30) + line(30)),
            ("zero", replaced(line(30), 5, 0)),
            ("mixed", mixed),
            ("short", line(7)),
            ("order", [(1, 1.0), (4, 1.0), (3, 1.0), *line(30)[4:]]),
            ("steps", steps),
            ("rises", rises),
        ),
        "x.csv",
    )
    assert read.curves.names == ("good",)
    assert read.rejected == ["two", "zero", "mixed", "short", "order", "steps", "rises"]
    said = [str(mistake) for mistake in read.mistakes]
    for words, text in zip(
        ("begins again", "got 0 at cycle 5", "one unit", "7 points over 7 cycles", "3 after 4", "-21 % at cycle 21",
         "rises by half"), said, strict=True
    ):  # fmt: skip
        assert words in text
        assert text.startswith("x.csv line ")


def test_formation_and_rate_tests_are_left_out_and_said() -> None:
    formation = [(cycle, (1.2 if cycle < 4 else 1.0) - 0.001 * cycle) for cycle in range(1, 41)]
    rate_test = [(cycle, (0.7 if cycle in (20, 21) else 1.0) - 0.001 * cycle) for cycle in range(1, 61)]
    read = cycling_of(table(("F", formation), ("R", rate_test)), "x.csv")
    assert read.curves.counts.tolist() == [37, 58]
    assert read.notices["F"] == ["left out: cycles 1, 2, 3, formation: the capacity steps after them"]
    assert "20, 21" in read.notices["R"][0]
    assert read.curves.initial[0] == pytest.approx(1 - 0.006)  # median of cycles 4 to 8


def test_a_column_of_rates_decides_what_ages() -> None:
    rows = [
        f"A,{cycle},{1 - 0.001 * cycle},{0.1 if cycle < 3 else 2 if cycle == 20 else 0.5}" for cycle in range(1, 41)
    ]
    read = cycling_of(text_frame("\n".join(["cell,cycle,capacity_ah,c_rate", *rows]).encode(), "x.csv"), "x.csv")
    assert read.curves.counts.tolist() == [37]
    assert read.notices["A"][0] == "left out: cycles 1, 2, formation (another C-rate than 0.5)"


def test_units_are_asked_for_and_mah_is_ah() -> None:
    with pytest.raises(InputError, match="which says no unit"):
        cycling_of(table(("A", line(30)), column="capacity"), "x.csv")
    read = cycling_of(table(("A", [(cycle, 1100.0) for cycle in range(1, 12)]), column="capacity_mah"), "x.csv")
    assert read.curves.initial.tolist() == [pytest.approx(1.1)]


def test_a_raw_record_is_told_to_be_summed_and_bdf_is() -> None:
    rows = [(1 + step // 20, 0.001 * step) for step in range(400)]
    with pytest.raises(InputError, match="a record of seconds"):
        cycling_of(table(("A", [(cycle, 1 + q) for cycle, q in rows])), "x.csv")
    head = "Test Time / s,Cycle Count / 1,Discharging Capacity / Ah"
    # cycle n discharges 1 - 0.001 n, counted on from 0 within each cycle
    body = [f"{n * 60 + part},{n},{part * (1 - 0.001 * n) / 4:.6f}" for n in range(1, 21) for part in range(5)]
    read = cycling_of(text_frame("\n".join([head, *body]).encode(), "a.bdf.csv"), "a.bdf.csv", "a")
    assert read.curves.names == ("a",)
    assert read.curves.retention[-1] * read.curves.initial[0] == pytest.approx(0.98, abs=1e-5)


def test_steps_of_a_bdf_record_are_summed_and_a_cycle_cut_short_is_left_out() -> None:
    """As fastnda writes Neware's files: the net capacity of a step counts from 0, down where it discharges."""
    rows = []
    for cycle in range(1, 16):
        for step, amount in ((1, 1.0), (2, -0.9), (3, -0.1 + 0.001 * cycle)):  # charge, discharge, its second step
            part = 0.5 if cycle == 15 else 1.0
            rows += [f"{len(rows)},{cycle},{3 * cycle + step},{part * share * amount:.6f}" for share in (0, 0.5, 1)]
    head = "Test Time / s,Cycle Count / 1,Step Count / 1,Step Net Capacity / Ah"
    read = cycling_of(text_frame("\n".join([head, *rows]).encode(), "a.csv"), "a.csv", "a")
    assert read.curves.cycle.tolist() == list(range(1, 15))  # cycle 15 discharges half
    assert read.curves.retention * read.curves.initial[0] == pytest.approx([1 - 0.001 * n for n in range(1, 15)])
    assert "summed by cycle" in read.notices["a"][0]


def test_a_file_of_neware_is_read_or_the_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.nda").write_bytes(b"NEWARE, cut short")
    with pytest.raises(InputError, match=r"silion\[cyclers\]|not a whole Neware file"):
        read_cycling(tmp_path / "a.nda")


def test_text_workbook_and_parquet_are_the_same_cells(tmp_path: Path) -> None:
    frame = table(("A", line(30)), ("B", line(40, 0.002)))
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    ones = [read_cycling(tmp_path / f"t.{kind}").curves for kind in ("csv", "xlsx", "parquet")]
    for other in ones[1:]:
        assert other.names == ones[0].names
        np.testing.assert_array_equal(other.retention, ones[0].retention)


def test_what_is_no_number_says_line_and_column() -> None:
    frame = table(("A", line(30)))
    frame.loc[2, "capacity_ah"] = "n/a"
    with pytest.raises(InputError, match=r"line 4, column capacity_ah: got 'n/a' \(cell A\), expected a number"):
        cycling_of(frame, "x.csv")


def test_two_units_in_one_cell_are_refused() -> None:
    """Columns of Ah and of mAh/g are both units: cycle 16 of the cell changes from one to the other."""
    rows = [f"A,{cycle},{'1.1,' if cycle < 16 else ',1.1'}" for cycle in range(1, 31)]
    with pytest.raises(InputError, match=r"line 17, column capacity: .*one unit for all cycles of a cell"):
        cycling_of(
            text_frame("\n".join(["cell,cycle,capacity_ah,capacity_mah_per_g", *rows]).encode(), "x.csv"), "x.csv"
        )


def test_a_cycle_that_stands_twice_is_refused_at_its_line() -> None:
    points = [*line(30)[:12], (12, 0.9), *line(30)[12:]]
    with pytest.raises(InputError, match=r"line 14, column cycle: got 12 twice \(cell A\), expected each cycle once"):
        cycling_of(table(("A", points)), "x.csv")


def test_a_gap_is_said_and_the_cell_answered() -> None:
    dense = [point for point in line(100) if not 40 < point[0] < 80]
    sparse = [(cycle, 1 - 0.0001 * cycle) for cycle in range(1, 1000, 90)]  # check-ups: that far apart as a rule
    read = cycling_of(table(("gap", dense), ("check-ups", sparse)), "x.csv")
    assert read.curves.names == ("gap", "check-ups")
    assert read.notices == {"gap": ["a gap: nothing between cycles 40 and 80; the line between them is taken"]}


def test_seconds_without_a_cycle_name_how_to_sum() -> None:
    rows = [f"A,{second},{1 + second / 1000:g}" for second in range(100)]
    with pytest.raises(InputError, match=r"column cycle: got .*expected one row per cycle .*docs/life\.md"):
        cycling_of(text_frame("\n".join(["cell,test_time_s,capacity_ah", *rows]).encode(), "x.csv"), "x.csv")


def test_a_large_table_in_portions_is_the_same_cells(tmp_path: Path) -> None:
    """Portions of 40 rows cut cells of 30 rows in two: each comes whole, with the line of its mistake."""
    cells = [(f"c{number}", line(30)) for number in range(5)]
    cells[3] = ("c3", replaced(line(30), 7, 0))
    table(*cells, ("c1", line(30))).to_csv(tmp_path / "t.csv", index=False)
    portions = list(read_portions(tmp_path / "t.csv", streamed=10, rows=40))
    assert len(portions) > 2
    assert [name for portion in portions for name in portion.curves.names] == ["c0", "c1", "c2", "c4"]
    assert all((portion.curves.counts == 30).all() for portion in portions)
    mistakes = [mistake for portion in portions for mistake in portion.mistakes]
    # the header, three cells of 30 and six rows stand before cycle 7 of c3; c1 comes once more
    assert "line 98, column capacity" in str(mistakes[0])
    assert "c1 once more" in str(mistakes[1])
