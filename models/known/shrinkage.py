"""Predictions drawn to what was measured of the very composition, and the notices on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from features.tables.literature import papers_of
from models.known.conditions import Conditions
from models.known.measurements import Measurements
from models.known.scatter import WITHIN, Agreement, Values, drawn, precisions
from models.known.transitions import transitions
from models.notices import Notice, joined, of_rows, per_case

CONTRADICTION_DECADES = 1.0
"""Papers' values of one composition that lie further apart than this are named."""
OWN_CONTRADICTION = 3.0
"""Own values of one composition that differ by more than this many deviations of a difference are named: of what
samples of one laboratory usually differ by, as the values at hand would hide their own contradiction."""
OWN_COMPOSITION = "drawn to your own measurement of this composition"
MOST_SOURCES = 5
"""Papers that are named of a value's looked-up rows."""
Show = Callable[[float], str]
"""Prints a value of the model's scale in the target's unit."""


@dataclass(frozen=True)
class Evidence:
    """Measured values of some designs, pooled by design.

    Attributes
    ----------
    weight, mean : ndarray, shape (n_designs,)
        As of `precisions`.
    near : ndarray of bool, shape (n_designs,)
        Whether a value counts as measured at the design's temperature.
    text : Notice
        How many papers measured what; null where nothing was.
    doubts : Notice
        Values that contradict each other, with their rows, and those from beyond a known transition.
    """

    weight: np.ndarray
    mean: np.ndarray
    near: np.ndarray
    text: Notice
    doubts: Notice


def evidence(known: Measurements, conditions: Conditions, agreement: Agreement, show: Show, *, own: bool) -> Evidence:
    """Look up what was measured of designs.

    Parameters
    ----------
    known : Measurements
        Of the literature, or of the user's laboratory.
    conditions : Conditions
        Of the designs.
    agreement : Agreement
        How far values lie apart.
    show : callable
        Prints a value.
    own : bool
        Whether `known` is of the user's laboratory.
    """
    cases, place = conditions.distinct
    count = len(cases.composition)
    values, rows = known.telling(cases)
    weight, mean = precisions(values, agreement, count, own=own)
    near = np.bincount(values.design, values.near, minlength=count) > 0
    sources = None if own else partial(_sources, known)
    texts, doubts = evidence_texts(
        values, rows, known.rows, known.conditions.temperature_c, cases.temperature_c, show, sources
    )
    for case, text in _beyond(known, values, own).items():
        doubts[case] = "; ".join(filter(None, [doubts[case], text]))
    return Evidence(weight[place], mean[place], near[place], per_case(place, texts), per_case(place, doubts))


def evidence_texts(
    values: Values, rows: np.ndarray, names: Sequence[str], from_c: np.ndarray, at_c: np.ndarray, show: Show,
    sources: Callable[[np.ndarray], str] | None = None,
) -> tuple[list[str | None], list[str | None]]:  # fmt: skip
    """Return in words what was measured near each design, and which values contradict each other; None for nothing.

    Parameters
    ----------
    values : Values
        In ascending order of the designs.
    rows : ndarray of int, shape (n_pairs,)
        Measured row of each.
    names, from_c : sequence of str, ndarray, shape (n_rows,) each
        Names of the measured rows, and their temperatures in °C.
    at_c : ndarray, shape (n_designs,)
        Temperatures of the designs in °C.
    show : callable
        Prints a value.
    sources : callable or None
        Names papers of measured rows; None where all are of the user's laboratory.
    """
    own = sources is None
    texts: list[str | None] = [None] * len(at_c)
    doubts: list[str | None] = [None] * len(at_c)
    near = np.flatnonzero(values.near)
    by_rows: dict[bytes, tuple[str, str, str]] = {}  # one composition comes at many temperatures
    for group in np.split(near, np.flatnonzero(np.diff(values.design[near])) + 1) if len(near) else []:
        case, near_rows, key = int(values.design[group[0]]), rows[group], rows[group].tobytes()
        if key not in by_rows:
            counted = _who(len(near_rows), len(np.unique(values.paper[group])), own)
            carried = f" (carried over from {_ends(from_c[near_rows])} °C)"
            by_rows[key] = counted, carried, sources(near_rows) if sources else ""
        counted, carried, paper_text = by_rows[key]
        is_carried = (np.abs(from_c[near_rows] - at_c[case]) > 0.5).all()
        texts[case] = _text(counted, values.value[group], show) + carried * bool(is_carried) + paper_text
        doubts[case] = _contradiction(values.value[group], values.paper[group], names, near_rows, show, own)
    return texts, doubts


def _text(who: str, value: np.ndarray, show: Show) -> str:
    low, high = show(float(value.min())), show(float(value.max()))
    number, unit = low.split(" ", 1)
    return f"{who}, {low}" if low == high else f"{who}, {number} to {high}" if unit else f"{who}, {low} to {high}"


def _ends(celsius: np.ndarray) -> str:
    ends = sorted({f"{temperature:g}" for temperature in celsius}, key=float)
    return ends[0] if len(ends) == 1 else f"{ends[0]} to {ends[-1]}"


def _who(rows: int, papers: int, own: bool) -> str:
    return f"{rows} of your own" if own else f"{papers} paper{'s' if papers > 1 else ''}"


def _beyond(known: Measurements, values: Values, own: bool) -> dict[int, str]:
    """Say of the designs, by place, what was measured of them beyond a known transition, which does not count."""
    texts: dict[int, str] = {}
    parted = np.empty((0, 3), dtype=np.int64) if values.parted is None else values.parted
    for group in np.split(parted, np.flatnonzero(np.diff(parted[:, 0])) + 1) if len(parted) else []:
        (case, *_), rows, transition = group.T
        celsius = sorted({f"{temperature:g}" for temperature in known.conditions.temperature_c[rows]}, key=float)
        counted, where = _who(len(rows), len(np.unique(known.paper[rows])), own), " and ".join(celsius)
        between = transitions()[int(transition[0])].text
        texts[int(case)] = f"what {counted} measured at {where} °C does not count here: {between} lies between"
    return texts


def _sources(known: Measurements, rows: np.ndarray) -> str:
    """Name papers of the rows that are looked up only, and those that only their DOI names; the others stand in the
    table of sources."""
    looked_up = rows >= len(known.rows) - known.looked_up
    text = ""
    for prefix, group in (("looked up: ", rows[looked_up]), ("", rows[~looked_up])):
        sources = (papers_of(known.papers[paper]) for paper in known.paper[group].tolist())
        papers = list(dict.fromkeys(name for names in sources for name in names if prefix or name.startswith("10.")))
        others = f" and {len(papers) - MOST_SOURCES} more" if len(papers) > MOST_SOURCES else ""
        text += f" ({prefix}{', '.join(papers[:MOST_SOURCES])}{others})" if papers else ""
    return text


def _contradiction(
    value: np.ndarray, paper: np.ndarray, names: Sequence[str], rows: np.ndarray, show: Show, own: bool
) -> str | None:
    """Name the two values that lie furthest apart: of two papers, or of the user's laboratory; None where near."""
    limit = OWN_CONTRADICTION * np.sqrt(2) * WITHIN if own else CONTRADICTION_DECADES
    low, high = int(np.argmin(value)), int(np.argmax(value))
    if value[high] - value[low] <= limit:
        return None
    if not own and paper[low] == paper[high]:  # the furthest pair of two papers holds one of these ends
        others = np.flatnonzero(paper != paper[low])
        if not len(others):
            return None
        least, most = int(others[np.argmin(value[others])]), int(others[np.argmax(value[others])])
        low, high = max(((low, most), (least, high)), key=lambda pair: float(value[pair[1]] - value[pair[0]]))
        if value[high] - value[low] <= limit:
            return None
    origin = "your measured designs" if own else "rows"
    return (
        f"{origin} {names[rows[low]]} and {names[rows[high]]} contradict each other: {show(float(value[low]))} "
        f"and {show(float(value[high]))} for one composition"
    )


@dataclass(frozen=True)
class Shrunk:
    """Predictions drawn to measured values.

    Attributes
    ----------
    centre, half : ndarray, shape (n_designs,)
        On the model's scale.
    deviation : ndarray, shape (n_designs,)
        Of the error of a drawn prediction; NaN where nothing was measured.
    own : ndarray of bool, shape (n_designs,)
        Whether the user's laboratory measured the composition.
    text, notices : Notice
        What was measured, and what of it is doubtful.
    agreement : Agreement
        How far laboratories lie apart.
    """

    centre: np.ndarray
    half: np.ndarray
    deviation: np.ndarray
    own: np.ndarray
    text: Notice
    notices: Notice
    agreement: Agreement

    def beside(self, text: Notice, doubts: Notice) -> Shrunk:
        """Return the same with what else was measured, and what of it is doubtful.

        Parameters
        ----------
        text, doubts : Notice, shape (n_designs,)
        """
        return replace(self, text=joined([text, self.text]), notices=joined([self.notices, doubts]))

    def probability_above(self, limit: np.ndarray, alone: np.ndarray) -> np.ndarray:
        """Return the probability that each value lies above a limit, shape (n_designs,).

        Parameters
        ----------
        limit : ndarray, shape (n_designs,) or ()
            On the model's scale.
        alone : ndarray, shape (n_designs,)
            Probability without measured values, which stands where there are none.
        """
        is_measured = np.isfinite(self.deviation)
        if not is_measured.any():
            return alone
        above = self.centre[is_measured] > np.broadcast_to(limit, self.centre.shape)[is_measured]
        distance = np.abs(self.centre - limit)[is_measured]
        share = self.agreement.share_within(distance, self.deviation[is_measured])
        probability = alone.copy()
        probability[is_measured] = np.where(above, 1 + share, 1 - share) / 2
        return probability


def shrink_to_papers(
    known: Measurements | None,
    conditions: Conditions | None,
    centre: np.ndarray,
    half: np.ndarray,
    level: float,
    show: Show,
) -> Shrunk:
    """Draw predictions to the literature's measurements of their compositions.

    Parameters
    ----------
    known : Measurements or None
        Of the literature; None where a model keeps none.
    conditions : Conditions or None
        Of the designs; None where nothing is known that they could be compared with.
    centre, half : ndarray, shape (n_designs,)
        Predictions and half widths of their intervals without, on the model's scale.
    level : float
        Share of papers whose values the intervals should hold, 0 to 1.
    show : callable
        Prints a value.
    """
    agreement = known.agreement if known else Agreement()
    no_own = np.zeros(len(centre), dtype=bool)
    if known is None or conditions is None or not len(known.value):
        no_notice = of_rows(no_own, [])
        return Shrunk(centre, half, np.full(len(centre), np.nan), no_own, no_notice, no_notice, agreement)
    measured = known.once(show, conditions, partial(evidence, known, conditions, agreement, show, own=False))
    pooled, remaining = drawn(centre, np.full(len(centre), agreement.model**2), measured.weight, measured.mean)
    deviation = np.where(measured.near, np.sqrt(remaining + agreement.between**2 + agreement.within**2), np.nan)
    narrowed = agreement.half_width(deviation, level)
    narrowed = narrowed if agreement.calibration else np.fmin(narrowed, half)
    return Shrunk(
        np.where(measured.weight > 0, pooled, centre),
        np.where(measured.near, narrowed, half),
        deviation,
        no_own,
        measured.text,
        measured.doubts,
        agreement,
    )


def shrink_centre_to_papers(known: Measurements | None, conditions: Conditions, centre: np.ndarray) -> np.ndarray:
    """Return the `centre` of `shrink_to_papers`, without the words and intervals beside it, shape (n_designs,).

    Parameters
    ----------
    known, conditions, centre
        As for `shrink_to_papers`.
    """
    if known is None or not len(known.value):
        return centre
    cases, place = conditions.distinct
    values, _ = known.telling(cases)
    weight, mean = precisions(values, known.agreement, len(cases.composition), own=False)
    pooled, _ = drawn(centre, np.full(len(centre), known.agreement.model**2), weight[place], mean[place])
    return np.where(weight[place] > 0, pooled, centre)


def shrink_to_own(own: Measurements, conditions: Conditions, before: Shrunk, level: float, show: Show) -> Shrunk:
    """Draw predictions to the laboratory's own measurements of their compositions.

    Parameters
    ----------
    own : Measurements
        Of the user's laboratory.
    conditions : Conditions
        Of the designs.
    before : Shrunk
        Predictions without, however the literature and the laboratory's other designs moved them.
    level : float
        Share of papers whose values the intervals should hold, 0 to 1.
    show : callable
        Prints a value.
    """
    agreement = replace(before.agreement, within=own.within_laboratory)
    measured = evidence(own, conditions, agreement, show, own=True)
    own_variance = (before.half / agreement.quantile(level)) ** 2 - agreement.within**2
    variance = np.maximum(own_variance, agreement.within**2)  # of the laboratory's value, where it measured nothing
    pooled, remaining = drawn(before.centre, variance, measured.weight, measured.mean)
    deviation = np.where(measured.near, np.sqrt(remaining + agreement.within**2), before.deviation)
    return Shrunk(
        np.where(measured.weight > 0, pooled, before.centre),
        np.where(measured.near, agreement.quantile(level) * deviation, before.half),
        deviation,
        measured.near,
        before.text,
        before.notices,
        agreement,
    ).beside(measured.text, measured.doubts)
