"""The commands `silion data ...`: check and describe tables, and change a data folder of one's own."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path

from cli.options import Commands, add_data, add_subcommands
from reporting.console import DONE, REFUSED, REJECTED

ROOT = Path(__file__).resolve().parent.parent
TABLES = ("electrolytes", "cells", "cycling")


def add_parser(commands: Commands) -> None:
    """Add `data` to the commands of `silion`.

    Parameters
    ----------
    commands : Commands
        Those of the main parser.
    """
    parser = commands.add_parser("data", help="look after tables")
    subcommands = add_subcommands(parser)
    _declare_check(subcommands)
    _declare_dictionary(subcommands)
    _declare_list(subcommands)
    _declare_add(subcommands)
    _declare_template(subcommands)
    _declare_withdraw(subcommands)
    _declare_pull(subcommands)


def _declare_check(commands: Commands) -> None:
    parser = commands.add_parser("check", help="all mistakes of a table or of the shipped folder")
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

    mistakes, counts = check(Path(arguments.file) if arguments.file else ROOT / "data" / "literature")
    for mistake in mistakes:
        print(mistake)
    rows = ", ".join(f"{name} {count}" for name, count in counts.items())
    print(f"{rows}: {'no mistakes' if not mistakes else f'{len(mistakes)} mistakes'}")
    return REJECTED if mistakes else DONE


def _declare_dictionary(commands: Commands) -> None:
    parser = commands.add_parser("dictionary", help="what every column means, from the row models")
    parser.add_argument("--write", action="store_true", help="into data/README.md and datapackage.json")
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
    parser = commands.add_parser("list", help="what the tables hold: counts and completeness")
    add_data(parser)
    parser.set_defaults(run=_list)


def _list(arguments: argparse.Namespace) -> int:
    """Print counts and completeness of the tables."""
    from training.data.load import SHIPPED, load_literature
    from training.report.inventory import as_text, inventory

    print(as_text(inventory(load_literature([SHIPPED, *arguments.data]))))
    return DONE


def _declare_add(commands: Commands) -> None:
    parser = commands.add_parser("add", help="new rows from CSV, TSV, Excel or JSON lines into a folder of your own")
    parser.add_argument("file", metavar="FILE", help="columns by our names, by usual names with units, or by --mapping")
    _add_into(parser)
    parser.add_argument("--table", choices=TABLES, help="where the columns do not tell it")
    parser.add_argument("--mapping", metavar="MAP", help="JSON, CSV or YAML: their column, our column, unit")
    parser.add_argument("--sheet", metavar="NAME", help="of a workbook with several")
    parser.add_argument("--write", action="store_true", help="do it; without, only show what would happen")
    conflicts = parser.add_mutually_exclusive_group()
    conflicts.add_argument("--replace", action="store_true", help="in a conflict the new row wins")
    conflicts.add_argument("--keep", action="store_true", help="in a conflict the row that is there wins")
    parser.add_argument("--confirm", action="store_true", help="unlikely values are right")
    parser.set_defaults(run=_add)


def _add(arguments: argparse.Namespace) -> int:
    """Write new rows into the user's folder, or print what would happen."""
    from training.intake.add import AddConfig, add
    from training.intake.text import plan_text

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
    )
    added = add(config, datetime.date.today())
    print(plan_text(added))
    if added.plan.is_refused:
        return REFUSED
    return REJECTED if added.plan.drafts.rejected else DONE


def _declare_template(commands: Commands) -> None:
    parser = commands.add_parser("template", help="an empty table to fill, its columns explained above")
    parser.add_argument("name", choices=TABLES, metavar="NAME", help=", ".join(TABLES))
    parser.add_argument("-o", "--out", metavar="FILE", help="write here instead of printing; never over a file")
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
    parser = commands.add_parser("withdraw", help="take a row or a paper out of the next training, and back")
    parser.add_argument("id", metavar="ID", help="of a row, of a source, or the DOI of a paper")
    parser.add_argument("--why", default="", metavar="TEXT", help="the reason, kept with the row (required)")
    parser.add_argument("--undo", action="store_true", help="back into training")
    _add_into(parser)
    parser.set_defaults(run=_withdraw)


def _withdraw(arguments: argparse.Namespace) -> int:
    """Take a row or a paper out of the next training, or back."""
    from training.intake.text import withdrawal_text
    from training.intake.withdraw import withdraw

    result = withdraw(arguments.id, Path(arguments.into), arguments.why, datetime.date.today(), undo=arguments.undo)
    print(withdrawal_text(arguments.id, result, arguments.into, undo=arguments.undo))
    return DONE


def _declare_pull(commands: Commands) -> None:
    parser = commands.add_parser("pull", help="fetch a public conductivity table, checked against its SHA-256")
    parser.add_argument("name", metavar="NAME", help="obelix, liverpool or laskowski")
    parser.add_argument("--from", dest="from_dir", metavar="DIR", help="copy from a folder instead: no internet needed")
    parser.set_defaults(run=_pull)


def _pull(arguments: argparse.Namespace) -> int:
    """Fetch a public table, or copy it from a folder, and print what it holds."""
    from training.public.collect import convert, summary, write_view
    from training.public.sources import pull

    folder = pull(arguments.name, arguments.from_dir)
    converted = convert([arguments.name])[arguments.name]
    write_view(converted, folder)
    print(summary(arguments.name, converted))
    print(
        f"kept in {folder}; to look at: electrolytes.csv, refused.csv; to use: silion train --public {arguments.name}"
    )
    return DONE


def _add_into(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--into", default="mydata", metavar="FOLDER", help="your data folder (default mydata)")
