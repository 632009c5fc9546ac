"""What is wrong with a table, in words: one mistake, and the error that tells all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Mistake:
    """One thing wrong with one place of a table; line 0 where it lies between two tables and `got` names the row."""

    line: int
    column: str
    got: str
    expected: str
    table: str = ""

    def __str__(self) -> str:
        where = " ".join([*([self.table] if self.table else []), *([f"line {self.line}"] if self.line else [])])
        column = f", column {self.column}" if self.column else ""
        got = f"got {self.got}, " if self.got else ""
        return f"{where}{column}: {got}expected {self.expected}"


class InputError(ValueError):
    """Input that cannot be used. `mistakes` lists every one; the message is one line each."""

    def __init__(self, summary: str, mistakes: Iterable[Mistake] = ()) -> None:
        self.mistakes = list(mistakes)
        super().__init__("\n".join([summary, *(f"  {mistake}" for mistake in self.mistakes)]))
