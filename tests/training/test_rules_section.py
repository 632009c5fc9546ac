from __future__ import annotations

from pathlib import Path

import pandas as pd

from reporting.pages import Paragraph, Table
from training.report.rules_section import NUMBERS, section
from training.rules.ask_model import NO_PAPER, Checked, Count
from training.rules.rule_file import Rule, RuleCheck
from training.train import Trained

RULE = Rule("made-up", "a -> b", "zhan", "Sec. 1", ())


def test_rules_are_told_with_their_counts_and_without_skill_with_a_doubt(trained: Trained, tmp_path: Path) -> None:
    checks = [
        RuleCheck(name, f"as {name}", (RULE,), target, {}, {"np_ratio": "1"}, {"np_ratio": "2"}, True, False)
        for name, target in (("first", "ice_pct"), ("second", "retention_pct"))
    ]
    found = [
        Checked(checks[0], Count(9, 1, 0, 0.25), Count(1, 9, 0, 0.0), (4, 1), ("p",), 0),
        Checked(checks[1], Count(0, 0, 0, float("nan")), None, (0, 0), (), 3),
    ]
    skill = {column: score for column, score in trained.scores.items() if column in ("ice_pct", "retention_pct")}
    assert not skill["retention_pct"].shown
    blocks = section(found, skill, tmp_path)
    text = " ".join(each.text for each in blocks if isinstance(each, Paragraph))
    assert "2 rules of the reviews" in text
    assert "1 learnt, 0 not learnt, 0 contradicted, 1 not judged, 0 kept, forced" in text
    assert "No skill is shown yet for" in text
    (table,) = (each for each in blocks if isinstance(each, Table))
    assert list(table.rows) == [
        ("as first", "initial Coulombic efficiency", "learnt", "9 of 10", "+0.25", "not learnt", 4, 1, "zhan, Sec. 1"),
        ("as second", "capacity retention", "not judged", "0 of 0", "", NO_PAPER, 0, 0, "zhan, Sec. 1"),
    ]
    assert pd.read_csv(tmp_path / NUMBERS)["check_id"].tolist() == ["first", "second"]
