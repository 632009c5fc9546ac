"""Measurements by composition, temperature and paper, and which of them count for a design."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from features.cache import Cache
from features.formulas.elements import ELEMENT_INDEX, SYMBOLS
from features.formulas.nearness import KnownCompositions
from features.physics import ZERO_CELSIUS_K, arrhenius_shift, per_ev
from features.tables.designs import Designs
from models.boosters.labels import Labels
from models.known.conditions import Conditions as Conditions
from models.known.conditions import energies_of_series, equal, expanded, nearest_of_series
from models.known.conditions import same_compositions as same_compositions
from models.known.scatter import Agreement, Values, deviations
from models.known.transitions import crossed

MOST_CARRIED_K = 60.0
"""Difference of temperature over which a measurement counts as one at the design's temperature."""
ENERGY_EV, ENERGY_DEVIATION_EV = 0.40, 0.14
"""Activation energy where a paper shows none, and how far it may be off: mean and deviation of the 451 that the table
of Laskowski et al. prints (Energy Environ. Sci. 16, 1264 (2023))."""
PRINTED_DEVIATION_EV = 0.03
"""How far a printed activation energy may be off: that of sigma, where one of sigma T is taken, is 0.026 eV lower at
25 °C."""
SERIES_DEVIATION_EV = 0.06
"""How far one may be off that the other temperatures of a paper show: two values that are 0.1 decades off each give a
slope 0.054 eV off between 25 and 80 °C."""
LEAST_MODEL_SHARE = 1.0
"""The model's own error of a composition's value, in deviations between papers, is never taken to be less: a few papers
that agree with it would else make it surer than a laboratory that measured."""
FoundT = TypeVar("FoundT")
FEW, MOST_KEPT = 20, 512
"""Designs whose measurements are kept, and how many such results: values and energies need the same."""


@dataclass(frozen=True)
class Measurements:
    """Measured rows of known composition.

    Attributes
    ----------
    conditions : Conditions
        Of the rows; each composition stands once.
    value : ndarray, shape (n_rows,)
        On the model's scale.
    energy_ev : ndarray, shape (n_rows,)
        Activation energy printed with it, NaN where none is.
    paper : ndarray of int, shape (n_rows,)
        Place of its paper among `papers`.
    papers, rows : list of str
        Names of the papers, and of each row.
    agreement : Agreement
        How far laboratories lie apart.
    looked_up : int
        How many of the rows, the last ones, are looked up only: nothing was learned from them.
    """

    conditions: Conditions
    value: np.ndarray
    energy_ev: np.ndarray
    paper: np.ndarray
    papers: list[str]
    rows: list[str]
    agreement: Agreement = field(default_factory=Agreement)
    looked_up: int = 0
    _cache: Cache[Any] = field(default_factory=lambda: Cache(MOST_KEPT), init=False, repr=False, compare=False)

    @classmethod
    def of(
        cls,
        designs: Designs | pd.DataFrame,
        value: np.ndarray,
        papers: Sequence[str],
        rows: Sequence[str],
        agreement: Agreement | None = None,
        *,
        by_name: bool = False,
    ) -> Measurements:
        """Keep the rows with a known composition and a value.

        Parameters
        ----------
        designs : Designs or DataFrame
            The rows' designs, with `activation_energy_ev` where it was printed.
        value : ndarray, shape (n_rows,)
            On the model's scale; NaN where none is known.
        papers, rows : sequence of str
            Paper and name of each row.
        agreement : Agreement or None
            How far laboratories lie apart; not learnt from these rows.
        by_name : bool
            Whether rows of no known composition are kept too: they count for designs that are written alike.
        """
        designs = Designs.of(designs)
        conditions = Conditions.of(designs)
        known = np.isfinite(value) if by_name else _known(conditions, value)
        places, composition = np.unique(conditions.composition[known], return_inverse=True)
        known_papers = np.array(papers, dtype=object)[known].tolist()
        names = list(dict.fromkeys(known_papers))
        number = {name: place for place, name in enumerate(names)}
        return cls(
            Conditions(
                conditions.fractions[places],
                composition,
                conditions.temperature_c[known],
                conditions.glass[known],
                conditions.written[known],
            ),
            value[known],
            designs.number("activation_energy_ev")[known],
            np.array([number[paper] for paper in known_papers], dtype=np.int64),
            names,
            np.array(rows, dtype=object)[known].tolist(),
            agreement or Agreement(),
        )

    @cached_property
    def _compositions(self) -> KnownCompositions:
        return KnownCompositions(self.conditions.fractions)

    @cached_property
    def within_laboratory(self) -> float:
        """Deviation between samples of one composition, all rows being of the user's laboratory.

        Rows of one paper also differ in how they were made, which papers print to compare; a laboratory's samples
        differ by `WITHIN`, which counts as `PRIOR_WEIGHT` degrees of freedom, and by what its own replicates show.
        """
        one_laboratory = np.zeros(len(self.value), dtype=np.int64)
        return deviations(self.value, np.ones(len(self.value)), same_compositions(self.conditions), one_laboratory)[1]

    def telling(self, conditions: Conditions) -> tuple[Values, np.ndarray]:
        """Return the measurements that count for designs, at the designs' temperatures, and the row of each.

        A row counts for a design of nearly the same composition, where not one of the two is a glass and the other is
        not, and never across a known transition; of a paper's rows of one composition only those nearest in temperature
        count, carried by the energy that the paper prints or its temperatures show. A row at most 60 K away is near. A
        row from beyond still draws the prediction, so that no conductivity jumps there, but narrows nothing.

        Parameters
        ----------
        conditions : Conditions
            Of the designs.

        Returns
        -------
        values, row
            One entry per pair of a design and a row; the rows in ascending order for each design. Not to be written to.
        """
        return self.once("telling", conditions, partial(self._telling, conditions))

    def once(self, key: Hashable, conditions: Conditions, find: Callable[[], FoundT]) -> FoundT:
        """Return what is computed of designs, kept for the next time where these are few.

        Parameters
        ----------
        key : hashable
            Tells computations of the same designs apart.
        conditions : Conditions
            Compositions, temperatures and forms of the designs: all that the result may depend on beside `key`.
        find : callable
            Computes the result.
        """
        if len(conditions.composition) > FEW:
            return find()
        result: FoundT = self._cache.once((key, *(values.tobytes() for values in vars(conditions).values())), find)
        return result

    def _telling(self, conditions: Conditions) -> tuple[Values, np.ndarray]:
        design, row, parted = self.matching(conditions)
        start, end = self.conditions.temperature_c[row], conditions.temperature_c[design]
        tells = nearest_of_series(design, self._series[row], np.abs(start - end))
        design, row, start, end = design[tells], row[tells], start[tells], end[tells]
        energy, deviation_ev = (values[row] for values in self._energies)
        value = self.value[row] + np.where(start == end, 0.0, arrhenius_shift(start, end, energy))
        near = np.abs(start - end) <= MOST_CARRIED_K
        return Values(design, self.paper[row], value, (deviation_ev * per_ev(start, end)) ** 2, near, parted), row

    def matching(self, conditions: Conditions) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return all pairs of a design and a row of its composition, or its text, and phase, at whatever temperature.

        Parameters
        ----------
        conditions : Conditions
            Of the designs.

        Returns
        -------
        design, row : ndarray of int, shape (n_pairs,)
            Places, ascending.
        parted : ndarray of int, shape (n_parted, 3)
            As of `Values`.
        """
        known = self.conditions
        first, second = self._compositions.pairs(conditions.fractions)
        design, row = expanded(first, second, conditions.composition, known.composition)
        unknown = np.flatnonzero(conditions.written)
        if len(unknown) and known.written.any():
            place, alike = equal(conditions.written[unknown], known.written)
            design, row = np.append(design, unknown[place]), np.append(row, alike)
            order = np.argsort(design, kind="stable")
            design, row = design[order], row[order]
        tells = ~(np.abs(known.glass[row] - conditions.glass[design]) > 0)
        start, end = known.temperature_c[row], conditions.temperature_c[design]
        transition = crossed(known.fractions, known.composition[row], start, end)
        parted = np.flatnonzero(tells & (transition >= 0))
        tells &= transition < 0
        return design[tells], row[tells], np.column_stack([design[parted], row[parted], transition[parted]])

    @cached_property
    def _series(self) -> np.ndarray:
        """Number of each row's series, shape (n_rows,): one paper, one composition, one phase."""
        known = self.conditions
        cold = np.full(len(self.value), -ZERO_CELSIUS_K)
        phase = crossed(known.fractions, known.composition, cold, known.temperature_c)
        table = np.column_stack([self.paper, known.composition, np.nan_to_num(known.glass, nan=-1.0), phase])
        return np.asarray(np.unique(table, axis=0, return_inverse=True)[1].ravel())

    @cached_property
    def _energies(self) -> tuple[np.ndarray, np.ndarray]:
        """Activation energy that each row is carried by in eV, and how far it may be off."""
        by_series = energies_of_series(self._series, self.conditions.temperature_c, self.value, self.energy_ev)
        deviation_ev = np.where(np.isfinite(self.energy_ev), PRINTED_DEVIATION_EV, SERIES_DEVIATION_EV)
        known = np.isfinite(by_series)
        return np.where(known, by_series, ENERGY_EV), np.where(known, deviation_ev, ENERGY_DEVIATION_EV)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; NaN is written as null."""
        known = self.conditions
        compositions = [
            {SYMBOLS[place]: float(row[place]) for place in np.flatnonzero(row).tolist()} for row in known.fractions
        ]
        return {
            "compositions": compositions,
            "composition": known.composition.tolist(),
            "temperature_c": known.temperature_c.tolist(),
            "glass": _or_null(known.glass),
            "value": self.value.tolist(),
            "energy_ev": _or_null(self.energy_ev),
            "paper": self.paper.tolist(),
            "papers": self.papers,
            "rows": self.rows,
            "agreement": self.agreement.as_dict(),
            "looked_up": self.looked_up,
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Measurements:
        """Read what `as_dict` gave.

        Parameters
        ----------
        state : dict of str to Any
            What `as_dict` gave.
        """
        fractions = np.zeros((len(state["compositions"]), len(SYMBOLS)))
        for place, composition in enumerate(state["compositions"]):
            for element, fraction in composition.items():
                fractions[place, ELEMENT_INDEX[element]] = fraction
        conditions = Conditions(
            fractions,
            np.array(state["composition"], dtype=np.int64),
            np.array(state["temperature_c"], dtype=float),
            np.array(state["glass"], dtype=float),
            np.zeros(len(state["glass"]), dtype=np.int64),  # what is saved has a composition
        )
        return cls(
            conditions,
            np.array(state["value"], dtype=float),
            np.array(state["energy_ev"], dtype=float),
            np.array(state["paper"], dtype=np.int64),
            list(state["papers"]),
            list(state["rows"]),
            Agreement.from_dict(state["agreement"]),
            int(state.get("looked_up", 0)),  # of models saved before anything was looked up
        )


def _known(conditions: Conditions, value: np.ndarray) -> np.ndarray:
    return np.asarray(~np.isnan(conditions.fractions[conditions.composition, 0]) & np.isfinite(value))


def _or_null(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]


def learn_measurements(
    designs: pd.DataFrame, labels: Labels, missed: float, learned: int | None = None
) -> Measurements:
    """Keep the exact values of training rows, and learn how far laboratories lie apart.

    Parameters
    ----------
    designs : DataFrame
        Training designs with `paper` and `row_id`.
    labels : Labels
        On the model's scale; bounds and ranges are no values.
    missed : float
        Variance of the model's errors on unseen papers, on the model's scale; NaN where unknown.
    learned : int or None
        How many of the rows, the first ones, were learned from; all where None. The others are looked up.
    """
    value = np.where(labels.exact, labels.middle, np.nan)
    known = Measurements.of(designs, value, designs["paper"].astype(str).tolist(), designs["row_id"].tolist())
    exact = _known(Conditions.of(designs), value)
    weight = labels.weight[exact]
    between, within = deviations(known.value, weight, same_compositions(known.conditions), known.paper)
    variance = missed - between**2 - within**2
    model = float(np.sqrt(max(variance if np.isfinite(variance) else 0.0, (LEAST_MODEL_SHARE * between) ** 2)))
    looked_up = 0 if learned is None else int(exact[learned:].sum())
    return replace(known, agreement=Agreement(between, within, model), looked_up=looked_up)
