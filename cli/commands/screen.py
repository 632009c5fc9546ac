"""The command `silion screen`: makes the designs of a space, predicts them, keeps the best."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cli.options import Commands, add_command, add_options, add_out, load_model, note_kept_chunks, print_remarks
from reporting.console import DONE


def add_parser(commands: Commands) -> None:
    """Add `screen` to the commands of `silion`.

    Parameters
    ----------
    commands : Commands
        Those of the main parser.
    """
    parser = add_command(
        commands,
        "screen",
        "Make the designs of a space, predict them, and keep the best.",
        "silion screen data/examples/argyrodite.yaml -o screened.csv",
    )
    parser.add_argument("space", metavar="SPACE", help="YAML file, such as data/examples/argyrodite.yaml")
    add_out(parser, "CSV, TSV or Parquet to write; the page goes beside, OUT.html")
    add_options(parser, "level")
    parser.add_argument("--count", action="store_true", help="only say how many designs there are")
    add_options(parser, "cluster")
    parser.add_argument(
        "--nearest", type=int, default=0, metavar="K",
        help="nearest measurements of the literature to write into OUT.nearest.csv for each written design and target",
    )  # fmt: skip
    add_options(parser, "resume", "model", "raw")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Predict the designs of a space, write the best and a page about them, print both in short.

    Parameters
    ----------
    arguments : Namespace
        As `add_parser` declares them.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    ValueError, OSError
        Space, options, output or model that cannot be used.
    """
    from serving.screen.space_reader import read_space

    space = read_space(arguments.space)
    print(f"{Path(arguments.space).name}: {space.size:,} designs", file=sys.stderr, flush=True)
    if arguments.count:
        return DONE

    from models.predictor import Predictor
    from reporting.pages import html
    from serving.predict.prediction_text import text_notices, text_ranges, text_table
    from serving.predict.write import whole
    from serving.screen.design_space import CANDIDATE
    from serving.screen.run import screen
    from serving.screen.screening_page import blocks, count_words, labelled, skill_words

    predictor = Predictor(load_model(arguments))
    with note_kept_chunks(arguments.out):
        result = screen(
            space, predictor, arguments.out, level=arguments.level, cluster=arguments.cluster,
            nearest=arguments.nearest, resume=arguments.resume, raw=arguments.raw,
        )  # fmt: skip
    print_remarks(result.remarks)
    page = Path(arguments.out).with_name(f"{Path(arguments.out).name}.html")
    content = html(space.title, blocks(space, result, predictor.bundle, arguments.level))
    with whole(page) as aside:
        aside.write_text(content, encoding="utf-8")
    for sentence in [*count_words(space, result), *skill_words(predictor.bundle, space), *result.worth]:
        print(sentence)
    designs = labelled(space, result.table)
    print(f"design: {' / '.join([CANDIDATE, *space.varied])}")
    print(f"{text_table(designs)}\n[ ]: {100 * arguments.level:g} % interval")
    for line in text_ranges(designs):
        print(line)
    print(f"all columns: {arguments.out}\npage: {page}")
    if result.nearest:
        print(f"nearest measurements of the literature: {page.with_name(result.nearest.name)}")
    if notices := text_notices(designs):
        print(f"notices:\n{notices}")
    return DONE
