"""Mistakes of a table, in words: one mistake, and the error that tells all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SHOWN_CHARACTERS = 250
"""Characters at each end of what a message repeats of the input, which may be a cell of many megabytes."""
LONGEST_LINE = 4_000
"""Characters of a line of a summary, which may name every column of a table."""


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

    def at(self, line: int) -> Mistake:
        """Return the same mistake in another line.

        Parameters
        ----------
        line : int
            Of the table, from 1.
        """
        other = object.__new__(Mistake)  # not made anew: of a million rows with the same words this is most of the work
        other.__dict__.update(self.__dict__, line=line)
        return other

    def __str__(self) -> str:
        where = " ".join([*([self.table] if self.table else []), *([f"line {self.line}"] if self.line else [])])
        column = f", column {self.column}" if self.column else ""
        got = f"got {self.got}, " if self.got else ""
        return f"{where}{column}: {got}expected {self.expected}"


class InputError(ValueError):
    """Input that cannot be used. `mistakes` lists every one; the message is one line each."""

    def __init__(self, summary: str, mistakes: Iterable[Mistake] = ()) -> None:
        self.mistakes = list(mistakes)
        lines = [shortened(line, LONGEST_LINE) for line in summary.split("\n")]
        super().__init__("\n".join([*lines, *(f"  {mistake}" for mistake in self.mistakes)]))


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
