"""Mistakes of a table, in words: one mistake, and the error that lists all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from features.tables.disk import Spill

SHOWN_CHARACTERS = 250
"""Characters at each end of what a message repeats of the input, which may be a cell of many megabytes."""
LONGEST_LINE = 4_000
"""Characters of a line of a summary, which may name every column of a table."""
MOST_TOLD = 1_000
"""Mistakes that one message lists; it says how many more there are."""


@dataclass(frozen=True)
class Mistake:
    """One thing wrong with one place of a table; line 0 where it lies between two tables and `got` names the row.

    `rows` are the ids of the rows it is about, where it lies between rows: who looks for them need not read the text.
    """

    line: int
    column: str
    got: str
    expected: str
    table: str = ""
    rows: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("column", "got"):
            if len(text := getattr(self, name)) > 2 * SHOWN_CHARACTERS:
                object.__setattr__(self, name, shortened(text))

    def in_line(self, line: int) -> Mistake:
        """Return the same mistake in another line.

        Parameters
        ----------
        line : int
            Of the table, from 1.
        """
        copy = object.__new__(Mistake)  # not made anew: this is most of the work of a million equal rows
        copy.__dict__.update(self.__dict__, line=line)
        return copy

    def __str__(self) -> str:
        where = " ".join([*([self.table] if self.table else []), *([f"line {self.line}"] if self.line else [])])
        column = f", column {self.column}" if self.column else ""
        value = f"got {self.got}, " if self.got else ""
        return f"{where}{column}: {value}expected {self.expected}"


class Mistakes(Sequence[Mistake]):
    """Mistakes in the order they were found, however many: all but the first wait on disk.

    Parameters
    ----------
    mistakes : iterable of Mistake
        The first ones.

    Examples
    --------
    >>> mistakes = Mistakes([Mistake(2, "anode", "'Sn'", "silicon")])
    >>> len(mistakes), [mistake.line for mistake in mistakes]
    (1, [2])
    """

    def __init__(self, mistakes: Iterable[Mistake] = ()) -> None:
        self._spill = Spill()
        self += mistakes

    def __iadd__(self, mistakes: Iterable[Mistake]) -> Mistakes:
        for mistake in mistakes:
            self._spill.append([*vars(mistake).values()])
        return self

    def __getitem__(self, place: Any) -> Any:
        places = range(len(self))[place]
        if isinstance(places, range):
            return [self[index] for index in places]
        line, column, value, expected, table, rows = self._spill.get(places)
        return Mistake(line, column, value, expected, table, tuple(rows))

    def __reduce__(self) -> tuple[type[Mistakes], tuple[list[Mistake]]]:
        """Copy the mistakes and not the file they wait in."""
        return Mistakes, ([*self],)

    def __iter__(self) -> Iterator[Mistake]:
        return map(self.__getitem__, range(len(self)))

    def __len__(self) -> int:
        return len(self._spill)

    def __eq__(self, other: object) -> bool:
        return [*self] == [*other] if isinstance(other, Mistakes | list) else NotImplemented


class InputError(ValueError):
    """Input that cannot be used.

    The message has a line for each of the first `MOST_TOLD` mistakes, `mistakes`; `left_out` counts the others.
    """

    def __init__(self, summary: str, mistakes: Iterable[Mistake] = ()) -> None:
        remaining = iter(mistakes)
        self.mistakes = list(islice(remaining, MOST_TOLD))
        lines = [shortened(line, LONGEST_LINE) for line in summary.split("\n")]
        lines += [f"  {mistake}" for mistake in self.mistakes]
        self.left_out = sum(1 for _ in remaining)
        if self.left_out:
            lines.append(f"  ... and {self.left_out} more")
        super().__init__("\n".join(lines))


def shortened(message: str, most: int = 2 * SHOWN_CHARACTERS) -> str:
    """Return a text without the middle of what it repeats.

    Parameters
    ----------
    message : str
        Of any length.
    most : int
        Characters up to which it stays as it is.

    Examples
    --------
    >>> shortened("line 1, column anode: got 'Si'")
    "line 1, column anode: got 'Si'"
    >>> len(shortened("Li" * 5_000))
    505
    """
    if len(message) <= most:
        return message
    return f"{message[:SHOWN_CHARACTERS]} ... {message[-SHOWN_CHARACTERS:]}"
