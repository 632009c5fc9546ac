"""The table of electrolyte systems: what is near a printed range, what meets it, and what is named as missed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import goals, systems
from benchmarks.systems import NOT_JUDGED, SystemRange, Told, printed_ranges, report

PRINTED = [
    SystemRange("hydride", "LiBH4", 25, 1e-9, 1e-8, "10.1/one"),
    SystemRange("gel", "a gel", 60, 1e-3, 1e-3, "`two`"),
    SystemRange("garnet", "LLZO", 25, 1e-5, 1e-4, "10.1/three"),
]


def test_misses_are_named_with_how_far_away_they_are() -> None:
    # 1e-6 lies two decades above 1e-8, 1e-3 in its range, 1e-6 one decade below 1e-5, which is near
    told = [Told(1e-6, 1e-7, 1e-5, ""), Told(1e-3, 1e-4, 1e-2, "1 paper"), Told(1e-6, 1e-8, 1e-5, "")]
    text = report(PRINTED, told)
    assert "Within a decade of the range: 2 of 3; the 90 % interval meets the range: 2. Of 1 lines" in text
    assert "of the 2 others 1 are within a decade and 1 met" in text
    assert "Further than a decade away: LiBH4 at 25 °C (+2.0 decades)." in text
    assert "Not met by the interval: LiBH4 at 25 °C (+2.0 decades)." in text
    assert (
        "| hydride | LiBH4 | 25 | 1.0e-09 to 1.0e-08 | 1.0e-06 | 1.0e-07 to 1.0e-05 | **no** | **no** |  | 10.1/one |"
    ) in text
    assert "| gel | a gel | 60 | 1.0e-03 | 1.0e-03 | 1.0e-04 to 1.0e-02 | yes | yes | known | `two` |" in text
    assert "Not judged: PVA: " in text


def test_a_printed_range_names_its_papers() -> None:
    lines = {(line.electrolyte, line.temperature_c): line for line in printed_ranges()}
    assert lines["PAN/LiTFSI", 25].papers.endswith("10.1021/acsami.7b03806")
    assert not any(name == "PVA" for name, _ in lines)
    assert NOT_JUDGED[0][0] == "PVA"


def test_the_table_of_systems_is_written_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "README.md"
    page.write_text("\n".join([*goals.MARKS, *goals.SYSTEMS_MARKS]))
    monkeypatch.setattr(goals, "PAGE", page)
    monkeypatch.setenv("SILION_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.argv", ["goals", "systems", "--write-docs"])
    goals.main()
    assert "left out: systems: " in capsys.readouterr().out
    assert page.read_text() == "\n".join([*goals.MARKS, *goals.SYSTEMS_MARKS])
    monkeypatch.setattr(systems, "default_model", lambda folder: folder)
    monkeypatch.setattr(systems, "ask", lambda bundle, printed: [Told(1e-4, 1e-5, 1e-3, "") for _ in printed])
    goals.main()
    assert "printed ranges, S/cm, by the model of `make run`." in page.read_text()
    assert page.read_text().startswith("\n".join(goals.MARKS))
