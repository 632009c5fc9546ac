"""The command `silion explain`: overall importance, and the reasons design by design."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from cli.options import Commands, add_command, add_options, add_out, load_model, print_mistakes, print_remarks
from reporting.console import DONE

if TYPE_CHECKING:
    from models.explain.what_if import Questions


def add_parser(commands: Commands) -> None:
    """Add `explain` to the commands of `silion`.

    Parameters
    ----------
    commands : Commands
        Those of the main parser.
    """
    parser = add_command(
        commands,
        "explain",
        "Say what moves the predictions: overall, and design by design.",
        "silion explain designs.csv -o why/",
    )
    parser.add_argument("input", nargs="?", metavar="IN", help="designs to explain one by one: a table or a folder")
    add_out(parser, "where pictures and tables go", "FOLDER")
    add_options(parser, "targets")
    parser.add_argument(
        "--want", nargs="+", default=[], metavar="TARGET>VALUE",
        help="find the smallest changes of each design that reach this, such as 'ice_pct>85' (with the "
        "quotes, as > is the shell's)",
    )  # fmt: skip
    parser.add_argument(
        "--vary", nargs="+", default=[], metavar="COLUMN", help="columns that may change for --want; at most three do"
    )
    parser.add_argument(
        "--sweep", nargs="+", default=[], metavar="COLUMN",
        help="plot each prediction along this column, such as stack_pressure_mpa, with the literature's measurements",
    )  # fmt: skip
    add_options(parser, "sheet", "model", "raw")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write a folder of pictures and tables that explain a model, and designs where a table of them is given.

    Parameters
    ----------
    arguments : Namespace
        As `add_parser` declares them.

    Returns
    -------
    int
        Exit code: 1 where rows were left out.

    Raises
    ------
    ValueError, OSError
        Input, options, folder or model that cannot be used.
    """
    from features.tables.sheets import chosen_sheet
    from reporting.atomic_files import atomic_output_folder, check_folder
    from reporting.explain.explanation_page import explain

    folder = Path(arguments.out)
    check_folder(folder)
    questions = _questions(arguments)
    bundle, page = load_model(arguments), folder / "index.html"
    if not arguments.input:
        with atomic_output_folder(folder) as aside:
            written = explain(bundle, aside, targets=arguments.targets)
        print(f"{len(written)} files; look at {page}")
        return DONE
    from serving.predict.designs_to_explain import explain_file

    source = chosen_sheet(arguments.input, arguments.sheet)
    with atomic_output_folder(folder) as aside:
        result = explain_file(source, aside, bundle, arguments.targets, questions, arguments.raw)
    print_remarks(result.remarks)
    print(f"{len(result.written)} files; look at {page}")
    return print_mistakes(result.mistakes, result.rejected_rows, "left out")


def _questions(arguments: argparse.Namespace) -> Questions:
    """Return what `--want`, `--vary` and `--sweep` ask; they need a table of designs."""
    from models.explain.what_if import Goal, Questions, check_vary

    wants, vary = tuple(Goal.parse(text) for text in arguments.want), tuple(check_vary(arguments.vary))
    questions = Questions(wants, vary, tuple(check_vary(arguments.sweep, "--sweep")))
    if bool(wants) != bool(vary):
        raise ValueError("--want and --vary go together: what to reach, and the columns that may change for it")
    if (wants or questions.sweeps) and not arguments.input:
        raise ValueError("--want and --sweep ask about designs; give a table of them")
    return questions
