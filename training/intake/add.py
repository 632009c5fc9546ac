"""`silion data add`: a file of new rows into the user's folder, whole or not at all."""

from __future__ import annotations

import csv
import datetime
import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.data.withdrawn import WITHDRAWN, as_csv, entries
from training.intake.draft import Drafts
from training.intake.folder import locked, write_files
from training.intake.headers import IGNORED
from training.intake.plan import AddConfig, Plan, plan_add


@dataclass(frozen=True)
class Added:
    """What a command did: its plan, the files it wrote (none in a dry run), and where the rejected rows are."""

    plan: Plan
    written: Sequence[Path] = ()
    rejected: Path | None = None


def add(config: AddConfig, today: datetime.date) -> Added:
    """Plan, and write where that is wanted and nothing is left to decide.

    Raises
    ------
    InputError
        The file, the mapping or the folder cannot be used, or a file cannot be written.
    """
    if not (config.write and config.into.is_dir()):
        plan = plan_add(config, today.isoformat())
        if not config.write or plan.is_refused:
            return Added(plan)
        if not plan.rows:  # no folder is made for nothing
            return _written(plan)
    with locked(config.into):  # what is there may have changed until now: plan again
        plan = plan_add(config, today.isoformat())
        return Added(plan) if plan.is_refused else _written(plan)


def _written(plan: Plan) -> Added:
    files = files_of(plan)
    rejected = rejected_file(plan.drafts, plan.config.file)
    write_files(rejected | files)
    return Added(plan, list(files), next(iter(rejected), None))


def files_of(plan: Plan) -> dict[Path, str]:
    """Content of each file that changes, in an order that leaves the folder valid at every point.

    Withdrawn shipped rows go before the rows that replace them: both together would tell a measurement twice.
    Sources go before the rows that name them.
    """
    folder, table = plan.config.into, plan.tables[plan.drafts.table]
    files = {}
    if plan.listed != entries(folder):
        files[folder / WITHDRAWN] = as_csv(plan.listed)
    if plan.sources:
        for source in plan.sources:
            plan.tables["sources"].put(source)
        files[folder / "sources.csv"] = plan.tables["sources"].as_csv()
    if plan.rows:
        for row in plan.rows:
            table.put(row)
        files[folder / f"{table.name}.csv"] = table.as_csv()
    return files


def rejected_file(drafts: Drafts, file: Path) -> dict[Path, str]:
    """`FILE.rejected.csv` with the rejected rows as they stand in the file, their lines and reasons in front.

    A reject file that is there and holds something else may have been corrected by hand: the next number is taken.
    """
    if not drafts.rejected:
        return {}
    places = [place for place, name in enumerate(drafts.sheet.header) if name not in IGNORED]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["line", "reasons", *(drafts.sheet.header[place] for place in places)])
    for line in sorted(drafts.rejected):
        cells = drafts.rejected[line]
        reasons = "; ".join(
            f"{mistake.column + ': ' if mistake.column else ''}got {mistake.got}, expected {mistake.expected}"
            for mistake in drafts.mistakes
            if mistake.line == line
        )
        kept = [cells[place] for place in places if place < len(cells)]
        writer.writerow([line, reasons, *kept, *cells[len(drafts.sheet.header) :]])
    for number in itertools.count(1):
        path = file.with_name(f"{file.name}.rejected{'' if number == 1 else f'-{number}'}.csv")
        if not path.exists() or path.read_text(encoding="utf-8") == text.getvalue():
            return {path: text.getvalue()}
    return {}
