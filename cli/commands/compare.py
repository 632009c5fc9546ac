"""The command `silion compare`: two designs of one laboratory beside each other."""

from __future__ import annotations

import argparse

from cli.options import Commands, add_command, add_options, add_out, load_model, print_mistakes, print_remarks


def add_parser(commands: Commands) -> None:
    """Add `compare` to the commands of `silion`.

    Parameters
    ----------
    commands : Commands
        Those of the main parser.
    """
    parser = add_command(
        commands,
        "compare",
        "Compare designs as if one laboratory made and measured them.",
        "silion compare designs.csv -o differences.csv",
        "Writes for each target the difference, its interval, and the probability that design a lies above design b.",
    )
    parser.add_argument("first", metavar="A", help="CSV, TSV, Parquet or Excel table of candidate designs")
    parser.add_argument(
        "second",
        metavar="B",
        nargs="?",
        help="another table: compares each design of A with each of B (default: every pair of A)",
    )
    add_out(parser)
    add_options(parser, "level", "targets", "sheet", "model", "raw")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compare the designs, write the differences and print the first.

    Parameters
    ----------
    arguments : Namespace
        As `add_parser` declares them.

    Returns
    -------
    int
        Exit code: 1 where rows were rejected.

    Raises
    ------
    ValueError, OSError
        Input, options or model that cannot be used.
    """
    from features.tables.sheets import chosen_sheet
    from models.predictor import Predictor
    from serving.decide.compare import compare_files, text_differences

    compared = compare_files(
        chosen_sheet(arguments.first, arguments.sheet),
        arguments.second,
        arguments.out,
        Predictor(load_model(arguments)),
        targets=arguments.targets,
        level=arguments.level,
        raw=arguments.raw,
    )
    print_remarks(compared.remarks)
    print(text_differences(compared.table))
    print(f"[ ]: {100 * arguments.level:g} % interval. All pairs: {arguments.out}")
    for notice in compared.notices:
        print(f"  {notice}")
    return print_mistakes(compared.mistakes, compared.rejected)
