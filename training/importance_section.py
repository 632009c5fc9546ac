"""Section of the model card on what moves the predictions, and how surely that is known."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from models import pages
from models.explain.overall import Overall
from models.explain.page import NO_SKILL
from models.explain.section import label_of, strength_blocks
from models.explain.written import Written
from models.predictor import PART_OF
from training.card import capital
from training.sections import Blocks
from training.train import Trained


def section(trained: Trained, told: Iterable[Overall], folder: Path) -> Blocks:
    """Importance with its stability, per part; pictures and numbers are written.

    Parameters
    ----------
    told : overall importance of each part
    """
    blocks: Blocks = [
        pages.Heading("What moves the predictions, and how surely"),
        pages.Paragraph(
            "SHAP values say how the model weighs a feature, not what causes what. Beside them stands what papers left "
            "out say: the spread of the models fitted without some of the papers, and the error that is added when a "
            "feature's values come from other papers. 'silion explain -o DIR' draws single features and pairs."
        ),
    ]
    for each in told:
        shown = all(trained.scores[column].shown for column, part in PART_OF.items() if part == each.part)
        written = Written(folder)
        blocks.append(pages.Heading(capital(label_of(each)), 3))
        blocks += strength_blocks(each, "" if shown else NO_SKILL, written)
        written.table(f"{each.part}_groups", each.groups)
    return blocks
