"""The commands `silion data ...`: check and describe tables, and change a data folder of one's own."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
from pathlib import Path

from cli.options import Commands, add_command, add_options, add_out, add_subcommands
from reporting.console import DONE, REFUSED, REJECTED

ROOT = Path(__file__).resolve().parents[2]
TABLES = ("electrolytes", "cells", "cycling")


def add_parser(commands: Commands) -> None:
    """Add `data` to the commands of `silion`.

    Parameters
    ----------
    commands : Commands
        Those of the main parser.
    """
    parser = add_command(
        commands, "data", "Check, describe and extend the tables that models learn from.", "silion data check mydata"
    )
    subcommands = add_subcommands(parser)
    for declare in (
        _declare_check, _declare_dictionary, _declare_list, _declare_atlas,
        _declare_add, _declare_template, _declare_withdraw, _declare_pull,
    ):  # fmt: skip
        declare(subcommands)


def _declare_check(commands: Commands) -> None:
    parser = add_command(
        commands,
        "check",
        "Print every mistake of a table, or of the shipped tables, with line and column.",
        "silion data check mydata/cells.csv",
    )
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="a table (electrolytes, cells, cycling, sources or candidates) or a folder of them",
    )
    parser.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    """Print all mistakes of tables."""
    from training.data.check import check

    remarks = list[str]()
    mistakes, counts = check(Path(arguments.file) if arguments.file else ROOT / "data" / "literature", remarks)
    for line in [*mistakes, *remarks]:
        print(line)
    rows = ", ".join(f"{name} {count}" for name, count in counts.items())
    print(f"{rows}: {'no mistakes' if not mistakes else f'{len(mistakes)} mistakes'}")
    return REJECTED if mistakes else DONE


def _declare_dictionary(commands: Commands) -> None:
    parser = add_command(
        commands, "dictionary", "Print what every column means, with its unit and limits.", "silion data dictionary"
    )
    parser.add_argument("--write", action="store_true", help="write it into data/README.md and datapackage.json")
    parser.set_defaults(run=_dictionary)


def _dictionary(arguments: argparse.Namespace) -> int:
    """Print the meaning of every column, or write it where it is documented."""
    from features.tables.descriptions import BEGIN, END, datapackage, dictionary, write_between_marks

    if not arguments.write:
        print(dictionary())
        return DONE
    write_between_marks(ROOT / "data" / "README.md", BEGIN, END, dictionary())
    folder = ROOT / "data" / "literature"
    description = json.dumps(datapackage(folder), indent=1, ensure_ascii=False)
    (folder / "datapackage.json").write_text(description + "\n", encoding="utf-8")
    return DONE


def _declare_list(commands: Commands) -> None:
    parser = add_command(
        commands, "list", "Print what the tables hold, and what they do not.", "silion data list --data mydata"
    )
    add_options(parser, "data")
    parser.add_argument(
        "--curves", action="store_true",
        help="also the error on unseen papers by number of papers and by how well cells are described (half a minute)",
    )  # fmt: skip
    parser.set_defaults(run=_list)


def _list(arguments: argparse.Namespace) -> int:
    """Print counts and completeness of the tables."""
    from training.data.load import SHIPPED, load_literature
    from training.report.inventory import as_text, inventory

    literature = load_literature([SHIPPED, *arguments.data])
    print(as_text(inventory(literature)))
    if arguments.curves:
        from training.evaluation.learning_curve import both_curves
        from training.report import data_needed

        print(f"\n{data_needed.as_text(*both_curves(literature))}")
    else:
        print("\nerror by number of papers and by how well cells are described: silion data list --curves")
    return DONE


def _declare_atlas(commands: Commands) -> None:
    parser = add_command(
        commands,
        "atlas",
        "Draw every value that models learn from against pressure, size and class, each with its paper.",
        "silion data atlas -o atlas.html",
    )
    add_options(parser, "data")
    add_out(parser, "the page (default atlas.html)", "FILE", required=False)
    parser.add_argument("--output", dest="out", default=argparse.SUPPRESS, help=argparse.SUPPRESS)  # the older word
    parser.set_defaults(run=_atlas, out="atlas.html")


def _atlas(arguments: argparse.Namespace) -> int:
    """Write the data atlas as one page."""
    from reporting.atlas import literature_points, page
    from reporting.atomic_files import atomic_file
    from training.data.load import SHIPPED, load_literature

    table = literature_points(load_literature([SHIPPED, *arguments.data]))
    with atomic_file(Path(arguments.out)) as aside:
        aside.write_text(page(table), encoding="utf-8")
    print(f"{len(table)} values of {table['citation'].nunique()} papers: {arguments.out}")
    return DONE


def _declare_add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "add",
        "Show what a table would add to a folder of your own; with --write, add it.",
        "silion data add new.xlsx --write",
    )
    parser.add_argument(
        "file", metavar="FILE", help="table to add; its columns have our names, usual names with units, or a --mapping"
    )
    add_options(parser, "into")
    parser.add_argument(
        "--table",
        choices=(*TABLES, "cycles"),
        help="kind of table, where its columns do not say it; cycles: of your own cells",
    )
    add_options(parser, "mapping")
    parser.add_argument("--sheet", metavar="NAME", help="sheet of a workbook with several")
    parser.add_argument("--write", action="store_true", help="add the rows; without, only show what would happen")
    conflicts = parser.add_mutually_exclusive_group()
    conflicts.add_argument("--replace", action="store_true", help="keep the new row in a conflict")
    conflicts.add_argument("--keep", action="store_true", help="keep the row that is there in a conflict")
    parser.add_argument("--confirm", action="store_true", help="say that all unlikely values are right")
    parser.add_argument(
        "--confirm-kind",
        action="append",
        default=[],
        metavar="KIND",
        help="say that unlikely values of this kind are right; may repeat (formula, fraction, low, kelvin, milli, far, "
        "areal, twin)",
    )
    parser.set_defaults(run=_add)


def _add(arguments: argparse.Namespace) -> int:
    """Write new rows into the user's folder, or print what would happen."""
    from training.life.own_cells import is_of_cycles

    if is_of_cycles(Path(arguments.file), arguments.table):
        return _add_cycles(arguments)
    from training.intake.add import AddConfig
    from training.intake.plan_text import plan_text
    from training.intake.workbooks.whole import add_whole

    config = AddConfig(
        Path(arguments.file),
        Path(arguments.into),
        arguments.table,
        Path(arguments.mapping) if arguments.mapping else None,
        arguments.sheet,
        write=arguments.write,
        replace=arguments.replace,
        keep=arguments.keep,
        confirm=arguments.confirm,
        confirm_kinds=tuple(arguments.confirm_kind),
    )
    parts = add_whole(config, datetime.date.today())
    print("\n\n".join(plan_text(added) for added in parts))
    if any(added.plan.is_refused for added in parts):
        return REFUSED
    return REJECTED if any(added.plan.drafts.rejected for added in parts) else DONE


def _add_cycles(arguments: argparse.Namespace) -> int:
    """Write cells into the table of cycles of the user's folder, or print what would happen."""
    from training.life.own_cells import add_cells

    added = add_cells(Path(arguments.file), Path(arguments.into), arguments.write, arguments.replace, arguments.keep)
    print(added.text)
    if added.conflicts:
        return REFUSED
    if not arguments.write:
        print("nothing was written; to do it: --write")
    else:
        print(f"to tell lives with them: silion life CELLS.csv -o OUT --data {arguments.into}")
    return REJECTED if added.mistakes else DONE


def _declare_template(commands: Commands) -> None:
    parser = add_command(
        commands,
        "template",
        "Print an empty table to fill in, its columns explained above.",
        "silion data template cells -o new.csv",
    )
    parser.add_argument("name", choices=TABLES, metavar="NAME", help=", ".join(TABLES))
    add_out(parser, "write here instead of printing; never over a file", "FILE", required=False)
    parser.set_defaults(run=_template)


def _template(arguments: argparse.Namespace) -> int:
    """Print or write a table to fill in."""
    from training.intake.template import template_text, write_template

    if arguments.out is None:
        sys.stdout.write(template_text(arguments.name))
    else:
        write_template(arguments.name, Path(arguments.out))
        print(f"written: {arguments.out}; fill it in, then: silion data add {arguments.out}")
    return DONE


def _declare_withdraw(commands: Commands) -> None:
    parser = add_command(
        commands,
        "withdraw",
        "Take a row or a paper out of the next training, or back in.",
        "silion data withdraw 10.1000/xyz --why retracted",
    )
    parser.add_argument("id", metavar="ID", help="id of a row or source, or DOI of a paper")
    parser.add_argument("--why", default="", metavar="TEXT", help="the reason, kept with the row (required)")
    parser.add_argument("--undo", action="store_true", help="take it back into training")
    add_options(parser, "into")
    parser.set_defaults(run=_withdraw)


def _withdraw(arguments: argparse.Namespace) -> int:
    """Take a row or a paper out of the next training, or back."""
    from training.intake.plan_text import withdrawal_text
    from training.intake.withdraw import withdraw

    result = withdraw(arguments.id, Path(arguments.into), arguments.why, datetime.date.today(), undo=arguments.undo)
    print(withdrawal_text(arguments.id, result, arguments.into, undo=arguments.undo))
    return DONE


def _declare_pull(commands: Commands) -> None:
    parser = add_command(
        commands, "pull", "Fetch public tables, checked against their SHA-256.", "silion data pull obelix"
    )
    parser.add_argument(
        "name",
        metavar="NAME",
        nargs="+",
        help="obelix, liverpool, laskowski or polymers (conductivities), or cycling (finished cells)",
    )
    parser.add_argument(
        "--from",
        dest="from_dir",
        metavar="DIR",
        default=os.environ.get("SILION_PUBLIC_FROM"),
        help="copy from a folder instead: no internet needed (default: SILION_PUBLIC_FROM, where it is set)",
    )
    parser.add_argument(
        "--timeout", type=float, default=30.0, metavar="SECONDS", help="without an answer; then give up (default 30)"
    )
    parser.add_argument(
        "--if-reachable",
        action="store_true",
        help="use what lies in the cache; where a table cannot be had, say so and go on without it",
    )
    parser.set_defaults(run=_pull)


def _pull(arguments: argparse.Namespace) -> int:
    """Fetch public tables, or copy them from a folder, and print what they hold."""
    from training.public.requested_tables import pull_reachable

    def pull_one(name: str) -> str:
        return PULLS.get(name, _pull_conductivities)(name, arguments.from_dir, arguments.timeout)

    from_folder = arguments.from_dir is not None
    forgiving = pull_reachable(arguments.name, pull_one, from_folder, arguments.timeout)
    for text in forgiving if arguments.if_reachable else map(pull_one, arguments.name):
        print(text)
    return DONE


def _pull_cycling(name: str, from_dir: str | None, timeout_s: float) -> str:
    from training.life.sets import read_sets
    from training.public.cycling import cycling_summary, pull_cycling

    folder = pull_cycling(from_dir, timeout_s)
    summary = cycling_summary(read_sets(folder).cells["data_set"].tolist())
    return f"{summary}\nkept in {folder}; to make the life model of them: python -m training.life.make"


def _pull_conductivities(name: str, from_dir: str | None, timeout_s: float) -> str:
    from training.public.collect import convert, summary, write_view
    from training.public.sources import pull

    folder = pull(name, from_dir, timeout_s)
    converted = convert([name])[name]
    write_view(converted, folder)
    return (
        f"{summary(name, converted)}\nkept in {folder}; to look at: electrolytes.csv, refused.csv; "
        f"to use: silion train --public {name}"
    )


def _pull_polymers(name: str, from_dir: str | None, timeout_s: float) -> str:
    from training.public.polymers import POLYMERS, polymers_summary, read_polymers
    from training.public.sources import pull_source

    folder = pull_source(POLYMERS, from_dir, timeout_s)
    return (
        f"{polymers_summary(read_polymers(folder))}\nkept in {folder}; no training reads it: the polymer model that "
        "ships was made of it and answers polymers (to make it again: python -m training.polymers.make)"
    )


PULLS = {"cycling": _pull_cycling, "polymers": _pull_polymers}
"""What is pulled in another way than tables of conductivities."""
