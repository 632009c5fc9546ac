"""The commands that make and judge models: each parses nothing, calls one room and returns an exit code."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from reporting.console import DONE, REFUSED, REJECTED, progress

if TYPE_CHECKING:
    from training.config import TrainConfig
    from training.data.literature import Literature
    from training.tuning.nested import Tuning

ROOT = Path(__file__).resolve().parent.parent


def train(arguments: argparse.Namespace) -> int:
    """Train, evaluate by paper, track, register."""
    if arguments.reproduce:
        return _reproduce(arguments)
    from models.registry import check_store
    from reporting.files import check_folder, whole_folder
    from training.evaluation.cv_protocol import Dealing
    from training.evaluation.out_of_fold import judged, write_judged
    from training.promotion.against_champion import comparison_text, steps_against
    from training.promotion.tracking import track
    from training.report.report import report_steps, summary, write_report
    from training.train import load_data, steps_to_train, train

    config, folder = _config(arguments), Path(arguments.report)
    check_folder(folder)
    check_store()
    literature = load_data(config)
    tuning = _tuning(arguments, config, literature) if config.tune_minutes else None
    more, searched = (tuning.more_fits(config.protocol), tuning.steps(config.protocol)) if tuning else (0, 0)
    with ExitStack() as bars:
        step = bars.enter_context(progress(steps_to_train(config, literature) + more))
        if tuning:
            tuning.progress = bars.enter_context(progress(searched, "tuning", "s"))
        trained = train(config, step, literature, tuning)
    with progress(steps_against(trained), "new rows alone") as step:
        compared = comparison_text(trained, step)
    with whole_folder(folder) as aside:
        with progress(report_steps(), "report", "rule") as step:
            write_report(trained, aside, progress=step)
        write_judged(judged(trained.found, config.level), aside)
        (aside / "comparison.txt").write_text(compared + "\n", encoding="utf-8")
        version = track(trained, aside)
    dealt = Dealing(config.folds, config.repeats).text
    print(f"skill on papers never seen, {dealt} (90 % intervals):\n{summary(trained.scores)}")
    if trained.studies:
        from training.tuning.summary import summary as tuned

        print(f"tuning:\n{tuned(trained.studies)}")
    if compared:
        print(compared)
    print(f"report: {folder / 'index.html'}\nmodel: silion version {version}{_what_next(version)}")
    return DONE


def _what_next(version: str) -> str:
    """What a version that has just been registered is, and what can be done with it."""
    from models.registry import CHALLENGER, CHAMPION, find

    said = {
        CHAMPION: ", the champion: predict and serve use it",
        CHALLENGER: ", the challenger; to make it the champion if it is not worse: silion models promote",
    }
    return next((said[alias] for alias in find(version).aliases if alias in said), "")


def _reproduce(arguments: argparse.Namespace) -> int:
    """Train again as a run was; nothing is registered."""
    from training.config import TrainConfig
    from training.promotion.reproduce import reproduce, retuning, stored_run
    from training.train import steps

    if _config(arguments) != TrainConfig():
        raise ValueError("--reproduce brings its own data, seed, folds and repeats; leave the other options out")
    stored = stored_run(arguments.reproduce)
    more = retuning(stored).more_fits(stored.config.protocol)
    with progress(steps(stored.config) + more) as step:
        found = reproduce(stored, step)
    print(found.text)
    return DONE if found.same else REFUSED


def models_promote(arguments: argparse.Namespace) -> int:
    """Make a version the champion if it passes the gate, or by force."""
    from models.champion import AliasError
    from training.promotion.promote import promote

    try:
        decision = promote(arguments.model, arguments.force)
    except AliasError as error:
        print(f"silion: {error}", file=sys.stderr)
        return REFUSED
    print(decision.text, file=sys.stdout if decision.promoted else sys.stderr)
    return DONE if decision.promoted else REFUSED


def models_rollback(arguments: argparse.Namespace) -> int:
    """Make the champion before this one the champion again."""
    from models.champion import AliasError
    from training.promotion.promote import rollback

    try:
        taken_back, restored = rollback()
    except AliasError as error:
        print(f"silion: {error}", file=sys.stderr)
        return REFUSED
    print(f"version {restored} is the champion again; version {taken_back} was taken back")
    return DONE


def evaluate(arguments: argparse.Namespace) -> int:
    """The skill tables again, from the data."""
    from training.config import TrainConfig
    from training.evaluation.score import markdown
    from training.report.report import write_readme
    from training.train import load_data, measure, steps

    if arguments.rules is not None:
        return _evaluate_rules(arguments)
    if arguments.test:
        return _evaluate_fixed(arguments)
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
    with progress(steps(config)) as step:
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


def _evaluate_rules(arguments: argparse.Namespace) -> int:
    """Design rules asked of a model, and of one that never saw the papers they came from."""
    from models.bundle import load_bundle
    from models.registry import resolve
    from reporting.files import write_csv
    from training.config import TrainConfig
    from training.rules.ask_model import as_table, as_text, check_rules
    from training.rules.rule_file import read_checks
    from training.train import load_data

    if arguments.test or arguments.write_readme or _config(arguments) != TrainConfig():
        raise ValueError("--rules asks a model, with its own data and seed; leave the other options but --model out")
    bundle = load_bundle(resolve(arguments.model))
    config, checks = TrainConfig.from_dict(bundle.facts["config"]), read_checks()
    with progress(len(checks), "by rule", "rule") as step:
        found = check_rules(bundle, load_data(config), checks, config.seed, step)
    print(as_text(found, bundle.facts))
    if arguments.rules:
        print(f"as a table: {write_csv(as_table(found), Path(arguments.rules))}")
    return DONE


def _evaluate_fixed(arguments: argparse.Namespace) -> int:
    """Skill for conductivity on the rows a file names."""
    from training.evaluation.fixed_split import read_ids
    from training.evaluation.score import sentence
    from training.train import load_data, measure_fixed

    if arguments.model or arguments.write_readme:
        raise ValueError("--test judges the recipe of the other options; leave --model and --write-readme out")
    config, ids = _config(arguments), read_ids(arguments.test)
    score, split = measure_fixed(load_data(config), config, ids)
    print(f"{len(split.test)} test rows; {len(split.train)} rows to learn from")
    print(f"{split.removed} rows removed from training: they share a paper or a composition with a test row")
    print(sentence(score))
    return DONE


def data_check(arguments: argparse.Namespace) -> int:
    """All mistakes of tables."""
    from training.data.check import check

    mistakes, counts = check(Path(arguments.file) if arguments.file else ROOT / "data" / "literature")
    for mistake in mistakes:
        print(mistake)
    found = ", ".join(f"{name} {count}" for name, count in counts.items())
    print(f"{found}: {'no mistakes' if not mistakes else f'{len(mistakes)} mistakes'}")
    return REJECTED if mistakes else DONE


def data_list(arguments: argparse.Namespace) -> int:
    """What the tables hold."""
    from training.data.literature import SHIPPED
    from training.data.load import load_literature
    from training.report.inventory import as_text, inventory

    print(as_text(inventory(load_literature([SHIPPED, *arguments.data]))))
    return DONE


def data_pull(arguments: argparse.Namespace) -> int:
    """Fetch a public table, or copy it from a folder, and say what it holds."""
    from training.public.collect import convert, summary, write_view
    from training.public.sources import pull

    folder = pull(arguments.name, arguments.from_dir)
    converted = convert([arguments.name])[arguments.name]
    write_view(converted, folder)
    print(summary(arguments.name, converted))
    print(
        f"kept in {folder}; to look at: electrolytes.csv, refused.csv; to use: silion train --public {arguments.name}"
    )
    return DONE


def _tuning(arguments: argparse.Namespace, config: TrainConfig, literature: Literature) -> Tuning | None:
    """The search asked for; None where no part has rows enough."""
    from training.tuning.nested import Tuning
    from training.tuning.space import parts_to_tune, rows_of
    from training.tuning.study import Budget
    from training.tuning.trials import storage_path

    parts, remarks = parts_to_tune(rows_of(literature), config.tune_anyway)
    for remark in remarks:
        print(f"note: {remark}", file=sys.stderr)
    if not parts:
        return None
    budget = Budget.shared(config.tune_minutes, len(parts), config.protocol)
    return Tuning(parts, budget, storage_path(arguments.tune_folder))


def _config(arguments: argparse.Namespace) -> TrainConfig:
    from training.config import CHOICES, PUBLIC_CHOICES, TrainConfig

    public = tuple(dict.fromkeys(name for each in arguments.public for name in each.split(",") if name))
    choices = PUBLIC_CHOICES if public else CHOICES
    data = tuple(arguments.data)
    return TrainConfig(
        data,
        arguments.seed,
        arguments.folds,
        arguments.repeats,
        public=public,
        choices=dict(choices),
        tune_minutes=getattr(arguments, "tune", 0.0),
        tune_anyway=getattr(arguments, "tune_anyway", False),
    )
