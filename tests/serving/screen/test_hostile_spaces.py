"""A space file from a stranger is refused before its numbers, depth or length cost anything."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import FrameType

import pytest

from features.tables.mistakes import InputError
from serving.screen.axes import looks_like_range, read_range
from serving.screen.space_reader import read_space

ONE = "electrolyte: Li6PS5Cl\ndesign:\n  temperature_c: "
AMOUNTS = ",".join(map(str, range(1, 101)))
HOSTILE = {
    "an exponent without end": (f"{ONE}0e-99999999..1 step 0.5\n", "a range such as"),
    "a step without end": (f"{ONE}0..1 step 1e-99999999\n", "a range such as"),
    "steps beyond counting": (f"{ONE}0..1e300 step 1e-300\n", "at most 1e\\+18 steps"),
    "points without end": (f"{ONE}0..1 points {'9' * 900}\n", "a range such as"),
    "a number without end": (f"{ONE}{'1' * 190_000}..2 step 0.5\n", "a text of 190,012 characters"),
    "depth in brackets": ("a: " + "[" * 50_000, "line 1: nested too deeply"),
    "depth in braces": ("a: " + "{a: " * 40_000, "line 1: nested too deeply"),
    "depth in lines": ("".join(" " * depth + "a:\n" for depth in range(600)), "line 7: nested too deeply"),
    "values without end": ("a: [" + "a," * 90_000 + "]", "more than 10,000 keys and values"),
    "unknown keys": ("".join(f"temperature_{each}: 1\n" for each in range(300)), "the first 50 mistakes"),
    "bad values": (f"{ONE}[{'q,' * 300}25]\n", "the first 50 mistakes"),
    "bad formulas": ("electrolyte:\n" + "- Qq6PS5Cl\n" * 300, "the first 50 mistakes"),
    "choices in one formula": ("electrolyte: Li6PS5" + "{Cl,Br}" * 100 + "\n", "at most 10,000 alternatives"),
    "choices in many formulas": (
        f"electrolyte:\n- Li3N\n- 'Li{{{AMOUNTS}}}P{{{AMOUNTS}}}'\n",
        "10,001 formulas so far, expected at most 10,000",
    ),
    "a condition of signs": (f"{ONE}25\nconstraints: {'-' * 380}temperature_c > 2\n", "at most 100 pieces"),
}
MOST_CALLS = 3_000_000
"""Calls of Python functions that a refusal may take: a second or so."""


def refused(path: Path) -> tuple[str, int]:
    """The message, and how many functions were called for it."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        with pytest.raises(InputError) as error:
            read_space(path)
    finally:
        sys.setprofile(before)
    return str(error.value), calls


@pytest.mark.parametrize(("content", "words"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_space_is_refused_for_little(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(content, encoding="utf-8")
    message, calls = refused(path)
    assert re.search(words, message), message[:500]
    assert calls < MOST_CALLS


def test_a_long_text_is_no_range_and_meets_no_pattern() -> None:
    """The pattern of a number looks back at every digit: of 201 characters none is looked at."""
    assert not looks_like_range("1" * 201)
    with pytest.raises(ValueError, match="a range such as"):
        read_range("1" * 201 + "..2")
    assert read_range(f"{'0' * 19}1..{'0' * 19}2 points 3").count == 3
