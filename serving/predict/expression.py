"""A small language over columns: arithmetic, comparisons, and, or, not. Nothing else is understood or executed."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from features.tables.rows import closest

MAX_LENGTH, MAX_PIECES, MAX_POWER, MAX_NUMBER = 400, 100, 8.0, 1e30
ARITHMETIC: dict[type[ast.operator], Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
COMPARISONS: dict[type[ast.cmpop], Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
ALLOWED = "numbers, column names, quoted words, + - * / **, comparisons, and, or, not"
Columns = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Expression:
    """A condition or a quantity over columns, checked when it was read.

    Attributes
    ----------
    text : as written
    names : columns it reads
    """

    text: str
    names: frozenset[str] = field(repr=False)
    tree: ast.expr = field(repr=False)

    def __call__(self, columns: Columns) -> np.ndarray:
        """Return its value for each row, shape (n_rows,), or () where it reads no column.

        A comparison with a value that is not known (NaN) is false, also under `!=`; `not` turns that round.

        Parameters
        ----------
        columns : mapping
            Numbers or texts by column, each of shape (n_rows,); NaN or None where not known.
        """
        with np.errstate(all="ignore"):
            return _value(self.tree, columns)


def condition(text: str, numbers: Collection[str], texts: Collection[str]) -> Expression:
    """Read a condition such as `silicon_wt_pct + carbon_wt_pct <= 100`.

    Parameters
    ----------
    text : str
        As written.
    numbers, texts : collection of str
        Columns that hold numbers, and that hold text.

    Raises
    ------
    ValueError
        What was got and expected: another language, an unknown name, texts compared by size, no comparison at all.

    Examples
    --------
    >>> dense = condition("porosity_pct < 20 and form == 'glass'", ["porosity_pct"], ["form"])
    >>> dense({"porosity_pct": np.array([10.0, 10.0, np.nan]), "form": np.array(["glass", "film", "glass"], object)})
    array([ True, False, False])
    """
    expression, kind = _checked(text, numbers, texts)
    if kind != "truth":
        raise ValueError("a comparison, such as stack_pressure_mpa <= 10")
    return expression


def quantity(text: str, numbers: Collection[str]) -> Expression:
    """Read a number or arithmetic over columns, such as `silicon_wt_pct / 100`.

    Parameters
    ----------
    text : str
        As written.
    numbers : collection of str
        Columns that hold numbers.

    Raises
    ------
    ValueError
        As `condition`: what was got and expected.

    Examples
    --------
    >>> quantity("silicon_wt_pct / 100", ["silicon_wt_pct"])({"silicon_wt_pct": np.array([50.0])})
    array([0.5])
    """
    expression, kind = _checked(text, numbers, ())
    if kind != "number":
        raise ValueError("a number, or arithmetic over columns such as silicon_wt_pct / 100")
    return expression


def _checked(text: str, numbers: Collection[str], texts: Collection[str]) -> tuple[Expression, str]:
    if len(text) > MAX_LENGTH:
        raise ValueError(f"at most {MAX_LENGTH} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"an expression of {ALLOWED}") from None
    if sum(1 for _ in ast.walk(tree)) > 3 * MAX_PIECES:
        raise ValueError(f"at most {MAX_PIECES} pieces; split it into several")
    try:
        kind = _kind(tree, frozenset(numbers), frozenset(texts))
    except RecursionError:
        raise ValueError("an expression nested less deeply") from None
    names = frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    return Expression(text.strip(), names, tree), kind


def _kind(node: ast.expr, numbers: frozenset[str], texts: frozenset[str]) -> str:
    """Return `number`, `text` or `truth`; refuse whatever is not of the language."""

    def need(kind: str, *parts: ast.expr) -> None:
        for part in parts:
            if (actual := _kind(part, numbers, texts)) != kind:
                raise ValueError(f"a {kind} in place of the {actual} `{ast.unparse(part)}`")

    match node:
        case ast.Constant(value=bool()):
            raise ValueError("a comparison in place of True or False")
        case ast.Constant(value=int() | float() as value):
            if abs(value) > MAX_NUMBER:
                raise ValueError(f"a number of at most {MAX_NUMBER:g}")
            return "number"
        case ast.Constant(value=str()):
            return "text"
        case ast.Name(id=name):
            if name in numbers:
                return "number"
            if name in texts:
                return "text"
            known = sorted(numbers | texts)
            raise ValueError(
                f"a known column in place of {name}{closest(name, known) or '; known: ' + ', '.join(known)}"
            )
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            need("number", operand)
            return "number"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            need("truth", operand)
            return "truth"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
            need("number", left, right)
            if isinstance(op, ast.Pow):
                _check_power(right)
            return "number"
        case ast.BoolOp(values=values):
            need("truth", *values)
            return "truth"
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in COMPARISONS for op in ops):
            kind = _kind(left, numbers, texts)
            if kind == "truth":
                raise ValueError("comparisons joined by and, or")
            need(kind, *others)
            if kind == "text" and not all(isinstance(op, ast.Eq | ast.NotEq) for op in ops):
                raise ValueError("== or != between words")
            return "truth"
    raise ValueError(f"only {ALLOWED}; `{ast.unparse(node)[:40]}` is none of them")


def _check_power(exponent: ast.expr) -> None:
    while isinstance(exponent, ast.UnaryOp):
        exponent = exponent.operand
    value = exponent.value if isinstance(exponent, ast.Constant) else None
    if not isinstance(value, (int, float)) or value > MAX_POWER:
        raise ValueError(f"a plain number of at most {MAX_POWER:g} as exponent")


def _value(node: ast.expr, columns: Columns) -> np.ndarray:
    match node:
        case ast.Constant(value=str() as text):
            return np.array(text, dtype=object)
        case ast.Constant(value=int() | float() as value):
            return np.array(float(value))
        case ast.Name(id=name):
            return columns[name]
        case ast.UnaryOp(op=op, operand=operand):
            inner = _value(operand, columns)
            return ~inner if isinstance(op, ast.Not) else -inner if isinstance(op, ast.USub) else inner
        case ast.BinOp(left=left, op=op, right=right):
            return np.asarray(ARITHMETIC[type(op)](_value(left, columns), _value(right, columns)))
        case ast.BoolOp(op=op, values=values):
            combine = np.logical_and if isinstance(op, ast.And) else np.logical_or
            return np.asarray(combine.reduce(np.broadcast_arrays(*[_value(part, columns) for part in values])))
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [_value(side, columns) for side in (left, *others)]
            compared = [_compared(op, *pair) for op, *pair in zip(ops, sides, sides[1:], strict=False)]
            return np.asarray(np.logical_and.reduce(np.broadcast_arrays(*compared)))
    raise ValueError(f"only {ALLOWED}")


def _compared(op: ast.cmpop, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    known = np.array(True)
    for side in (left, right):
        known = known & (pd.notna(side) if side.dtype == object else ~np.isnan(side))
    return np.asarray(np.asarray(COMPARISONS[type(op)](left, right)).astype(bool) & known)
