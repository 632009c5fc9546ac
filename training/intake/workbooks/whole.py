"""A file with rows of several tables: the sheets of a workbook, and points of life in a table of cells."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace

from features.tables.literature import Literature
from features.tables.mistakes import Mistake
from features.tables.records import CellRow, CyclingRow
from features.tables.rows import parse_row
from features.tables.sheets import WORKBOOK_ENDINGS, sheet_titles
from training.intake.add import AddConfig, Added, Plan, add, plan_add, projected
from training.intake.draft import ADDABLE, UNNAMED, Draft, Drafts
from training.intake.headers import POINTS, Column, Header
from training.intake.values import read_values


def add_whole(config: AddConfig, today: datetime.date) -> list[Added]:
    """Add every table of a file, in the order in which they need each other: all of them, or none.

    Parameters
    ----------
    config : AddConfig
        The wish. A workbook whose sheets are called electrolytes, cells and cycling is taken whole where neither a
        sheet nor a table is named; a column such as `Retention after 100 cycles (%)` in a table of cells gives points
        of their lives.
    today : date
        The day that withdrawn rows are marked with.

    Returns
    -------
    list of Added
        One for each table.

    Raises
    ------
    InputError
        As of `add`.
    """
    plans, literature = list[Plan](), None
    for part in _parts(config):
        for plan in _plans(replace(part, write=False), today, literature):
            plans.append(plan)
            literature = projected(plan)
    if not config.write or any(plan.is_refused for plan in plans):
        return [Added(plan) for plan in plans]
    done = list[Added]()
    for part in _parts(config):
        done.append(add(part, today))
        if (points := points_of(done[-1].plan.drafts)) is not None:
            done.append(add(part, today, points))
    return done


def _parts(config: AddConfig) -> list[AddConfig]:
    if config.sheet or config.table or config.file.suffix.lower() not in WORKBOOK_ENDINGS or not config.file.is_file():
        return [config]
    titles = sheet_titles(config.file.read_bytes(), config.file.name)
    if len(titles) < 2 or not set(titles) <= ADDABLE.keys():
        return [config]
    return [replace(config, sheet=table, table=table) for table in ADDABLE if table in titles]


def _plans(config: AddConfig, today: datetime.date, literature: Literature | None) -> Sequence[Plan]:
    plan = plan_add(config, today.isoformat(), literature=literature)
    points = points_of(plan.drafts)
    if points is None:
        return [plan]
    return [plan, plan_add(config, today.isoformat(), points, projected(plan))]


def points_of(drafts: Drafts, *, judge_rejected: bool = False) -> Drafts | None:
    """Return the points of life that a table of cells holds in columns of its own; None where it holds none.

    Parameters
    ----------
    drafts : Drafts
        The cells, which have their ids and papers.
    judge_rejected : bool
        Report the mistakes in the points of rejected cells as well.
    """
    columns = drafts.header.points
    if not columns or drafts.table == POINTS:
        return None
    points = Drafts(POINTS, drafts.sheet, Header(columns))
    for draft in drafts.rows:
        if isinstance(draft.row, CellRow):
            _take_points(points, draft, draft.row, columns)
    if judge_rejected:
        good = list(points.rows)
        unread = CellRow(cell_id=UNNAMED, source_id=UNNAMED)
        for line, cells, _ in drafts.rejected:
            _take_points(points, Draft(line, unread, cells, has_own_id=False), unread, columns)
        points.rows = good
    return points


def _take_points(points: Drafts, draft: Draft, cell: CellRow, columns: Sequence[Column]) -> None:
    """Read the points of a cell into drafts, or into mistakes; an empty cell of the table is no point."""
    name, mistakes = points.sheet.name, list[Mistake]()
    for column in columns:
        values = read_values([column], draft.cells, CyclingRow, draft.line, name)
        mistakes += values.mistakes
        if column.name not in values.by_column:
            continue
        origin = {"point_id": UNNAMED, "cell_id": cell.cell_id, "source_id": cell.source_id, "doi": cell.doi}
        row = parse_row(CyclingRow, values.by_column | origin, draft.line, name)
        if isinstance(row, list):
            mistakes += [
                replace(mistake, column=column.header) if mistake.column == column.name else mistake for mistake in row
            ]
        else:
            points.rows.append(Draft(draft.line, row, draft.cells, has_own_id=False))
    if mistakes:
        points.refuse(draft.line, draft.cells, mistakes)
