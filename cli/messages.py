"""Messages on standard error that commands over tables share."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.tables.mistakes import Mistake


def print_remarks(remarks: Iterable[str]) -> None:
    """Print what is worth knowing and rejects nothing, one note a line.

    Parameters
    ----------
    remarks : iterable of str
        Sentences; empty prints nothing.
    """
    for remark in remarks:
        print(f"note: {remark}", file=sys.stderr)


def print_mistakes(mistakes: Sequence[Mistake], rows: int = 0, outcome: str = "rejected") -> None:
    """Print why rows could not be used, and how many there are where only the first mistakes were kept.

    Parameters
    ----------
    mistakes : sequence of Mistake
        The first ones, or all.
    rows : int
        Number of rows that could not be used; 0 where `mistakes` are all.
    outcome : str
        What was done with these rows, for the sentence that counts them.
    """
    print("\n".join(str(mistake) for mistake in mistakes), file=sys.stderr)
    if len({(mistake.table, mistake.line) for mistake in mistakes}) < rows:
        print(f"... these are the first; {rows} rows were {outcome}", file=sys.stderr)
