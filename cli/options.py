"""Options and messages that several commands share; nothing heavy is imported before it is needed."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from reporting.console import DONE, REJECTED

if TYPE_CHECKING:
    from features.tables.mistakes import Mistake
    from models.bundle import Bundle
    from training.config import TrainConfig

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""The commands of a parser, to which a further one is added."""


def add_subcommands(parser: argparse.ArgumentParser) -> Commands:
    """Let a command have commands of its own, one of which must be given.

    Parameters
    ----------
    parser : ArgumentParser
        Parser of the command, such as that of `silion data`.
    """
    return parser.add_subparsers(title="commands", required=True, metavar="COMMAND")


class _HelpFormatter(argparse.HelpFormatter):
    """Wraps the description, and leaves the example on its own line to be copied."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if text.startswith("example:"):
            return text
        return super()._fill_text(text, width, indent)


def add_command(commands: Commands, name: str, sentence: str, example: str, more: str = "") -> argparse.ArgumentParser:
    """Add a command with its help: a sentence, an example to copy, and what else there is to know.

    Parameters
    ----------
    commands : Commands
        Those of the parser above.
    name : str
        Word of the command line.
    sentence : str
        What it does, with a full stop; the list of commands shows it as well.
    example : str
        A line that can be run.
    more : str
        Further sentences; none where empty.
    """
    return commands.add_parser(
        name,
        help=sentence,
        description=f"{sentence} {more}".rstrip(),
        epilog=f"example:\n  {example}",
        formatter_class=_HelpFormatter,
    )


def load_model(arguments: argparse.Namespace) -> Bundle:
    """Load the model that `--model` names.

    Parameters
    ----------
    arguments : Namespace
        With `model`: alias, version or folder; None is the champion.

    Raises
    ------
    ModelNotFoundError
        No such model; the message says how to train one.
    """
    from models.bundle import load_bundle
    from models.registry import resolve

    return load_bundle(resolve(arguments.model))


def add_out(
    parser: argparse.ArgumentParser,
    text: str = "CSV, TSV or Parquet to write",
    metavar: str = "OUT",
    *,
    required: bool = True,
) -> None:
    """Add `-o`, `--out`, where an answer is written.

    Parameters
    ----------
    parser : ArgumentParser
        Parser of a command that writes.
    text : str
        Help of the option.
    metavar : str
        What it names: OUT for a table, FILE or FOLDER.
    required : bool
        Whether the command cannot do without.
    """
    parser.add_argument("-o", "--out", required=required, metavar=metavar, help=text)


class _Columns(argparse.Action):
    """Names of columns, each a word of its own or several with commas in one, as `mlflow run` passes them; it passes an
    empty text for none."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:
        names = [name.strip() for name in ",".join(map(str, values or [])).split(",")]
        if len(names) > 1 and not all(names):
            from models.tasks.registry import all_targets

            parser.error(f"{option_string}: got an empty name, expected some of {', '.join(all_targets())}")
        setattr(namespace, self.dest, [name for name in names if name] or None)


OPTIONS: dict[str, dict[str, Any]] = {
    "model": {"metavar": "REF", "help": "model to use: alias, version or folder (default: the champion)"},
    "sheet": {"metavar": "NAME", "help": "sheet of a workbook (default: its first filled one)"},
    "targets": {
        "nargs": "+", "action": _Columns, "metavar": "COLUMN",
        "help": "predict these columns only, such as conductivity_s_per_cm ice_pct",
    },
    "level": {"type": float, "default": 0.9, "help": "share of the values an interval should hold (default 0.9)"},
    "raw": {
        "action": "store_true", "help": "keep texts that a spreadsheet would run as formulas (= + - @ at their "
        "beginning); else ' goes before them",
    },
    "resume": {"action": "store_true", "help": "go on with the chunks an interrupted run had finished"},
    "cluster": {
        "metavar": "ADDRESS", "help": "let the workers of a dask scheduler do it, such as tcp://host:8786, or "
        "'local': one process per core of this machine",
    },
    "mapping": {
        "metavar": "MAP",
        "help": "JSON, CSV or YAML with columns theirs, ours, unit; or THEIRS=OURS, with THEIRS= left out",
    },
    "data": {
        "action": "append", "default": [], "metavar": "FOLDER",
        "help": "a folder of further tables, beside the shipped ones; may repeat",
    },
    "into": {"default": "mydata", "metavar": "FOLDER", "help": "your data folder (default mydata)"},
}  # fmt: skip
"""Options that mean the same in several commands, as `add_argument` takes them."""


def add_options(parser: argparse.ArgumentParser, *names: str, also: str = "") -> None:
    """Add options that several commands have.

    Parameters
    ----------
    parser : ArgumentParser
        Parser of a command.
    *names : str
        Keys of `OPTIONS`, in the order of the help.
    also : str
        Further words of their help.
    """
    for name in names:
        option = OPTIONS[name]
        parser.add_argument(f"--{name}", **option | {"help": option["help"] + also})


def add_recipe(parser: argparse.ArgumentParser, seed: str = "seed of every random step (default 0)") -> None:
    """Add what a training begins from, which `train_config` reads, `--data --public --facts --seed --folds --repeats`,
    and `--jobs`.

    Parameters
    ----------
    parser : ArgumentParser
        Parser of a command that trains.
    seed : str
        Help of `--seed`.
    """
    add_options(parser, "data")
    parser.add_argument(
        "--public", action="append", default=[], metavar="NAME",
        help="a pulled public table to learn conductivity from (obelix, liverpool, laskowski), or pulled: those under "
        "an open licence that are there; may repeat, or a,b",
    )  # fmt: skip
    parser.add_argument(
        "--facts", action="append", default=[], metavar="NAME",
        help="a pulled public table whose conductivities are looked up where they are asked for, and not learned from; "
        "named as for --public",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help=seed)
    parser.add_argument("--folds", type=int, default=5, help="folds of the cross-validation by paper (default 5)")
    parser.add_argument("--repeats", type=int, default=5, help="repeats of the cross-validation by paper (default 5)")
    parser.add_argument("--jobs", type=int, metavar="N", help="processes that fit side by side (default: one per core)")


def train_config(arguments: argparse.Namespace) -> TrainConfig:
    """Return the configuration that the options of a command ask for.

    Parameters
    ----------
    arguments : Namespace
        With the options of `add_recipe`; `tune` in minutes and `tune_anyway` where the command has them.

    Raises
    ------
    InputError
        A value is out of its range.
    """
    from training.config import config_of
    from training.public.requested_tables import asked_tables

    return config_of(
        tuple(folder for folder in arguments.data if folder),
        asked_tables(arguments.public),
        arguments.seed,
        arguments.folds,
        arguments.repeats,
        facts=asked_tables(arguments.facts),
        tune_minutes=getattr(arguments, "tune", 0.0),
        tune_anyway=getattr(arguments, "tune_anyway", False),
    )


def print_remarks(remarks: Iterable[str]) -> None:
    """Print what is worth knowing and rejects nothing, one note a line.

    Parameters
    ----------
    remarks : iterable of str
        Sentences; empty prints nothing.
    """
    for remark in remarks:
        print(f"note: {remark}", file=sys.stderr)


@contextmanager
def note_kept_chunks(out: str) -> Iterator[None]:
    """Print, where the block fails, that finished chunks are kept for `--resume`.

    Parameters
    ----------
    out : str
        Output that the block writes.
    """
    from serving.predict.checkpoint import OutputBusy, folder_of

    try:
        yield
    except OutputBusy:
        raise
    except (KeyboardInterrupt, OSError, ValueError):
        if folder_of(Path(os.path.realpath(out))).exists():
            print_remarks(["finished chunks are kept; the same command with --resume goes on with them"])
        raise


def print_mistakes(mistakes: Sequence[Mistake], rows: int = 0, outcome: str = "rejected") -> int:
    """Print why rows could not be used, and how many there are where only the first mistakes were kept.

    Parameters
    ----------
    mistakes : sequence of Mistake
        The first ones, or all.
    rows : int
        Number of rows that could not be used; 0 where `mistakes` are all.
    outcome : str
        What was done with these rows, for the sentence that counts them.

    Returns
    -------
    int
        Exit code of the command: 1 where there are any.
    """
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    if rows and len({(mistake.table, mistake.line) for mistake in mistakes}) < rows:
        print(f"... these are the first; {rows} rows were {outcome}", file=sys.stderr)
    return REJECTED if mistakes else DONE
