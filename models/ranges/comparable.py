"""Ranges that comparable papers report, in place of a point where a model has shown no skill.

Comparable are papers with the same class of electrolyte and the same architecture of the anode; with the same class
alone where fewer than `FEWEST` papers agree in both, and all papers where fewer agree in that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache, partial
from operator import attrgetter
from typing import TypeAlias

import numpy as np

from features.cache import Cache
from features.distinct import distinct_rows
from features.feature import Featurizer
from models.tasks.part import Part, published_bounds
from models.tasks.task import Task

FEWEST = 5
"""Papers that make a range of their own; set beforehand, not chosen."""
MOST_KEPT = 1000
"""Ranges that are kept: of a few levels, and of the classes and architectures that designs have."""
CLASS, ARCHITECTURE = "family_", (
    "anode_thin_film", "anode_composite", "anode_electrolyte_free", "anode_core_shell", "anode_silicon_carbon",
    "anode_alloy", "anode_porous", "anode_nanowire",
)  # fmt: skip
PaperRange: TypeAlias = tuple[float, float, str]
"""Low and high end on the model's scale, and whose values they are."""
ALIKE = ("the same class and architecture", "the same class", "all classes")


@dataclass(frozen=True)
class Ranges:
    """Ranges that comparable papers report, on the model's scale.

    Attributes
    ----------
    low, high : ndarray, shape (n_designs,)
    codes : ndarray of int, shape (n_designs,)
        Place of each design's text in `texts`.
    texts : list of str
        Whose values they are: `12 papers of the same class`.
    """

    low: np.ndarray
    high: np.ndarray
    codes: np.ndarray
    texts: list[str]


@dataclass(frozen=True)
class Reported:
    """Values that papers report, on the model's scale, with what makes two designs comparable.

    Attributes
    ----------
    lower, upper : ndarray, shape (n_rows,)
        Equal for a value; infinite on one side for a bound.
    papers : ndarray of str, shape (n_rows,)
    classes, architectures : ndarray of int, shape (n_rows,)
        Rows with the same number are alike; negative where nothing is stated.
    """

    lower: np.ndarray
    upper: np.ndarray
    papers: np.ndarray
    classes: np.ndarray
    architectures: np.ndarray
    _widenings: Cache[float] = field(default_factory=lambda: Cache(MOST_KEPT), repr=False, compare=False)
    _ranges: Cache[PaperRange] = field(default_factory=lambda: Cache(MOST_KEPT), repr=False, compare=False)

    def text(self, rows: np.ndarray, alike: str) -> str:
        """Return whose values some rows are: `12 papers of the same class`.

        Parameters
        ----------
        rows : ndarray of bool, shape (n_rows,)
            Rows that a range is made of.
        alike : str
            One of `ALIKE`.
        """
        return f"{len(np.unique(self.papers[rows]))} papers of {alike}"

    @property
    def middle(self) -> np.ndarray:
        """Each value, and each bound as it is printed."""
        return np.where(np.isfinite(self.lower), self.lower, self.upper)

    def comparable(self, family: int, architecture: int, rows: np.ndarray) -> tuple[np.ndarray, str]:
        """Return the rows comparable with a design, and in what.

        Parameters
        ----------
        family, architecture : int
            Of the design.
        rows : ndarray of bool, shape (n_rows,)
            Rows to take from.
        """
        alike = rows & (self.classes == family) & (family >= 0)
        for chosen, description in ((alike & (self.architectures == architecture) & (architecture >= 0), ALIKE[0]),
                              (alike, ALIKE[1])):  # fmt: skip
            if len(np.unique(self.papers[chosen])) >= FEWEST:
                return chosen, description
        return rows, ALIKE[2]

    def ends(self, rows: np.ndarray, level: float) -> tuple[float, float]:
        """Return the middle share of some rows' values, each paper weighing 1.

        Parameters
        ----------
        rows : ndarray of bool, shape (n_rows,)
            Rows to take from.
        level : float
            Share of the papers' values between the ends.

        Examples
        --------
        >>> four = np.array([1.0, 2.0, 3.0, 9.0])
        >>> Reported(four, four, np.array(list("aabc")), np.zeros(4), np.zeros(4)).ends(np.ones(4, dtype=bool), 0.5)
        (2.0, 9.0)
        """
        values, papers = self.middle[rows], self.papers[rows]
        _, member, count = np.unique(papers, return_inverse=True, return_counts=True)
        order = np.argsort(values, kind="stable")
        reached = np.cumsum(1 / count[member][order]) / len(count)
        tail = (1 - level) / 2
        low, high = np.searchsorted(reached, [tail + 1e-9, 1 - tail - 1e-9])
        return float(values[order][low]), float(values[order][min(high, len(values) - 1)])

    def share_above(self, rows: np.ndarray, limits: np.ndarray) -> np.ndarray:
        """Return the share of papers whose values lie above limits, each weighing 1, shape of `limits`; never 0 or 1.

        Half a paper is taken to lie on either side, so that a few papers make nothing sure.

        Parameters
        ----------
        rows : ndarray of bool, shape (n_rows,)
            Rows to take from.
        limits : ndarray
            On the model's scale.

        Examples
        --------
        Of three papers b and c lie above 2, and half of a: 2.5 and a half of 3 and one.

        >>> four = np.array([1.0, 3.0, 3.0, 9.0])
        >>> papers = Reported(four, four, np.array(list("aabc")), np.zeros(4), np.zeros(4))
        >>> papers.share_above(np.ones(4, dtype=bool), np.array([2.0])).tolist()
        [0.75]
        """
        values, papers = self.middle[rows], self.papers[rows]
        _, member, count = np.unique(papers, return_inverse=True, return_counts=True)
        above = (values > np.asarray(limits)[..., None]) @ (1 / count[member])
        return np.asarray((above + 0.5) / (len(count) + 1))

    def range_of(self, family: int, architecture: int, level: float) -> PaperRange:
        """Return the range that papers comparable with a design report, wide enough for a paper left out, and whose.

        Parameters
        ----------
        family, architecture : int
            Of the design.
        level : float
            Share of papers whose values the range is to hold, 0 to 1.
        """
        return self._ranges.once((family, architecture, level), partial(self._range_of, family, architecture, level))

    def _range_of(self, family: int, architecture: int, level: float) -> PaperRange:
        rows, alike = self.comparable(family, architecture, np.ones(len(self.papers), dtype=bool))
        (low, high), widening = self.ends(rows, level), self.widening(level)
        return low - widening, high + widening, self.text(rows, alike)

    def widening(self, level: float) -> float:
        """Return by how much both ends move outwards so that the share of papers is held that was left out in turn.

        Parameters
        ----------
        level : float
            Share of papers whose values the range is to hold, 0 to 1.
        """
        return self._widenings.once(level, partial(self._widening, level))

    def _widening(self, level: float) -> float:
        missed, weight = [], []
        for paper in np.unique(self.papers):
            own = self.papers == paper
            if own.all():
                return 0.0
            for row in np.flatnonzero(own):
                others, _ = self.comparable(self.classes[row], self.architectures[row], ~own)
                low, high = self.ends(others, level)
                missed.append(max(low - self.upper[row], self.lower[row] - high))
                weight.append(1 / own.sum())
        order = np.argsort(missed)
        count = len(np.unique(self.papers))
        place = int(np.searchsorted(np.cumsum(np.array(weight)[order]), level * (count + 1) - 1e-9))
        return max(float(np.array(missed)[order][min(place, len(order) - 1)]), 0.0)


def reported(task: Task, part: Part) -> Reported:
    """Return what the papers behind a fitted model report.

    Parameters
    ----------
    task : Task
        Its quantity; of several targets the last one gives the value on the model's scale.
    part : Part
        With its domain.
    """
    domain = part.domain
    if domain is None:
        raise ValueError("this model was fitted inside an evaluation and knows no papers to compare with")
    lower, upper = published_bounds(task, part)
    known = np.isfinite(lower) | np.isfinite(upper)
    columns = (lower, upper, np.array(domain.papers, dtype=str), *kinds(part.featurizer, domain.vectors))
    return Reported(*(array[known] for array in columns))


def kinds(featurizer: Featurizer, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return class and architecture of designs as numbers, negative where nothing is stated, shape (n_designs,) each.

    Parameters
    ----------
    featurizer : Featurizer
        Whose vectors they are.
    vectors : ndarray, shape (n_designs, n_features)
        Vectors of cells.
    """
    codes = []
    for places in _places(tuple(map(attrgetter("name"), featurizer.features_))):
        flags = vectors[:, places] > 0
        code = flags @ (1 << np.arange(len(places)))
        codes.append(np.where(code == 0, -1, code))
    return codes[0], codes[1]


@lru_cache(maxsize=64)
def _places(names: tuple[str, ...]) -> tuple[list[int], list[int]]:
    """Places of the features that hold class and architecture."""
    by_name = list(enumerate(names))
    return (
        [place for place, name in by_name if name.startswith(CLASS)],
        [place for place, name in by_name if name in ARCHITECTURE],
    )


def reported_ranges(store: dict[str, Reported], task: Task, part: Part, vectors: np.ndarray, level: float) -> Ranges:
    """Return the range that papers comparable with each design report.

    Parameters
    ----------
    store : dict of str to Reported
        What was read of a bundle's parts so far, by task; filled here.
    task, part : Task, Part
        A quantity of cells and its model.
    vectors : ndarray, shape (n_designs, n_features)
        Of the designs.
    level : float
        Share of papers whose values the range is to hold, 0 to 1.
    """
    return ranges(_known(store, task, part), *kinds(part.featurizer, vectors), level)


def reported_above(
    store: dict[str, Reported], task: Task, part: Part, vectors: np.ndarray, limits: np.ndarray
) -> np.ndarray:
    """Return the share of the papers comparable with each design whose values lie above a limit, shape (n_designs,).

    Parameters
    ----------
    store, task, part, vectors
        As for `reported_ranges`.
    limits : ndarray, shape (n_designs,)
        On the model's scale.
    """
    values, above = _known(store, task, part), np.empty(len(vectors))
    pairs, place = np.unique(np.column_stack(kinds(part.featurizer, vectors)), axis=0, return_inverse=True)
    for number, (family, architecture) in enumerate(pairs.tolist()):
        rows, _ = values.comparable(family, architecture, np.ones(len(values.papers), dtype=bool))
        members = place.reshape(-1) == number
        above[members] = values.share_above(rows, limits[members])
    return above


def _known(store: dict[str, Reported], task: Task, part: Part) -> Reported:
    return store.get(task.name) or store.setdefault(task.name, reported(task, part))


def ranges(reported: Reported, families: np.ndarray, built: np.ndarray, level: float) -> Ranges:
    """Return the range that papers comparable with each design report, wide enough for a paper left out.

    Parameters
    ----------
    reported : Reported
        Values of the papers.
    families, built : ndarray of int, shape (n_designs,)
        Class and architecture of each design, as `kinds` gives them.
    level : float
        Share of papers whose values the range is to hold, 0 to 1.
    """
    place, first = distinct_rows(np.column_stack([families, built]).astype(float))
    pairs = zip(families[first].tolist(), built[first].tolist(), strict=True)
    by_kind = [reported.range_of(family, architecture, level) for family, architecture in pairs]
    ends = np.array([(low, high) for low, high, _ in by_kind]).reshape(-1, 2)[place]
    return Ranges(ends[:, 0], ends[:, 1], place, [text for _, _, text in by_kind])
