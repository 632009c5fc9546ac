"""Reader of the electrolytes of a space: families of formulas, tried once before anything is made of them."""

from __future__ import annotations

import numpy as np

from features.formulas.stoichiometry import FormulaError, parse
from features.tables.mistakes import InputError
from features.tables.records import Candidate, ElectrolyteDesign
from features.tables.rows import parse_row
from models.candidates import formula_mistake
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
from serving.screen.value_readers import ColumnReader
from serving.screen.yaml_document import Branch, Items, Leaf, Node

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
