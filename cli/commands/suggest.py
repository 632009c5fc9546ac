"""The command `silion suggest`: the measurements that would teach the model most."""

from __future__ import annotations

import argparse
import sys

from cli.options import Commands, add_command, add_options, add_out, load_model, print_mistakes, print_remarks


def add_parser(commands: Commands) -> None:
    """Add `suggest` to the commands of `silion`.

    Parameters
    ----------
    commands : Commands
        Those of the main parser.
    """
    parser = add_command(
        commands, "suggest", "Name the measurements that would teach the model most.", "silion suggest designs.csv"
    )
    parser.add_argument("input", metavar="CANDIDATES", help="CSV, TSV, Parquet or Excel table of candidate designs")
    parser.add_argument("--n", type=int, default=10, help="number of measurements for each target (default 10)")
    add_out(parser, required=False)
    add_options(parser, "targets", "sheet", "model", "raw")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Rank candidate designs by what measuring them would teach, and print or write the first.

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
    from serving.predict.suggest import suggest_file, text_suggestions

    predictor = Predictor(load_model(arguments))
    source = chosen_sheet(arguments.input, arguments.sheet)
    result = suggest_file(
        source, predictor, arguments.n, targets=arguments.targets, out=arguments.out, raw=arguments.raw
    )
    print_remarks(result.remarks)
    print("\n".join([text_suggestions(result.table), *result.to_report]))
    if arguments.out:
        print(f"written to {arguments.out}")
    code = print_mistakes(result.mistakes)
    if result.rejected:
        print(f"rejected rows, with reasons: {result.rejected}", file=sys.stderr)
    return code
