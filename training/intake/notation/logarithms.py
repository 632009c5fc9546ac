"""Columns of logarithms: `log10 σ (S/cm)`, or `log_target` beside the column `target`."""

from __future__ import annotations

import math
import re

BASES = {"log10": (10.0,), "lg": (10.0,), "ln": (math.e,), "log": (10.0, math.e)}
"""Bases that a word may mean: `log` is either."""
_LONGEST = 200
_WORD = r"log[\s_]*\(?10\)?(?![\d.])|(?:log|lg|ln)(?![a-zA-Z\d])"
_BEFORE = re.compile(rf"\s*(?P<word>{_WORD})[\s_]*(?:of\b\s*)?(?P<rest>.+)", re.IGNORECASE)
_BEHIND = re.compile(rf"(?P<rest>.+?)[\s_(\[,]+(?P<word>{_WORD})[)\]]?\s*", re.IGNORECASE)
_INNER = re.compile(r"\((?P<inner>[^()]*(?:\([^()]*\)[^()]*)*)\)\s*(?P<tail>.*)")


def take_logarithm(text: str) -> tuple[str, str] | None:
    """Take the logarithm off a header.

    Parameters
    ----------
    text : str
        As written.

    Returns
    -------
    tuple of str and str, or None
        The word, one of `BASES`, and the header without it; None where it names no logarithm.

    Examples
    --------
    >>> take_logarithm("log10 σ (S/cm)"), take_logarithm("ln(σ / S cm-1)"), take_logarithm("log_target")
    (('log10', 'σ (S/cm)'), ('ln', 'σ / S cm-1'), ('log', 'target'))
    >>> take_logarithm("σ (S/cm), log10"), take_logarithm("location")
    (('log10', 'σ (S/cm)'), None)
    """
    match = (_BEFORE.fullmatch(text) or _BEHIND.fullmatch(text)) if len(text) <= _LONGEST else None
    if match is None:
        return None
    name = match["rest"].strip()
    if inner := _INNER.fullmatch(name):
        name = f"{inner['inner'].strip()} {inner['tail']}".strip()
    return re.sub(r"[\s_()]", "", match["word"].lower()), name
