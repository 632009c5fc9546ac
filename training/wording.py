"""Small words that several texts share."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """A number with its noun.

    >>> counted(1, "row"), counted(5, "row")
    ('1 row', '5 rows')
    """
    return f"{number} {what}{'' if number == 1 else 's'}"
