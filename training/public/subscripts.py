"""Formulas whose subscripts a PDF extraction set behind the letters: `Li La Zr O 7 3 2 12`.

The extraction wrote a stretch of letters with a blank for each subscript taken out, and then these subscripts, in
order. A blank between two letters must therefore get a number back; one at a dash or before the numbers may.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from features.formulas.charge import is_balanced
from features.formulas.reader import FormulaError, read_formula

MAX_READINGS = 50
"""Readings looked at before a line is given up: ten times what the worst line of the known table has."""

_TOKEN = re.compile(r"(?P<unit>wt ?%|mol ?%)|(?P<number>\d+\.?\d*|\.\d+)|(?P<blank>\s+)|(?P<text>.)")
_DASHES = re.compile(r"[-–*·+]")
_SHARED = re.compile(r"(?P<one>\(.+\))(?P<share>0?\.\d+)(?P<other>\(\w+\))(?P<rest>0?\.\d+)")
_COEFFICIENT = re.compile(r"^[\d.]+\s*(?:wt ?%|mol ?%)?\s*")


class Scattered(ValueError):
    """Subscripts that cannot be put back for sure."""


@dataclass(frozen=True)
class _Reading:
    """A piece as read up to some token.

    Attributes
    ----------
    parts : tuple of str
        The text so far, with room for a number at each place of a missing one.
    gaps : tuple of (int, bool)
        Places in `parts` that may get a number, with whether they must.
    pending : tuple of str
        Numbers read that were not put back yet.
    moved : bool
        Whether a number went elsewhere than right where it stood.
    """

    parts: tuple[str, ...] = ()
    gaps: tuple[tuple[int, bool], ...] = ()
    pending: tuple[str, ...] = ()
    moved: bool = False


@dataclass(frozen=True)
class _Tokens:
    """The tokens of one piece, with what stands around each."""

    kinds: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, piece: str) -> _Tokens:
        """Return the tokens of a piece.

        Parameters
        ----------
        piece : str
            A line of the formula.
        """
        matches = list(_TOKEN.finditer(piece.strip()))
        return cls([match.lastgroup or "text" for match in matches], [match[0] for match in matches])

    def near(self, index: int, step: int) -> int | None:
        """Return the index of the next token that is no blank; None at the end.

        Parameters
        ----------
        index : int
            Of the token beside it.
        step : int
            1 forwards, -1 backwards.
        """
        index += step
        while 0 <= index < len(self.kinds):
            if self.kinds[index] != "blank":
                return index
            index += step
        return None

    def can_hold(self, index: int | None) -> bool:
        """Return whether a subscript may follow a token: a letter or a closed bracket.

        Parameters
        ----------
        index : int or None
            Of the token; nothing follows None.
        """
        return index is not None and (self.texts[index].isalpha() or self.texts[index] in ")]")


def restore(lines: Sequence[str]) -> str:
    """Return the formula with its subscripts in place.

    Where no number has to move, blanks are only closed. Else all ways to put the numbers back in order are tried, and
    exactly one may leave every changed component without a charge (`features.formulas.charge`; a component that cannot
    be judged is not held against its reading).

    Parameters
    ----------
    lines : sequence of str
        The lines the formula was broken over.

    Raises
    ------
    Scattered
        No reading, or several.

    Examples
    --------
    >>> restore(["Li La Zr O 7 3 2 12"])
    'Li7La3Zr2O12'
    >>> restore(["0.27B S2 3 – 0.32Li2S –", "0.41LiI"])
    '0.27B2S3-0.32Li2S-0.41LiI'
    """
    by_piece = [list(_readings(piece, behind)) for piece, behind in zip(lines, [*lines[1:], ""], strict=True)]
    if any(not readings for readings in by_piece):
        raise Scattered("the subscripts stand apart and do not fit the gaps they left")
    _give_up_above(math.prod(len(readings) for readings in by_piece))
    moved: dict[str, bool] = {}
    for choice in itertools.product(*by_piece):
        text = _joined(["".join(reading.parts) for reading in choice])
        moved[text] = moved.get(text, True) and any(reading.moved for reading in choice)
    if len(moved) == 1 and not any(moved.values()):
        return next(iter(moved))
    raw = set(_components(_joined([re.sub(r"\s", "", piece) for piece in lines])))
    good = [text for text in moved if all(_is_neutral(part) for part in _components(text) if part not in raw)]
    if len(good) == 1:
        return good[0]
    if not good:
        raise Scattered("the subscripts stand apart, and no order of them gives a neutral formula")
    raise Scattered(f"the subscripts stand apart and fit in {len(good)} ways, such as {good[0]} or {good[1]}")


def _readings(piece: str, following: str) -> Iterator[_Reading]:
    """Yield all readings of one piece; `following` is the piece behind it."""
    tokens = _Tokens.of(piece)
    goes_on = following[:1].isalpha() or following[:1] == "("
    readings = [_Reading()]
    for index, kind in enumerate(tokens.kinds):
        if kind == "number":
            steps = (after for reading in readings for after in _number(reading, tokens, index, goes_on))
        elif kind == "blank":
            steps = (_blank(reading, tokens, index) for reading in readings)
        else:
            steps = (_write(after, tokens.texts[index]) for reading in readings for after in _place(reading))
        readings = list(itertools.islice(steps, MAX_READINGS + 1))
        _give_up_above(len(readings))
    ended = (after for reading in readings for after in _place(reading))
    yield from (reading for reading in ended if not any(must for _, must in reading.gaps))


def _give_up_above(ways: int) -> None:
    if ways > MAX_READINGS:
        raise Scattered("the subscripts stand apart and fit in too many ways")


def _write(reading: _Reading, text: str) -> _Reading:
    return replace(reading, parts=(*reading.parts, text))


def _blank(reading: _Reading, tokens: _Tokens, index: int) -> _Reading:
    """Read a blank: a gap behind what can hold a number, kept beside a share, else nothing."""
    before, after = index - 1, index + 1  # a piece neither begins nor ends with one
    if tokens.can_hold(before):
        gap = (len(reading.parts), tokens.can_hold(after) or tokens.texts[after] in "([")
        reading = replace(reading, parts=(*reading.parts, ""), gaps=(*reading.gaps, gap))
    beside_share = "unit" in (tokens.kinds[before], tokens.kinds[after])
    return _write(reading, " ") if beside_share and not reading.pending else reading


def _number(reading: _Reading, tokens: _Tokens, index: int, goes_on: bool) -> Iterator[_Reading]:
    """Yield the readings of a number: it stays where it stands, or waits to be put back, or may do either."""
    text, before, after = tokens.texts[index], tokens.near(index, -1), tokens.near(index, 1)
    following = tokens.kinds[after] if after is not None else ""
    if before is None:
        yield _write(reading, text)
    elif before == index - 1 and tokens.can_hold(before):
        yield _write(reading, text)
        if following == "number" or reading.gaps:
            gap = (len(reading.parts), False)
            yield _Reading((*reading.parts, ""), (*reading.gaps, gap), (*reading.pending, text), reading.moved)
    elif tokens.can_hold(before) and _opens_component(tokens, index):
        for placed in _place(reading):
            yield _write(placed, f"-{text}")
    else:
        behind_formula = tokens.can_hold(before) or tokens.kinds[before] == "number"
        counts = following == "unit" or (following == "text" and not behind_formula)
        if counts or (goes_on and not behind_formula):
            for placed in _place(reading):
                yield _write(placed, text)
        if not counts and reading.gaps:
            yield replace(reading, pending=(*reading.pending, text))


def _opens_component(tokens: _Tokens, index: int) -> bool:
    """Return whether a number behind a blank counts the bracket behind it, as in `0.2(Li2S) 0.8(GeS2)`."""
    return tokens.kinds[0] == "number" and tokens.texts[1:2] == ["("] and tokens.texts[index + 1 : index + 2] == ["("]


def _place(reading: _Reading) -> Iterator[_Reading]:
    """Yield the ways to put the waiting numbers into the open gaps in order."""
    if not reading.pending:
        yield reading
        return
    _give_up_above(math.comb(len(reading.gaps), len(reading.pending)))
    for chosen in itertools.combinations(range(len(reading.gaps)), len(reading.pending)):
        if any(must and place not in chosen for place, (_, must) in enumerate(reading.gaps)):
            continue
        parts = list(reading.parts)
        for place, number in zip(chosen, reading.pending, strict=True):
            parts[reading.gaps[place][0]] = number
        moved = len(reading.gaps) > 1 or reading.gaps[0][0] != len(reading.parts) - 1
        yield _Reading(tuple(parts), (), (), reading.moved or moved)


def _joined(lines: Sequence[str]) -> str:
    """Join the pieces: plain dashes without blanks, a blank behind a share."""
    text = lines[0]
    for piece in lines[1:]:
        text += (" " if text.endswith("%") else "") + piece
    text = re.sub(r"\s*([-–*·])\s*", lambda dash: dash[1].replace("–", "-"), re.sub(r" +", " ", text)).strip()
    shared = _SHARED.fullmatch(text)
    if shared and abs(float(shared["share"]) + float(shared["rest"]) - 1) < 1e-6:
        text = f"{shared['share']}{shared['one']}-{shared['rest']}{shared['other']}"
    return text


def _components(text: str) -> list[str]:
    """Return the formulas between the dashes, without their coefficients and the brackets that close elsewhere."""
    components = []
    for part in _DASHES.split(text):
        part = part.strip()
        while part.count("(") != part.count(")"):
            cut = _COEFFICIENT.sub("", part) if part.count("(") > part.count(")") else part
            part = cut[1:] if cut.startswith("(") else part[: part.rindex(")")] if ")" in part else ""
        components.append(_COEFFICIENT.sub("", part).strip())
    return [component for component in components if component]


def _is_neutral(component: str) -> bool:
    try:
        amounts = read_formula(component).composition
    except FormulaError:
        return False
    return amounts is not None and is_balanced(amounts)
