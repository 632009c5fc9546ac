"""`silion data add`: what adding a file of new rows would do, and doing it, whole or not at all."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from features.tables.literature import Literature, papers_of
from features.tables.mistakes import InputError, Mistake
from features.tables.records import CyclingRow, Provenance, Row, SourceRow
from features.tables.rows import closest
from training.data.commit import reading
from training.data.integrity import cross_checks
from training.data.literature_rows import ID_COLUMNS, id_of, rows_of, table_of, with_rows
from training.data.load import formula_question, resolve_papers
from training.data.twins import Twins, with_both_papers
from training.data.withdrawn import WITHDRAWN, Withdrawn, read_withdrawn, restored_row, without
from training.intake.confirm import confirmed_row, unconfirmed_row
from training.intake.conflicts import OWN_ROW, SHIPPED_ROW, Conflict, Known, Settled, StoredRows, settle
from training.intake.draft import Draft, Drafts, made_id, read_drafts, with_composition
from training.intake.folder import (
    OwnTable,
    literature_of,
    locked,
    own_tables,
    refuse_contradictions,
    withdrawn_csv,
    write_files,
)
from training.intake.papers import Papers
from training.intake.plausible import KINDS, Doubt, doubts
from training.intake.raw_table import rejected_file


@dataclass(frozen=True)
class AddConfig:
    """One `silion data add`.

    Attributes
    ----------
    file : Path
        New rows.
    into : Path
        The user's data folder.
    table : str, optional
        electrolytes, cells or cycling; recognised from the columns where None.
    mapping : Path, optional
        File of the user's own words for columns.
    sheet : str, optional
        Of a workbook.
    write : bool
        Else nothing is written.
    replace, keep : bool
        Which row of a conflict counts: the new one, or the stored one.
    confirm : bool
        Unlikely values are right.
    confirm_kinds : tuple of str
        Kinds of unlikely values that are right: some of `plausible.KINDS`.
    """

    file: Path
    into: Path
    table: str | None = None
    mapping: Path | None = None
    sheet: str | None = None
    write: bool = False
    replace: bool = False
    keep: bool = False
    confirm: bool = False
    confirm_kinds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if unknown := [kind for kind in self.confirm_kinds if kind not in KINDS]:
            raise InputError(f"--confirm-kind {unknown[0]}: expected one of {', '.join(KINDS)}")
        if self.replace and self.keep:
            raise InputError("--replace and --keep: choose one, the new rows or those that are there")


@dataclass
class Plan:
    """The rows of a file, each with the outcome of adding it; nothing is written.

    Attributes
    ----------
    config : AddConfig
        Options of the command.
    drafts : Drafts
        The file as read.
    literature : Literature
        Shipped and own rows as they are.
    tables : dict of str to OwnTable
        The folder's tables as they are.
    settled : Settled
        Rows to add, skipped, in conflict.
    papers : Papers
        Sources, known and new.
    doubts : list of Doubt
        Unlikely values of rows that would be written.
    listed : dict of str to Withdrawn
        Content of `withdrawn.csv`, with the shipped rows that replacements put out.
    """

    config: AddConfig
    drafts: Drafts
    literature: Literature
    tables: dict[str, OwnTable]
    settled: Settled
    papers: Papers
    doubts: list[Doubt] = field(default_factory=list)
    listed: dict[str, Withdrawn] = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        """A conflict or an unlikely value must be decided first."""
        undecided = self.settled.conflicts and not (self.config.replace or self.config.keep)
        return bool(undecided or self.open_doubts)

    @property
    def open_doubts(self) -> list[Doubt]:
        """Unlikely values that were not confirmed, by their kind or all together."""
        confirmed = KINDS.keys() if self.config.confirm else self.config.confirm_kinds
        return [doubt for doubt in self.doubts if doubt.kind not in confirmed]

    @property
    def replacing(self) -> list[Conflict]:
        """Conflicts whose new row takes the place of the other one."""
        return self.settled.conflicts if self.config.replace else []

    @property
    def rows(self) -> list[Provenance]:
        """Rows to write: new ones, and those that replace others."""
        replacements = [replacement(conflict).row for conflict in self.replacing]
        return [*(draft.row for draft in self.settled.added), *replacements]

    @property
    def sources(self) -> list[SourceRow]:
        """Sources to write: new ones that a written row names, and own ones that got a DOI."""
        named = {paper for row in self.rows for paper in papers_of(row.paper)}
        new_or_changed = [*self.papers.added.items(), *self.papers.changed.items()]
        return [source for identity, source in new_or_changed if identity in named]

    @property
    def remarks(self) -> list[str]:
        """Remarks that reject nothing."""
        withdrawn = sorted({row.paper for row in self.rows} & {*self.listed})
        out = [f"paper {paper} is withdrawn: its new rows stay out of training too" for paper in withdrawn]
        return [*self.drafts.header.remarks, *self.papers.remarks, *self.settled.remarks, *out]


@dataclass(frozen=True)
class Added:
    """The outcome of a command.

    Attributes
    ----------
    plan : Plan
        What was, or would be, done.
    written : sequence of Path
        Files that were written; none in a dry run.
    rejected : Path or None
        File of the rejected rows; None where there is none.
    """

    plan: Plan
    written: Sequence[Path] = ()
    rejected: Path | None = None


def add(config: AddConfig, today: datetime.date, drafts: Drafts | None = None) -> Added:
    """Plan, and write where the options say so and nothing is left to decide.

    Parameters
    ----------
    config : AddConfig
        Options of the command.
    today : date
        The day that withdrawn rows are marked with.
    drafts : Drafts, optional
        Rows already read; those of the file where None.

    Raises
    ------
    InputError
        The file, the mapping or the folder cannot be used, or a file cannot be written.
    """
    if not (config.write and config.into.is_dir()):
        with reading([config.into]):
            plan = plan_add(config, today.isoformat(), drafts)
        if not config.write or plan.is_refused:
            return Added(plan)
        if not plan.rows:  # no folder is made for nothing
            return _written(plan)
    with locked(config.into):  # what is there may have changed until now: plan again
        plan = plan_add(config, today.isoformat(), drafts)
        return Added(plan) if plan.is_refused else _written(plan)


def plan_add(config: AddConfig, today: str, drafts: Drafts | None = None, literature: Literature | None = None) -> Plan:
    """Read a file and decide on each of its rows.

    Parameters
    ----------
    config : AddConfig
        Options of the command.
    today : str
        The day, as 2026-01-31.
    drafts : Drafts, optional
        Rows already read; those of the file where None.
    literature : Literature, optional
        Shipped and own rows, as they will be when other rows were added; as they are where None.

    Raises
    ------
    InputError
        The file or its header, the mapping, or the folder cannot be used.
    """
    drafts = drafts or read_drafts(config.file, config.table, config.mapping, config.sheet)
    literature = literature or literature_of(config.into)
    tables, listed = own_tables(config.into), read_withdrawn(config.into)
    refuse_contradictions(without(literature, listed), config.into)
    papers = Papers(literature.sources, frozenset(tables["sources"].rows), f"user: {config.file.name}")
    _resolve_papers(drafts, papers)
    settled = settle(drafts, _stored_rows(literature, tables[drafts.table], listed))
    plan = Plan(config, drafts, literature, tables, settled, papers, listed=dict(listed))
    for conflict in plan.replacing:
        if conflict.known.origin == SHIPPED_ROW:
            why = f"replaced by {replacement(conflict).identity}, {papers.told_by}"
            plan.listed[conflict.known.identity] = Withdrawn(conflict.known.identity, why, today)
    _reject_misfits(plan)
    written = [*settled.added, *(conflict.draft for conflict in settled.conflicts if not config.keep)]
    plan.doubts = doubts(written, literature)
    if config.confirm or "formula" in config.confirm_kinds:
        _confirm_formulas(plan)
    if config.confirm or "twin" in config.confirm_kinds:
        _group_twins(plan)
    return plan


def _group_twins(plan: Plan) -> None:
    """Name both papers in a row that repeats the measurement of another source: no split may part the two."""
    twins = Twins(plan.literature)

    def grouped(draft: Draft) -> Draft:
        twin = twins.find(draft.row)
        return replace(draft, row=with_both_papers(draft.row, twin)) if twin else draft

    _change(plan.settled, grouped)


def _confirm_formulas(plan: Plan) -> None:
    """Mark each row whose unlikely formula was confirmed in its note: it is not doubted again."""
    confirmed = {id(doubt.draft) for doubt in plan.doubts if formula_question(doubt.draft.row)}

    def noted(draft: Draft) -> Draft:
        return replace(draft, row=confirmed_row(draft.row)) if id(draft) in confirmed else draft

    _change(plan.settled, noted)


def _change(settled: Settled, change: Callable[[Draft], Draft]) -> None:
    settled.added = [change(draft) for draft in settled.added]
    settled.conflicts = [replace(conflict, draft=change(conflict.draft)) for conflict in settled.conflicts]


def _resolve_papers(drafts: Drafts, papers: Papers) -> None:
    """Give every row the id of its paper, its composition and, where the file gives none, its own id."""
    papers.learn([draft.row for draft in drafts.rows])
    resolved, refused = [], []
    for draft in drafts.rows:
        paper = papers.paper_of(draft.row, draft.line, drafts.sheet.name)
        if isinstance(paper, Mistake):
            refused.append((draft, paper))
            continue
        update: dict[str, str | None] = {"source_id": paper}
        if len(papers_of(draft.row.doi or "")) > 1:  # each stands with its source
            update["doi"] = None
        row = draft.row.model_copy(update=update)
        if not draft.has_own_id:
            row = row.model_copy(update={ID_COLUMNS[drafts.table]: made_id(row, drafts.table)})
        resolved.append(replace(draft, row=with_composition(row)))
    drafts.reject(refused)
    drafts.rows = resolved


def _stored_rows(literature: Literature, own: OwnTable, listed: dict[str, Withdrawn]) -> StoredRows:
    """Return the stored rows of the table; withdrawn ones as they were before, known to be out."""
    after = rows_of(without(literature, listed), own.name)
    known = []
    for row, as_trained in zip(rows_of(literature, own.name), after, strict=True):
        typed = own.rows.get(id_of(row))
        label = (typed or {}).get("source_id", "")
        if label in literature.sources:  # the loader may have joined it with a DOI
            row = row.model_copy(update={"source_id": label})
        origin = SHIPPED_ROW if typed is None else OWN_ROW
        known.append(Known(unconfirmed_row(restored_row(row)), origin, is_out=not as_trained.in_training))
    return StoredRows(known)


def replacement(conflict: Conflict) -> Draft:
    """Return the new row of a conflict as it is written.

    It takes the place and the id of an own row; beside a shipped one it has an id of its own.

    Parameters
    ----------
    conflict : Conflict
        Of the new row and the stored one.
    """
    draft, known = conflict.draft, conflict.known
    table = table_of(draft.row)
    identity = known.identity if known.origin == OWN_ROW else draft.identity
    if known.origin != OWN_ROW and identity == known.identity:
        identity = made_id(draft.row, table)
    return replace(draft, row=draft.row.model_copy(update={ID_COLUMNS[table]: identity}))


def _reject_misfits(plan: Plan) -> None:
    """Reject new rows that would not fit to the others, until the folder loads without mistakes."""
    while mistakes := cross_checks(projected(plan)):
        if not (culprits := _culprits(plan, mistakes)):
            raise InputError(f"{plan.config.into}: the rows do not fit to those that are there", mistakes)
        settled, out = plan.settled, {id(draft) for draft, _ in culprits}
        for conflict in settled.conflicts:
            if id(conflict.draft) in out and conflict.known.origin == SHIPPED_ROW:
                plan.listed.pop(conflict.known.identity, None)
        settled.added = [draft for draft in settled.added if id(draft) not in out]
        settled.conflicts = [conflict for conflict in settled.conflicts if id(conflict.draft) not in out]
        plan.drafts.reject(culprits)


def _culprits(plan: Plan, mistakes: Iterable[Mistake]) -> list[tuple[Draft, Mistake]]:
    """Return the new rows with mistakes between rows, each mistake with its line; a row may have several."""
    new = [(draft, draft.row) for draft in plan.settled.added]
    new += [(conflict.draft, replacement(conflict).row) for conflict in plan.replacing]
    by_id, by_paper = dict[str, int](), dict[str, int]()
    for place, (_, row) in enumerate(new):
        by_id.setdefault(id_of(row), place)
        for paper in papers_of(row.paper):
            by_paper.setdefault(paper, place)
    near = lru_cache(maxsize=1_000)(lambda cell: closest(cell, [row.cell_id for row in plan.literature.cells]))
    culprits = []
    for mistake in mistakes:
        by = by_paper if mistake.table == "sources.csv" else by_id
        if places := [by[row] for row in mistake.rows if row in by]:
            draft, written = new[min(places)]
            mistake = replace(mistake, line=draft.line, table=plan.drafts.sheet.name)
            if isinstance(written, CyclingRow) and mistake.column == "cell_id":
                mistake = replace(mistake, expected=mistake.expected + near(written.cell_id))
            culprits.append((draft, mistake))
    return culprits


def projected(plan: Plan) -> Literature:
    """Return the literature as it would be after the plan.

    Parameters
    ----------
    plan : Plan
        Nothing of it need be written.
    """
    after = with_rows(plan.literature, plan.drafts.table, {id_of(row): row for row in plan.rows})
    after.sources = after.sources | {source.source_id: source for source in plan.sources}
    resolve_papers(after)
    return without(after, plan.listed)


def _written(plan: Plan) -> Added:
    files, rejected = _files_of(plan), rejected_file(plan.drafts.rejected, plan.drafts.sheet.header, plan.config.file)
    write_files({**rejected, **files})
    return Added(plan, list(files), next(iter(rejected), None))


def _files_of(plan: Plan) -> dict[Path, str]:
    """Return the content of each file that changes, in an order that leaves the folder valid at every point.

    Withdrawn shipped rows go before the rows that replace them: both together would count a measurement twice.
    Sources go before the rows that name them.
    """
    folder, files = plan.config.into, dict[Path, str]()
    if plan.listed != read_withdrawn(folder):
        files[folder / WITHDRAWN] = withdrawn_csv(plan.listed)
    new: dict[str, Sequence[Row]] = {"sources": plan.sources, plan.drafts.table: plan.rows}
    for name, rows in new.items():
        for row in rows:
            plan.tables[name].put(row)
        if rows:
            files[folder / f"{name}.csv"] = plan.tables[name].as_csv()
    return files
