"""Which parts are searched: those with rows enough, or all where that is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from training.dataset import Literature, conductivity_examples, ice_examples
from training.fade import fade_examples

LEAST_ROWS = 200
"""Rows below which a part is tuned only when asked for anyway."""


def parts_to_tune(rows: Mapping[str, int], anyway: bool) -> tuple[tuple[str, ...], list[str]]:
    """The parts with rows enough to tune, all where asked for anyway, and what is to be said of the others.

    Parameters
    ----------
    rows : number of rows of each part
    """
    few = [name for name, count in rows.items() if count < LEAST_ROWS]
    noise = f"tuning on fewer than {LEAST_ROWS} rows mostly fits noise"
    if anyway:
        return tuple(rows), [f"{name}: {rows[name]} rows; {noise}" for name in few]
    told = [
        f"{name}: {rows[name]} rows; {noise}: left to the given recipes (--tune-anyway tunes it too)" for name in few
    ]
    return tuple(name for name in rows if name not in few), told


def rows_of(literature: Literature) -> dict[str, int]:
    """Number of training rows of each part."""
    return {
        "conductivity": len(conductivity_examples(literature).designs),
        "ice": len(ice_examples(literature).designs),
        "fade": len(fade_examples(literature).designs),
    }
