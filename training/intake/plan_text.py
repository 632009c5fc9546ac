"""A plan as people read it: counts, rows, conflicts side by side, values to confirm."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from features.tables.columns import choices_of, unit_of
from features.tables.described import coverage, description_text
from features.tables.mistakes import MOST_TOLD, Mistakes
from features.tables.records import CellRow, CyclingRow, ElectrolyteRow, Provenance
from features.tables.sheets import as_text
from models.tasks.first_capacity import BASES, UNNAMED_ANODE, capacity_basis
from models.tasks.ice import has_usual_ice
from reporting.pages import counted
from training.intake.add import Added, Plan, replacement
from training.intake.conflicts import Conflict
from training.intake.draft import Draft
from training.intake.plausible import KINDS
from training.intake.withdraw import Withdrawal

PER_PAPER = 5
"""Unlikely values of one kind and paper that are shown one by one."""
SHOWN = 20
"""Rows of one kind that are listed; the counts are of all."""
_SUMMARY_COLUMNS = {
    ElectrolyteRow: ("electrolyte", "temperature_c", "conductivity_s_per_cm", "activation_energy_ev"),
    CellRow: ("anode", "electrolyte", "ice_pct", "first_capacity_mah_per_g"),
    CyclingRow: ("cell_id", "cycle", "retention_pct", "capacity_mah_per_g"),
}


def plan_text(added: Added) -> str:
    """Return the whole answer of `silion data add`.

    Parameters
    ----------
    added : Added
        Its outcome.
    """
    plan = added.plan
    pieces = [_counts(plan), *_lists(plan), *(f"note: {remark}" for remark in plan.remarks), _end(added)]
    return "\n".join(piece for piece in pieces if piece)


def _counts(plan: Plan) -> str:
    settled, config = plan.settled, plan.config
    fate = (
        "replace the rows that are there" if config.replace else "the rows that are there stay" if config.keep else ""
    )
    unlikely = "unlikely, see below; --confirm if they are right" if plan.open_doubts else "confirmed"
    counts = {
        "added": (len(settled.added), ""),
        "skipped": (len(settled.skipped) + len(plan.drafts.examples), "there already, or an example"),
        "conflicts": (len(settled.conflicts), fate or "choose --replace or --keep"),
        "rejected": (len(plan.drafts.rejected), "wrong, see below"),
        "to confirm": (len({id(doubt.draft) for doubt in plan.doubts}), unlikely),
    }
    lines = [f"  {name:<10} {count:>5}  {why if count else ''}".rstrip() for name, (count, why) in counts.items()]
    return "\n".join(
        [f"{plan.drafts.sheet.name}: {counted(len(plan.drafts.sheet.lines), 'row')} of {plan.drafts.table}", *lines]
    )


def _lists(plan: Plan) -> list[str]:
    settled, drafts = plan.settled, plan.drafts
    new_sources = [source.source_id for source in plan.sources]
    return [
        _listed("added", [_row(draft) for draft in settled.added]),
        _listed("described (of nine descriptors)", _described(plan)),
        _listed("ICE above 100 %, kept", _above_100(plan)),
        _listed("first capacity without its basis", _without_basis(plan)),
        _listed("new or completed sources", new_sources),
        _listed(
            "skipped",
            [
                *(f"line {skipped.draft.line}: {skipped.why}" for skipped in settled.skipped),
                *(f"line {line}: the example of the template" for line in drafts.examples),
            ],
        ),
        _listed("conflicts", [_conflict(conflict) for conflict in settled.conflicts], all_of_them=True),
        _rejected(drafts.mistakes),
        *_doubts(plan),
    ]


def _doubts(plan: Plan) -> list[str]:
    """Return one question for each kind of unlikely values, its rows by paper."""
    texts = []
    for kind, about in KINDS.items():
        of_kind = [doubt for doubt in plan.doubts if doubt.kind == kind]
        if not of_kind:
            continue
        is_open = any(doubt.kind == kind for doubt in plan.open_doubts)
        answer = f"right as they are: --confirm-kind {kind}" if is_open else "confirmed"
        lines = []
        for paper in dict.fromkeys(doubt.draft.row.paper for doubt in of_kind):
            of_paper = [doubt for doubt in of_kind if doubt.draft.row.paper == paper]
            lines += [
                f"line {doubt.draft.line}, {doubt.column}: {doubt.got}; {doubt.why}" for doubt in of_paper[:PER_PAPER]
            ]
            if further := [doubt.draft.line for doubt in of_paper[PER_PAPER:]]:
                lines.append(
                    f"  and {counted(len(further), 'row')} more of {paper}, lines {further[0]} to {further[-1]}"
                )
        texts.append(
            _listed(f"to confirm, {counted(len(of_kind), 'value')}, {about}; {answer}", lines, all_of_them=True)
        )
    return texts


def _listed(title: str, lines: Sequence[str], *, all_of_them: bool = False) -> str:
    if not lines:
        return ""
    listed = lines if all_of_them else lines[:SHOWN]
    more = [f"  ... and {len(lines) - len(listed)} more"] if len(lines) > len(listed) else []
    return "\n".join([f"{title}:", *(f"  {line}" for line in listed), *more])


def _rejected(mistakes: Mistakes) -> str:
    """Return the first mistakes, and how many more there are: the file of the rejected rows has all."""
    lines = [str(mistake) for mistake in islice(mistakes, MOST_TOLD)]
    more = [f"... and {len(mistakes) - MOST_TOLD} more"] if len(mistakes) > MOST_TOLD else []
    return _listed("rejected", [*lines, *more], all_of_them=True)


def _row(draft: Draft) -> str:
    row = draft.row
    values = [_value(row, name) for name in _SUMMARY_COLUMNS[type(row)] if getattr(row, name) is not None]
    return f"line {draft.line}: {draft.identity} ({row.paper}) {', '.join(values)}"


def _described(plan: Plan) -> list[str]:
    """Return how well each new cell is described; nothing of other tables."""
    drafts = [draft for draft in plan.settled.added if isinstance(draft.row, CellRow)]
    if not drafts:
        return []
    shares = coverage(cell.model_dump() for cell in plan.literature.cells if cell.in_training)
    return [f"line {draft.line}: {description_text(draft.row.model_dump(), shares)}" for draft in drafts]


def _above_100(plan: Plan) -> list[str]:
    """Return new prelithiated half cells that gave back more than their first charge put in."""
    return [
        f"line {draft.line}: {_value(draft.row, 'ice_pct')} of a prelithiated half cell; in no training and no figure"
        for draft in plan.settled.added
        if isinstance(draft.row, CellRow) and draft.row.ice_pct is not None and not has_usual_ice(draft.row)
    ]


def _without_basis(plan: Plan) -> list[str]:
    """Return new cells that do not state the basis of their first capacity."""
    lines = []
    for draft in plan.settled.added:
        if not isinstance(draft.row, CellRow) or not draft.row.first_capacity_mah_per_g:
            continue
        basis = capacity_basis(draft.row)
        if basis is not None and basis != UNNAMED_ANODE:
            continue
        effect = f"counts as {BASES[basis]}" if basis else "teaches no first capacity"
        lines.append(
            f"line {draft.line}: {_value(draft.row, 'first_capacity_mah_per_g')}, per gram of what? State "
            f"first_capacity_basis ({', '.join(choices_of(CellRow, 'first_capacity_basis'))}); until then it {effect}"
        )
    return lines


def _value(row: Provenance, name: str) -> str:
    unit = unit_of(type(row), name)
    text = f"{as_text(getattr(row, name))}{'' if unit in ('', '1') else f' {unit}'}"
    return f"{name} {text}" if name == "cycle" else text


def _conflict(conflict: Conflict) -> str:
    """Return both rows side by side, column by column."""
    table = [("column", f"{conflict.known.origin} {conflict.known.identity}", f"line {conflict.draft.line}")]
    table += [
        (difference.column, as_text(difference.stored) or "(nothing)", as_text(difference.new) or "(nothing)")
        for difference in conflict.differences
    ]
    widths = [min(max(len(row[place]) for row in table), 50) for place in (0, 1)]
    lines = [f"{first:<{widths[0]}}  {stored:<{widths[1]}}  {new}" for first, stored, new in table]
    summary = _row(replacement(conflict)).partition(": ")[2]
    return "\n    ".join([f"line {conflict.draft.line} beside {conflict.known.origin} row: {summary}", *lines])


def _end(added: Added) -> str:
    plan = added.plan
    rejected = f"rejected rows, with reasons: {added.rejected}" if added.rejected else ""
    if added.written:
        done = f"written: {', '.join(str(path) for path in added.written)}"
    elif plan.is_refused:
        done = "nothing written: decide first"
    elif plan.config.write:
        done = "nothing new: nothing to write"
    else:
        done = "dry run, nothing written; --write does it"
    return "\n".join(filter(None, [done, rejected]))


def withdrawal_text(row_or_doi: str, result: Withdrawal, folder: str, *, undo: bool) -> str:
    """Return the answer of `silion data withdraw`.

    Parameters
    ----------
    row_or_doi : str
        The id as the user wrote it.
    result : Withdrawal
        The outcome.
    folder : str
        The user's data folder, as written.
    undo : bool
        Whether it was back into training.

    Examples
    --------
    >>> withdrawal_text("E051", Withdrawal(listed=["E051"]), "mydata", undo=False)
    'E051: out of the next training; E051 written into mydata/withdrawn.csv'
    """
    verb, change = ("back in training", "taken out of") if undo else ("out of the next training", "written into")
    lines = []
    if result.own:
        lines.append(
            f"{row_or_doi}: {counted(len(result.own), 'row')} of {folder} {verb}: {', '.join(result.own[:SHOWN])}"
        )
    if result.listed:
        lines.append(f"{row_or_doi}: {verb}; {', '.join(result.listed)} {change} {folder}/withdrawn.csv")
    if not lines:
        lines.append(f"{row_or_doi}: was {'in training' if undo else 'out of training'} already; nothing changed")
    return "\n".join(lines)
