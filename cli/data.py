"""The commands that change a user's data folder: each builds a config, calls one function and returns an exit code."""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path

from reporting.console import DONE, REFUSED, REJECTED


def add(arguments: argparse.Namespace) -> int:
    """New rows into the user's folder, or what would happen."""
    from training.intake.add import AddConfig, add
    from training.intake.text import plan_text

    config = AddConfig(
        Path(arguments.file),
        Path(arguments.into),
        arguments.table,
        Path(arguments.mapping) if arguments.mapping else None,
        arguments.sheet,
        write=arguments.write,
        replace=arguments.replace,
        keep=arguments.keep,
        confirm=arguments.confirm,
    )
    added = add(config, datetime.date.today())
    print(plan_text(added))
    if added.plan.is_refused:
        return REFUSED
    return REJECTED if added.plan.drafts.rejected else DONE


def template(arguments: argparse.Namespace) -> int:
    """A table to fill in."""
    from training.intake.template import template_text, write_template

    if arguments.out is None:
        sys.stdout.write(template_text(arguments.name))
    else:
        write_template(arguments.name, Path(arguments.out))
        print(f"written: {arguments.out}; fill it in, then: silion data add {arguments.out}")
    return DONE


def withdraw(arguments: argparse.Namespace) -> int:
    """A row or a paper out of the next training, or back."""
    from training.intake.text import withdrawal_text
    from training.intake.withdraw import withdraw

    result = withdraw(arguments.id, Path(arguments.into), arguments.why, datetime.date.today(), undo=arguments.undo)
    print(withdrawal_text(arguments.id, result, arguments.into, undo=arguments.undo))
    return DONE
