"""Folder that `silion explain` writes: reasons overall, then each design with its sweeps and changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from models.bundle import Bundle
from models.explain.contributions import in_chunks, write_contributions
from models.explain.counterfactuals import Changes, changes, with_interval
from models.explain.feature_groups import rows_of
from models.explain.importance import overall
from models.explain.lithium_balance import FIRST_CYCLE, HEADINGS, NOTE, Share, balanced_target, first_cycles
from models.explain.measured_beside import feature_of
from models.explain.readings import reading
from models.explain.sweep import Sweep, sweep
from models.explain.waterfall import Waterfall, waterfalls
from models.explain.what_if import Questions
from models.predictor import NO_POINT, Predictor
from models.tasks.registry import TARGETS, task_of
from reporting import pages
from reporting.atomic_files import Written, file_name
from reporting.explain import figures as pictures
from reporting.explain.importance_section import overall_blocks


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


PICTURED = 20
"""Designs that get pictures of their own, the first; the values of all go to the tables."""
METHOD = (
    "These values say how the model weighs a feature, not what causes what. Each prediction begins at the model's mean "
    "over its training data and is reached step by step: by factors (conductivity, life) or percentage points (ICE, "
    "retention). The steps give the prediction exactly (Aumann-Shapley values). What a design does not state counts as "
    "not given."
)
DESIGNS = "Design by design"
"""Section that is open; those on the model as a whole are behind a click."""
NO_SKILL = "No skill shown yet on unseen papers: this is how the model works, not how cells work."


def explain(
    bundle: Bundle,
    folder: Path,
    designs: pd.DataFrame | None = None,
    names: list[str] | None = None,
    targets: list[str] | None = None,
    questions: Questions | None = None,
    progress: Callable[[int], None] = lambda designs: None,
    *,
    chunks: Iterable[tuple[Sequence[str], pd.DataFrame]] | None = None,
    raw: bool = False,
) -> list[Path]:
    """Write overall importance with its stability and, for given designs, each prediction taken apart.

    Parameters
    ----------
    bundle : Bundle
    folder : Path
        Written into; files of the same name are replaced.
    designs : DataFrame, shape (n_designs, n_columns), optional
        Columns of `Candidate`; the first `PICTURED` get pictures. Only the overall part where None or empty.
    names : list of str, shape (n_designs,), optional
        What to call each design; its number where None.
    targets : list of str, optional
        Columns of `TARGETS`; all where None.
    questions : Questions, optional
        Values to reach and columns to sweep, for the designs that get pictures.
    progress : callable
        Called with the number of designs whose values were just written.
    chunks : iterable of (names, designs), optional
        Names and designs of the whole table, some at a time, where `designs` is but its beginning.
    raw : bool
        Keep texts that a spreadsheet would run as formulas.

    Returns
    -------
    list of Path
        Files written, the page `index.html` first.
    """
    target_columns, questions, written = bundle.targets(targets), questions or Questions(), Written(folder, raw=raw)
    blocks: list[pages.Block] = [pages.Paragraph(METHOD)]
    if designs is not None and len(designs):
        called = names or [str(row + 1) for row in range(len(designs))]
        written.paths += write_contributions(
            bundle,
            list(dict.fromkeys(task_of(column).name for column in target_columns)),
            in_chunks(called, designs) if chunks is None else chunks,
            folder,
            progress,
            raw,
        )
        blocks += _design_blocks(bundle, designs, called, target_columns, questions, written)
    for name in dict.fromkeys(task_of(column).name for column in target_columns):
        columns = [column for column in target_columns if task_of(column).name == name]
        blocks += [
            pages.Heading(f"Overall: {' and '.join(TARGETS[column].label for column in columns)}"),
            pages.Paragraph(" ".join(_verdict(bundle, column) for column in columns)),
        ]
        blocks += overall_blocks(overall(bundle, name), _sentence(bundle, columns), written)
    index = folder / "index.html"
    unfolded = (DESIGNS,) if pages.Heading(DESIGNS) in blocks else None
    index.write_text(pages.html("Silion: what moves the predictions", blocks, unfolded), encoding="utf-8")
    return [index, *written.paths]


def _verdict(bundle: Bundle, column: str) -> str:
    verdict = bundle.facts.get("skill", {}).get(column, {}).get("verdict", "skill not measured")
    return f"{TARGETS[column].label}: {verdict} on unseen papers."


def _sentence(bundle: Bundle, columns: Sequence[str]) -> str:
    """Return the sentence that every picture of these targets carries; empty where each has shown its skill."""
    skill = bundle.facts.get("skill", {})
    return "" if all(skill.get(column, {}).get("shown", False) for column in columns) else NO_SKILL


def _design_blocks(
    bundle: Bundle, designs: pd.DataFrame, names: list[str], columns: list[str], questions: Questions, written: Written
) -> list[pages.Block]:
    predictor = Predictor(bundle)
    pictured = designs.head(PICTURED)
    blocks: list[pages.Block] = [pages.Heading(DESIGNS)]
    if len(designs) > PICTURED:
        blocks.append(
            pages.Paragraph(
                f"These are the first {PICTURED} designs; the SHAP values of all are in designs_<part>.csv."
            )
        )
    notices = predictor.predict(pictured, targets=columns, precedents=0).table["notice"]
    by_target = {column: waterfalls(bundle, pictured, names, column) for column in columns}
    balanced = balanced_target(columns)
    balances = first_cycles(bundle, balanced, pictured) if balanced else [None] * len(pictured)
    for row, (name, notice) in enumerate(zip(names, notices, strict=False)):
        blocks.append(pages.Heading(name, 3))
        if notice:
            blocks.append(pages.Paragraph(f"Notice: {notice}"))
        start, design = f"{row + 1:02d}_{file_name(name)}", pictured.iloc[[row]]
        behind: dict[str, list[pages.Block]] = {}
        for column in columns:
            if waterfall := by_target[column][row]:
                sentence = _sentence(bundle, [column])
                drawn = waterfall_blocks(waterfall, f"{start}_{column}", sentence, written)
                if sentence:
                    behind[TARGETS[column].label] = drawn
                else:
                    blocks += drawn
        if behind:
            summary = f"{', '.join(behind)}: no skill shown yet on unseen papers"
            blocks.append(pages.Folded(summary, [block for drawn in behind.values() for block in drawn]))
        if shares := balances[row]:
            blocks += first_cycle_blocks(shares, f"{start}_first_cycle", written)
        if questions.wants:
            blocks += change_blocks(
                changes(predictor, design, questions.wants, questions.vary), f"{start}_changes", written
            )
        for swept in questions.sweeps:
            for column in columns:
                result = sweep(predictor, design, name, swept, column)
                if isinstance(result, str):
                    blocks.append(pages.Paragraph(f"No sweep: {result}."))
                else:
                    sentence = _sentence(bundle, [column])
                    blocks += sweep_blocks(bundle, result, f"{start}_{column}_{swept}", sentence, written)
    return blocks
