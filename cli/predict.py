"""The command `silion predict`: candidate designs in, predictions out."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cli.messages import print_mistakes, print_remarks
from cli.options import Commands, add_level, add_model, add_targets, load_model
from reporting.console import DONE, REJECTED

if TYPE_CHECKING:
    from serving.predict.batch import BatchResult


def add_parser(commands: Commands) -> None:
    """Add `predict` to the commands of `silion`.

    Parameters
    ----------
    commands : Commands
        Those of the main parser.
    """
    parser = commands.add_parser("predict", help="candidate designs in, predictions with intervals and notices out")
    parser.add_argument(
        "input", metavar="IN", help="CSV, TSV or Parquet of candidate designs, or a folder of them, read by name as one"
    )
    parser.add_argument("-o", "--out", required=True, metavar="OUT", help="CSV, TSV or Parquet to write")
    add_level(parser)
    parser.add_argument(
        "--calibrate", metavar="MINE", help="measured designs of your own laboratory: they move and narrow the others"
    )
    add_targets(parser)
    parser.add_argument(
        "--cycles", type=int, nargs="+", default=[], metavar="N", help="retention after these cycles as well"
    )
    parser.add_argument(
        "--above", nargs="+", default=[], metavar="TARGET=LIMIT",
        help="probability that the target lies above the limit, such as conductivity_s_per_cm=1e-4",
    )  # fmt: skip
    parser.add_argument(
        "--stack", nargs="+", default=[], metavar="LAYER=NUMBER",
        help="Wh/kg and Wh/L of each design's stack, from its columns and the layers stated here, such as 'review "
        "electrolyte_density_g_per_cm3=1.865': all layers but the electrolyte as in a review's cell",
    )  # fmt: skip
    parser.add_argument(
        "--precedents", type=int, metavar="K", help="nearest literature rows, in OUT.nearest.csv; 0 writes none "
        "(default 3, and none above 10,000 designs)",
    )  # fmt: skip
    parser.add_argument("--resume", action="store_true", help="go on with the chunks an interrupted run had finished")
    parser.add_argument(
        "--cluster", metavar="ADDRESS", help="let the workers of a dask scheduler do it, such as tcp://host:8786, or "
        "'local': one process per core of this machine",
    )  # fmt: skip
    add_model(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Predict the designs of a table, write the answers and print the first.

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
    from models.exceedance import parse_limits
    from models.predictor import Predictor
    from serving.predict.batch import predict_file
    from serving.predict.checkpoint import OutputBusy, folder_of

    above = parse_limits(arguments.above)
    predictor = Predictor(load_model(arguments))
    try:
        result = predict_file(
            arguments.input,
            arguments.out,
            predictor,
            targets=arguments.targets,
            level=arguments.level,
            calibrate=arguments.calibrate or None,
            precedents=arguments.precedents,
            cycles=arguments.cycles,
            above=above,
            stack=arguments.stack,
            resume=arguments.resume,
            cluster=arguments.cluster,
        )
    except OutputBusy:
        raise
    except (KeyboardInterrupt, OSError, ValueError):
        if folder_of(Path(os.path.realpath(arguments.out))).exists():
            print("note: finished chunks are kept; the same command with --resume goes on with them", file=sys.stderr)
        raise
    return _print_result(result, arguments)


def _print_result(result: BatchResult, arguments: argparse.Namespace) -> int:
    """Print the first predictions, their notices and what was rejected; return the exit code."""
    from serving.predict.text import text_notices, text_table

    print_remarks(result.remarks)
    print(text_table(result.table, rows=result.rows))
    print(f"[ ]: {100 * arguments.level:g} % interval. All columns: {arguments.out}")
    if result.nearest:
        print(f"nearest literature rows: {result.nearest.name}")
    if notices := text_notices(result.table):
        print(f"notices:\n{notices}")
    if result.rejected is None:
        return DONE
    print_mistakes(result.mistakes, result.rejected_rows)
    print(f"rejected rows, with reasons: {result.rejected}", file=sys.stderr)
    return REJECTED
