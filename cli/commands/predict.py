"""The command `silion predict`: candidate designs in, predictions out."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cli.options import (
    Commands,
    add_command,
    add_options,
    add_out,
    load_model,
    note_kept_chunks,
    print_mistakes,
    print_remarks,
)
from reporting.console import as_wide_as_the_terminal

if TYPE_CHECKING:
    from models.explain.what_if import Goal
    from models.predictor import Predictor
    from serving.predict.batch import BatchResult


def add_parser(commands: Commands) -> None:
    """Add `predict` to the commands of `silion`.

    Parameters
    ----------
    commands : Commands
        Those of the main parser.
    """
    parser = add_command(
        commands,
        "predict",
        "Predict candidate designs, with intervals, notices and the nearest measurements of the literature.",
        "silion predict designs.csv -o predictions.csv",
    )
    parser.add_argument(
        "input",
        metavar="IN",
        help="CSV, TSV, Parquet or Excel table of candidate designs, or a folder of them, read by name as one",
    )
    add_out(parser)
    parser.add_argument(
        "--page", metavar="FILE", help="write the first 100 designs as one HTML page to mail as well: intervals as "
        "bars, notices, nearest papers"
    )  # fmt: skip
    add_options(parser, "level")
    own = parser.add_mutually_exclusive_group()
    own.add_argument(
        "--calibrate",
        metavar="MINE",
        help="measured designs of your own laboratory: they correct and narrow the predictions",
    )
    own.add_argument("--lab", metavar="NAME", help="use the measurements that `silion lab add` keeps under this name")
    add_options(parser, "targets", also="; activation_energy_ev is written only where it stands here")
    parser.add_argument(
        "--cycles", type=int, nargs="+", default=[], metavar="N",
        help="predict retention and capacity after these cycles as well",
    )  # fmt: skip
    parser.add_argument(
        "--above", nargs="+", default=[], metavar="TARGET=LIMIT",
        help="write the probability that the target lies above the limit, such as conductivity_s_per_cm=1e-4",
    )  # fmt: skip
    parser.add_argument(
        "--best", type=int, metavar="K", help="show the K best, and how likely each design is to be among them, by "
        "the first of --targets, or by all of --goal; up to 10,000 designs"
    )  # fmt: skip
    parser.add_argument(
        "--goal", nargs="+", default=[], metavar="GOAL",
        help="write how probably a design reaches all of these, such as 'ice_pct>85' 'conductivity_s_per_cm>1e-3', "
        "and name the designs that no other beats in all of them",
    )  # fmt: skip
    parser.add_argument(
        "--stack", nargs="+", default=[], metavar="LAYER=NUMBER",
        help="write Wh/kg and Wh/L of each design's stack, from its columns and the layers stated here, such as "
        "'review electrolyte_density_g_per_cm3=1.865': all layers but the electrolyte as in a review's cell",
    )  # fmt: skip
    parser.add_argument(
        "--precedents", type=int, metavar="K",
        help="nearest measurements of the literature to write into OUT.nearest.csv; 0 writes none "
        "(default 3, and none above 10,000 designs, above 1,000,000 where --targets names no target of cells)",
    )  # fmt: skip
    add_options(parser, "resume", "cluster", "sheet", "raw", "model")
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
    from features.tables.sheets import chosen_sheet
    from models.decisions.choosing import parse_goals
    from models.exceedance import parse_limits
    from models.predictor import Predictor
    from models.saved.labs import lab_file
    from models.tasks.registry import NOT_LEARNED, TARGETS
    from serving.predict.batch import predict_file

    goals = parse_goals(arguments.goal)
    if arguments.page:
        from serving.notebook.prediction_page import check_page  # matplotlib

        check_page(Path(arguments.page))
    if arguments.best is not None and arguments.best < 1:
        raise ValueError(f"--best: got {arguments.best}, expected 1 or more")
    above = {goal.column: goal.value for goal in goals} | parse_limits(arguments.above)
    if clash := [goal.column for goal in goals if above[goal.column] != goal.value]:
        raise ValueError(f"--goal and --above name two limits of {', '.join(clash)}; give one")
    predictor, folder = Predictor(load_model(arguments)), Path(arguments.out).parent
    if arguments.best and not goals and not any(column in TARGETS for column in arguments.targets or TARGETS):
        whys = (f"{column}: {NOT_LEARNED.get(column, 'unknown target')}" for column in arguments.targets)
        raise ValueError(f"--best: {', '.join(whys)}; nothing is ranked by that")
    is_new = not folder.exists()
    with note_kept_chunks(arguments.out):
        result = predict_file(
            chosen_sheet(arguments.input, arguments.sheet),
            arguments.out,
            predictor,
            targets=arguments.targets,
            level=arguments.level,
            calibrate=lab_file(arguments.lab) if arguments.lab else arguments.calibrate or None,
            precedents=arguments.precedents,
            cycles=arguments.cycles,
            above=above,
            stack=arguments.stack,
            resume=arguments.resume,
            cluster=arguments.cluster,
            raw=arguments.raw,
        )
    if is_new:
        print(f"made the folder {folder}")
    if arguments.page:
        from serving.notebook.prediction_page import write_page

        write_page(Path(arguments.page), Path(arguments.out), result, predictor.bundle, arguments.level)
        print(f"page to mail: {arguments.page}")
    if goals or arguments.best:
        return _print_best(result, arguments, predictor, goals)
    return _print_result(result, arguments)


def _print_best(result: BatchResult, arguments: argparse.Namespace, predictor: Predictor, goals: Sequence[Goal]) -> int:
    """Add what is known of the order to the table, print the best and what the order is worth."""
    from models.tasks.registry import TARGETS
    from serving.decide.best_design import choose
    from serving.predict.batch import first_rows
    from serving.predict.prediction_text import SHOWN

    out, count = Path(arguments.out), arguments.best or SHOWN
    targets = [column for column in predictor.bundle.told(arguments.targets) if column in TARGETS]
    table = first_rows(out, result.rows, result.targets)
    chosen = choose(table, out, predictor, targets, goals, count, arguments.level, arguments.raw)
    code = _print_result(replace(result, table=chosen.table.iloc[chosen.order[:count]]), arguments)
    for sentence in chosen.sentences:
        print(f"  {sentence}")
    return code


def _print_result(result: BatchResult, arguments: argparse.Namespace) -> int:
    """Print the first predictions, their notices and what was rejected; return the exit code."""
    from serving.predict.prediction_text import text_notices, text_ranges, text_table

    print_remarks(result.remarks)
    width = shutil.get_terminal_size().columns
    print(text_table(result.table, rows=result.rows, width=width, targets=result.targets))
    print(f"[ ]: {100 * arguments.level:g} % interval. All columns: {arguments.out}")
    for line in text_ranges(result.table):
        print(line)
    if result.nearest:
        print(f"nearest measurements of the literature: {Path(arguments.out).with_name(result.nearest.name)}")
    if notices := text_notices(result.table):
        print(as_wide_as_the_terminal(f"notices:\n{notices}"))
    code = print_mistakes(result.mistakes, result.rejected_rows)
    if result.rejected:
        print(f"rejected rows, with reasons: {result.rejected}", file=sys.stderr)
    return code
