"""What adding a file would do: rows added, skipped, in conflict, rejected or to confirm; nothing is written here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from features.tables.literature import Literature
from features.tables.mistakes import InputError, Mistake
from features.tables.records import CyclingRow, Provenance, SourceRow
from features.tables.rows import closest
from training.data.integrity import ID_COLUMNS, cross_checks
from training.data.load import resolve_papers
from training.data.withdrawn import Withdrawn, entries, restored_row, without
from training.intake.conflicts import OWN_HOME, SHIPPED_HOME, Conflict, Known, Settled, Shelf, settle
from training.intake.draft import Draft, Drafts, made_id, normalised, read_drafts, table_of
from training.intake.folder import OwnTable, literature_of, own_tables, refuse_quarrels, rows_of
from training.intake.papers import Papers
from training.intake.plausible import Doubt, doubts


@dataclass(frozen=True)
class AddConfig:
    """One `silion data add`.

    Attributes
    ----------
    file : of new rows
    into : the user's data folder
    table : electrolytes, cells or cycling; recognised from the columns where None
    mapping : file of the user's own words for columns
    sheet : of a workbook
    write : else nothing is written
    replace, keep : what becomes of conflicts: the new rows, or those that are there
    confirm : unlikely values are right
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

    def __post_init__(self) -> None:
        if self.replace and self.keep:
            raise InputError("--replace and --keep: choose one, the new rows or those that are there")


@dataclass
class Plan:
    """What adding a file would do.

    Attributes
    ----------
    config, drafts : the wish and the file as read
    literature : shipped and own rows as they are
    tables : the folder's tables as they are
    settled : rows to add, skipped, in conflict
    papers : sources, known and new
    doubts : unlikely values of rows that would be written
    listed : content of `withdrawn.csv`, with the shipped rows that replacements put out
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
        """Whether something must be decided first: a conflict or an unlikely value."""
        undecided = self.settled.conflicts and not (self.config.replace or self.config.keep)
        return bool(undecided or (self.doubts and not self.config.confirm))

    @property
    def replacing(self) -> list[Conflict]:
        """Conflicts whose new row takes the place of the other one."""
        return self.settled.conflicts if self.config.replace else []

    @property
    def rows(self) -> list[Provenance]:
        """Rows to write: new ones, and those that replace others."""
        return [*(draft.row for draft in self.settled.added), *(replacement(each).row for each in self.replacing)]

    @property
    def sources(self) -> list[SourceRow]:
        """Sources to write: new ones that a written row names, and own ones that got a DOI."""
        named = {row.paper for row in self.rows}
        new = [source for identity, source in self.papers.added.items() if identity in named]
        return [*new, *(source for identity, source in self.papers.changed.items() if identity in named)]

    @property
    def remarks(self) -> list[str]:
        """Things worth saying that reject nothing."""
        withdrawn = sorted({row.paper for row in self.rows} & {*self.listed})
        out = [f"paper {paper} is withdrawn: its new rows stay out of training too" for paper in withdrawn]
        return [*self.drafts.header.remarks, *self.papers.remarks, *self.settled.remarks, *out]


def plan_add(config: AddConfig, today: str) -> Plan:
    """Read a file and settle what becomes of each of its rows.

    Raises
    ------
    InputError
        The file or its header, the mapping, or the folder cannot be used.
    """
    drafts = read_drafts(config.file, config.table, config.mapping, config.sheet)
    literature, tables, listed = literature_of(config.into), own_tables(config.into), entries(config.into)
    refuse_quarrels(without(literature, listed), config.into)
    own = frozenset(tables["sources"].rows)
    papers = Papers(literature.sources, own, f"user: {config.file.name}")
    _resolve_papers(drafts, papers)
    settled = settle(drafts, _shelf(drafts.table, literature, tables, listed))
    plan = Plan(config, drafts, literature, tables, settled, papers, listed=dict(listed))
    for conflict in plan.replacing:
        if conflict.known.home == SHIPPED_HOME:
            why = f"replaced by {replacement(conflict).identity}, {papers.told_by}"
            plan.listed[conflict.known.identity] = Withdrawn(conflict.known.identity, why, today)
    _reject_misfits(plan)
    written = [*settled.added, *(conflict.draft for conflict in settled.conflicts if not config.keep)]
    plan.doubts = doubts(written, literature)
    return plan


def _resolve_papers(drafts: Drafts, papers: Papers) -> None:
    """Give every row the id of its paper, its composition and, where the file gives none, its own id."""
    papers.learn([draft.row for draft in drafts.rows])
    resolved = []
    for draft in list(drafts.rows):
        paper = papers.paper_of(draft.row, draft.line, drafts.sheet.name)
        if isinstance(paper, Mistake):
            drafts.reject(draft, paper)
            continue
        row = draft.row.model_copy(update={"source_id": paper})
        if not draft.has_own_id:
            row = row.model_copy(update={ID_COLUMNS[drafts.table]: made_id(row, drafts.table)})
        resolved.append(replace(draft, row=normalised(row)))
    drafts.rows = resolved


def _shelf(table: str, literature: Literature, tables: dict[str, OwnTable], listed: dict[str, Withdrawn]) -> Shelf:
    """Rows of the table that are there; withdrawn ones as they were before, known to be out."""
    identity, now = ID_COLUMNS[table], rows_of(without(literature, listed), table)
    known = []
    for row, still in zip(rows_of(literature, table), now, strict=True):
        typed = tables[table].rows.get(str(getattr(row, identity)))
        home = SHIPPED_HOME if typed is None else OWN_HOME
        label = (typed or {}).get("source_id", "")
        if label in literature.sources:  # the loader may have joined it with a DOI
            row = row.model_copy(update={"source_id": label})
        known.append(Known(restored_row(row), home, is_out=not still.in_training))
    return Shelf(known)


def replacement(conflict: Conflict) -> Draft:
    """The new row of a conflict as it is written: in the place and under the id of an own row, beside a shipped one."""
    draft, known = conflict.draft, conflict.known
    table = table_of(draft.row)
    if known.home == OWN_HOME:
        identity = known.identity
    else:
        identity = made_id(draft.row, table) if draft.identity == known.identity else draft.identity
    return replace(draft, row=draft.row.model_copy(update={ID_COLUMNS[table]: identity}))


def _reject_misfits(plan: Plan) -> None:
    """Reject new rows that would not fit to the others, until the folder loads without mistakes."""
    while True:
        found = cross_checks(projected(plan))
        if not found:
            return
        rejected = [pair for mistake in found if (pair := _culprit(plan, mistake))]
        if not rejected:
            raise InputError(f"{plan.config.into}: the rows do not fit to those that are there", found)
        for draft, mistake in rejected:
            _take_out(plan, draft, mistake)


def _culprit(plan: Plan, mistake: Mistake) -> tuple[Draft, Mistake] | None:
    """The new row a mistake between rows is about, and the mistake with its line."""
    new = [(draft, draft) for draft in plan.settled.added]
    new += [(conflict.draft, replacement(conflict)) for conflict in plan.replacing]
    for draft, written in new:
        identity, got = written.identity, mistake.got
        named = got.endswith(f"in row {identity}") or got.startswith(f"{identity}, which says")
        other = f"which says what {identity} says" in got or f"its cell {identity} is out" in mistake.expected
        of_paper = mistake.table == "sources.csv" and got.endswith(f"in row {written.row.paper}")
        if named or other or of_paper:
            cells = [row.cell_id for row in plan.literature.cells]
            unknown = isinstance(written.row, CyclingRow) and mistake.column == "cell_id"
            near = closest(str(getattr(written.row, "cell_id", "")), cells) if unknown else ""
            expected = f"{mistake.expected}{near}"
            return draft, replace(mistake, line=draft.line, table=plan.drafts.sheet.name, expected=expected)
    return None


def _take_out(plan: Plan, draft: Draft, mistake: Mistake) -> None:
    settled = plan.settled
    for conflict in settled.conflicts:
        if conflict.draft is draft and conflict.known.home == SHIPPED_HOME:
            plan.listed.pop(conflict.known.identity, None)
    settled.added = [each for each in settled.added if each is not draft]
    settled.conflicts = [each for each in settled.conflicts if each.draft is not draft]
    plan.drafts.reject(draft, mistake)


def projected(plan: Plan) -> Literature:
    """The literature as it would be after the plan."""
    table, identity = plan.drafts.table, ID_COLUMNS[plan.drafts.table]
    new = {str(getattr(row, identity)): row for row in plan.rows}
    there = rows_of(plan.literature, table)
    kept = [new.pop(str(getattr(row, identity)), row) for row in there]
    sources = plan.literature.sources | {source.source_id: source for source in plan.sources}
    rows: dict[str, list[Provenance]] = {table: [*kept, *new.values()]}
    after = replace(plan.literature, sources=sources, **rows)  # type: ignore[arg-type]  # rows of their table
    resolve_papers(after)
    return without(after, plan.listed)
