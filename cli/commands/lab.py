"""The commands `silion lab ...`: the measurements of a laboratory of one's own, kept beside the model."""

from __future__ import annotations

import argparse
from pathlib import Path

from cli.options import Commands, add_command, add_options, add_subcommands, print_remarks
from reporting.console import DONE, REFUSED


def add_parser(commands: Commands) -> None:
    """Add `lab` to the commands of `silion`.

    Parameters
    ----------
    commands : Commands
        Those of the main parser.
    """
    parser = add_command(
        commands,
        "lab",
        "Keep what your laboratory measured, for predictions of its designs.",
        "silion lab add cells.xlsx --name mine",
        "It stays in the folder labs/ beside the model store (or in SILION_LABS) and is sent nowhere.",
    )
    subcommands = add_subcommands(parser)
    _declare_add(subcommands)
    listing = add_command(subcommands, "list", "Print the laboratories and what they measured.", "silion lab list")
    listing.set_defaults(run=_list)


def _declare_add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "add",
        "Take a sheet of cells, retentions and conductivities in, whole or not at all.",
        "silion lab add data/examples/my_cells.xlsx --name mine",
        "Columns by our names, by usual names with units, or by --mapping: cells with their ICE, their retention at "
        "several cycles (`Retention after 100 cycles (%)`) and the conductivity of their electrolyte.",
    )
    parser.add_argument("file", metavar="SHEET", help="Excel, CSV, TSV or JSON lines; all filled sheets of a workbook")
    parser.add_argument("--name", default="mine", metavar="NAME", help="name of the laboratory (default mine)")
    parser.add_argument("--sheet", metavar="NAME", help="read this sheet of a workbook only")
    add_options(parser, "mapping")
    parser.add_argument("--replace", action="store_true", help="replace all that the laboratory has")
    parser.add_argument("--confirm", action="store_true", help="say that unlikely values are right")
    parser.set_defaults(run=_add)


def _add(arguments: argparse.Namespace) -> int:
    """Keep a sheet as a laboratory's, and print what it holds."""
    from training.intake.workbooks.laboratory import LabConfig, add_lab, lab_text

    config = LabConfig(
        Path(arguments.file),
        arguments.name,
        arguments.sheet,
        Path(arguments.mapping) if arguments.mapping else None,
        replace=arguments.replace,
        confirm=arguments.confirm,
    )
    laboratory = add_lab(config)
    print_remarks(laboratory.remarks)
    print(lab_text(arguments.name, laboratory))
    return DONE if laboratory.path else REFUSED


def _list(arguments: argparse.Namespace) -> int:
    """Print what each laboratory measured."""
    from models.saved.labs import lab_names, read_lab
    from training.intake.workbooks.laboratory import counts_text

    names = lab_names()
    for name in names:
        print(f"{name}: {counts_text(read_lab(name))}")
    if not names:
        print("no laboratory is kept; add one: silion lab add SHEET.xlsx")
    return DONE
