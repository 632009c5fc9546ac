from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import silion
from features.tables.literature import Literature
from models.tasks.conductivity import conductivity_examples
from models.tasks.ice import ice_examples
from models.tasks.part import fit_part
from models.tasks.registry import LINK, TASKS
from training.rules.ask_model import (
    AGAINST,
    FORCED,
    LEARNT,
    NO_PAPER,
    UNJUDGED,
    UNLEARNT,
    Count,
    _without,
    check_rules,
)
from training.rules.rule_file import Rule, RuleCheck
from training.rules.summary import as_table, as_text
from training.train import Trained

NO_REFERENCE = Rule("made-up", "", "interface-article", "Sec. 1", ())


def check(
    target: str,
    before: Mapping[str, str],
    after: Mapping[str, str],
    *,
    bases: Mapping[str, str] | None = None,
    rule: Rule = NO_REFERENCE,
    certain: bool = False,
) -> RuleCheck:
    return RuleCheck("made-up", "as said", (rule,), target, bases or {}, before, after, True, certain)


@pytest.mark.parametrize(
    ("count", "verdict"),
    [
        (Count(8, 1, 1, 0.1), LEARNT),
        (Count(7, 3, 0, 0.1), UNLEARNT),
        (Count(1, 1, 8, -0.1), AGAINST),
        (Count(4, 0, 0, 0.1), UNJUDGED),
        (Count(2, 8, 0, 0.0, forced=True), FORCED),
        (Count(2, 0, 8, 0.0, forced=True), AGAINST),
    ],
)
def test_verdicts(count: Count, verdict: str) -> None:
    assert count.verdict == verdict


def test_certain_physics_is_kept_and_counted(trained: Trained, literature: Literature) -> None:
    asked = check("conductivity_s_per_cm", {"temperature_c": "25"}, {"temperature_c": "60"}, certain=True)
    (found,) = check_rules(trained.bundle, literature, [asked], 0)
    rows = len(conductivity_examples(literature).designs)
    assert found.shipped.designs + found.outside == rows
    assert found.shipped.against == 0
    assert found.shipped.verdict == FORCED
    assert found.without is None


def test_materials_are_exchanged_one_by_one(trained: Trained, literature: Literature) -> None:
    designs = conductivity_examples(literature).designs
    distinct = designs[["electrolyte", "composition", "electrolyte_class", "form"]].drop_duplicates()
    counts = distinct["electrolyte_class"].value_counts()
    asked = check("conductivity_s_per_cm", {"family": "lipon"}, {"electrolyte_class": "sulfide-glass"})
    (found,) = check_rules(trained.bundle, literature, [asked], 0)
    assert found.shipped.designs + found.outside == counts["lipon"] * counts["sulfide-glass"]
    assert found.shipped.verdict == LEARNT  # two and a half decades apart
    papers = designs.groupby("electrolyte_class")["paper"].nunique()
    assert found.papers == (papers["lipon"], papers["sulfide-glass"])


def test_what_the_model_does_not_read_does_not_move(trained: Trained, literature: Literature) -> None:
    asked = check("ice_pct", {"current_collector": "Cu"}, {"current_collector": "Ni"})
    (found,) = check_rules(trained.bundle, literature, [asked], 0)
    assert found.shipped.unmoved == found.shipped.designs == len(ice_examples(literature).designs) - found.outside
    assert found.shipped.verdict == UNLEARNT


def test_what_no_training_design_comes_near_is_not_judged(trained: Trained, literature: Literature) -> None:
    asked = check("retention_pct", {"stack_pressure_mpa": "20"}, {"stack_pressure_mpa": "1500"})
    (found,) = check_rules(trained.bundle, literature, [asked], 0)
    assert found.shipped.designs == 0
    assert found.outside == TASKS["fade"].examples(literature).designs["row_id"].nunique()  # cells with cycling points
    assert found.shipped.verdict == UNJUDGED
    assert "no design near what is known" in as_text([found], trained.bundle.facts)


def test_the_second_model_never_saw_the_papers_of_the_rule(trained: Trained, literature: Literature) -> None:
    rule = Rule("np", "", "zhang-double-layer", "", ())
    asked = check("ice_pct", {"np_ratio": "1.6"}, {"np_ratio": "6.7"}, rule=rule)
    (found,) = check_rules(trained.bundle, literature, [asked], 0)
    assert found.left_out == ("zhang2025b",)
    assert found.without is not None
    assert found.without.designs == found.shipped.designs
    examples = {name: TASKS[name].examples(literature) for name in TASKS}
    parts = _without(trained.bundle, examples, frozenset({"zhang2025b"}), 0)
    rest = Literature(
        [row for row in literature.electrolytes if "zhang2025b" not in str(row.source_id)],
        [row for row in literature.cells if "zhang2025b" not in str(row.source_id)], [], literature.sources,
    )  # fmt: skip
    left = conductivity_examples(rest)
    recipe = trained.bundle.parts[LINK].ensemble.recipe
    by_hand = fit_part("conductivity", left.designs, left.labels, recipe, 0)
    np.testing.assert_array_equal(parts["conductivity"].predict(left.designs)[0], by_hand.predict(left.designs)[0])
    names = [feature.name for feature in parts["ice"].featurizer.features_]
    pressed = ice_examples(rest).designs
    assert len(pressed) < len(examples["ice"].designs)
    assert "np_ratio" in names
    assert not pressed["np_ratio"].isin([3.3, 6.7]).any()  # no other paper states these


def test_the_table_and_the_text_cite_every_rule(trained: Trained, literature: Literature) -> None:
    asked = [
        check("ice_pct", {"np_ratio": "1.6"}, {"np_ratio": "6.7"}),
        check("conductivity_s_per_cm", {"temperature_c": "25"}, {"temperature_c": "60"}, certain=True),
    ]
    done = list[int]()
    found = check_rules(trained.bundle, literature, asked, 0, done.append)
    assert done == [1, 1]
    table = as_table(found)
    assert table["rule_ids"].tolist() == ["made-up", "made-up"]
    assert table["sources"].tolist() == ["interface-article, Sec. 1"] * 2
    assert table["verdict_without_its_papers"].tolist() == [NO_PAPER, NO_PAPER]
    told = as_text(found, {"skill": {"ice_pct": {"shown": False}, "conductivity_s_per_cm": {"shown": True}}})
    assert told.index("ionic conductivity (skill shown)") < told.index(
        "initial Coulombic efficiency (no skill shown yet"
    )
    assert told.count("made-up (interface-article, Sec. 1)") == 2
    assert re.search(r"papers on either side: \d+ and \d+ \(too few to learn it from\)", told)


def test_the_command_prints_the_rules_and_writes_the_table(
    bundle_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "rules.csv"
    assert silion.main(["evaluate", "--rules", str(out), "--model", str(bundle_folder)]) == 0
    said = capsys.readouterr().out
    assert "contact-lost" not in said  # the check's name is in the table; the text says the rule
    assert "below 2 MPa contact is lost" in said
    assert "pressure-low-contact-loss (interface-article, Sec. 2.5; Table 3 (pressure))" in said
    table = pd.read_csv(out)
    assert len(table) == said.count("papers on either side:")
    assert silion.main(["evaluate", "--rules", "--folds", "3", "--model", str(bundle_folder)]) == 2
    assert "leave the other options but --model out" in capsys.readouterr().err
