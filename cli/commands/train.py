"""The command `silion train`: train, evaluate by paper, track, register; or train again as a run was."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from cli.options import Commands, add_command, add_recipe, print_remarks, train_config
from reporting.console import DONE, REFUSED, progress

if TYPE_CHECKING:
    from features.tables.literature import Literature
    from training.config import TrainConfig
    from training.tuning.nested import Tuning


def add_parser(commands: Commands) -> None:
    """Add `train` to the commands of `silion`.

    Parameters
    ----------
    commands : Commands
        Those of the main parser.
    """
    parser = add_command(
        commands,
        "train",
        "Train on the literature and your own tables, measure skill on unseen papers, and register the model.",
        "silion train --data mydata",
    )
    add_recipe(parser, seed="of every random step (default 0)")
    parser.add_argument("--report", default="report", metavar="FOLDER", help="where the report goes (default report)")
    parser.add_argument("--reproduce", metavar="RUN_ID", help="train as that run was and compare; registers nothing")
    parser.add_argument(
        "--finish", metavar="FOLDER", help="register a trained model that was kept when its training was interrupted"
    )
    parser.add_argument(
        "--tune",
        type=float,
        default=0.0,
        metavar="MINUTES",
        help="search for better recipes, again inside every fold that measures skill; goes on where it was interrupted",
    )
    parser.add_argument(
        "--tune-anyway",
        action="store_true",
        help="tune also with fewer than 200 rows, where the search mostly fits noise",
    )
    parser.add_argument(
        "--tune-folder", metavar="FOLDER", help="where tuning.db keeps the trials (default: beside the MLflow store)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train, evaluate by paper, write the report, register the model, compare it with the champion.

    Parameters
    ----------
    arguments : Namespace
        As `add_parser` declares them.

    Returns
    -------
    int
        Exit code: 3 where a run made again does not come out as it was.

    Raises
    ------
    ValueError, OSError
        Data, options, folder or store that cannot be used.
    """
    from training.parallel import processes

    if arguments.finish:
        return _finish(arguments)
    with processes(arguments.jobs):
        return _reproduce(arguments) if arguments.reproduce else _train(arguments)


def _train(arguments: argparse.Namespace) -> int:
    """Train, write the report and register the model."""
    from training.evaluation.cv_protocol import CvProtocol
    from training.promotion.record import check_disk_space, fit, record
    from training.report.report import summary
    from training.train import load_data

    config, folder = train_config(arguments), Path(arguments.report)
    check_disk_space(folder)
    literature = load_data(config)
    tuning = _tuning(arguments, config, literature) if config.tune_minutes else None
    trained = fit(config, literature, tuning)
    comparison, version = record(trained, folder)
    protocol = CvProtocol(config.folds, config.repeats).text
    print(f"skill on papers never seen, {protocol} (90 % intervals):\n{summary(trained.scores)}")
    if trained.studies:
        from training.tuning.study import summary as tuning_summary

        print(f"tuning:\n{tuning_summary(trained.studies)}")
    if comparison:
        print(comparison)
    print(f"report: {folder / 'index.html'}\nmodel: silion version {version}{_role(version)}")
    _train_lives(arguments.data, config.seed)
    return DONE


def _train_lives(folders: list[str], seed: int) -> None:
    """Learn a life model in each data folder that holds the cycles of cells."""
    from training.data.load import CYCLES

    for folder in map(Path, folders):
        if (folder / CYCLES).is_file():
            from training.promotion.life_run import train_life

            print(train_life(folder, seed))


def _role(version: str) -> str:
    """Say what a version that has just been registered is, and what can be done with it."""
    from models.registry import CHALLENGER, CHAMPION, find

    roles = {
        CHAMPION: ", the champion: predict and serve use it",
        CHALLENGER: ", the challenger; to make it the champion if it is not worse: silion models promote",
    }
    return next((roles[alias] for alias in find(version).aliases if alias in roles), "")


def _finish(arguments: argparse.Namespace) -> int:
    """Register a model that was kept."""
    from training.promotion.unregistered import finish

    folder = Path(arguments.report)
    version = finish(Path(arguments.finish), folder)
    page = folder / "index.html"
    report = page if page.is_file() else f"{folder / 'skill.csv'} (its pages were not written before)"
    print(f"report: {report}\nmodel: silion version {version}{_role(version)}")
    return DONE


def _reproduce(arguments: argparse.Namespace) -> int:
    """Train again as a run was; nothing is registered."""
    from training.config import TrainConfig
    from training.promotion.reproduce import reproduce, retuning, stored_run
    from training.train import steps

    if train_config(arguments) != TrainConfig():
        raise ValueError("--reproduce brings its own data, seed, folds and repeats; leave the other options out")
    stored = stored_run(arguments.reproduce)
    tuning_fits = retuning(stored).more_fits(stored.config.protocol)
    with progress(steps(stored.config) + tuning_fits) as step:
        reproduction = reproduce(stored, step)
    print(reproduction.text)
    return DONE if reproduction.same else REFUSED


def _tuning(arguments: argparse.Namespace, config: TrainConfig, literature: Literature) -> Tuning | None:
    """Return the search asked for; None where no part has rows enough."""
    from training.tuning.nested import Tuning
    from training.tuning.search_space import parts_to_tune, rows_of
    from training.tuning.study import Budget
    from training.tuning.trials import storage_path

    parts, remarks = parts_to_tune(rows_of(literature), config.tune_anyway)
    print_remarks(remarks)
    if not parts:
        return None
    budget = Budget.shared(config.tune_minutes, len(parts), config.protocol)
    return Tuning(parts, budget, storage_path(arguments.tune_folder))
