"""The command `silion formula`: what texts are read as, one JSON object a line."""

from __future__ import annotations

import argparse
import json
import os

from cli.options import Commands, add_command
from reporting.console import DONE, REJECTED


def add_parser(commands: Commands) -> None:
    """Add `formula` to the commands of `silion`.

    Parameters
    ----------
    commands : Commands
        Those of the main parser.
    """
    parser = add_command(
        commands,
        "formula",
        "Print what a formula or name is read as, one JSON object a line.",
        "silion formula 75Li2S-25P2S5 LLZTO",
    )
    parser.add_argument("text", nargs="+", metavar="TEXT", help="formula or name, as papers write it")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the composition of each text, or why it cannot be read; with a question where another one may be meant.

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
    {"text": "Li3PX4", "error": "Li3PX4: cannot read 'X4'; closest known names: LiPON, LiPF6, LiBF4"}
    """
    from features.formulas.misprints import read_as

    readings = []
    for word in arguments.text:
        text = os.fsencode(word).decode("utf-8", "replace")  # a locale of ASCII gives a word's other bytes as they came
        readings.append(read_as(text))
        print(json.dumps(readings[-1], ensure_ascii=False))
    return REJECTED if any("error" in reading for reading in readings) else DONE
