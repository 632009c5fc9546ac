"""The command `silion life`: first cycles in, lives and curves out."""

from __future__ import annotations

import argparse
from functools import partial

from cli.options import Commands, add_command, add_options, add_out, load_model, print_mistakes


def add_parser(commands: Commands) -> None:
    """Add `life` to the commands of `silion`.

    Parameters
    ----------
    commands : Commands
        Those of the main parser.
    """
    parser = add_command(
        commands,
        "life",
        "Predict the cycle life of cells from their first cycles, with an interval and the curve to it.",
        "silion life cycles.csv -o lives.csv --at-least 500",
    )
    parser.add_argument(
        "input", metavar="CELLS", help="CSV, TSV, Excel, Parquet or BDF table: cell, cycle and capacity_ah, "
        "capacity_mah or capacity_mah_per_g; ten cycles or more of each cell",
    )  # fmt: skip
    add_out(parser, "CSV to write; curves go to OUT.curves.csv")
    parser.add_argument(
        "--threshold", type=float, default=80.0, metavar="PCT", help="end of life, %% of the initial capacity, "
        "the median of the first five cycles (default 80; a column threshold_pct goes first)",
    )  # fmt: skip
    parser.add_argument(
        "--at-least", type=int, nargs="+", default=[], metavar="N", help="write the probability to outlive N cycles"
    )
    add_options(parser, "level")
    parser.add_argument(
        "--calibrate",
        metavar="FINISHED",
        help="your own cells cycled to the end: they correct and narrow the predictions",
    )
    parser.add_argument(
        "--voltage", metavar="CURVES", help="discharge curves of LFP cells, whose knee capacity alone does not show: "
        "cell, cycle, voltage_v and capacity_ah of cycles 10 and 100",
    )  # fmt: skip
    parser.add_argument(
        "--data", metavar="FOLDER", help="use the life model that `silion train --data FOLDER` learnt; where "
        "there is none, use the folder's finished cells as --calibrate does",
    )  # fmt: skip
    parser.add_argument(
        "--model", metavar="REF", help="trained model of designs: its prediction from a solid-state cell's design "
        "is the prior that the cell's first cycles update (default: none)",
    )  # fmt: skip
    add_options(parser, "raw")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Predict the lives of a table's cells, write them and print the first.

    Parameters
    ----------
    arguments : Namespace
        As `add_parser` declares them.

    Returns
    -------
    int
        Exit code: 1 where cells were rejected.

    Raises
    ------
    ValueError, OSError
        Input or options that cannot be used.
    """
    from models.life.model import load_life_model
    from models.life.prediction import LifeOptions
    from serving.life import life_file, text_lives

    options = LifeOptions(arguments.threshold, arguments.level, tuple(arguments.at_least))
    design_lives = None
    if arguments.model:
        from models.life.design import design_life
        from models.predictor import Predictor

        design_lives = partial(design_life, Predictor(load_model(arguments)))
    model, finished = load_life_model(), arguments.calibrate or None
    if arguments.data:
        from serving.life import life_of_folder

        model, finished, text = life_of_folder(arguments.data, finished)
        print(text)
    result = life_file(
        arguments.input, arguments.out, model, options, finished, design_lives, arguments.voltage or None, arguments.raw
    )
    print(text_lives(result.first, result.cells))
    print(f"[ ]: {100 * arguments.level:g} % interval. All columns: {arguments.out}; curves: {result.curves}")
    if result.notices:
        print("notices:\n" + "\n".join(f"  {text}" for text in sorted(result.notices)))
    return print_mistakes(result.mistakes)
