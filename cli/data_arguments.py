"""The words of `silion data add`, `data template` and `data withdraw`; nothing but argparse is loaded here."""

from __future__ import annotations

import argparse

TABLES = ("electrolytes", "cells", "cycling")


def declare(data: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the three commands to those of `silion data`."""
    add = data.add_parser("add", help="new rows from CSV, TSV, Excel or JSON lines into a folder of your own")
    add.add_argument("file", metavar="FILE", help="columns by our names, by usual names with units, or by --mapping")
    _add_into(add)
    add.add_argument("--table", choices=TABLES, help="where the columns do not tell it")
    add.add_argument("--mapping", metavar="MAP", help="JSON, CSV or YAML: their column, our column, unit")
    add.add_argument("--sheet", metavar="NAME", help="of a workbook with several")
    add.add_argument("--write", action="store_true", help="do it; without, only show what would happen")
    conflicts = add.add_mutually_exclusive_group()
    conflicts.add_argument("--replace", action="store_true", help="in a conflict the new row wins")
    conflicts.add_argument("--keep", action="store_true", help="in a conflict the row that is there wins")
    add.add_argument("--confirm", action="store_true", help="unlikely values are right")
    add.set_defaults(command="cli.data.add")

    template = data.add_parser("template", help="an empty table to fill, its columns explained above")
    template.add_argument("name", choices=TABLES, metavar="NAME", help=", ".join(TABLES))
    template.add_argument("-o", "--out", metavar="FILE", help="write here instead of printing; never over a file")
    template.set_defaults(command="cli.data.template")

    withdraw = data.add_parser("withdraw", help="take a row or a paper out of the next training, and back")
    withdraw.add_argument("id", metavar="ID", help="of a row, of a source, or the DOI of a paper")
    withdraw.add_argument("--why", default="", metavar="TEXT", help="the reason, kept with the row (required)")
    withdraw.add_argument("--undo", action="store_true", help="back into training")
    _add_into(withdraw)
    withdraw.set_defaults(command="cli.data.withdraw")


def _add_into(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--into", default="mydata", metavar="FOLDER", help="your data folder (default mydata)")
