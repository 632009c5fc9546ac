"""The command `silion suggest`: the measurements that would teach the model most."""

from __future__ import annotations

import argparse
import sys

from cli.messages import print_mistakes, print_remarks
from cli.options import Commands, add_model, add_targets, load_model
from reporting.console import DONE, REJECTED


def add_parser(commands: Commands) -> None:
    """Add `suggest` to the commands of `silion`.

    Parameters
    ----------
    commands : Commands
        Those of the main parser.
    """
    parser = commands.add_parser("suggest", help="the measurements that would teach the model most")
    parser.add_argument("input", metavar="CANDIDATES", help="CSV, TSV or Parquet of candidate designs")
    parser.add_argument("--n", type=int, default=10, help="how many for each target (default 10)")
    parser.add_argument("-o", "--out", metavar="OUT", help="CSV, TSV or Parquet to write them to")
    add_targets(parser)
    add_model(parser)
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
    from models.predictor import Predictor
    from serving.predict.suggest import suggest_file, text_suggestions

    predictor = Predictor(load_model(arguments))
    result = suggest_file(arguments.input, predictor, arguments.n, targets=arguments.targets, out=arguments.out)
    print_remarks(result.remarks)
    print(text_suggestions(result.table))
    if arguments.out:
        print(f"written to {arguments.out}")
    if not result.mistakes:
        return DONE
    print_mistakes(result.mistakes)
    if result.rejected:
        print(f"rejected rows, with reasons: {result.rejected}", file=sys.stderr)
    return REJECTED
