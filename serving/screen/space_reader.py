"""Reader of a design space, with every mistake of its file at once: line, what was got, what was expected."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from features.formulas.stoichiometry import FormulaError, parse
from features.tables.mistakes import InputError
from features.tables.records import Candidate, ElectrolyteDesign
from features.tables.rows import parse_row
from models.candidates import ANODE_COLUMNS, formula_mistake
from models.tasks.registry import ON_REQUEST, RANGES, TARGETS, all_targets, is_of_cells, is_range_alone
from serving.predict.energy_density import ENERGY_UNITS, NEEDED, REVIEW, REVIEW_NEEDED, STACK_FIELDS, Energy
from serving.predict.expression import Expression, quantity
from serving.screen.axes import GRID, LATIN, MAX_LATIN, METHODS
from serving.screen.design_space import MAX_DESIGNS, Space
from serving.screen.formula_family import (
    DEFAULT_BALANCE,
    DOPANT,
    MAX_ALTERNATIVES,
    VARIABLES,
    Doping,
    Family,
    alternatives_of,
    formula_text,
    variables_in,
)
from serving.screen.select import DIRECTIONS, DOMAIN_WISHES, DomainWish, Selection, answer_columns
from serving.screen.value_readers import NUMBERS, ColumnReader
from serving.screen.yaml_document import Branch, Items, Leaf, Node, read_document

FAMILY_KEYS = ("formula", *VARIABLES, DOPANT, "site", "balance", "amount", "charge")
OF_ELECTROLYTE = tuple(
    name for name in ElectrolyteDesign.model_fields if name not in ("electrolyte", "composition", "temperature_c")
)


class ElectrolyteReader(ColumnReader):
    """Reads the section `electrolyte`."""

    formulas = 0
    """Formulas in all families so far, variables left out."""

    def families(self, document: Branch) -> tuple[Family, ...]:
        """Read every family that can be used; the others leave their mistakes.

        Parameters
        ----------
        document : Branch
            Whole file.
        """
        node = document.nodes.get("electrolyte")
        if node is None:
            self.wrong(document, "electrolyte", "no such key", "at least one formula")
            return ()
        nodes = node.nodes if isinstance(node, Items) else (node,)
        if not nodes:
            self.wrong(node, "electrolyte", "an empty list", "at least one formula")
        return tuple(family for family in map(self._family, nodes) if family)

    def _family(self, node: Node) -> Family | None:
        before = len(self.mistakes)
        branch = Branch({"formula": node}, node.line) if isinstance(node, Leaf) else node
        if not isinstance(branch, Branch):
            self.wrong(node, "electrolyte", "a list", "a formula, or keys with a formula")
            return None
        self.known_keys(branch, (*FAMILY_KEYS, *OF_ELECTROLYTE))
        leaf = branch.nodes.get("formula", branch)
        template = self.text(leaf, "formula") if leaf is not branch else ""
        if not template:
            self.wrong(leaf, "formula", "nothing", "a formula such as Li6PS5{Cl,Br} or Li6-xPS5-xCl1+x")
            return None
        alternatives = self.attempt(leaf, "formula", template, lambda: alternatives_of(template)) or ()
        variables = {
            name: axis for name in VARIABLES if (axis := self.numbers(branch.nodes.get(name), name)) is not None
        }
        doping = self._doping(branch)
        of_dopant = [doping.amount] if doping else VARIABLES if DOPANT in branch.nodes else ()
        used = {*variables_in(alternatives), *of_dopant}
        for name in variables:
            if name not in used:
                self.wrong(branch.nodes[name], name, f"values of {name}", f"{name} in the formula {template}")
        columns = {name: self.typed(branch.nodes[name], name) for name in OF_ELECTROLYTE if name in branch.nodes}
        charge = self.choice(branch.nodes.get("charge"), "charge", ("balanced", "any")) or "balanced"
        if len(self.mistakes) > before:
            return None
        self.formulas += len(alternatives)
        if self.formulas > MAX_ALTERNATIVES:  # each is read once here, before any design is made
            self.wrong(
                leaf, "formula", f"{self.formulas:,} formulas so far", f"at most {MAX_ALTERNATIVES:,}; use x, y, z"
            )
            raise InputError(f"{self.name}: the design space cannot be used", self.mistakes)
        family = Family(template, alternatives, variables, doping, columns, charge == "balanced")
        self._try_formulas(leaf, family)
        return family

    def _try_formulas(self, node: Node, family: Family) -> None:
        """Note alternatives that cannot be read at the middle of their variables; the ends are seen to later."""
        middle = {name: float(axis.values_at(np.array(0.5))) for name, axis in family.variables.items()}
        for text in family.alternatives:
            try:
                amounts = parse(text, middle) if middle or family.doping else {}
                formula = formula_text(amounts) if middle or family.doping else text
            except FormulaError as error:
                self.wrong(node, "formula", repr(text), f"a formula ({error})")
                continue
            if family.doping and family.doping.site not in amounts:
                self.wrong(node, "site", family.doping.site, f"an element of {text}")
            row = parse_row(Candidate, {"electrolyte": formula, **family.columns}, node.line, self.name)
            mistakes = row if isinstance(row, list) else [formula_mistake(row, node.line, self.name)]
            if any(mistakes) and not family.variables and (without_values := variables_in([text])):
                for name in without_values:
                    self.wrong(node, name, f"no values for the {name} of {text}", f"such as {name}: 0..1 step 0.05")
            else:
                self.add(mistake for mistake in mistakes if mistake)

    def _doping(self, branch: Branch) -> Doping | None:
        node = branch.nodes.get(DOPANT)
        if node is None:
            for key in ("site", "balance", "amount"):
                if key in branch.nodes:
                    self.wrong(
                        branch.nodes[key], key, "no dopant to go with it", "a key dopant, such as dopant: [Al, Ga]"
                    )
            return None
        dopants = tuple(self.text(item, DOPANT) for item in (node.nodes if isinstance(node, Items) else (node,)))
        site = self.text(branch.nodes.get("site"), "site")
        balance = self.text(branch.nodes.get("balance"), "balance") or DEFAULT_BALANCE
        amount = self.choice(branch.nodes.get("amount"), "amount", VARIABLES) or "x"
        if not site:
            self.wrong(node, "site", "nothing", "the element whose place the dopant takes")
            return None
        if amount not in branch.nodes:
            self.wrong(node, amount, "nothing", f"the amount of the dopant, such as {amount}: 0..0.3 step 0.05")
            return None
        return self.attempt(node, DOPANT, ", ".join(dopants), lambda: Doping(dopants, site, balance, amount))


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
        named = [column for column in self.choices(node, "targets", list(all_targets())) if self._is_screened(column)]
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
