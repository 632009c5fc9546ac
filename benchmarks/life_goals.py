"""Goals of `benchmarks.life`, beside what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

ERRORS = {
    "protocol": {"20": 0.15, "50": 0.15, "100": 0.14},
    "data_set": {"20": 0.16, "50": 0.13, "100": 0.11},
}
"""Mean absolute error of log10 life, at most, by what was never seen and the cycles given."""
BETTER_AT, MOST_RATIO_FROM = "20", ("100", "200", "5 % fade")
MOST_RATIO, MOST_CURVE, LEVEL, HOLDS = 1.05, 2.0, 0.9, (0.85, 0.95)

Row = Mapping[str, Any]


def goals(by: str, summary: Sequence[Row], families: Sequence[Row]) -> list[dict[str, object]]:
    """Return one row per goal.

    Parameters
    ----------
    by : str
        What was never seen: `protocol` or `data_set`.
    summary, families : sequence of mapping
        As `benchmarks.life` makes them.
    """
    names = ("quantity", "given", "measured", "goal", "reached")
    return [dict(zip(names, goal, strict=True)) for goal in _goals(by, summary, families)]


def _goals(by: str, summary: Sequence[Row], families: Sequence[Row]) -> Iterator[tuple[object, ...]]:
    rows = {row["cycles given"]: row for row in summary}
    for landmark, most in ERRORS[by].items():
        if landmark in rows:
            error = rows[landmark]["silion"]
            yield "MAE log10(life)", landmark, error, f"{most}", _answer(error <= most)
    for landmark, row in rows.items():
        high = row["ratio interval"][1]
        if landmark == BETTER_AT:
            yield "ratio, upper 90 % end", landmark, high, "below 1", _answer(high < 1)
        if landmark in MOST_RATIO_FROM:
            yield "ratio", landmark, row["ratio"], f"{MOST_RATIO}", _answer(row["ratio"] <= MOST_RATIO)
    for landmark, row in rows.items():
        yield "holds", landmark, row["holds"], "{} to {}".format(*HOLDS), _answer(HOLDS[0] <= row["holds"] <= HOLDS[1])
    for landmark in rows:
        outside = [row for row in families if row["given"] == landmark and not row["from"] <= LEVEL <= row["to"]]
        text = ", ".join(f"{row['data set']} {row['threshold']}: {row['from']} to {row['to']}" for row in outside)
        yield "families without 90 % in their interval", landmark, text or "none", "none", _answer(not outside)
    for landmark, row in rows.items():
        yield "curve, points", landmark, row["curve"], f"{MOST_CURVE}", _answer(row["curve"] <= MOST_CURVE)


def _answer(reached: bool) -> str:
    return "yes" if reached else "no"
