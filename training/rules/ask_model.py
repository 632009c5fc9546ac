"""Design rules checked on a trained model: designs are changed as a rule says, and their predictions compared.

A metamorphic test: no measurement is needed, only the direction. Each rule is checked on the shipped model and on one
fitted again without the papers the rule came from: what only the first follows may have been memorised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.electrolyte import DEFAULT_TEMPERATURE_C, classes_of
from features.family import FAMILIES
from features.tables.literature import Literature, papers_of
from features.tables.records import Candidate
from models.bundle import Bundle
from models.explain.shap_values import answer
from models.tasks.examples import Examples
from models.tasks.part import Part, fit_part, with_conductivity
from models.tasks.registry import LINK, TARGETS, TASKS, task_of
from models.tasks.task import DEFAULT_CYCLE
from training.rules.rule_file import FAMILY, YES_NO, RuleCheck

MOVED = {True: 0.01, False: 0.1}
"""Change of a target that counts as one: decades where it is logarithmic, else percentage points."""
MOST = 0.8
"""Share of the designs that must agree before a rule counts as learnt or as contradicted."""
LEAST_DESIGNS = 5
"""Changed designs below which nothing is judged."""
LEAST_PAPERS = 3
"""Papers on either side of a change below which there is too little to learn a rule from."""
NO_PAPER = "no row is from its papers"
MOST_EXCHANGES = 2000
"""Pairs of materials that are asked, evenly from all."""
MATERIAL = ("electrolyte", "composition", "electrolyte_class", "form")
OF_THE_MATERIAL = (
    "composition", "form", "space_group", "electrolyte_conductivity_s_per_cm", "electrolyte_conductivity_temperature_c",
)  # fmt: skip
"""Columns emptied where a named electrolyte takes the place of another."""
LEARNT, UNLEARNT, AGAINST, UNJUDGED, FORCED = "learnt", "not learnt", "contradicted", "not judged", "kept, forced"


@dataclass(frozen=True)
class Count:
    """Changed designs by the way the predictions of one model went.

    Attributes
    ----------
    followed, unmoved, against : int
        Number of changed designs.
    median : float
        Of the change in the direction of the rule: decades, or percentage points; NaN without designs.
    forced : bool
        Whether the model was built to follow the rule, so that following it shows nothing.
    """

    followed: int
    unmoved: int
    against: int
    median: float
    forced: bool = False

    @property
    def designs(self) -> int:
        """Number of changed designs."""
        return self.followed + self.unmoved + self.against

    @property
    def verdict(self) -> str:
        """The judgement in a word: `LEARNT`, `UNLEARNT`, `AGAINST`, `UNJUDGED` or `FORCED`."""
        if self.designs < LEAST_DESIGNS:
            return UNJUDGED
        if self.forced and not self.against:
            return FORCED
        if self.followed >= MOST * self.designs:
            return LEARNT
        return AGAINST if self.against >= MOST * self.designs else UNLEARNT


@dataclass(frozen=True)
class Checked:
    """One rule checked on both models.

    Attributes
    ----------
    check : RuleCheck
        The rule.
    shipped : Count
        Of the shipped model.
    without : Count or None
        Of the model without the rule's papers; None where no row of the tables is theirs.
    papers : (int, int)
        Training papers on the side before the change, and on the side after it.
    left_out : tuple of str
        Papers the second model was fitted without.
    outside : int
        Changed designs left out, as the model knows nothing near them.
    """

    check: RuleCheck
    shipped: Count
    without: Count | None
    papers: tuple[int, int]
    left_out: tuple[str, ...]
    outside: int


def check_rules(
    bundle: Bundle,
    literature: Literature,
    checks: Sequence[RuleCheck],
    seed: int,
    progress: Callable[[int], None] = lambda checks: None,
) -> list[Checked]:
    """Check the rules on a model.

    Not checked: how far a prediction moves, beyond that it does; a change of 0.1 points in an interval of 40 counts.

    Parameters
    ----------
    bundle : Bundle
        The shipped model, fitted on this literature.
    literature : Literature
        All tables.
    checks : sequence of RuleCheck
        The rules.
    seed : int
        Of the fits without the rules' papers.
    progress : callable, optional
        Called with 1 after each check.

    Returns
    -------
    list of Checked
        In the order of `checks`.
    """
    examples = {name: task.examples(literature) for name, task in TASKS.items()}
    in_training = {name for rows in examples.values() for paper in rows.papers for name in papers_of(paper)}
    refitted: dict[frozenset[str], dict[str, Part]] = {}
    checked = []
    for check in checks:
        of_target = examples[task_of(check.target).name]
        before, after, outside = _pairs(check, bundle, of_target.designs)
        papers = frozenset(check.papers(literature) & in_training)
        without = None
        if papers:
            if papers not in refitted:
                refitted[papers] = _without(bundle, examples, papers, seed)
            without = _count(check, refitted[papers], *_linked(check.target, refitted[papers], before, after))
        shipped, sides = _count(check, bundle.parts, before, after), _papers(check, of_target)
        checked.append(Checked(check, shipped, without, sides, tuple(sorted(papers)), outside))
        progress(1)
    return checked


def _without(bundle: Bundle, examples: Mapping[str, Examples], papers: frozenset[str], seed: int) -> dict[str, Part]:
    """Fit the parts again, by the shipped recipes, on the rows of all other papers."""
    parts: dict[str, Part] = {}
    for name, rows in examples.items():
        others = [row for row, paper in enumerate(rows.papers) if not papers & set(papers_of(paper))]
        link = bundle.parts[LINK]
        if len(others) == len(rows.papers) and parts.get(LINK, link) is link:
            parts[name] = bundle.parts[name]  # nothing it learnt from is left out
            continue
        train_rows, recipe = rows.take(np.array(others, dtype=int)), bundle.parts[name].ensemble.recipe
        if TASKS[name].of_cells:
            train_rows = Examples(with_conductivity(train_rows.designs, parts[LINK]), train_rows.labels)
        train_rows, settings = TASKS[name].relabelled(train_rows, recipe)
        parts[name] = fit_part(name, train_rows.designs, train_rows.labels, recipe, seed)
        parts[name].settings = settings
    return parts


def _pairs(check: RuleCheck, bundle: Bundle, designs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Return designs before and after the change, row by row, both inside the domain, those of cells with their
    electrolyte's conductivity; and the number that were not inside."""
    frame = designs.drop_duplicates("row_id").reindex(columns=list(Candidate.model_fields)).reset_index(drop=True)
    frame = frame[_is(frame, check.bases)]
    if check.exchanges_material:
        before, after = _exchanged(frame, check)
    else:
        before, after = (_set(frame, settings) for settings in (check.before, check.after))
    if not len(before):
        return before, after, 0
    before, after = _linked(check.target, bundle.parts, before, after)
    inside = _inside(check, bundle, before) & _inside(check, bundle, after)
    return before[inside], after[inside], int((~inside).sum())


def _is(frame: pd.DataFrame, settings: Mapping[str, str]) -> np.ndarray:
    """Return which designs are as the settings say, shape (n_designs,)."""
    fits = np.ones(len(frame), dtype=bool)
    for column, value in settings.items():
        if column in (FAMILY, "electrolyte_class"):
            members = FAMILIES[value] if column == FAMILY else (value,)
            fits &= np.array([kind in members for kind in classes_of(frame)], dtype=bool)
        else:
            fits &= (frame[column] == _value(value)).to_numpy(dtype=bool)
    return fits


def _value(written: str) -> float | bool | str:
    try:
        return float(written)
    except ValueError:
        return YES_NO.get(written, written)


def _set(frame: pd.DataFrame, settings: Mapping[str, str]) -> pd.DataFrame:
    emptied = dict.fromkeys(OF_THE_MATERIAL) if "electrolyte" in settings else {}
    changed = frame.astype(object).assign(**{**emptied, **{name: _value(value) for name, value in settings.items()}})
    return changed.reset_index(drop=True)


def _exchanged(frame: pd.DataFrame, check: RuleCheck) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every material of the one family beside every one of the other, at 25 °C."""
    bare = pd.DataFrame({column: frame[column] for column in MATERIAL}).drop_duplicates()
    sides = [bare[_is(bare, settings)].reset_index(drop=True) for settings in (check.before, check.after)]
    rows = np.indices((len(sides[0]), len(sides[1]))).reshape(2, -1)
    if rows.shape[1] > MOST_EXCHANGES:
        rows = rows[:, np.linspace(0, rows.shape[1] - 1, MOST_EXCHANGES).astype(int)]
    before, after = (
        side.iloc[place].reset_index(drop=True).reindex(columns=list(Candidate.model_fields)).astype(object)
        for side, place in zip(sides, rows, strict=True)
    )
    return before.assign(temperature_c=DEFAULT_TEMPERATURE_C), after.assign(temperature_c=DEFAULT_TEMPERATURE_C)


def _inside(check: RuleCheck, bundle: Bundle, frame: pd.DataFrame) -> np.ndarray:
    """Return which designs are near the training designs and within the range of every column the check sets."""
    part = bundle.parts[task_of(check.target).name]
    if part.domain is None:
        return np.zeros(len(frame), dtype=bool)
    away = part.domain.nearest_distance(part.featurizer.transform(frame))
    fits = away <= part.domain.far
    for column in {*check.before, *check.after}:
        if column in part.domain.ranges:
            low, high = part.domain.ranges[column]
            fits &= frame[column].astype(float).between(low, high).to_numpy()
    return np.asarray(fits)


def _linked(target: str, parts: Mapping[str, Part], *frames: pd.DataFrame) -> list[pd.DataFrame]:
    of_cells = task_of(target).of_cells
    return [with_conductivity(frame, parts[LINK]) if of_cells and len(frame) else frame for frame in frames]


def _count(check: RuleCheck, parts: Mapping[str, Part], before: pd.DataFrame, after: pd.DataFrame) -> Count:
    if not len(before):
        return Count(0, 0, 0, float("nan"))
    part = parts[task_of(check.target).name]
    ends = [answer(check.target, part, part.predict(frame)[0], DEFAULT_CYCLE) for frame in (before, after)]
    change = (ends[1] - ends[0]) * (1 if check.rises else -1)
    moved = MOVED[TARGETS[check.target].log10]
    followed, against = int((change > moved).sum()), int((change < -moved).sum())
    return Count(followed, len(change) - followed - against, against, float(np.median(change)), check.certain)


def _papers(check: RuleCheck, examples: Examples) -> tuple[int, int]:
    """Return the number of training papers on each side of the change.

    A paper is on the side of `before` or of `after` its value is nearer to.
    """
    designs, papers = examples.designs, examples.papers
    counts = [set[str](), set[str]()]
    for column in {*check.before, *check.after}:
        ends = [settings.get(column) for settings in (check.before, check.after)]
        if ends[0] == ends[1]:
            continue
        for side, own in enumerate(_sides(designs, column, ends)):
            counts[side] |= set(papers[own])
    return len(counts[0]), len(counts[1])


def _sides(designs: pd.DataFrame, column: str, ends: Sequence[str | None]) -> list[np.ndarray]:
    values = [None if end is None else _value(end) for end in ends]
    if all(isinstance(value, float) for value in values):
        numbers = pd.to_numeric(designs[column]).to_numpy(dtype=float)
        away = [np.abs(numbers - float(str(value))) for value in values]
        return [away[0] < away[1], away[1] < away[0]]
    nothing = np.zeros(len(designs), dtype=bool)
    return [nothing if end is None else _is(designs, {column: end}) for end in ends]
