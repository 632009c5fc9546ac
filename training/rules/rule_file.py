"""Checks of design rules, as data: a change of a design, and the direction in which its target should move."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from features.family import FAMILIES
from features.tables.literature import Literature
from features.tables.mistakes import InputError, Mistake
from features.tables.records import Candidate
from models.tasks.registry import TARGETS
from training.data.load import SHIPPED

CHECKS, RULES = SHIPPED / "rule_checks.csv", SHIPPED / "rules.csv"
COLUMNS = ("check_id", "rules", "target", "bases", "before", "after", "expected", "certain", "said")
FAMILY = "family"
"""Stands for a set of electrolyte classes; a change of family or class exchanges the material."""
YES_NO = {"yes": True, "no": False}


@dataclass(frozen=True)
class Rule:
    """One design rule of the seeds.

    Attributes
    ----------
    rule_id, direction, seed, place : str
        As in `rules.csv`.
    references : tuple of str
        Numbers of the papers its seed cites for it.
    """

    rule_id: str
    direction: str
    seed: str
    place: str
    references: tuple[str, ...]

    def papers(self, literature: Literature) -> set[str]:
        """Return the ids of the papers it came from: those its seed cites, or the seed itself where that is one.

        Parameters
        ----------
        literature : Literature
            With the sources.
        """
        cited = {f"{self.seed}:{number}" for number in self.references or ("self",)}
        return {
            name
            for name, source in literature.sources.items()
            if cited & {place.strip() for place in source.told_by.split(";")}
        }


@dataclass(frozen=True)
class RuleCheck:
    """A change of a design, and the direction in which its target should move.

    Attributes
    ----------
    check_id, said : str
        Its name, and the rule in words.
    rules : tuple of Rule
        The rules it rests on.
    target : str
        Key of `TARGETS`.
    bases : mapping of str to str
        Settings a base design must have, by column; all designs where empty.
    before, after : mapping of str to str
        Settings of the two designs, by column.
    rises : bool
        Whether the target should rise.
    certain : bool
        Whether the rule is certain physics, which the model is forced to follow.
    """

    check_id: str
    said: str
    rules: tuple[Rule, ...]
    target: str
    bases: Mapping[str, str]
    before: Mapping[str, str]
    after: Mapping[str, str]
    rises: bool
    certain: bool

    @property
    def exchanges_material(self) -> bool:
        """The electrolyte is replaced by others of the tables, and not by one that is named."""
        return bool({FAMILY, "electrolyte_class"} & set(self.after)) and "electrolyte" not in self.after

    def papers(self, literature: Literature) -> set[str]:
        """Return the ids of the papers its rules came from.

        Parameters
        ----------
        literature : Literature
            With the sources.
        """
        return set().union(*(rule.papers(literature) for rule in self.rules))


def read_rules() -> dict[str, Rule]:
    """Read the rules of `rules.csv`, by id.

    Examples
    --------
    >>> read_rules()["hard-carbon-stabilizes-mei"].seed
    'mei'
    """
    with RULES.open(encoding="utf-8", newline="") as file:
        return {
            row["rule_id"]: Rule(row["rule_id"], row["direction"], row["seed"], row["place"], _numbers(row["ref"]))
            for row in csv.DictReader(file)
        }


def _numbers(written: str) -> tuple[str, ...]:
    """Return references as numbers: `16;207-209` is 16, 207, 208, 209."""
    numbers: list[str] = []
    for piece in re.split(r"[;,]", written):
        ends = [int(end) for end in piece.split("-") if end.strip().isdigit()]
        numbers += [str(number) for number in range(ends[0], ends[-1] + 1)] if ends else []
    return tuple(numbers)


def read_checks(path: Path = CHECKS) -> list[RuleCheck]:
    """Read the checks, in the order of the file.

    Parameters
    ----------
    path : Path
        A table with the columns of `COLUMNS`.

    Raises
    ------
    InputError
        Missing columns, an unknown rule, target or design column, or a check that says nothing; all mistakes at once.
    """
    known = read_rules()
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    if missing := [name for name in COLUMNS if name not in (reader.fieldnames or [])]:
        raise InputError(f"{path.name}: missing columns {', '.join(missing)}")
    checks, mistakes = list[RuleCheck](), list[Mistake]()
    for line, row in enumerate(rows, start=2):
        wrong = _mistakes(row, line, known, path.name)
        mistakes += wrong
        if not wrong:
            checks.append(_check(row, known))
    if mistakes:
        raise InputError(f"{path.name}: {len(mistakes)} mistakes", mistakes)
    return checks


def _check(row: Mapping[str, str], rules: Mapping[str, Rule]) -> RuleCheck:
    bases, before, after = (_settings(row[name]) for name in ("bases", "before", "after"))
    cited = tuple(rules[rule_id] for rule_id in row["rules"].split(";"))
    rises, certain = row["expected"] == "up", row["certain"] == "yes"
    return RuleCheck(row["check_id"], row["said"], cited, row["target"], bases, before, after, rises, certain)


def _settings(written: str) -> dict[str, str]:
    pairs = (piece.split("=", 1) for piece in written.split(";") if piece)
    return {pair[0].strip(): pair[1].strip() if len(pair) > 1 else "" for pair in pairs}


def _mistakes(row: Mapping[str, str], line: int, rules: Mapping[str, Rule], table: str) -> list[Mistake]:
    mistakes = [
        Mistake(line, "rules", repr(name), f"a rule_id of rules.csv; closest: {_closest(name, list(rules))}", table)
        for name in row["rules"].split(";")
        if name not in rules
    ]
    if row["target"] not in TARGETS:
        mistakes.append(Mistake(line, "target", repr(row["target"]), f"one of {', '.join(TARGETS)}", table))
    for column, allowed in (("expected", ("up", "down")), ("certain", ("yes", "no"))):
        if row[column] not in allowed:
            mistakes.append(Mistake(line, column, repr(row[column]), f"one of {', '.join(allowed)}", table))
    for column in ("bases", "before", "after"):
        for name, value in _settings(row[column]).items():
            if name == FAMILY and value not in FAMILIES:
                mistakes.append(Mistake(line, column, repr(value), f"one of {', '.join(FAMILIES)}", table))
            elif name != FAMILY and name not in Candidate.model_fields:
                closest = _closest(name, list(Candidate.model_fields))
                mistakes.append(Mistake(line, column, repr(name), f"a column of a design; closest: {closest}", table))
    if not _settings(row["before"]) or not _settings(row["after"]):
        mistakes.append(Mistake(line, "after", repr(row["after"]), "a change from `before` to `after`", table))
    return mistakes


def _closest(name: str, known: list[str]) -> str:
    return ", ".join(get_close_matches(name, known, n=3, cutoff=0.0))
