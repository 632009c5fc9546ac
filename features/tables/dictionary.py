"""The data dictionary, made from the row models so that it cannot drift."""

from __future__ import annotations

from pathlib import Path

from features.tables.columns import choices_of, columns_of, unit_of
from features.tables.records import TABLES, Row
from features.tables.rows import expectation

BEGIN, END = "<!-- dictionary: written by `silion data dictionary --write` -->", "<!-- end of dictionary -->"


def dictionary() -> str:
    """Every column of every table as Markdown: unit, what it holds, what is allowed."""
    pieces = []
    for name, model in TABLES.items():
        summary = (model.__doc__ or "").split("\n")[0]
        rows = [_line(model, column) for column in columns_of(model)]
        pieces += [f"### {name}", "", summary, "", "| column | unit | what | allowed |", "|---|---|---|---|", *rows, ""]
    return "\n".join(pieces).strip()


def _line(model: type[Row], column: str) -> str:
    field, unit = model.model_fields[column], unit_of(model, column)
    choices = choices_of(model, column)
    limits = expectation(model, column).partition(", ")[2] if unit else ""
    allowed = ", ".join(f"`{choice}`" for choice in choices) if choices else limits
    required = " (required)" if field.is_required() else ""
    return f"| `{column}`{required} | {unit} | {field.description or ''} | {allowed} |"


def between_marks(path: Path, begin: str, end: str) -> str:
    """What stands between two marks of a file.

    Raises
    ------
    ValueError
        The marks are not there once each, in order.
    """
    text = path.read_text(encoding="utf-8")
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise ValueError(f"{path}: expected the marks '{begin}' and '{end}' once each, in this order")
    return text[text.index(begin) + len(begin) : text.index(end)].strip()


def write_between_marks(path: Path, begin: str, end: str, content: str) -> None:
    """Replace what stands between two marks of a file, aside and then renamed."""
    between_marks(path, begin, end)
    text = path.read_text(encoding="utf-8")
    before, after = text[: text.index(begin) + len(begin)], text[text.index(end) :]
    aside = path.with_name(f".{path.name}.part")
    aside.write_text(f"{before}\n{content}\n{after}", encoding="utf-8")
    aside.rename(path)
