"""The commands that look after models."""

from __future__ import annotations

import argparse
import json

from reporting.console import DONE


def models_list(arguments: argparse.Namespace) -> int:
    """Versions and their aliases."""
    from models.registry import store_uri, versions
    from models.tasks.registry import TARGETS

    found = versions()
    if not found:
        print(f"no model in {store_uri()}; train one with `silion train`")
    for version in found:
        skill = "; ".join(f"{name}: {value}" for name, value in sorted(version.tags.items()) if name in TARGETS)
        print(f"{version.version:>4}  {', '.join(version.aliases) or '-':<12} run {version.run_id}  {skill}")
    return DONE


def models_show(arguments: argparse.Namespace) -> int:
    """What a model was trained on, its skill, and what was decided about it."""
    from cli.model_summary import as_text, registered
    from models.bundle import load_bundle
    from models.registry import resolve

    facts = load_bundle(resolve(arguments.model)).facts
    whole = json.dumps(facts, indent=1, ensure_ascii=False) if arguments.json else ""
    print(whole or as_text(facts, registered(arguments.model)))
    return DONE


def models_export(arguments: argparse.Namespace) -> int:
    """Copy a model to a folder of its own."""
    from models.registry import export

    print(export(arguments.model, arguments.out))
    return DONE
