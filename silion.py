"""The command line: parse, call one room, return an exit code. A command imports its room only when it runs."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.config import TrainConfig

DONE, REJECTED, UNUSABLE, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130
ROOT = Path(__file__).resolve().parent
STOPPED = threading.Event()


def main(argv: list[str] | None = None) -> int:
    """Run a command; the exit code is 0 done, 1 done with rejected rows, 2 unusable input, 3 refused, 130
    interrupted."""
    arguments = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = arguments.command
    if threading.current_thread() is threading.main_thread():
        for each in (signal.SIGINT, signal.SIGTERM):  # a polite kill cleans up like Ctrl-C
            signal.signal(each, _stop)
    try:
        return command(arguments)
    except KeyboardInterrupt:
        print("interrupted: nothing half-written is left", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except (ValueError, OSError) as error:
        print(f"silion: {error}", file=sys.stderr)
        return REFUSED if type(error).__name__ == "BundleError" else UNUSABLE


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
    train.add_argument("--seed", type=int, default=0, help="of every random step (default 0)")
    _add_protocol(train)
    train.add_argument("--report", default="report", metavar="FOLDER", help="where the report goes (default report)")
    train.set_defaults(command=_train)

    predict = commands.add_parser("predict", help="candidate designs in, predictions with intervals and notices out")
    predict.add_argument("input", metavar="IN", help="CSV, TSV or Parquet of candidate designs")
    predict.add_argument("-o", "--out", required=True, metavar="OUT", help="CSV, TSV or Parquet to write")
    predict.add_argument("--level", type=float, default=0.9, help="of the intervals (default 0.9)")
    predict.add_argument("--targets", nargs="+", metavar="COLUMN", help="only these targets")
    _add_model(predict)
    predict.set_defaults(command=_predict)

    explain = commands.add_parser("explain", help="overall importance, and the reasons design by design")
    explain.add_argument("input", nargs="?", metavar="IN", help="candidate designs to explain one by one")
    explain.add_argument("-o", "--out", required=True, metavar="FOLDER", help="where pictures and tables go")
    explain.add_argument("--targets", nargs="+", metavar="COLUMN", help="only these targets")
    _add_model(explain)
    explain.set_defaults(command=_explain)

    evaluate = commands.add_parser("evaluate", help="the skill tables again, from the data, by paper")
    evaluate.add_argument("--data", action="append", default=[], metavar="FOLDER", help="as in train")
    evaluate.add_argument("--seed", type=int, default=0, help="as in train")
    _add_protocol(evaluate)
    evaluate.add_argument("--write-readme", action="store_true", help="put the tables between the marks of README.md")
    evaluate.add_argument(
        "--model",
        metavar="REF",
        help="use the configuration this model was trained with, and say whether its data are these data",
    )
    evaluate.set_defaults(command=_evaluate)

    formula = commands.add_parser("formula", help="what a formula is read as, one JSON object a line")
    formula.add_argument("text", nargs="+", metavar="TEXT")
    formula.set_defaults(command=_formula)

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
    check.set_defaults(command=_data_check)

    dictionary = data.add_parser("dictionary", help="what every column means, from the row models")
    dictionary.add_argument("--write", action="store_true", help="into data/README.md and datapackage.json")
    dictionary.set_defaults(command=_data_dictionary)

    counted = data.add_parser("list", help="what the tables hold: counts and completeness")
    counted.add_argument("--data", action="append", default=[], metavar="FOLDER", help="as in train")
    counted.set_defaults(command=_data_list)

    models = commands.add_parser("models", help="registered models").add_subparsers(
        title="commands", required=True, metavar="COMMAND"
    )
    listed = models.add_parser("list", help="versions and their aliases")
    listed.set_defaults(command=_models_list)
    show = models.add_parser("show", help="what a model was trained on, and its skill")
    show.add_argument("model", nargs="?", metavar="REF")
    show.set_defaults(command=_models_show)
    export = models.add_parser("export", help="copy a model to a folder of its own")
    export.add_argument("model", nargs="?", metavar="REF")
    export.add_argument("-o", "--out", required=True, metavar="FOLDER")
    export.set_defaults(command=_models_export)

    serve = commands.add_parser("serve", help="answer by HTTP on this machine")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    serve.add_argument("--port", type=int, default=8000)
    _add_model(serve)
    serve.set_defaults(command=_serve)
    return parser


def _add_protocol(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--folds", type=int, default=5, help="of the cross-validation by paper (default 5)")
    parser.add_argument("--repeats", type=int, default=5, help="of the cross-validation by paper (default 5)")


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="REF", help="alias, version or exported folder (default: the champion)")


def _config(arguments: argparse.Namespace) -> TrainConfig:
    from training.config import TrainConfig

    return TrainConfig(tuple(arguments.data), arguments.seed, arguments.folds, arguments.repeats)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, nothing elsewhere."""
    from tqdm import tqdm

    with tqdm(total=total, desc="by paper", unit="fit", disable=None, leave=False) as bar:

        def step(count: int) -> None:
            bar.update(count)
            if STOPPED.is_set():
                raise KeyboardInterrupt

        yield step


def _train(arguments: argparse.Namespace) -> int:
    from models.folders import check_folder, whole_folder
    from models.registry import check_store
    from training.report import summary, write_report
    from training.tracking import track
    from training.train import steps, train

    config, folder = _config(arguments), Path(arguments.report)
    check_folder(folder)
    check_store()
    with _progress(steps(config)) as step:
        trained = train(config, step)
    with whole_folder(folder) as aside:
        write_report(trained, aside)
        version = track(trained, aside)
    print(f"skill on papers never seen (90 % intervals):\n{summary(trained.scores)}")
    print(f"report: {folder / 'index.html'}\nmodel: silion version {version}")
    return DONE


def _predict(arguments: argparse.Namespace) -> int:
    from models.bundle import load_bundle
    from models.predictor import Predictor
    from models.registry import resolve
    from serving.batch import predict_file, text_notices, text_table

    predictor = Predictor(load_bundle(resolve(arguments.model)))
    result = predict_file(arguments.input, arguments.out, predictor, targets=arguments.targets, level=arguments.level)
    for remark in result.remarks:
        print(f"note: {remark}", file=sys.stderr)
    print(f"{text_table(result.table)}\n[ ]: {100 * arguments.level:g} % interval. All columns: {arguments.out}")
    print(f"nearest literature rows: {result.nearest.name}")
    if notices := text_notices(result.table):
        print(f"notices:\n{notices}")
    if result.rejected is None:
        return DONE
    print("\n".join(str(mistake) for mistake in result.mistakes), file=sys.stderr)
    print(f"rejected rows, with reasons: {result.rejected}", file=sys.stderr)
    return REJECTED


def _explain(arguments: argparse.Namespace) -> int:
    from features.tables import InputError
    from models.bundle import load_bundle
    from models.explain import explain
    from models.folders import check_folder, whole_folder
    from models.predictor import candidate_frame
    from models.registry import resolve
    from serving.batch import design_names, read_candidates

    folder = Path(arguments.out)
    check_folder(folder)
    bundle = load_bundle(resolve(arguments.model))
    candidates = read_candidates(arguments.input) if arguments.input else None
    designs, names = None, None
    if candidates:
        if not candidates.rows:
            raise InputError(f"{arguments.input}: no row can be used", candidates.mistakes)
        designs, names = candidate_frame(candidates.rows), design_names(candidates)
    with whole_folder(folder) as aside:
        written = explain(bundle, aside, designs, names, arguments.targets)
    print(f"{len(written)} files; look at {folder / 'index.html'}")
    for mistake in candidates.mistakes if candidates else []:
        print(mistake, file=sys.stderr)
    return REJECTED if candidates and candidates.mistakes else DONE


def _evaluate(arguments: argparse.Namespace) -> int:
    from training.config import TrainConfig
    from training.evaluate import markdown
    from training.report import write_readme
    from training.train import load_data, measure, steps

    config = _config(arguments)
    facts = {}
    if arguments.model:
        if config != TrainConfig():
            raise ValueError("--model brings its own data, seed, folds and repeats; leave the other options out")
        from models.bundle import load_bundle
        from models.registry import resolve

        facts = load_bundle(resolve(arguments.model)).facts
        config = TrainConfig.from_dict(facts["config"])
    literature = load_data(config)
    with _progress(steps(config)) as step:
        _, scores = measure(literature, config, step)
    if facts:
        same = facts["data_hashes"] == literature.hashes
        print(
            "data: the same as the model's"
            if same
            else "data: changed since the model was trained; these are the skill of its recipe on the data of today"
        )
    print(markdown(scores))
    if arguments.write_readme:
        write_readme(scores, ROOT / "README.md")
    return DONE


def _formula(arguments: argparse.Namespace) -> int:
    from features.formula import FormulaError, read_formula

    code = DONE
    for text in arguments.text:
        try:
            found = read_formula(text).as_dict()
        except FormulaError as error:
            found, code = {"text": text, "error": str(error)}, REJECTED
        print(json.dumps(found, ensure_ascii=False))
    return code


def _data_check(arguments: argparse.Namespace) -> int:
    from training.check import check

    mistakes, counts = check(Path(arguments.file) if arguments.file else ROOT / "data" / "literature")
    for mistake in mistakes:
        print(mistake)
    found = ", ".join(f"{name} {count}" for name, count in counts.items())
    print(f"{found}: {'no mistakes' if not mistakes else f'{len(mistakes)} mistakes'}")
    return REJECTED if mistakes else DONE


def _data_dictionary(arguments: argparse.Namespace) -> int:
    from features.datapackage import datapackage
    from features.dictionary import BEGIN, END, dictionary, write_between_marks

    if arguments.write:
        write_between_marks(ROOT / "data" / "README.md", BEGIN, END, dictionary())
        folder = ROOT / "data" / "literature"
        described = json.dumps(datapackage(folder), indent=1, ensure_ascii=False)
        (folder / "datapackage.json").write_text(described + "\n", encoding="utf-8")
    else:
        print(dictionary())
    return DONE


def _data_list(arguments: argparse.Namespace) -> int:
    from training.dataset import SHIPPED, load_literature
    from training.inventory import as_text, inventory

    print(as_text(inventory(load_literature([SHIPPED, *arguments.data]))))
    return DONE


def _models_list(arguments: argparse.Namespace) -> int:
    from models.registry import store_uri, versions

    found = versions()
    if not found:
        print(f"no model in {store_uri()}; train one with `silion train`")
    for version in found:
        skill = "; ".join(f"{name}: {value}" for name, value in sorted(version.tags.items()))
        print(f"{version.version:>4}  {', '.join(version.aliases) or '-':<12} run {version.run_id}  {skill}")
    return DONE


def _models_show(arguments: argparse.Namespace) -> int:
    from models.bundle import load_bundle
    from models.registry import resolve

    print(json.dumps(load_bundle(resolve(arguments.model)).facts, indent=1, ensure_ascii=False))
    return DONE


def _models_export(arguments: argparse.Namespace) -> int:
    from models.registry import export

    print(export(arguments.model, arguments.out))
    return DONE


def _serve(arguments: argparse.Namespace) -> int:
    import uvicorn

    from models.bundle import load_bundle
    from models.registry import resolve
    from serving.app import create_app

    app = create_app(load_bundle(resolve(arguments.model)))
    print(f"http://{arguments.host}:{arguments.port}/docs  (stop with Ctrl-C)", flush=True)
    uvicorn.run(app, host=arguments.host, port=arguments.port, log_level="warning")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
