"""Blocks of a page on one design: its prediction taken apart, a sweep of one column, and what would change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from models.bundle import Bundle
from models.explain.counterfactuals import Changes, with_interval
from models.explain.feature_groups import rows_of
from models.explain.lithium_balance import FIRST_CYCLE, HEADINGS, NOTE, Share
from models.explain.measured_beside import feature_of
from models.explain.readings import reading
from models.explain.sweep import Sweep
from models.explain.waterfall import Waterfall
from models.predictor import NO_POINT
from models.tasks.registry import TARGETS, task_of
from reporting import pages
from reporting.atomic_files import Written
from reporting.explain import figures as pictures


def waterfall_blocks(waterfall: Waterfall, name: str, sentence: str, written: Written) -> list[pages.Block]:
    """Draw a prediction taken apart, with its numbers.

    Parameters
    ----------
    waterfall : Waterfall
    name : str
        Of the files, without ending.
    sentence : str
        Goes onto the picture: that no skill is shown yet; empty where it is.
    written : Written
        Folder that the picture and its numbers go to.
    """
    target, top = waterfall.target, waterfall.steps.head(pictures.SHOWN)
    weaker = waterfall.steps.iloc[len(top) :]
    labels = [f"{row.label} = {row.value}" for row in rows_of(top)]
    pieces = top["piece"].to_numpy()
    if len(weaker):
        labels.append(f"the other {len(weaker)} features together")
        pieces = np.append(pieces, weaker["piece"].sum())
    figure = pictures.warned(pictures.waterfall(waterfall, labels, pieces), sentence)
    sign = " " if target.log10 else " + "
    steps = sign.join(waterfall.step_in_words(piece) for piece in pieces)
    ends = f"{target.show(waterfall.low)} to {target.show(waterfall.high)}"
    steps = f"{waterfall.base:.3g}{sign}{steps}"
    if np.isnan(waterfall.predicted):
        text = f"{waterfall.range_of}: {ends} {target.unit}. What moves the model, from the base: {steps}"
    else:
        text = (
            f"From the base to the prediction {target.show(waterfall.predicted)} {target.unit} (90 % interval {ends}): "
            f"{steps} = {waterfall.rebuilt:.3g} {target.unit}"
        )
    caption = f"{waterfall.title}. {text.replace('+ -', '- ').replace('+ +', '+ ')}."
    return [written.picture(name, figure, waterfall.steps, caption)]


def sweep_blocks(bundle: Bundle, sweep: Sweep, name: str, sentence: str, written: Written) -> list[pages.Block]:
    """Draw a sweep, with its numbers and the literature points it shows.

    Parameters
    ----------
    bundle : Bundle
        Model that was swept.
    sweep : Sweep
    name, sentence, written
        As of `waterfall_blocks`.
    """
    feature = feature_of(bundle.parts[task_of(sweep.target).name], sweep.column)
    label = reading(feature).label if feature else sweep.column
    figure = pictures.warned(pictures.sweep(sweep, label), sentence)
    is_fading = any(target.at_cycle for target in task_of(sweep.target).targets)
    law = " Values of other cycles are brought there by the fade law." if is_fading else ""
    flat = " The prediction does not move: the model makes nothing of it here." if sweep.is_flat else ""
    flat += "" if sweep.is_told else f" {NO_POINT.capitalize()}; the band is the range that comparable papers report."
    caption = (
        f"{TARGETS[sweep.target].label} of {sweep.design} along {label}, all else unchanged.{flat} {len(sweep.known)} "
        f"measurements of other cells, from {pages.counted(sweep.known['paper'].nunique(), 'paper')}.{law}"
    )
    written.table(f"{name}_literature", sweep.known)
    return [written.picture(name, figure, sweep.table, caption)]


def change_blocks(changes: Changes, name: str, written: Written) -> list[pages.Block]:
    """Show what would change a prediction, as a table.

    Parameters
    ----------
    changes : Changes
    name : str
        Of the table's file, without ending.
    written : Written
        Folder that the table goes to.
    """
    listed = changes.found or ([changes.nearest] if changes.nearest else [])
    blocks: list[pages.Block] = [pages.Heading("What would change it", 4), pages.Paragraph(changes.verdict)]
    if changes.remarks:
        blocks.append(pages.Bullets(changes.remarks))
    if not listed:
        return blocks
    columns = [want.column for want in changes.wants]
    header = ["change", *(f"{TARGETS[column].label} (90 %)" for column in columns), "size of the change"]
    rows = [
        (
            change.in_words,
            *(with_interval(column, change.predicted[column]) for column in columns),
            f"{change.size:.2f}",
        )
        for change in listed
    ]
    written.table(name, pd.DataFrame(rows, columns=header))
    return [
        *blocks,
        pages.Table(header, rows),
        pages.Paragraph(
            "The size is the distance from the design as it is, in standard deviations of the training designs. What "
            "reaches the wanted value is the prediction itself; see how far its interval goes. It says how the model "
            "answers, not what causes what."
        ),
    ]


def first_cycle_blocks(shares: Sequence[Share], name: str, written: Written) -> list[pages.Block]:
    """Report where the lithium of the first cycle goes, as a table behind a click.

    Parameters
    ----------
    shares : sequence of Share
        Terms of the balance of one design.
    name : str
        Of the table's file, without ending.
    written : Written
        Folder that the table goes to.
    """
    written.table(name, pd.DataFrame([asdict(share) for share in shares]).assign(note=NOTE))
    rows = [(share.label, share.text, share.source) for share in shares]
    return [pages.Folded(FIRST_CYCLE, [pages.Paragraph(NOTE), pages.Table(HEADINGS, rows)])]
