"""The commands `silion models ...`: list, show, promote, roll back and export registered models."""

from __future__ import annotations

import argparse
import json
import sys

from cli.options import Commands, add_subcommands, load_model
from reporting.console import DONE, REFUSED


def add_parser(commands: Commands) -> None:
    """Add `models` to the commands of `silion`.

    Parameters
    ----------
    commands : Commands
        Those of the main parser.
    """
    parser = commands.add_parser("models", help="registered models")
    subcommands = add_subcommands(parser)
    for declare in (_declare_list, _declare_show, _declare_promote, _declare_rollback, _declare_export):
        declare(subcommands)


def _declare_list(commands: Commands) -> None:
    parser = commands.add_parser("list", help="versions and their aliases")
    parser.set_defaults(run=_list)


def _list(arguments: argparse.Namespace) -> int:
    """Print versions, their aliases and their skill."""
    from models.registry import store_uri, versions
    from models.tasks.registry import TARGETS

    registered = versions()
    if not registered:
        print(f"no model in {store_uri()}; train one with `silion train`")
    for version in registered:
        skill = "; ".join(f"{name}: {value}" for name, value in sorted(version.tags.items()) if name in TARGETS)
        print(f"{version.version:>4}  {', '.join(version.aliases) or '-':<12} run {version.run_id}  {skill}")
    return DONE


def _declare_show(commands: Commands) -> None:
    parser = commands.add_parser("show", help="what a model was trained on, and its skill")
    parser.add_argument("model", nargs="?", metavar="REF")
    parser.add_argument("--json", action="store_true", help="everything the model says of itself")
    parser.set_defaults(run=_show)


def _show(arguments: argparse.Namespace) -> int:
    """Print what a model was trained on, its skill, and what was decided about it."""
    from cli.model_summary import as_text, registered

    facts = load_model(arguments).facts
    whole = json.dumps(facts, indent=1, ensure_ascii=False) if arguments.json else ""
    print(whole or as_text(facts, registered(arguments.model)))
    return DONE


def _declare_promote(commands: Commands) -> None:
    parser = commands.add_parser("promote", help="make a version the champion if it is not worse")
    parser.add_argument("model", nargs="?", metavar="REF", help="alias or version (default: the challenger)")
    parser.add_argument("--force", metavar="REASON", help="promote it whatever the gate says, and keep the reason")
    parser.set_defaults(run=_promote)


def _promote(arguments: argparse.Namespace) -> int:
    """Make a version the champion if it passes the gate, or by force."""
    from training.promotion.promote import promote

    decision = promote(arguments.model, arguments.force)
    print(decision.text, file=sys.stdout if decision.promoted else sys.stderr)
    return DONE if decision.promoted else REFUSED


def _declare_rollback(commands: Commands) -> None:
    parser = commands.add_parser("rollback", help="make the champion before this one the champion again")
    parser.set_defaults(run=_rollback)


def _rollback(arguments: argparse.Namespace) -> int:
    """Make the champion before this one the champion again."""
    from training.promotion.promote import rollback

    taken_back, restored = rollback()
    print(f"version {restored} is the champion again; version {taken_back} was taken back")
    return DONE


def _declare_export(commands: Commands) -> None:
    parser = commands.add_parser("export", help="copy a model to a folder of its own")
    parser.add_argument("model", nargs="?", metavar="REF")
    parser.add_argument("-o", "--out", required=True, metavar="FOLDER")
    parser.set_defaults(run=_export)


def _export(arguments: argparse.Namespace) -> int:
    """Copy a model to a folder of its own and print where it is."""
    from models.registry import export

    print(export(arguments.model, arguments.out))
    return DONE
