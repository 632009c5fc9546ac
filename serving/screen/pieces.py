"""Small pieces of a space file: one value, one word of a few, a count, conditions; mistakes are collected."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any, TypeVar

from features.mistakes import Mistake
from features.tables import closest
from serving.screen.document import Branch, Items, Leaf, Node
from serving.screen.expression import Expression, condition

T = TypeVar("T")
FEW = 12
"""So many known words are listed in a message; of more, only the closest."""


class Pieces:
    """Reads pieces and keeps what is wrong with them.

    Parameters
    ----------
    name : of the file
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.mistakes: list[Mistake] = []

    def wrong(self, node: Node, key: str, got: str, expected: str) -> None:
        """One more mistake."""
        self.mistakes.append(Mistake(node.line, key, got, expected, self.name))

    def conditions(
        self, branch: Branch, key: str, numbers: Collection[str], words: Collection[str]
    ) -> tuple[Expression, ...]:
        """Conditions over columns, one or a list of them."""
        if key not in branch.nodes:
            return ()
        found = []
        for leaf in self.leaves(branch.nodes[key], key):
            made = self.made(leaf, key, leaf.text, partial(condition, leaf.text, numbers, words))
            found += [made] if made else []
        return tuple(found)

    def made(self, node: Node, key: str, got: str, make: Callable[[], T]) -> T | None:
        """What is made, or None and the mistake noted: the message of the error says what was expected."""
        try:
            return make()
        except ValueError as error:
            self.wrong(node, key, repr(got), str(error))
            return None

    def known_keys(self, branch: Branch, known: Collection[str]) -> None:
        """Note every key that is not known, with the closest one."""
        for key, node in branch.nodes.items():
            if key not in known:
                some = f"one of {', '.join(known)}" if len(known) <= FEW else "a known key"
                some = "a decimal point, not a comma" if key.replace(".", "").isdigit() else some
                self.wrong(node, key, "an unknown key", f"{some}{closest(key, known)}")

    def leaves(self, node: Node, key: str) -> list[Leaf]:
        """Single values, one or a list of them."""
        nodes = node.nodes if isinstance(node, Items) else (node,)
        found = [each for each in nodes if isinstance(each, Leaf)]
        for each in nodes:
            if not isinstance(each, Leaf):
                self.wrong(each, key, "a list or keys", "single values")
        if not nodes:
            self.wrong(node, key, "an empty list", "at least one value")
        return found

    def text(self, node: Node | None, key: str) -> str:
        """One value as written; empty where there is none."""
        if isinstance(node, Items | Branch):
            self.wrong(node, key, "a list or keys", "one value")
        return node.text if isinstance(node, Leaf) else ""

    def choice(self, node: Node | None, key: str, known: Collection[str]) -> Any:
        """One of the known words, or None."""
        if node is None:
            return None
        text = self.text(node, key)
        if text not in known:
            self.wrong(node, key, repr(text), f"one of {', '.join(known)}{closest(text, known)}")
            return None
        return text

    def words(self, node: Node | None, key: str, known: Collection[str]) -> list[str]:
        """Some of the known words."""
        if node is None:
            return []
        return [word for leaf in self.leaves(node, key) if (word := self.choice(leaf, key, known))]

    def count(self, node: Node | None, key: str, most: int, least: int = 1) -> int | None:
        """A whole number from `least` to `most`, or None."""
        if node is None:
            return None
        text = self.text(node, key).replace("_", "")
        if not text.isascii() or not text.isdigit() or len(text) > 18 or not least <= int(text) <= most:
            self.wrong(node, key, repr(text), f"a whole number from {least:,} to {most:,}")
            return None
        return int(text)
