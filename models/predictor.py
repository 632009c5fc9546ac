"""From candidate designs to predictions: values, intervals, notices and the nearest literature rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property, partial
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from features.cache import Cache
from features.crystal.stated_structures import NOT_READ, reads_structure, states_structure
from features.distinct import distinct_rows
from features.electrolyte_columns import Electrolytes, read_electrolytes
from features.tables.designs import Designs
from models.bundle import Bundle
from models.candidates import has_anode, refuse_unread
from models.exceedance import check_limits, probability_column
from models.known.activation_energies import beyond_a_transition, near_slope, printed_energies, shrink_to_printed
from models.known.measurements import Conditions
from models.known.same_design import same_designs
from models.known.shrinkage import OWN_COMPOSITION, shrink_centre_to_papers, shrink_to_own
from models.lab_calibration import (
    measured_text,
    moved,
    own_measurements,
    own_rows,
    own_values,
    show_of,
    shrink_to_measured,
)
from models.lab_effect.own_designs import OwnDesigns
from models.learners.arrhenius import energies_of, energy_interval
from models.notices import (
    Notice,
    after,
    joined,
    of_rows,
    per_case,
    placed,
    reading_notices,
    skill_notices,
    where,
)
from models.part_predictions import PartPredictions, PredictionRequest, energy_columns
from models.polymers.own_polymers import shrink_to_own_polymers
from models.polymers.prediction import POLYMER, predict_polymers
from models.predictions import ENDS, Energies, Nearest, Predictions, spread_over
from models.ranges.capacities import CapacityRanges
from models.ranges.comparable import Reported, reported_above, reported_ranges
from models.tasks.fade import RETENTION
from models.tasks.first_capacity import FirstCapacities
from models.tasks.part import Part, with_link
from models.tasks.registry import LINK, ON_REQUEST, TASKS, part_of, task_of
from models.tasks.task import asked_cycles

DEFAULT_LEVEL = 0.9
ModelNumbers: TypeAlias = tuple[np.ndarray, np.ndarray, np.ndarray | None, np.ndarray | None, np.ndarray | None]
"""Attributes `model` to `distance` of `PartPredictions`."""
FEW, MOST_KEPT = 20, 128  # answers to so few designs are kept, and so many: many cells have one electrolyte
NO_POINT = "no point: no skill on papers never seen"
"""Notice of a target of cells that has the range of comparable papers in place of a point."""


class Predictor:
    """Answers for candidate designs from one bundle.

    Parameters
    ----------
    bundle : Bundle
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle, self._numbers = bundle, Cache[ModelNumbers](MOST_KEPT)
        self._by_electrolyte, self._reported = Cache[Any](MOST_KEPT), dict[str, Reported]()

    def predict(
        self,
        designs: pd.DataFrame | Designs,
        *,
        targets: Sequence[str] | None = None,
        level: float = DEFAULT_LEVEL,
        precedents: int = 3,
        measured: pd.DataFrame | OwnDesigns | None = None,
        cycles: Sequence[int] = (),
        above: Mapping[str, float] | None = None,
        points: bool = True,
    ) -> Predictions:
        """Predict each design.

        Parameters
        ----------
        designs : columns of `Candidate`, shape (n_designs, n_columns)
        targets : columns of `all_targets`; where not given all that `Bundle.told` names, with points the learned ones
        level : share of papers whose values the interval should hold, 0 to 1
        precedents : nearest literature rows to return per design and target
        measured : designs of the same laboratory with what was measured, columns of `Measured`
        cycles : cycles at which retention is wanted beside that of the design's own
        above : limits of targets, in their units: `probability_column` of each is predicted as well
        points : whether a target of cells without skill has a point; otherwise it has the range that comparable papers
            report, and for a limit the share of these papers above it, unless measured designs move it

        Raises
        ------
        LevelError
            The number of papers cannot support the level.
        ValueError
            A target that does not exist or that the model was saved without, or a limit no value of it could pass.
        InputError
            Formulas that cannot be read, with the number of their design, from 1.
        """
        quantities = self.bundle.targets() if points and not targets else self.bundle.told(targets)
        request = PredictionRequest(quantities, check_limits(above or {}), cycles, level, points)
        measured, designs = OwnDesigns.of(measured), Designs.of(designs)
        electrolytes = read_electrolytes(designs)
        refuse_unread(designs, electrolytes)
        described = has_anode(designs)
        if len(designs) == 1 or described.sum() == 1:  # numpy rounds one number otherwise than several
            places = np.append(np.arange(len(designs)), described.argmax())
            doubled = self.predict(
                designs.take(places), targets=targets, level=level, precedents=precedents, measured=measured,
                cycles=cycles, above=above, points=points,
            )  # fmt: skip
            return doubled.first(designs.index)
        answers = self.judge(request.task_names, designs, precedents)
        answers |= {name: self._with_measured(answers[name], level, measured) for name in request.task_names}
        notices, range_notices = self._notices(request, designs, electrolytes, described), list[Notice]()
        columns, distances = dict[str, np.ndarray](), dict[str, np.ndarray]()
        nearest, known = dict[str, Nearest](), dict[str, Notice]()
        for name in request.task_names:
            answer = answers[name]
            by_column, texts = self._columns(request, answer)
            columns |= {column: spread_over(answer.mask, values) for column, values in by_column.items()}
            range_notices += [] if texts is None else [placed(answer.mask, texts)]
            notices += answer.notices()
            if answer.text is not None:  # named where the activation energy alone is predicted
                is_needed = name in map(part_of, request.needed)
                known[name] = placed(answer.mask, answer.text if is_needed else after(f"{name}: ", answer.text))
            if answer.part.domain is not None and answer.distance is not None:
                distances[name] = spread_over(answer.mask, answer.distance)
                near = answer.nearest(precedents)
                nearest |= {column: near for column in request.learned if task_of(column).name == name}
        if request.range_only:
            capacities, texts = self._first_capacities(request, answers, columns, designs, described)
            columns |= capacities
            range_notices.append(texts)
        find = self._find_energies(request, answers[LINK], designs, measured)
        printed = dict[str, Notice]()
        if request.on_request:
            columns |= energy_columns(find(), len(designs))
            printed = {column: energies.printed for column in request.on_request if (energies := find())}
        texts = [*known.values(), *(after(f"{ON_REQUEST[column].label}: ", text) for column, text in printed.items())]
        measured_of, range_of = (joined(kind) if kind else None for kind in (texts, range_notices))
        task_by_target = {column: task_of(column).name for column in request.learned}
        order = [*request.columns, *(probability_column(column, limit) for column, limit in request.limits.items())]
        return Predictions(
            {column: columns[column] for column in order},
            designs.index,
            joined(notices),
            {column: nearest[column] for column in request.learned if column in nearest},
            distances,
            measured_of,
            range_of,
            find,
            {column: known[name] for column, name in task_by_target.items() if name in known} | printed,
        )

    def _notices(
        self, request: PredictionRequest, designs: Designs, electrolytes: Electrolytes, described: np.ndarray
    ) -> list[Notice]:
        """Notices of the designs as they are described, whatever is predicted of them."""
        without_anode = {target.column for task in TASKS.values() if not task.of_cells for target in task.targets}
        return [
            where(~described, "no anode described: cell targets not predicted"),
            skill_notices(self.bundle.facts.get("skill", {}), request.learned, described, without_anode),
            *reading_notices(designs, electrolytes),
            where(states_structure(designs) & (not reads_structure(self.bundle.parts[LINK].featurizer)), NOT_READ),
        ]

    def _columns(
        self, request: PredictionRequest, answer: PartPredictions
    ) -> tuple[dict[str, np.ndarray], Notice | None]:
        """Columns of one task's targets and limits, and whose values the ranges without a point hold."""
        task, centre = TASKS[answer.name], answer.centre
        middle = centre + answer.shift
        ends = (centre, middle - answer.half, middle + answer.half)
        by_column, texts = answer.in_units(ends, request.cycles), None
        unskilled, ranged = list[str](), np.zeros(len(centre), dtype=bool)
        if task.of_cells and not request.points and (unskilled := self.without_skill(answer.name, request.needed)):
            ranged = centre == answer.model  # own measurements, where they move it, are a reason for a point
            ranges, texts = self._ranges(answer, unskilled, ranged, request.level, request.cycles)
            by_column |= {column: np.where(ranged, values, by_column[column]) for column, values in ranges.items()}
        for column, limit in request.limits.items():
            if task_of(column).name == answer.name:
                chance = answer.probability_above(column, limit)
                if ranged.any() and column in unskilled:
                    scaled = np.broadcast_to(answer.limits_on_scale(column, limit), ranged.shape)
                    papers = reported_above(self._reported, task, answer.part, answer.vectors, scaled)
                    chance = np.where(ranged, papers, chance)
                by_column[probability_column(column, limit)] = chance
        return by_column, texts

    def _first_capacities(
        self, request: PredictionRequest, answers: Mapping[str, PartPredictions], columns: Mapping[str, np.ndarray],
        designs: Designs, described: np.ndarray,
    ) -> tuple[dict[str, np.ndarray], Notice]:  # fmt: skip
        """Columns of the quantities that have a range alone, and whose values it holds."""
        fade = answers.get(task_of(RETENTION.column).name)
        ranges, codes, case_texts = self._capacities.ranges(
            self._cell_vectors(designs, described, answers[LINK]) if fade is None else fade.vectors,
            request.level, request.cycles,
            None if fade is None else lambda column: np.array([columns[column + end][described] for end in ENDS]),
        )  # fmt: skip
        texts = ["; ".join(case[column] for column in request.range_only) for case in case_texts]
        return {
            column + end: spread_over(described, row)
            for column, values in ranges.items()
            for end, row in zip(ENDS, values, strict=True)
        }, placed(described, per_case(codes, texts))

    def _find_energies(
        self, request: PredictionRequest, link: PartPredictions, designs: Designs, measured: OwnDesigns | None
    ) -> Callable[[], Energies | None]:
        """Return what finds the activation energies: none where the conductivity is not predicted."""
        is_predicted = link.name in request.task_names
        vectors = link.vectors if is_predicted else link.vectors[:0]
        changed = link.centre != link.before_measured if is_predicted else np.zeros(len(designs), dtype=bool)
        alone = partial(energies_of, link.part.ensemble, vectors)
        if is_predicted and link.polymers:
            alone = partial(link.polymers.energies_instead_of, alone)
        key = ("energies", request.level, changed.tobytes()) if measured is None else None
        find = partial(self._energies, alone, changed, designs, measured, request.level)
        return cache(partial(self._once, key, designs, vectors, find))

    def _once(self, key: Hashable, designs: Designs, vectors: np.ndarray, find: Callable[[], Any]) -> Any:
        """Return what depends on the electrolytes alone, kept where they are few; neither for None nor of a polymer."""
        read = read_electrolytes(designs)  # that of a whole portion, where these are its few good rows
        if key is None or max(len(designs), len(read.names)) > FEW or POLYMER in read.classes:
            return find()
        conditions = (values.tobytes() for values in vars(Conditions.of(designs)).values())
        return self._by_electrolyte.once((key, vectors.tobytes(), *read.class_names, *conditions), find)

    def _energies(
        self, alone: Callable[[], np.ndarray | None], changed: np.ndarray, designs: Designs,
        measured: OwnDesigns | None, level: float,
    ) -> Energies | None:  # fmt: skip
        """Activation energies of designs; `changed` are those whose conductivity measured values drew or moved."""
        if (energies := alone()) is None:
            return None
        part = self.bundle.parts[LINK]

        def told_at(rows: np.ndarray, celsius: np.ndarray) -> np.ndarray:
            warmed, full = designs.take(rows).assign(temperature_c=celsius), np.ones(len(rows), dtype=bool)
            answer = self._answers([LINK], warmed, full, None if measured is None else 0)[LINK]
            if measured is not None:
                return self._with_measured(answer, level, measured).centre
            polymers = predict_polymers(warmed, read_electrolytes(warmed), level)
            centre = polymers.instead_of(answer.model, answer.spread)[0] if polymers else answer.model
            return shrink_centre_to_papers(part.known, Conditions.of(warmed), centre)

        conditions = Conditions.of(designs)
        energies, near = shrink_to_printed(energies, part.known, conditions), changed & ~beyond_a_transition(conditions)
        energies = near_slope(energies, near, told_at)
        return Energies(energy_interval(energies, level), printed_energies(part.known, conditions))

    @cached_property
    def _capacities(self) -> CapacityRanges:
        """First capacities of the bundle, which has some."""
        part = self.bundle.parts[task_of(RETENTION.column).name]
        return CapacityRanges(self.bundle.capacities or FirstCapacities(()), part.featurizer)

    def _cell_vectors(self, designs: Designs, described: np.ndarray, link: PartPredictions) -> np.ndarray:
        cells = with_link(designs, link.model).take(described)
        return self.bundle.parts[task_of(RETENTION.column).name].featurizer.vectors(cells, read_electrolytes(cells))

    def without_skill(self, name: str, columns: Iterable[str]) -> list[str]:
        """Return those of some targets that a task predicts without having shown skill on papers never seen.

        Parameters
        ----------
        name : str
            Name of `TASKS`.
        columns : iterable of str
            Columns of `TARGETS`.
        """
        skill = self.bundle.facts.get("skill", {})
        return [
            column for column in columns
            if task_of(column).name == name and not skill.get(column, {}).get("shown", True)
        ]  # fmt: skip

    def _ranges(
        self, answer: PartPredictions, unskilled: Sequence[str], ranged: np.ndarray, level: float, cycles: Sequence[int]
    ) -> tuple[dict[str, np.ndarray], Notice]:
        """Columns of targets without skill as ranges without a point; whose values they hold, for the `ranged` ones."""
        if not len(ranged) or answer.part.domain is None:
            return {}, where(np.zeros(len(ranged), dtype=bool), "")
        ranges = reported_ranges(self._reported, TASKS[answer.name], answer.part, answer.vectors, level)
        by_column = answer.in_units((np.full(len(ranged), np.nan), ranges.low, ranges.high), cycles)
        texts = [f"{', '.join(unskilled)}: no point, the range of {text}" for text in ranges.texts]
        notice = per_case(np.where(ranged, ranges.codes, len(texts)), [*texts, None])
        return {
            column: values for column, values in by_column.items()
            if any(column.startswith(target) for target in unskilled)
        }, notice  # fmt: skip

    def judge(self, task_names: Sequence[str], designs: Designs, precedents: int = 0) -> dict[str, PartPredictions]:
        """Return the predictions of some models by name of `TASKS`, each on its own scale, measured values left
        out; cells are given their conductivity first, whose model always answers.

        Parameters
        ----------
        task_names : sequence of str
            Names of `TASKS`.
        designs : Designs
            Columns of `Candidate`, shape (n_designs, n_columns).
        precedents : int
            Nearest rows of each of these models; one at least, for its distance.
        """
        described, full = has_anode(designs), np.ones(len(designs), dtype=bool)
        is_asked = any(TASKS[name].is_given_to_cells for name in task_names)
        answers = self._answers([LINK], designs, full, precedents if is_asked else None)
        if of_cells := [name for name in task_names if TASKS[name].of_cells]:
            cells = with_link(designs, answers[LINK].model)
            cells = cells if described.all() else cells.take(described)
            answers |= self._answers(of_cells, cells, described, precedents)
        return answers | self._answers([name for name in task_names if name not in answers], designs, full, precedents)

    def _answers(
        self, names: Sequence[str], designs: Designs, mask: np.ndarray, precedents: int | None
    ) -> dict[str, PartPredictions]:
        """Return the predictions of each part; those that read designs alike share their vectors.

        None for `precedents` where no distance to what the model knows is needed.
        """
        answers: dict[str, PartPredictions] = {}
        for name in names:
            part = self.bundle.parts[name]
            alike = [answer for answer in answers.values() if part.featurizer.reads_like(answer.part.featurizer)]
            vectors = alike[0].vectors if alike else part.featurizer.vectors(designs, read_electrolytes(designs))
            key = (name, precedents, vectors.tobytes()) if len(vectors) <= FEW else None
            numbers = self._numbers.once(key, partial(_of_model, part, vectors, precedents))
            answers[name] = PartPredictions(name, part, designs, mask, vectors, *numbers)
        return answers

    def _with_measured(self, answer: PartPredictions, level: float, measured: OwnDesigns | None) -> PartPredictions:
        is_kept = not TASKS[answer.name].of_cells and measured is None
        find = partial(self._moved, answer, level, measured)
        key = (answer.name, level) if is_kept else None
        return replace(answer, **self._once(key, answer.designs, answer.vectors, find))

    def _moved(self, answer: PartPredictions, level: float, measured: OwnDesigns | None) -> dict[str, Any]:
        """Return what measured values make of a part's predictions, by attribute of `PartPredictions`."""
        name, part, frame = answer.name, answer.part, answer.designs
        if not len(frame):  # a part that judges no design refuses no level
            return {}
        read, centre, (half, shift) = answer.electrolytes, answer.model, answer.intervals(level)
        polymers = predict_polymers(frame, read, level) if TASKS[name].has_polymer_model else None
        if polymers:
            centre, half = polymers.instead_of(centre, half)
        alone, text, notices = half, None, list[str]()
        drawn = shrink_to_measured(name, part, frame, read, centre, half, level)
        if drawn:
            centre, half, text = drawn.centre, drawn.half, drawn.text
        if measured is not None:
            table = measured.frame
            own = measured.once(("rows", name), lambda: own_rows(name, part, self.bundle.designs_for(name, table)))
            values = measured.once(("values", name), partial(own_values, name, part, table))
            same, unmoved = None, (centre.copy(), half.copy())
            notes = [["none of your measured designs tells of it"]] * len(frame)
            if own is not None:
                if TASKS[name].of_cells and own.designs is not None:
                    same = same_designs(frame, own.designs)
                    rows = same_designs(frame, table) & np.isfinite(values)
                    own_text = of_rows(np.ones(len(frame), dtype=bool), measured_text(name, table, rows))
                    text = own_text if text is None else joined([own_text, text])
                centre, half, notes = moved(
                    part, own, answer.vectors, frame.number("temperature_c"), centre, answer.spread, half, level,
                    same, asked_cycles(frame),
                )  # fmt: skip
            if polymers:  # what own rows say of the part's error is nothing about the polymer model's
                own_drawn = shrink_to_own_polymers(polymers, read, table, values, level, unmoved, show_of(name))
                centre[polymers.mask], half[polymers.mask] = own_drawn.centre, own_drawn.half
                notes = [own_drawn.remarks.get(row, remark) for row, remark in enumerate(notes)]
                drawn = drawn and drawn.beside(own_drawn.text, own_drawn.doubts)
            if drawn:
                half = np.where(np.isfinite(drawn.deviation), np.fmin(half, drawn.half), half)
            if drawn and TASKS[name].of_cells and own:  # a probability follows the interval that own cells moved
                drawn = replace(drawn, deviation=np.full(len(centre), np.nan))
            elif drawn and not TASKS[name].of_cells:
                before, conditions = replace(drawn, centre=centre, half=half), Conditions.of(frame)
                conditions = conditions.without_names(polymers.mask) if polymers else conditions
                read_own = partial(own_measurements, name, part, table)
                drawn = shrink_to_own(
                    measured.once(("known", name), read_own), conditions, before, level, show_of(name)
                )
                centre, half, text = drawn.centre, drawn.half, drawn.text
                notes = [[OWN_COMPOSITION] if own_too else row for own_too, row in zip(drawn.own, notes, strict=True)]
            notices = ["; ".join(f"{name}: {remark}" for remark in dict.fromkeys(row)) for row in notes]
        shift = np.where((centre == answer.model) & (half == alone), shift, 0.0)  # what is measured knows no side
        return {
            "centre": centre, "half": half, "alone": alone, "shift": shift, "drawn": drawn, "text": text,
            "own_notices": notices, "polymers": polymers,
        }  # fmt: skip


def _of_model(part: Part, vectors: np.ndarray, precedents: int | None) -> ModelNumbers:
    places, first = distinct_rows(vectors)
    # many cells share an electrolyte; numpy rounds one number otherwise than several
    is_less = 0 < len(first) < max(len(vectors), 2)
    distinct = vectors[np.resize(first, max(len(first), 2))] if is_less else vectors
    centre, spread = part.ensemble.predict(distinct) if len(distinct) else (np.empty(0), np.empty(0))
    if part.domain is None or precedents is None:
        return centre[places], spread[places], None, None, None
    rows, distances = part.domain.nearest(distinct, max(precedents, 1))
    distance = distances[places, 0]
    if part.domain.looked_up and precedents:
        rows, distances = part.domain.nearest_shown(distinct, precedents)
    return centre[places], spread[places], rows[places], distances[places], distance
