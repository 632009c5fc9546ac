"""Begin and end of every command: parse, run, turn errors into a message and an exit code."""

from __future__ import annotations

import argparse
import atexit
import errno
import gc
import io
import os
import signal
import sys
import threading

from cli.commands import (
    compare,
    data,
    evaluate,
    explain,
    formula,
    lab,
    life,
    models,
    predict,
    screen,
    serve,
    suggest,
    train,
)
from cli.options import add_subcommands
from reporting.console import DONE, INTERRUPTED, REFUSED, STOPPED, UNUSABLE

COMMANDS = (train, predict, life, compare, screen, explain, suggest, evaluate, formula, data, lab, models, serve)
"""Modules with an `add_parser`, in the order of the help. They import nothing heavy before they run."""
REFUSING = {"AliasError", "BundleError", "HashMismatch"}
"""Errors that refuse what is damaged, of another version or overtaken; by name, as importing them takes seconds."""


def main(argv: list[str] | None = None) -> int:
    """Run a command; the exit code is 0 done, 1 done with rejected rows, 2 unusable input, 3 refused, 130
    interrupted.

    Parameters
    ----------
    argv : list of str
        The arguments after `silion`; None takes those this process was started with.

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    SystemExit
        From argparse: after `--help` and `--version` with 0, for arguments it does not know with 2.
    """
    _print_any_character()
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)  # a process that ends need not look for garbage: a second, where MLflow is loaded
    parser = build_parser()
    if "_ARGCOMPLETE" in os.environ:  # the shell asks how a line could go on
        import argcomplete

        argcomplete.autocomplete(parser)
    arguments = parser.parse_args(argv)
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):  # a polite kill cleans up like Ctrl-C
            signal.signal(number, _stop)
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        print("interrupted: every output is whole or absent", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        print(f"silion: {error}{'; make room and run the command again' if full else ''}", file=sys.stderr)
        return UNUSABLE
    except ValueError as error:
        print(f"silion: {error}", file=sys.stderr)
        return REFUSED if type(error).__name__ in REFUSING else UNUSABLE


def _run(arguments: argparse.Namespace) -> int:
    """Run the command; what fails while it stops, such as taking work back from a cluster, is part of stopping."""
    try:
        code: int = arguments.run(arguments)
        return code
    except BaseException:
        if STOPPED.is_set():
            raise KeyboardInterrupt from None
        raise


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; what it parses has the function to call under `run`.

    Examples
    --------
    >>> build_parser().parse_args(["predict", "designs.csv", "-o", "answers.csv"]).level
    0.9
    """
    parser = argparse.ArgumentParser(
        prog="silion", description="Predict what a silicon-anode solid-state cell will do, with intervals and reasons."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = add_subcommands(parser)
    for command in COMMANDS:
        command.add_parser(commands)
    return parser


class _Version(argparse.Action):
    """Print the version of the installed package; it is looked up only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        from importlib.metadata import version

        print(f"silion {version('silion')}")
        parser.exit()


def _print_any_character() -> None:
    """Write what the terminal's encoding does not have as an escape: no command fails on a ° once its work is done."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _stop(number: int, frame: object) -> None:
    """Interrupt the command. Raised inside a library's callback the exception may be lost: long work asks again."""
    STOPPED.set()
    raise KeyboardInterrupt
