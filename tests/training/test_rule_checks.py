from __future__ import annotations

from pathlib import Path

import pytest

from features.tables.literature import Literature
from features.tables.mistakes import InputError
from training.rules.rule_file import CHECKS, COLUMNS, Rule, read_checks, read_rules


def test_the_shipped_checks_are_read_and_rest_on_rules_of_the_table() -> None:
    checks, rules = read_checks(), read_rules()
    assert len({each.check_id for each in checks}) == len(checks) > 20
    assert all(rule.rule_id in rules for each in checks for rule in each.rules)
    assert [each.check_id for each in checks if each.certain] == ["conductivity-temperature"]
    (contact,) = [each for each in checks if each.check_id == "contact-lost"]
    assert (contact.before, contact.after) == ({"stack_pressure_mpa": "20"}, {"stack_pressure_mpa": "1"})
    assert not contact.rises
    assert contact.rules[0].direction == "pressure down (<2 MPa) -> contact loss, impedance up"


def test_the_papers_of_a_rule_are_those_its_seed_cites(literature: Literature) -> None:
    rules = read_rules()
    assert rules["pressure-heals-cracks-zhan"].papers(literature) == {"yamamoto2020"}  # zhan, reference 134
    assert rules["np-up-retention-up"].papers(literature) == {"zhang2025b"}  # the seed is the paper itself
    assert rules["pressure-low-contact-loss"].references == ()
    # zhan 207-209 and 22: of the four only 22 has rows, tan2021
    assert rules["carbon-decomposes-sulfide-zhan"].references == ("207", "208", "209", "22")
    assert rules["carbon-decomposes-sulfide-zhan"].papers(literature) == {"tan2021"}


def test_a_rule_of_a_review_without_references_comes_from_the_review(literature: Literature) -> None:
    assert Rule("x", "", "interface-article", "", ()).papers(literature) == {"interfacearticle"}


def write(folder: Path, *rows: str) -> Path:
    path = folder / "rule_checks.csv"
    path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
    return path


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "a,np-up-ice,ice,,np_ratio=1,np_ratio=2,rises,maybe,said",
        "b,np-up-ice-up,ice_pct,family=oxid,np_ration=1,,up,no,said",
    )
    with pytest.raises(InputError) as caught:
        read_checks(path)
    told = [str(each) for each in caught.value.mistakes]
    assert len(told) == 7
    for expected in (
        "a rule_id of rules.csv; closest: np-up-ice-up", "'ice'", "'rises'", "'maybe'", "'oxid'",
        "a column of a design; closest: np_ratio", "a change from `before` to `after`",
    ):  # fmt: skip
        assert any(expected in each for each in told)


def test_missing_columns_are_named(tmp_path: Path) -> None:
    path = tmp_path / "rule_checks.csv"
    path.write_text("check_id,rules\n", encoding="utf-8")
    with pytest.raises(InputError, match="missing columns target, bases, before"):
        read_checks(path)


def test_the_shipped_file_is_plain() -> None:
    assert CHECKS.read_text(encoding="utf-8").splitlines()[0] == ",".join(COLUMNS)
