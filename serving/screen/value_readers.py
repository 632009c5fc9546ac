"""Readers of single values, lists and ranges of a space's file, judged by the row model of a candidate."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Any, TypeVar

from features.tables.columns import numeric_columns
from features.tables.mistakes import InputError, Mistake
from features.tables.records import Candidate
from features.tables.rows import closest, parse_row
from serving.predict.expression import Expression, condition
from serving.screen.axes import RANGE_FORMS, Axis, Listed, looks_like_range, read_range
from serving.screen.formula_family import VARIABLES
from serving.screen.yaml_document import Branch, Items, Leaf, Node

NUMBERS = frozenset(numeric_columns(Candidate))
STAND_IN = "Li6PS5Cl"
"""An electrolyte to try the other columns with."""
FEW = 12
"""Known words that a message lists at most; of more, only the closest."""
MOST_MISTAKES = 50
T = TypeVar("T")


class Pieces:
    """Reads pieces of a file and keeps what is wrong with them.

    Parameters
    ----------
    name : str
        Of the file.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.mistakes: list[Mistake] = []

    def wrong(self, node: Node, key: str, text: str, expected: str) -> None:
        """Note one more mistake.

        Parameters
        ----------
        node : Node
            Whose line it stands in.
        key, text, expected : str
            Column or key, what is there, and what should be.
        """
        self.add([Mistake(node.line, key, text, expected, self.name)])

    def add(self, mistakes: Iterable[Mistake]) -> None:
        """Note mistakes; a file that has very many is read no further.

        Parameters
        ----------
        mistakes : iterable of Mistake
            One or more.

        Raises
        ------
        InputError
            There are `MOST_MISTAKES` by now: looking for close words for each of thousands takes minutes.
        """
        self.mistakes += mistakes
        if len(self.mistakes) >= MOST_MISTAKES:
            raise InputError(
                f"{self.name}: the design space cannot be used; the first {MOST_MISTAKES} mistakes",
                sorted(self.mistakes[:MOST_MISTAKES], key=lambda mistake: mistake.line),
            )

    def conditions(
        self, branch: Branch, key: str, numbers: Collection[str], texts: Collection[str]
    ) -> tuple[Expression, ...]:
        """Read conditions over columns, one or a list of them.

        Parameters
        ----------
        branch : Branch
        key : str
            Of the conditions in the branch; none are read where it is missing.
        numbers, texts : collection of str
            Columns that hold numbers, and that hold text.
        """
        leaves = self.leaves(branch.nodes[key], key) if key in branch.nodes else []
        read = [self.attempt(leaf, key, leaf.text, partial(condition, leaf.text, numbers, texts)) for leaf in leaves]
        return tuple(expression for expression in read if expression)

    def attempt(self, node: Node, key: str, text: str, make: Callable[[], T]) -> T | None:
        """Make something of a piece; None and the mistake noted where that raises a ValueError.

        Parameters
        ----------
        node, key, text
            As of `wrong`.
        make : callable
            The message of its ValueError says what was expected.
        """
        try:
            return make()
        except ValueError as error:
            self.wrong(node, key, repr(text), str(error))
            return None

    def known_keys(self, branch: Branch, known: Collection[str]) -> None:
        """Note every key that is not known, with the closest one.

        Parameters
        ----------
        branch : Branch
        known : collection of str
        """
        for key, node in branch.nodes.items():
            if key not in known:
                expected = f"one of {', '.join(known)}" if len(known) <= FEW else "a known key"
                expected = "a decimal point, not a comma" if key.replace(".", "").isdigit() else expected
                self.wrong(node, key, "an unknown key", f"{expected}{closest(key, known)}")

    def branch(self, node: Node | None, key: str, known: Collection[str], expected: str) -> Branch | None:
        """Read keys with what stands under them; None where there are none.

        Parameters
        ----------
        node, key
            As of `text`.
        known : collection of str
            Keys that may stand there.
        expected : str
            What should stand in the place of a value or list.
        """
        if isinstance(node, Branch):
            self.known_keys(node, known)
            return node
        if node is not None:
            self.wrong(node, key, "no keys", expected)
        return None

    def leaves(self, node: Node, key: str) -> list[Leaf]:
        """Read single values, one or a list of them.

        Parameters
        ----------
        node, key
            As of `text`; the node is there.
        """
        nodes = node.nodes if isinstance(node, Items) else (node,)
        for item in nodes:
            if not isinstance(item, Leaf):
                self.wrong(item, key, "a list or keys", "single values")
        if not nodes:
            self.wrong(node, key, "an empty list", "at least one value")
        return [item for item in nodes if isinstance(item, Leaf)]

    def text(self, node: Node | None, key: str) -> str:
        """Read one value as written; empty where there is none.

        Parameters
        ----------
        node : Node or None
            None where the file says nothing.
        key : str
            Of the node, which messages name.
        """
        if isinstance(node, Items | Branch):
            self.wrong(node, key, "a list or keys", "one value")
        return node.text if isinstance(node, Leaf) else ""

    def choice(self, node: Node | None, key: str, known: Collection[str]) -> Any:
        """Read one of the known words; None where there is none.

        Parameters
        ----------
        node, key
            As of `text`.
        known : collection of str
        """
        if node is None:
            return None
        text = self.text(node, key)
        if text not in known:
            self.wrong(node, key, repr(text), f"one of {', '.join(known)}{closest(text, known)}")
            return None
        return text

    def choices(self, node: Node | None, key: str, known: Collection[str]) -> list[str]:
        """Read some of the known words.

        Parameters
        ----------
        node, key
            As of `text`.
        known : collection of str
        """
        if node is None:
            return []
        return [word for leaf in self.leaves(node, key) if (word := self.choice(leaf, key, known))]

    def count(self, node: Node | None, key: str, most: int, least: int = 1) -> int | None:
        """Read a whole number; None where there is none.

        Parameters
        ----------
        node, key
            As of `text`.
        most, least : int
            Its limits, both allowed.
        """
        if node is None:
            return None
        text = self.text(node, key).replace("_", "")
        if not text.isascii() or not text.isdigit() or len(text) > 18 or not least <= int(text) <= most:
            self.wrong(node, key, repr(text), f"a whole number from {least:,} to {most:,}")
            return None
        return int(text)


class ColumnReader(Pieces):
    """Reads values, lists and ranges of columns."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.grid = True
        """Whether ranges need steps."""

    def axes(self, node: Node | None) -> dict[str, Axis]:
        """Read the section `design`: values of each column.

        Parameters
        ----------
        node : Node or None
            None where the file has no such section.
        """
        allowed = [name for name in Candidate.model_fields if name not in ("electrolyte", "composition")]
        branch = self.branch(node, "design", allowed, "columns of a candidate with their values")
        if branch is None:
            return {}
        axes = {name: self._axis(values, name) for name, values in branch.nodes.items() if name in allowed}
        return {name: axis for name, axis in axes.items() if axis is not None}

    def _axis(self, node: Node, name: str) -> Axis | None:
        if name in NUMBERS:
            return self.numbers(node, name)
        values = tuple(self.typed(leaf, name) for leaf in self.leaves(node, name))
        return Listed(values) if values else None

    def numbers(self, node: Node | None, name: str) -> Axis | None:
        """Read a range, a number, or a list of numbers; None where there is none.

        Parameters
        ----------
        node : Node or None
            None where the file says nothing.
        name : str
            Column, or x, y, z.
        """
        if node is None:
            return None
        if isinstance(node, Leaf) and looks_like_range(node.text):
            axis = self.attempt(node, name, node.text, lambda: read_range(node.text))
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
        """Read one value as the row model of a candidate does; None where none is given or it is refused.

        Parameters
        ----------
        node : Node
        name : str
            Column, or x, y, z.
        """
        if not isinstance(node, Leaf):
            self.wrong(node, name, "a list or keys", "one value")
            return None
        if name in VARIABLES:
            return self.attempt(node, name, node.text, lambda: _plain_number(node.text))
        row = parse_row(Candidate, {"electrolyte": STAND_IN, name: node.text}, node.line, self.name)
        if isinstance(row, list):
            self.add(row)
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
