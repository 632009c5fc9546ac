"""Open questions of the reviews as data, and what is answered to each, in words chosen by the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.family import FAMILIES
from models.explain.importance import Overall
from models.tasks.registry import TASKS
from reporting.numbers import share_with_interval, with_interval
from reporting.pages import counted
from training.evaluation.bootstrap import FEWEST_GROUPS
from training.rules.ask_model import Checked
from training.rules.evidence import HAS_CARBON, Across, Compared, Factor, across, compared, of_family, outcomes, pairs
from training.rules.rule_file import Rule, read_rules
from training.train import Trained

PRESSURE = Factor(
    "stack_pressure_mpa", "stack pressure", "MPa", ("log10_stack_pressure_mpa", "pressure_window"),
    ("stack_pressure_mpa",),
)  # fmt: skip
SIZE = Factor(
    "silicon_size_nm", "silicon particle size", "nm", ("log10_silicon_size_nm", "size_over_critical"),
    ("silicon_size_nm", "anode"),
)  # fmt: skip
CARBON = Factor(
    HAS_CARBON, "carbon in the anode", "", (HAS_CARBON,),
    ("carbon_wt_pct", "conductive_carbon", "anode", "anode_architecture", "silicon_wt_pct"),
)  # fmt: skip
SHARE = Factor(
    "carbon_wt_pct", "carbon share of the anode", "wt%", ("carbon_wt_pct",),
    ("carbon_wt_pct", "conductive_carbon", "anode", "silicon_wt_pct"),
)  # fmt: skip
CONDUCTIVITY = Factor(
    "electrolyte_conductivity_s_per_cm", "electrolyte conductivity", "S/cm",
    ("log10_conductivity_s_per_cm", "conductivity_predicted", "log10_effective_conductivity"),
    ("electrolyte_conductivity_s_per_cm", "electrolyte_conductivity_temperature_c", "electrolyte", "composition"),
)  # fmt: skip


@dataclass(frozen=True)
class Question:
    """An open question.

    Attributes
    ----------
    text : str
        The question.
    factors : tuple of Factor
        It is about these; a comparison asks whether the first matters more.
    parts : tuple of str
        Keys of `TASKS` that it is asked of.
    rules : tuple of str
        Ids of the rules of `rules.csv` about it.
    classes : tuple of str
        Electrolyte classes it is about; all where empty.
    compares : bool
        Whether the first two factors are set against each other.
    """

    text: str
    factors: tuple[Factor, ...]
    parts: tuple[str, ...]
    rules: tuple[str, ...]
    classes: tuple[str, ...] = ()
    compares: bool = False


QUESTIONS = (
    Question(
        "Does stack pressure matter more than particle size?", (PRESSURE, SIZE), ("ice", "fade"),
        (
            "pressure-low-contact-loss", "pressure-heals-cracks-zhan", "pressure-up-overpotential-up-zhan",
            "pressure-high-capacity-down", "double-layer-needs-no-pressure", "smaller-particle-less-fracture",
            "nano-over-micro-in-ssb", "nano-agglomeration", "nano-large-surface-side-reactions",
        ),
        compares=True,
    ),
    Question(
        "What does carbon do in sulfide cells?", (CARBON, SHARE), ("ice", "fade"),
        (
            "carbon-decomposes-sulfide-zhan", "carbon-decomposes-sulfide-mei", "carbon-decomposes-sulfide-interface",
            "carbon-decomposition-stable-after-first-cycle", "hard-carbon-stabilizes-mei",
            "hard-carbon-stabilizes-zhan", "binder-conducting-replaces-carbon", "self-wiring-less-carbon",
        ),
        FAMILIES["sulfide"],
    ),
    Question(
        "How far does electrolyte conductivity explain retention?", (CONDUCTIVITY,), ("fade",),
        ("se-in-anode-ionic-conductivity", "lpscl-better-than-lsnps", "composite-spe-better-than-llzto"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One factor and one outcome, as the tables have them.

    Attributes
    ----------
    factor : Factor
        The factor.
    part : str
        Key of `TASKS` with the outcome.
    across : Across
        Over all cells that state both.
    pairs : DataFrame
        Cells of one paper that differ in the factor, as of `pairs`.
    """

    factor: Factor
    part: str
    across: Across
    pairs: pd.DataFrame

    @property
    def sentence(self) -> str:
        """The finding in words."""
        name, outcome = self.factor.label, TASKS[self.part].outcome
        correlation = self.across.correlation
        if not self.across.cells:
            return f"No cell states both {name} and {outcome}."
        if np.isnan(correlation.value):
            return (
                f"Every cell that states both has the same {name}: {counted(self.across.cells, 'cell')} of "
                f"{counted(self.across.papers, 'paper')} cannot tell what it does to the {outcome}."
            )
        if not correlation.has_interval:
            return (
                f"Only {counted(self.across.papers, 'paper')} ({counted(self.across.cells, 'cell')}) state both {name} "
                f"and {outcome}, too few to tell; {FEWEST_GROUPS} are the least for an interval."
            )
        figure = f"rank correlation {self.correlation} over {counted(self.across.papers, 'paper')}"
        if not correlation.sign:
            return f"No relation between {name} and {outcome} can be shown: {figure}, which includes 0."
        way = TASKS[self.part].higher if correlation.sign > 0 else TASKS[self.part].lower
        factor = name if self.factor.unit == "" else f"a higher {name}"
        return f"Cells with {factor} have a {way} {outcome}: {figure}."

    @property
    def correlation(self) -> str:
        """The rank correlation with its interval, as printed; empty where there is none."""
        correlation = self.across.correlation
        if np.isnan(correlation.value) or not correlation.has_interval:
            return ""
        return with_interval(correlation.value, correlation.low, correlation.high, "+.2f")

    @property
    def explained(self) -> str:
        """Share of the order that is accounted for, as printed; empty where it is not judged."""
        if not self.across.correlation.has_interval:
            return ""
        return share_with_interval(*self.across.explained)


@dataclass(frozen=True)
class Answer:
    """The answer to a question.

    Attributes
    ----------
    question : Question
        The question.
    findings : list of Finding
        By factor and outcome.
    comparisons : mapping of str to Compared
        Of the first two factors, by outcome; empty where nothing is compared.
    rules : list of Rule
        The reviews' words.
    checks : list of Checked
        Checks of these rules on the model.
    model : DataFrame
        Rows of the importance tables that hold the factors, with a column `part`.
    """

    question: Question
    findings: list[Finding]
    comparisons: Mapping[str, Compared]
    rules: list[Rule]
    checks: list[Checked]
    model: pd.DataFrame

    @property
    def short(self) -> str:
        """The answer in a sentence or two."""
        if self.question.compares:
            compared_parts = self.comparisons.items()
            return " ".join(_comparison(self.question.factors, part, gap) for part, gap in compared_parts)
        related = [finding for finding in self.findings if finding.across.correlation.sign]
        if not related:
            return "These data cannot tell. " + " ".join(finding.sentence for finding in self.findings)
        others = [finding for finding in self.findings if not finding.across.correlation.sign]
        sentences = " ".join(finding.sentence for finding in (*related, *others))
        return f"{sentences} A relation across papers is not yet the factor's own effect."


def _comparison(factors: Sequence[Factor], part: str, gap: Compared) -> str:
    first, second = (factor.label for factor in factors[:2])
    outcome = TASKS[part].outcome
    if np.isnan(gap.low):
        return (
            f"For {outcome} these data cannot tell: {counted(gap.papers, 'paper')} with a value of it "
            f"{'states' if gap.papers == 1 else 'state'} both {first} and {second}, and a comparison takes at least "
            f"{FEWEST_GROUPS} in which both vary."
        )
    figure = (
        f"the sizes of their rank correlations differ by {with_interval(gap.value, gap.low, gap.high, '+.2f')} "
        f"over {counted(gap.papers, 'paper')}"
    )
    if gap.low > 0 or gap.high < 0:
        more, less = (first, second) if gap.low > 0 else (second, first)
        return f"For {outcome} the cells are ordered better by {more} than by {less}: {figure}."
    return f"For {outcome} no difference between {first} and {second} can be shown: {figure}, which includes 0."


def answers(
    trained: Trained,
    importance: Mapping[str, Overall],
    checked: Sequence[Checked],
    questions: Sequence[Question] = QUESTIONS,
) -> list[Answer]:
    """Answer every question from the tables of a training and its model.

    Parameters
    ----------
    trained : Trained
        The training.
    importance : mapping of str to Overall
        Overall importance, by part.
    checked : sequence of Checked
        The design rules, checked on the model.
    questions : sequence of Question
        The questions.
    """
    rules = read_rules()
    names = [name for name, task in TASKS.items() if task.of_cells]
    cells = {part: outcomes(trained.bundle.parts[part], trained.found[part].examples) for part in names}
    return [_answer(question, cells, trained.config.seed, rules, importance, checked) for question in questions]


def _answer(
    question: Question,
    cells: Mapping[str, pd.DataFrame],
    seed: int,
    rules: Mapping[str, Rule],
    importance: Mapping[str, Overall],
    checked: Sequence[Checked],
) -> Answer:
    own = {part: of_family(cells[part], question.classes) for part in question.parts}
    findings = [
        Finding(factor, part, across(own[part], factor, seed), pairs(own[part], factor))
        for factor in question.factors
        for part in question.parts
    ]
    comparisons = {}
    if question.compares:
        first, second = question.factors[:2]
        comparisons = {part: compared(own[part], first, second, seed) for part in question.parts}
    cited = set(question.rules)
    feature_names = [name for factor in question.factors for name in factor.features]
    tables = {part: importance[part].features for part in question.parts}
    features = [
        table.loc[table["feature"].isin(feature_names)].assign(part=part, of=len(table))
        for part, table in tables.items()
    ]
    return Answer(
        question, findings, comparisons, [rules[name] for name in question.rules],
        [result for result in checked if cited & {rule.rule_id for rule in result.check.rules}],
        pd.concat(features, ignore_index=True),
    )  # fmt: skip
