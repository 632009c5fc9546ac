"""Reader of a design space, with every mistake of its file at once: line, what was got, what was expected."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from features.tables.mistakes import InputError
from models.candidates import ANODE_COLUMNS
from models.tasks.registry import ON_REQUEST, RANGES, TARGETS, is_of_cells, is_range_alone, told_targets
from serving.predict.energy_density import ENERGY_UNITS, NEEDED, REVIEW, REVIEW_NEEDED, STACK_FIELDS, Energy
from serving.predict.expression import Expression, quantity
from serving.screen.axes import GRID, LATIN, MAX_LATIN, METHODS
from serving.screen.design_space import MAX_DESIGNS, Space
from serving.screen.electrolytes import ElectrolyteReader
from serving.screen.formula_family import DOPANT
from serving.screen.select import DIRECTIONS, DOMAIN_WISHES, DomainWish, Selection, answer_columns
from serving.screen.value_readers import NUMBERS
from serving.screen.yaml_document import Branch, Items, Leaf, Node, read_document

KEYS = ("title", "electrolyte", "design", "constraints", "sample", "targets", "energy", "keep", "map")
KEEP_KEYS = ("where", "domain", "pareto", "top", "by", "rank_by", "diverse")


def read_space(path: str | Path) -> Space:
    """Read the design space of a file.

    Parameters
    ----------
    path : str or Path
        YAML, as in `data/examples/argyrodite.yaml`.

    Raises
    ------
    InputError
        Every mistake with its line; or a space of more than `MAX_DESIGNS` designs, with its size and how to cut it.
    """
    path = Path(path)
    space = _Reader(path.name).space(read_document(path))
    if space.size > MAX_DESIGNS:
        widest = sorted(space.counts().items(), key=lambda item: -item[1])[:3]
        named = ", ".join(f"{name} ({count:,} values)" for name, count in widest)
        raise InputError(
            f"{path.name}: {space.size:.3g} designs, expected at most {MAX_DESIGNS:,}; the widest: {named}; take wider "
            "steps, or draw some of them: sample: {method: sobol, points: 100000}"
        )
    return space


class _Reader(ElectrolyteReader):
    """Reads the sections of a space one after the other."""

    def space(self, document: Branch) -> Space:
        """Read the whole file.

        Parameters
        ----------
        document : Branch

        Raises
        ------
        InputError
            Every mistake of the file.
        """
        self.known_keys(document, KEYS)
        method, points, seed = self._sample(document.nodes.get("sample"))
        self.grid = method == GRID
        families = self.families(document)
        axes = self.axes(document.nodes.get("design"))
        for name in sorted({name for family in families for name in family.columns} & set(axes)):
            self.wrong(document, name, "a value here and under design", "it once, under electrolyte or under design")
        targets, ranges = self._targets(document.nodes.get("targets"), axes)
        varied = {name for family in families for name in family.variables}
        numbers = {*varied, *(name for name in axes if name in NUMBERS)}
        texts = {"electrolyte", *(name for name in axes if name not in NUMBERS)}
        texts |= {name for family in families for name in family.columns if name not in NUMBERS}
        texts |= {DOPANT for family in families if family.doping}
        constraints = self.conditions(document, "constraints", numbers, texts)
        energy = self._energy(document.nodes.get("energy"), numbers)
        answered = {*answer_columns(targets), *(ENERGY_UNITS if energy else ())}
        selection = self._selection(document.nodes.get("keep"), numbers, answered, texts)
        title = self.text(document.nodes.get("title"), "title") or self.name
        over = self.choices(document.nodes.get("map"), "map", sorted(numbers))
        if "map" in document.nodes and len(over) != 2:
            self.wrong(document.nodes["map"], "map", f"{len(over)} columns", "two columns of numbers that vary")
        if self.mistakes or not families:
            raise InputError(
                f"{self.name}: the design space cannot be used", sorted(self.mistakes, key=lambda mistake: mistake.line)
            )
        return Space(
            title, families, axes, constraints, method, points, seed, targets, ranges, energy, selection, tuple(over)
        )  # fmt: skip

    def _sample(self, node: Node | None) -> tuple[str, int | None, int]:
        if node is None:
            return GRID, None, 0
        branch = Branch({"method": node}, node.line) if isinstance(node, Leaf) else node
        if not isinstance(branch, Branch):
            self.wrong(node, "sample", "a list", "method, points and seed")
            return GRID, None, 0
        self.known_keys(branch, ("method", "points", "seed"))
        method = self.choice(branch.nodes.get("method"), "method", METHODS) or GRID
        points = self.count(branch.nodes.get("points"), "points", MAX_LATIN if method == LATIN else MAX_DESIGNS)
        seed = self.count(branch.nodes.get("seed"), "seed", 2**32 - 1, least=0) or 0
        if method == GRID and points:
            self.wrong(branch.nodes["points"], "points", str(points), "no points: a grid takes every combination")
        if method != GRID and "points" not in branch.nodes:
            self.wrong(branch, "points", "nothing", "how many designs to draw, such as points: 10000")
        return method, points if method != GRID else None, seed

    def _targets(self, node: Node | None, axes: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the targets to predict, and the quantities that are predicted as a range alone."""
        anode = bool(set(axes) & set(ANODE_COLUMNS))
        if node is None:
            return tuple(column for column in TARGETS if anode or not is_of_cells(column)), ()
        named = [column for column in self.choices(node, "targets", list(told_targets())) if self._is_screened(column)]
        for leaf in node.nodes if isinstance(node, Items) else (node,):
            if isinstance(leaf, Leaf) and leaf.text in ON_REQUEST and not self._is_screened(leaf.text):
                label = ON_REQUEST[leaf.text].label
                expected = f"no such target: a screen does not tell the {label}: use `silion predict` on what it keeps"
                self.wrong(leaf, "targets", leaf.text, expected)
        if cells := [column for column in named if is_of_cells(column) and not anode]:
            self.wrong(node, "targets", ", ".join(cells), f"an anode under design: one of {', '.join(ANODE_COLUMNS)}")
        targets = tuple(column for column in TARGETS if column in named)
        if named and not targets:
            expected = f"beside them what designs are chosen by, one of {', '.join(TARGETS)}: these are ranges alone"
            self.wrong(node, "targets", ", ".join(named), expected)
        return targets, tuple(column for column in RANGES if column in named and is_range_alone(column))

    @staticmethod
    def _is_screened(column: str) -> bool:
        return column in TARGETS or column in RANGES

    def _energy(self, section: Node | None, numbers: Collection[str]) -> Energy | None:
        expected = f"the fields of a stack, or stack: {REVIEW}"
        if (node := self.branch(section, "energy", ("stack", *STACK_FIELDS), expected)) is None:
            return None
        review = self.choice(node.nodes.get("stack"), "stack", (REVIEW, "layers")) == REVIEW
        needed = REVIEW_NEEDED if review else NEEDED
        for key in node.nodes if review else ():
            if key in STACK_FIELDS and key not in REVIEW_NEEDED:
                self.wrong(node.nodes[key], key, "a layer", f"no such key with stack: {REVIEW}, whose layers are fixed")
        assumed = {
            key: layer
            for key in STACK_FIELDS
            if key in node.nodes and (layer := self._quantity(node.nodes[key], key, numbers)) is not None
        }
        if missing := [key for key in needed if key not in node.nodes and key not in numbers]:
            self.wrong(
                node, "energy", f"nothing for {', '.join(missing)}",
                "each of them here, or under design where a candidate has such a column; nothing is assumed silently",
            )  # fmt: skip
        return Energy(assumed, review)

    def _quantity(self, node: Node, key: str, numbers: Collection[str]) -> Expression | None:
        text = self.text(node, key)
        return self.attempt(node, key, text, lambda: quantity(text, numbers))

    def _selection(
        self, section: Node | None, numbers: Collection[str], answered: Collection[str], texts: Collection[str]
    ) -> Selection:
        if (node := self.branch(section, "keep", KEEP_KEYS, f"some of {', '.join(KEEP_KEYS)}")) is None:
            return Selection()
        columns = sorted({*numbers, *answered})
        where = self.conditions(node, "where", columns, texts)
        pareto = self._objectives(node.nodes.get("pareto"), "pareto", columns)
        before = len(self.mistakes)
        by = self._objectives(node.nodes.get("by"), "by", columns)
        top = self.count(node.nodes.get("top"), "top", 100_000) or 0
        if top and len(by) != 1 and len(self.mistakes) == before:
            expected = "one column and its good side, such as by: {ice_pct: high}"
            self.wrong(node.nodes["top"], "by", f"{len(by)} columns", expected)
        if by and not top:
            self.wrong(node.nodes["by"], "top", "nothing", "how many to keep, such as top: 20")
        domain: DomainWish = self.choice(node.nodes.get("domain"), "domain", DOMAIN_WISHES) or "any"
        rank_by = self.choice(node.nodes.get("rank_by"), "rank_by", ("value", "low")) or "value"
        diverse = self.choice(node.nodes.get("diverse"), "diverse", ("yes", "no", "true", "false")) in ("yes", "true")
        first = next(iter(by.items()), None)
        return Selection(where, domain, pareto, top, first, rank_by == "low", diverse)

    def _objectives(self, node: Node | None, key: str, columns: Collection[str]) -> dict[str, Any]:
        expected = f"columns with their good side, such as {key}: {{ice_pct: high}}"
        branch = self.branch(node, key, columns, expected)
        sides = branch.nodes.items() if branch else ()
        return {name: self.choice(side, name, DIRECTIONS) for name, side in sides if name in columns}
