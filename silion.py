"""The command line: parse, call one room, return an exit code. A command imports its room only when it runs."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable

from cli.data_arguments import declare as declare_intake
from reporting.console import DONE, INTERRUPTED, REFUSED, STOPPED, UNUSABLE


def main(argv: list[str] | None = None) -> int:
    """Run a command; the exit code is 0 done, 1 done with rejected rows, 2 unusable input, 3 refused, 130
    interrupted."""
    arguments = _parser().parse_args(argv)
    room, name = arguments.command.rsplit(".", 1)
    command: Callable[[argparse.Namespace], int] = getattr(importlib.import_module(room), name)
    if threading.current_thread() is threading.main_thread():
        for each in (signal.SIGINT, signal.SIGTERM):  # a polite kill cleans up like Ctrl-C
            signal.signal(each, _stop)
    try:
        return command(arguments)
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
        return REFUSED if type(error).__name__ in ("BundleError", "HashMismatch") else UNUSABLE


def _stop(number: int, frame: object) -> None:
    """Interrupt the command. Raised inside a library's callback the exception may be lost: long work asks again."""
    STOPPED.set()
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="silion", description="Predict what a silicon-anode solid-state cell will do, with intervals and reasons."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="train on the literature, evaluate by paper, track, register")
    train.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="FOLDER",
        help="a folder of further tables, beside the shipped ones; may repeat",
    )
    _add_public(train)
    train.add_argument("--seed", type=int, default=0, help="of every random step (default 0)")
    _add_protocol(train)
    train.add_argument("--report", default="report", metavar="FOLDER", help="where the report goes (default report)")
    train.add_argument("--reproduce", metavar="RUN_ID", help="train as that run was and compare; registers nothing")
    train.add_argument(
        "--tune",
        type=float,
        default=0.0,
        metavar="MINUTES",
        help="search for better recipes, again inside every fold that measures skill; goes on where it was interrupted",
    )
    train.add_argument("--tune-anyway", action="store_true", help="also where fewer than 200 rows mostly teach noise")
    train.add_argument(
        "--tune-folder", metavar="FOLDER", help="where tuning.db keeps the trials (default: beside the MLflow store)"
    )
    train.set_defaults(command="cli.train.train")

    predict = commands.add_parser("predict", help="candidate designs in, predictions with intervals and notices out")
    predict.add_argument(
        "input", metavar="IN", help="CSV, TSV or Parquet of candidate designs, or a folder of them, read by name as one"
    )
    predict.add_argument("-o", "--out", required=True, metavar="OUT", help="CSV, TSV or Parquet to write")
    predict.add_argument("--level", type=float, default=0.9, help="of the intervals (default 0.9)")
    predict.add_argument(
        "--calibrate", metavar="MINE", help="measured designs of your own laboratory: they move and narrow the others"
    )
    predict.add_argument("--targets", nargs="+", metavar="COLUMN", help="only these targets")
    predict.add_argument(
        "--cycles", type=int, nargs="+", default=[], metavar="N", help="retention after these cycles as well"
    )
    predict.add_argument(
        "--above", nargs="+", default=[], metavar="TARGET=LIMIT",
        help="probability that the target lies above the limit, such as conductivity_s_per_cm=1e-4",
    )  # fmt: skip
    predict.add_argument(
        "--stack", nargs="+", default=[], metavar="LAYER=NUMBER",
        help="Wh/kg and Wh/L of each design's stack, from its columns and the layers stated here, such as 'review "
        "electrolyte_density_g_per_cm3=1.865': all layers but the electrolyte as in a review's cell",
    )  # fmt: skip
    predict.add_argument(
        "--precedents", type=int, metavar="K", help="nearest literature rows, in OUT.nearest.csv; 0 writes none "
        "(default 3, and none above 10,000 designs)",
    )  # fmt: skip
    predict.add_argument("--resume", action="store_true", help="go on with the chunks an interrupted run had finished")
    predict.add_argument(
        "--cluster", metavar="ADDRESS", help="let the workers of a dask scheduler do it, such as tcp://host:8786, or "
        "'local': one process per core of this machine",
    )  # fmt: skip
    _add_model(predict)
    predict.set_defaults(command="cli.predict.predict")

    screen = commands.add_parser("screen", help="make the designs of a space, predict them, keep the best")
    screen.add_argument("space", metavar="SPACE", help="YAML file, such as data/examples/argyrodite.yaml")
    screen.add_argument(
        "-o", "--out", required=True, metavar="OUT", help="CSV, TSV or Parquet to write; the page goes beside, OUT.html"
    )
    screen.add_argument("--level", type=float, default=0.9, help="of the intervals (default 0.9)")
    screen.add_argument("--count", action="store_true", help="only say how many designs there are")
    _add_model(screen)
    screen.set_defaults(command="cli.screen.screen")

    explain = commands.add_parser("explain", help="overall importance, and the reasons design by design")
    explain.add_argument("input", nargs="?", metavar="IN", help="designs to explain one by one: a table or a folder")
    explain.add_argument("-o", "--out", required=True, metavar="FOLDER", help="where pictures and tables go")
    explain.add_argument("--targets", nargs="+", metavar="COLUMN", help="only these targets")
    explain.add_argument(
        "--want", nargs="+", default=[], metavar="TARGET>VALUE",
        help="what each design should reach, such as 'ice_pct>85': the smallest changes that do it (quote it: > is the "
        "shell's)",
    )  # fmt: skip
    explain.add_argument(
        "--vary", nargs="+", default=[], metavar="COLUMN", help="columns that may change for --want; at most three do"
    )
    explain.add_argument(
        "--sweep", nargs="+", default=[], metavar="COLUMN",
        help="plot each prediction along this column, such as stack_pressure_mpa, with the literature's measurements",
    )  # fmt: skip
    _add_model(explain)
    explain.set_defaults(command="cli.predict.explain")

    suggest = commands.add_parser("suggest", help="the measurements that would teach the model most")
    suggest.add_argument("input", metavar="CANDIDATES", help="CSV, TSV or Parquet of candidate designs")
    suggest.add_argument("--n", type=int, default=10, help="how many for each target (default 10)")
    suggest.add_argument("-o", "--out", metavar="OUT", help="CSV, TSV or Parquet to write them to")
    suggest.add_argument("--targets", nargs="+", metavar="COLUMN", help="only these targets")
    _add_model(suggest)
    suggest.set_defaults(command="cli.predict.suggest")

    evaluate = commands.add_parser("evaluate", help="the skill tables again, from the data, by paper")
    evaluate.add_argument("--data", action="append", default=[], metavar="FOLDER", help="as in train")
    _add_public(evaluate)
    evaluate.add_argument("--seed", type=int, default=0, help="as in train")
    _add_protocol(evaluate)
    evaluate.add_argument(
        "--test",
        metavar="FILE",
        help="judge conductivity on these row ids alone; all that is akin to them is removed from training",
    )
    evaluate.add_argument("--write-readme", action="store_true", help="put the tables between the marks of README.md")
    evaluate.add_argument(
        "--model",
        metavar="REF",
        help="use the configuration this model was trained with, and say whether its data are these data",
    )
    evaluate.add_argument(
        "--rules",
        nargs="?",
        const="",
        metavar="OUT",
        help="ask the model the design rules of the literature instead; as CSV too where OUT is given",
    )
    evaluate.set_defaults(command="cli.train.evaluate")

    formula = commands.add_parser("formula", help="what a formula is read as, one JSON object a line")
    formula.add_argument("text", nargs="+", metavar="TEXT")
    formula.set_defaults(command="cli.formula.formula")

    data = commands.add_parser("data", help="look after tables").add_subparsers(
        title="commands", required=True, metavar="COMMAND"
    )
    check = data.add_parser("check", help="all mistakes of a table or of the shipped folder")
    check.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="a table (electrolytes, cells, cycling, sources or candidates) or a folder of them",
    )
    check.set_defaults(command="cli.train.data_check")

    dictionary = data.add_parser("dictionary", help="what every column means, from the row models")
    dictionary.add_argument("--write", action="store_true", help="into data/README.md and datapackage.json")
    dictionary.set_defaults(command="cli.formula.data_dictionary")

    counted = data.add_parser("list", help="what the tables hold: counts and completeness")
    counted.add_argument("--data", action="append", default=[], metavar="FOLDER", help="as in train")
    counted.set_defaults(command="cli.train.data_list")

    declare_intake(data)

    pull = data.add_parser("pull", help="fetch a public conductivity table, checked against its SHA-256")
    pull.add_argument("name", metavar="NAME", help="obelix, liverpool or laskowski")
    pull.add_argument("--from", dest="from_dir", metavar="DIR", help="copy from a folder instead: no internet needed")
    pull.set_defaults(command="cli.train.data_pull")

    models = commands.add_parser("models", help="registered models").add_subparsers(
        title="commands", required=True, metavar="COMMAND"
    )
    listed = models.add_parser("list", help="versions and their aliases")
    listed.set_defaults(command="cli.models.models_list")
    show = models.add_parser("show", help="what a model was trained on, and its skill")
    show.add_argument("model", nargs="?", metavar="REF")
    show.add_argument("--json", action="store_true", help="everything the model says of itself")
    show.set_defaults(command="cli.models.models_show")
    promote = models.add_parser("promote", help="make a version the champion if it is not worse")
    promote.add_argument("model", nargs="?", metavar="REF", help="alias or version (default: the challenger)")
    promote.add_argument("--force", metavar="REASON", help="promote it whatever the gate says, and keep the reason")
    promote.set_defaults(command="cli.train.models_promote")
    rollback = models.add_parser("rollback", help="make the champion before this one the champion again")
    rollback.set_defaults(command="cli.train.models_rollback")
    export = models.add_parser("export", help="copy a model to a folder of its own")
    export.add_argument("model", nargs="?", metavar="REF")
    export.add_argument("-o", "--out", required=True, metavar="FOLDER")
    export.set_defaults(command="cli.models.models_export")

    serve = commands.add_parser(
        "serve",
        help="answer by HTTP on this machine",
        epilog="With SILION_TOKEN in the environment only requests that bear this token are answered, and "
        "POST /admin/reload is open to them; without it whoever reaches the address may ask, and nobody reload.",
    )
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    serve.add_argument("--port", type=int, default=8000, help="0 takes any free one (default 8000)")
    serve.add_argument("--workers", type=int, default=1, metavar="N", help="processes that answer (default 1)")
    serve.add_argument("--seconds", type=float, default=30.0, help="for the answer to one request (default 30)")
    serve.add_argument("--max-designs", type=int, default=10_000, help="of one request or file (default 10000)")
    serve.add_argument("--max-body-mb", type=float, default=16.0, help="of one request (default 16)")
    _add_model(serve)
    serve.set_defaults(command="cli.predict.serve")
    return parser


def _add_public(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--public",
        action="append",
        default=[],
        metavar="NAME",
        help="a pulled public table to learn conductivity from (obelix, liverpool, laskowski); may repeat, or a,b",
    )


def _add_protocol(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--folds", type=int, default=5, help="of the cross-validation by paper (default 5)")
    parser.add_argument("--repeats", type=int, default=5, help="of the cross-validation by paper (default 5)")


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="REF", help="alias, version or exported folder (default: the champion)")


if __name__ == "__main__":
    sys.exit(main())
