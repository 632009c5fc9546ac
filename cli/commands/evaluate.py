"""The command `silion evaluate`: skill by paper, on given test rows, or of design rules."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cli.options import Commands, add_command, add_recipe, load_model, train_config
from reporting.console import DONE, progress

ROOT = Path(__file__).resolve().parents[2]


def add_parser(commands: Commands) -> None:
    """Add `evaluate` to the commands of `silion`.

    Parameters
    ----------
    commands : Commands
        Those of the main parser.
    """
    parser = add_command(
        commands,
        "evaluate",
        "Measure skill on unseen papers again, from the data; nothing is trained to be kept.",
        "silion evaluate --data mydata",
    )
    add_recipe(parser)
    parser.add_argument(
        "--test",
        metavar="FILE",
        help="judge conductivity on these row ids alone; all that is akin to them is removed from training",
    )
    parser.add_argument(
        "--write-docs",
        "--write-readme",
        dest="write_docs",
        action="store_true",
        help="put tables and verdicts between the marks of docs/skill.md and README.md",
    )
    parser.add_argument(
        "--model",
        metavar="REF",
        help="use the configuration this model was trained with, and say whether its data are these data",
    )
    parser.add_argument(
        "--rules",
        nargs="?",
        const="",
        metavar="OUT",
        help="ask the model the design rules of the literature instead; as CSV too where OUT is given",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure skill again and print it; nothing is trained to be kept.

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
        Data, options or model that cannot be used.
    """
    from training.parallel import processes

    with processes(arguments.jobs):
        if arguments.rules is not None:
            return _evaluate_rules(arguments)
        if arguments.test:
            return _evaluate_test_rows(arguments)
        return _evaluate_by_paper(arguments)


def _evaluate_by_paper(arguments: argparse.Namespace) -> int:
    """Print the skill tables, from the data."""
    from models.tasks.registry import LINK, TASKS
    from training.config import TrainConfig
    from training.data.groups import training_rows
    from training.evaluation.regimes.energies import energy_score
    from training.evaluation.regimes.families import by_family, family_table
    from training.evaluation.regimes.liquid import liquid_steps, liquid_table
    from training.evaluation.regimes.range_only import range_scores, range_table
    from training.evaluation.regimes.regime import measure_regimes, regime_table
    from training.evaluation.score import markdown
    from training.report.skill_docs import write_docs
    from training.train import load_data, measure, steps

    config = train_config(arguments)
    facts: dict[str, Any] = {}
    if arguments.model:
        if config != TrainConfig():
            raise ValueError("--model brings its own data, seed, folds and repeats; leave the other options out")
        facts = load_model(arguments).facts
        config = TrainConfig.from_dict(facts["config"])
    literature = load_data(config)
    with progress(steps(config) + liquid_steps(config)) as step:
        predictions, scores = measure(literature, config, step)
        liquid = liquid_table(literature, config, step)
    ranges = range_scores(literature, predictions, config.level, config.seed)
    if facts:
        is_same = facts["data_hashes"] == literature.hashes
        print(
            "data: the same as the model's"
            if is_same
            else "data: changed since the model was trained; these are the skill of its recipe on the data of today"
        )
    energies = energy_score(predictions[LINK], config.level, config.seed)
    rows, kin = training_rows(literature)[LINK]
    regimes = measure_regimes(
        LINK, rows, kin, predictions[LINK], config.choices[LINK], config.protocol, config.level
    ).scores
    families = by_family(TASKS[LINK].targets[0], predictions[LINK], config.level)
    summaries = [
        markdown(scores), range_table(ranges), *([energies.text] if energies else []),
        f"Ionic conductivity by what is known of the electrolyte:\n{regime_table(regimes, TASKS[LINK].unit)}",
        f"... and by family:\n{family_table(families, TASKS[LINK].unit, config.level)}",
    ]  # fmt: skip
    print("\n\n".join([*summaries, f"A model of its own, judged and used nowhere:\n{liquid}"]))
    if arguments.write_docs:
        for page in write_docs(scores, ROOT, liquid, ranges):
            print(f"written: {page.relative_to(ROOT)}")
    return DONE


def _evaluate_rules(arguments: argparse.Namespace) -> int:
    """Ask design rules of a model, and of one that never saw the papers they came from."""
    from reporting.atomic_files import write_csv
    from training.config import TrainConfig
    from training.rules.ask_model import check_rules
    from training.rules.rule_file import read_checks
    from training.rules.summary import as_table, as_text
    from training.train import load_data

    if arguments.test or arguments.write_docs or train_config(arguments) != TrainConfig():
        raise ValueError("--rules asks a model, with its own data and seed; leave the other options but --model out")
    bundle = load_model(arguments)
    config, checks = TrainConfig.from_dict(bundle.facts["config"]), read_checks()
    with progress(len(checks), "by rule", "rule") as step:
        answers = check_rules(bundle, load_data(config), checks, config.seed, step)
    print(as_text(answers, bundle.facts))
    if arguments.rules:
        print(f"as a table: {write_csv(as_table(answers), Path(arguments.rules))}")
    return DONE


def _evaluate_test_rows(arguments: argparse.Namespace) -> int:
    """Print the skill for conductivity on the rows a file names."""
    from training.evaluation.fixed_split import read_ids
    from training.evaluation.score import sentence
    from training.train import load_data, measure_fixed

    if arguments.model or arguments.write_docs:
        raise ValueError("--test judges the recipe of the other options; leave --model and --write-docs out")
    config, ids = train_config(arguments), read_ids(arguments.test)
    score, split = measure_fixed(load_data(config), config, ids)
    print(f"{len(split.test)} test rows; {len(split.train)} rows to learn from")
    print(f"{split.removed} rows removed from training: they share a paper or a composition with a test row")
    print(sentence(score))
    return DONE
