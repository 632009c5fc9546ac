"""The columns of a space: the values each may take, judged by the row model of a candidate."""

from __future__ import annotations

from typing import Any

from features.columns import numeric_columns
from features.records import Candidate
from features.tables import parse_row
from serving.screen.axis import RANGE_FORMS, Axis, Listed, looks_like_range, read_range
from serving.screen.document import Branch, Leaf, Node
from serving.screen.formulas import VARIABLES
from serving.screen.pieces import Pieces

NUMBERS = frozenset(numeric_columns(Candidate))
STAND_IN = "Li6PS5Cl"
"""An electrolyte to try the other columns with."""


class ColumnReader(Pieces):
    """Reads values, lists and ranges of columns."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.grid = True
        """Whether ranges need steps."""

    def axes(self, node: Node | None) -> dict[str, Axis]:
        """The section `design`: values of each column."""
        if node is None:
            return {}
        if not isinstance(node, Branch):
            self.wrong(node, "design", "no keys", "columns of a candidate with their values")
            return {}
        allowed = [name for name in Candidate.model_fields if name not in ("electrolyte", "composition")]
        self.known_keys(node, allowed)
        found = {name: self._axis(each, name) for name, each in node.nodes.items() if name in allowed}
        return {name: axis for name, axis in found.items() if axis is not None}

    def _axis(self, node: Node, name: str) -> Axis | None:
        if name in NUMBERS:
            return self.numbers(node, name)
        leaves = self.leaves(node, name)
        values = tuple(self.typed(leaf, name) for leaf in leaves)
        return Listed(values) if values else None

    def numbers(self, node: Node | None, name: str) -> Axis | None:
        """A range, a number, or a list of numbers."""
        if node is None:
            return None
        if isinstance(node, Leaf) and looks_like_range(node.text):
            axis = self.made(node, name, node.text, lambda: read_range(node.text))
            if axis is None:
                return None
            if self.grid and axis.count is None:
                self.wrong(node, name, node.text, f"a step or points on a grid ({RANGE_FORMS})")
            for end in (axis.low, axis.high):
                self.typed(Leaf(f"{end:g}", node.line), name)
            return axis
        values = tuple(self.typed(leaf, name) for leaf in self.leaves(node, name))
        missing = float("nan")
        return Listed(tuple(missing if value is None else value for value in values)) if values else None

    def typed(self, node: Node, name: str) -> Any:
        """One value as the row model of a candidate reads it; None where none is given or it is refused."""
        if not isinstance(node, Leaf):
            self.wrong(node, name, "a list or keys", "one value")
            return None
        if name in VARIABLES:
            return self.made(node, name, node.text, lambda: _plain_number(node.text))
        row = parse_row(Candidate, {"electrolyte": STAND_IN, name: node.text}, node.line, self.name)
        if isinstance(row, list):
            self.mistakes += row
            return None
        return getattr(row, name)


def _plain_number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1000:
        raise ValueError("a number from 0 to 1000, a list of them, or a range such as " + RANGE_FORMS)
    return value
