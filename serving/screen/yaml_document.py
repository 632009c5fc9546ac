"""A YAML file as plain texts with their lines: no types guessed, no tags, no anchors, no key twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml

from features.tables.mistakes import InputError, Mistake
from features.tables.sheets import WORKBOOK_ENDINGS

MAX_BYTES = 200_000
MAX_DEPTH = 6
MAX_NODES = 10_000
"""Keys, values and lists of a file: a space names hundreds of values, and writes long rows of them as a range."""
LONGEST_TEXT = 1_000
"""Characters of a key or value."""
EMPTY = frozenset({"", "~", "null", "Null", "NULL"})
"""Plain scalars that mean nothing is given."""


@dataclass(frozen=True)
class Leaf:
    """One value as written; empty where none is given."""

    text: str
    line: int


@dataclass(frozen=True)
class Items:
    """A list."""

    nodes: tuple[Node, ...]
    line: int


@dataclass(frozen=True)
class Branch:
    """Keys with what stands under them, in file order."""

    nodes: dict[str, Node]
    line: int


Node: TypeAlias = Leaf | Items | Branch


def read_document(path: Path) -> Branch:
    """Read a file as texts with their lines, every line counted from 1.

    Parameters
    ----------
    path : Path

    Raises
    ------
    InputError
        No such file, too long, no UTF-8, broken YAML, anchors, aliases or tags, a key twice, or anything but keys at
        the top.
    """
    name = path.name
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a design space as in data/examples/argyrodite.yaml")
    if (size := path.stat().st_size) > MAX_BYTES:
        raise InputError(f"{name}: {size:,} bytes, expected at most {MAX_BYTES:,}: a space is described, not listed")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        if path.suffix.lower() in WORKBOOK_ENDINGS:
            expected = "expected a design space in YAML, as data/examples/argyrodite.yaml"
            raise InputError(f"{name}: a workbook, {expected}; designs of a table: silion predict {name}") from None
        raise InputError(f"{name}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None
    try:
        if forbidden := list(_forbidden(text, name)):
            raise InputError(f"{name}: cannot be read", forbidden)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(filter(None, [error.context, error.problem]))
        advice = "; indent with blanks, not with tabs" if "\\t" in problem else ""
        expected = f"YAML: keys, a colon and a blank before each value{advice}"
        raise InputError(
            f"{name}: cannot be read", [Mistake(mark.line + 1 if mark else 0, "", problem, expected, name)]
        ) from None
    except yaml.YAMLError as error:
        raise InputError(f"{name}: no YAML: {error}") from None
    except RecursionError:
        raise InputError(f"{name}: nested too deeply; a space needs four levels at most") from None
    if root is None:
        raise InputError(f"{name}: the file is empty; expected a design space as in data/examples/argyrodite.yaml")
    mistakes: list[Mistake] = []
    document = _plain(root, name, mistakes)
    if not isinstance(document, Branch):
        kind = "a list" if isinstance(document, Items) else "a single value"
        mistakes.append(Mistake(document.line, "", kind, "keys such as electrolyte, design and keep at the top", name))
    if mistakes or not isinstance(document, Branch):
        raise InputError(f"{name}: cannot be read", mistakes)
    return document


def _forbidden(text: str, name: str) -> Iterator[Mistake]:
    """Yield anchors, aliases, tags and further documents as mistakes, before anything is built from them."""
    documents = depth = nodes = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):  # read as far as this loop goes, and no further
        line = event.start_mark.line + 1 if event.start_mark else 0
        nodes += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise InputError(f"{name}: line {line}: nested too deeply; a space needs four levels at most")
        if nodes > MAX_NODES:
            raise InputError(f"{name}: line {line}: more than {MAX_NODES:,} keys and values; write ranges, not lists")
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > LONGEST_TEXT:
            yield Mistake(line, "", f"a text of {len(event.value):,} characters", f"at most {LONGEST_TEXT:,}", name)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            yield Mistake(line, "", "an anchor or alias (& or *)", "the value itself, written out", name)
        if tag := getattr(event, "tag", None):
            yield Mistake(line, "", f"a tag ({tag})", "the plain value", name)
        if documents > 1 and isinstance(event, yaml.DocumentStartEvent):
            yield Mistake(line, "", "a second document (---)", "one space a file", name)


def _plain(node: yaml.Node, name: str, mistakes: list[Mistake]) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        return Leaf("" if node.style is None and node.value in EMPTY else node.value.strip(), line)
    if isinstance(node, yaml.SequenceNode):
        return Items(tuple(_plain(item, name, mistakes) for item in node.value), line)
    nodes: dict[str, Node] = {}
    for key, value in node.value:
        key_line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            mistakes.append(Mistake(key_line, "", "a key that is a list or has keys itself", "a word", name))
        elif key.value in nodes:
            mistakes.append(Mistake(key_line, key.value, "this key twice", "each key once", name))
        else:
            nodes[key.value] = _plain(value, name, mistakes)
    return Branch(nodes, line)
