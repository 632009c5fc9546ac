"""The command that screens a space of designs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reporting.console import DONE


def screen(arguments: argparse.Namespace) -> int:
    """Make the designs of a space, predict them, keep the best."""
    from serving.screen.reader import read_space

    space = read_space(arguments.space)
    print(f"{Path(arguments.space).name}: {space.size:,} designs", file=sys.stderr, flush=True)
    if arguments.count:
        return DONE

    from models.bundle import load_bundle
    from models.predictor import Predictor
    from models.registry import resolve
    from reporting.pages import html
    from serving.predict.text import text_notices, text_table
    from serving.predict.write import whole
    from serving.screen.page import blocks, count_words, labelled, skill_words
    from serving.screen.run import screen as run
    from serving.screen.space import CANDIDATE

    predictor = Predictor(load_bundle(resolve(arguments.model)))
    result = run(space, predictor, arguments.out, level=arguments.level)
    page = Path(arguments.out).with_name(f"{Path(arguments.out).name}.html")
    with whole(page) as aside:
        aside.write_text(
            html(space.title, blocks(space, result, predictor.bundle, arguments.level)), encoding="utf-8"
        )  # fmt: skip
    for words in [*count_words(space, result), *skill_words(predictor.bundle, space)]:
        print(words)
    designs = labelled(space, result.table)
    print(f"design: {' / '.join([CANDIDATE, *space.varied])}")
    print(f"{text_table(designs)}\n[ ]: {100 * arguments.level:g} % interval")
    print(f"all columns: {arguments.out}\npage: {page}")
    if notices := text_notices(designs):
        print(f"notices:\n{notices}")
    return DONE
