"""A plan as people read it: counts, rows, conflicts side by side, values to confirm."""

from __future__ import annotations

from collections.abc import Sequence

from features.tables.columns import unit_of
from features.tables.records import CellRow, CyclingRow, ElectrolyteRow, Provenance
from reporting.pages import counted
from training.intake.add import Added, Plan, replacement
from training.intake.conflicts import Conflict
from training.intake.draft import Draft
from training.intake.files import as_text
from training.intake.withdraw import Withdrawal

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
    pieces = [_counts(plan), *_lists(plan)]
    pieces += [f"note: {remark}" for remark in plan.remarks]
    pieces.append(_end(added))
    return "\n".join(piece for piece in pieces if piece)


def _counts(plan: Plan) -> str:
    settled, config = plan.settled, plan.config
    fate = (
        "replace the rows that are there" if config.replace else "the rows that are there stay" if config.keep else ""
    )
    why = {
        "added": "",
        "skipped": "there already, or an example",
        "conflicts": fate or "choose --replace or --keep",
        "rejected": "wrong, see below",
        "to confirm": "confirmed" if config.confirm else "unlikely, see below; --confirm if they are right",
    }
    counts = {
        "added": len(settled.added),
        "skipped": len(settled.skipped) + len(plan.drafts.examples),
        "conflicts": len(settled.conflicts),
        "rejected": len(plan.drafts.rejected),
        "to confirm": len({id(doubt.draft) for doubt in plan.doubts}),
    }
    lines = [f"  {name:<10} {count:>5}  {why[name] if count else ''}".rstrip() for name, count in counts.items()]
    return "\n".join(
        [f"{plan.drafts.sheet.name}: {counted(len(plan.drafts.sheet.lines), 'row')} of {plan.drafts.table}", *lines]
    )


def _lists(plan: Plan) -> list[str]:
    settled, drafts = plan.settled, plan.drafts
    new_sources = [source.source_id for source in plan.sources]
    return [
        _listed("added", [_row(draft) for draft in settled.added]),
        _listed("new or completed sources", new_sources),
        _listed(
            "skipped",
            [
                *(f"line {skipped.draft.line}: {skipped.why}" for skipped in settled.skipped),
                *(f"line {line}: the example of the template" for line in drafts.examples),
            ],
        ),
        _listed("conflicts", [_conflict(conflict) for conflict in settled.conflicts], all_of_them=True),
        _listed("rejected", [str(mistake) for mistake in drafts.mistakes], all_of_them=True),
        _listed(
            "to confirm",
            [f"line {doubt.draft.line}, {doubt.column}: {doubt.got}; {doubt.why}" for doubt in plan.doubts],
            all_of_them=True,
        ),
    ]


def _listed(title: str, lines: Sequence[str], *, all_of_them: bool = False) -> str:
    if not lines:
        return ""
    shown = lines if all_of_them else lines[:SHOWN]
    more = [f"  ... and {len(lines) - len(shown)} more"] if len(lines) > len(shown) else []
    return "\n".join([f"{title}:", *(f"  {line}" for line in shown), *more])


def _row(draft: Draft) -> str:
    row = draft.row
    values = [_value(row, name) for name in _SUMMARY_COLUMNS[type(row)] if getattr(row, name) is not None]
    return f"line {draft.line}: {draft.identity} ({row.paper}) {', '.join(values)}"


def _value(row: Provenance, name: str) -> str:
    unit = unit_of(type(row), name)
    text = f"{as_text(getattr(row, name))}{'' if unit in ('', '1') else f' {unit}'}"
    return f"{name} {text}" if name == "cycle" else text


def _conflict(conflict: Conflict) -> str:
    """Return both rows side by side, column by column."""
    table = [("column", f"{conflict.known.home} {conflict.known.identity}", f"line {conflict.draft.line}")]
    table += [
        (difference.column, as_text(difference.there) or "(nothing)", as_text(difference.new) or "(nothing)")
        for difference in conflict.differences
    ]
    widths = [min(max(len(row[place]) for row in table), 50) for place in (0, 1)]
    lines = [f"{first:<{widths[0]}}  {there:<{widths[1]}}  {new}" for first, there, new in table]
    summary = _row(replacement(conflict)).partition(": ")[2]
    return "\n    ".join([f"line {conflict.draft.line} beside {conflict.known.home} row: {summary}", *lines])


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


def withdrawal_text(asked: str, result: Withdrawal, folder: str, *, undo: bool) -> str:
    """Return the answer of `silion data withdraw`.

    Parameters
    ----------
    asked : str
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
    verb, other = ("back in training", "taken out of") if undo else ("out of the next training", "written into")
    lines = []
    if result.own:
        lines.append(f"{asked}: {counted(len(result.own), 'row')} of {folder} {verb}: {', '.join(result.own[:SHOWN])}")
    if result.listed:
        lines.append(f"{asked}: {verb}; {', '.join(result.listed)} {other} {folder}/withdrawn.csv")
    if not lines:
        lines.append(f"{asked}: was {'in training' if undo else 'out of training'} already; nothing changed")
    return "\n".join(lines)
