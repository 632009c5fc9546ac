"""The command `silion formula`: what texts are read as, one JSON object a line."""

from __future__ import annotations

import argparse
import json

from cli.options import Commands
from reporting.console import DONE, REJECTED


def add_parser(commands: Commands) -> None:
    """Add `formula` to the commands of `silion`.

    Parameters
    ----------
    commands : Commands
        Those of the main parser.
    """
    parser = commands.add_parser("formula", help="what a formula is read as, one JSON object a line")
    parser.add_argument("text", nargs="+", metavar="TEXT")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the composition of each text, or why it cannot be read.

    Parameters
    ----------
    arguments : Namespace
        As `add_parser` declares them.

    Returns
    -------
    int
        Exit code: 1 where a text could not be read.

    Examples
    --------
    >>> code = run(argparse.Namespace(text=["Li3PX4"]))
    {"text": "Li3PX4", "error": "Li3PX4: cannot read 'X4'; closest known names: LiPON, LiPF6, LiPSCl"}
    """
    from features.formulas.reader import FormulaError, read_formula

    code = DONE
    for text in arguments.text:
        try:
            reading = read_formula(text).as_dict()
        except FormulaError as error:
            reading, code = {"text": text, "error": str(error)}, REJECTED
        print(json.dumps(reading, ensure_ascii=False))
    return code
