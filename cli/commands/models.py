"""The commands `silion models ...` and `silion store ...`: registered models, and the store that holds them."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from cli.options import Commands, add_command, add_out, add_subcommands, load_model
from reporting.console import DONE, REFUSED, REJECTED


def add_parser(commands: Commands) -> None:
    """Add `models` to the commands of `silion`.

    Parameters
    ----------
    commands : Commands
        Those of the main parser.
    """
    parser = add_command(
        commands, "models", "List, compare, promote and export the registered models.", "silion models list"
    )
    subcommands = add_subcommands(parser)
    for declare in (_declare_list, _declare_show, _declare_promote, _declare_rollback, _declare_export, _declare_mend):
        declare(subcommands)
    parser = add_command(
        commands, "store", "Check, tidy and copy the MLflow store that keeps the models.", "silion store check"
    )
    subcommands = add_subcommands(parser)
    for declare in (_declare_check, _declare_clean, _declare_backup):
        declare(subcommands)


def _declare_list(commands: Commands) -> None:
    parser = add_command(commands, "list", "List the registered versions and their aliases.", "silion models list")
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
    parser = add_command(
        commands,
        "show",
        "Say what a model was trained on, and how well it predicts unseen papers.",
        "silion models show champion",
    )
    parser.add_argument("model", nargs="?", metavar="REF")
    parser.add_argument("--json", action="store_true", help="print everything that the model records, as JSON")
    parser.set_defaults(run=_show)


def _show(arguments: argparse.Namespace) -> int:
    """Print what a model was trained on, its skill, and what was decided about it."""
    from reporting.model_summary import as_text, registered

    facts = load_model(arguments).facts
    if arguments.json:
        print(json.dumps(facts, indent=1, ensure_ascii=False))
    else:
        print(as_text(facts, registered(arguments.model)))
    return DONE


def _declare_promote(commands: Commands) -> None:
    parser = add_command(
        commands,
        "promote",
        "Make a version the champion if it is not worse than the present one.",
        "silion models promote challenger",
    )
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
    parser = add_command(
        commands, "rollback", "Make the champion before the present one the champion again.", "silion models rollback"
    )
    parser.set_defaults(run=_rollback)


def _rollback(arguments: argparse.Namespace) -> int:
    """Make the champion before this one the champion again."""
    from training.promotion.promote import rollback

    taken_back, restored = rollback()
    print(f"version {restored} is the champion again; version {taken_back} was taken back")
    return DONE


def _declare_export(commands: Commands) -> None:
    parser = add_command(
        commands,
        "export",
        "Copy a model to a folder that --model and silion.load read anywhere.",
        "silion models export champion -o model",
    )
    parser.add_argument("model", nargs="?", metavar="REF")
    add_out(parser, "where the copy goes", "FOLDER")
    parser.add_argument("--sign", action="store_true", help="sign the copy with the key in SILION_BUNDLE_KEY")
    parser.set_defaults(run=_export)


def _export(arguments: argparse.Namespace) -> int:
    """Copy a model to a folder of its own and print where it is."""
    from models.registry import export

    print(export(arguments.model, arguments.out, arguments.sign))
    return DONE


def _declare_mend(commands: Commands) -> None:
    parser = add_command(
        commands, "mend", "Use the files beside a local store after it was copied or moved.", "silion models mend"
    )
    parser.set_defaults(run=_mend)


def _mend(arguments: argparse.Namespace) -> int:
    """Rewrite the places of a store's files, and print how many there were."""
    from models.registry import mend_store, store_uri

    print(f"{store_uri()}: {mend_store()} places of files rewritten")
    return DONE


def _declare_check(commands: Commands) -> None:
    parser = add_command(
        commands, "check", "Say what killed trainings and servers left, and what is damaged.", "silion store check"
    )
    parser.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    """Print what `clean` would remove and what somebody has to decide."""
    from models.registry import store_uri
    from training.promotion.upkeep import look

    findings = look()
    for remark in findings.remarks:
        print(f"note: {remark}")
    for leftover in findings.leftovers:
        print(f"left: {leftover.text}")
    if findings.leftovers:
        print(f"{len(findings.leftovers)} leftovers; to remove them: silion store clean")
    elif not findings.remarks:
        print(f"{store_uri()}: nothing is left behind")
    return REJECTED if findings.leftovers or findings.remarks else DONE


def _declare_clean(commands: Commands) -> None:
    parser = add_command(commands, "clean", "Remove what `check` found; asks first.", "silion store clean --yes")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.set_defaults(run=_clean)


def _clean(arguments: argparse.Namespace) -> int:
    """Remove what is left behind, after a yes."""
    from training.promotion.upkeep import look

    leftovers = look().leftovers
    for leftover in leftovers:
        print(f"left: {leftover.text}")
    if not leftovers:
        print("nothing is left behind")
        return DONE
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise ValueError("nothing was removed: no terminal to ask at; --yes removes these without a question")
        if input(f"remove these {len(leftovers)}? [y/N] ").strip().lower() not in ("y", "yes"):
            print("nothing was removed")
            return REFUSED
    for leftover in leftovers:
        leftover.remove()
        print(f"done: {leftover.text}")
    return DONE


def _declare_backup(commands: Commands) -> None:
    parser = add_command(
        commands,
        "backup",
        "Copy a local store with its files to a new folder, also while it is used.",
        "silion store backup backup-2026-12-01",
    )
    parser.add_argument("folder", metavar="FOLDER")
    parser.set_defaults(run=_backup)


def _backup(arguments: argparse.Namespace) -> int:
    """Copy the store and print where the copy is."""
    from training.promotion.upkeep import backup

    copy = backup(Path(arguments.folder))
    print(f"{copy}\nto use it where it stands: MLFLOW_TRACKING_URI=sqlite:///{copy.resolve()}")
    return DONE
