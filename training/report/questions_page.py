"""The page that answers the reviews' open questions: each answer with its evidence, its interval and its limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import atanh, ceil
from pathlib import Path
from statistics import NormalDist

import numpy as np
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from features.tables.literature import Literature
from models.explain.feature_groups import rows_of
from models.tasks.registry import TARGETS, TASKS, targets_of
from reporting import figures, pages
from reporting.atomic_files import Written
from reporting.explain.importance_section import error_added
from reporting.pages import capital, counted
from training.evaluation.bootstrap import BAND, FEWEST_GROUPS
from training.report.rules_section import rules_table
from training.report.skill_sections import Blocks
from training.rules.evidence import HAS_CARBON
from training.rules.review_questions import Answer, Finding
from training.train import Trained

TITLE = "Open questions of the field, asked of the tables and of the model"
PAGE, TEXT = "questions.html", "questions.md"
LEAST_POINTS = 3
"""Papers from which on a picture is drawn beside the table."""
LITTLE = 1
"""Columns in which two cells of one paper may differ, beside the factor, and still count as alike otherwise."""
WORTH = 0.5
"""Rank correlation that should not be overlooked."""
WIDE = 10.0
"""Ratio of the ends of a range from which its axis is logarithmic."""
WIDEST = 1000.0
"""Ratio from which only powers of ten are printed on it."""


def write_questions(answers: Sequence[Answer], trained: Trained, folder: Path) -> None:
    """Write the page as HTML that holds its pictures, and as Markdown beside them.

    Parameters
    ----------
    answers : sequence of Answer
        Answers to the open questions.
    trained : Trained
        Result of a training.
    folder : Path
        Folder that is written into.
    """
    written = Written(folder)
    blocks: Blocks = [
        pages.Paragraph(
            "The answers are counted from the tables of this training each time it runs; where they do not suffice, "
            "the answer says so. A rank correlation takes one value from each paper (the median of its cells of the "
            "same factor); its 90 % interval comes from drawing papers again, and needs "
            f"{FEWEST_GROUPS} of them. Life is the number of cycles to 80 %, read by the fade law from a cell's last "
            "reported retention: of two retentions at one cycle, the higher is the longer life. Cells with liquid or "
            "gel electrolyte, and results that no target predicts, are not counted. papers.csv tells what the papers' "
            "short names stand for."
        ),
        pages.Bullets([pages.Link("the report of this training: index.html", "index.html")]),
    ]
    for number, answer in enumerate(answers, start=1):
        blocks += _question(answer, number, trained, written)
    page = pages.html(TITLE, pages.sortable(pages.inlined(blocks, folder)))
    (folder / PAGE).write_text(page, encoding="utf-8")
    (folder / TEXT).write_text(pages.markdown(TITLE, blocks), encoding="utf-8")


def _question(answer: Answer, number: int, trained: Trained, written: Written) -> Blocks:
    findings = answer.findings
    return [
        pages.Heading(answer.question.text),
        pages.Paragraph(f"Answer: {answer.short}"),
        pages.Heading("Across papers", 3),
        *([pages.Bullets([finding.sentence for finding in findings])] if answer.question.compares else []),
        _across_table(findings),
        *(_picture(finding, number, written) for finding in findings if _drawable(finding)),
        pages.Heading("Within one paper", 3),
        pages.Bullets([within(finding) for finding in findings]),
        *_pair_tables(findings, number, written),
        pages.Heading("What the reviews say", 3),
        pages.Table(
            ["what follows from what", "seed and place", "rule"],
            [(rule.direction, f"{rule.seed}, {rule.place}", rule.rule_id) for rule in answer.rules],
        ),
        *_model(answer, trained),
        pages.Heading("Limits", 3),
        pages.Bullets(limits(answer, trained.literature)),
        pages.Heading("What would settle it", 3),
        pages.Bullets(settles(findings)),
    ]  # fmt: skip


def _across_table(findings: Sequence[Finding]) -> pages.Table:
    header = [
        "factor", "outcome", "cells", "papers", "papers that do not state it", "range", "rank correlation (90 %)",
        "order accounted for (90 %)",
    ]  # fmt: skip
    rows: list[tuple[pages.Cell, ...]] = [
        (
            finding.factor.label, TASKS[finding.part].outcome, finding.across.cells, finding.across.papers,
            len(finding.across.silent), _range(finding), finding.correlation or "too few",
            finding.explained or "too few",
        )
        for finding in findings
    ]  # fmt: skip
    return pages.Table(header, rows)


def _range(finding: Finding) -> str:
    if not finding.across.cells:
        return ""
    if not finding.factor.unit:
        return " and ".join(
            ["without", "with"][int(end)] for end in sorted({finding.across.least, finding.across.most})
        )
    ends = dict.fromkeys(f"{end:g}" for end in (finding.across.least, finding.across.most))
    return f"{' to '.join(ends)} {finding.factor.unit}"


def _drawable(finding: Finding) -> bool:
    return finding.across.papers >= LEAST_POINTS and finding.across.least < finding.across.most


def _picture(finding: Finding, number: int, written: Written) -> pages.Picture:
    numbers, factor = finding.across.points, finding.factor
    caption = f"{factor.label} against {TASKS[finding.part].axis}: one point a paper and value, the median of its cells"
    name = f"question_{number}_{factor.column}_{finding.part}"
    return written.picture(name, drawing(finding), numbers, capital(caption))


def _pair_tables(findings: Sequence[Finding], number: int, written: Written) -> Blocks:
    for finding in findings:
        if len(finding.pairs):
            written.table(f"question_{number}_{finding.factor.column}_{finding.part}_pairs", finding.pairs)
    return [
        pages.Table(
            ["paper", "cells", finding.factor.label, TASKS[finding.part].outcome, "what else differs"],
            [
                (row.paper, f"{row.less}, {row.more}", f"{row.less_factor:g} to {row.more_factor:g}",
                 f"{_outcome_text(finding, row.less_outcome)} to {_outcome_text(finding, row.more_outcome)}",
                 row.also.replace("_", " "))
                for row in rows_of(finding.pairs)
            ],
        )
        for finding in findings
        if len(finding.pairs)
    ]  # fmt: skip


def _outcome_text(finding: Finding, outcome: float) -> str:
    if np.isnan(outcome):
        return "a bound"
    return f"{10.0**outcome:.0f} cycles" if TASKS[finding.part].log10_scale else f"{outcome:g} %"


def _model(answer: Answer, trained: Trained) -> Blocks:
    rows = [
        (
            TASKS[row.part].outcome, row.label, f"{row.rank} of {row.of}" if row.mean_abs_shap else "unused",
            f"{row.mean_abs_shap:.2g} {TASKS[row.part].scale_unit}",
            row.apart_from_zero or "not measured", error_added(row),
        )
        for row in rows_of(answer.model)
    ]  # fmt: skip
    header = [
        "outcome", "feature", "place", "mean |SHAP|", "apart from zero", "error added when shuffled (90 %)",
    ]  # fmt: skip
    blocks: Blocks = [
        pages.Heading("What the model makes of it", 3),
        pages.Paragraph(" ".join(_standing(part, trained) for part in answer.question.parts)),
        pages.Table(header, rows),
    ]
    return [*blocks, rules_table(answer.checks)] if answer.checks else blocks


def _standing(part: str, trained: Trained) -> str:
    columns = targets_of(part)
    verdicts = ", ".join(f"{TARGETS[column].label}: {trained.scores[column].verdict}" for column in columns)
    hidden = not all(trained.scores[column].shown for column in columns)
    return f"On papers never seen, {verdicts}." + (
        " Without skill, what the model weighs is no evidence of what cells do." if hidden else ""
    )


def within(finding: Finding) -> str:
    """Return words on cells of one paper that differ in the factor.

    Parameters
    ----------
    finding : Finding
        Evidence on one outcome.
    """
    factor, outcome, table = finding.factor.label, TASKS[finding.part].outcome, finding.pairs
    if table.empty:
        return f"No paper reports the {outcome} of two cells that differ in {factor}."
    alike = [not also or also.count(";") < LITTLE for also in table["also"]]
    up, down, same = (int((table["change"] == sign).sum()) for sign in (1, -1, 0))
    return (
        f"{counted(len(table), 'pair')} of cells of {counted(table['paper'].nunique(), 'paper')} differ in {factor} "
        f"({sum(alike)} in at most {counted(LITTLE, 'other column')}): towards more of it the {outcome} rises in {up}, "
        f"falls in {down}, stays in {same}, and is open in {len(table) - up - down - same}."
    )


def limits(answer: Answer, literature: Literature) -> list[str]:
    """Return the limits of an answer, one sentence each.

    Parameters
    ----------
    answer : Answer
        Answer to one question.
    literature : Literature
        All tables.
    """
    sentences = []
    for finding in answer.findings:
        papers = finding.across.papers + len(finding.across.silent)
        if finding.across.silent and finding.across.papers:
            sentences.append(
                f"{len(finding.across.silent)} of {papers} papers with a value of {TASKS[finding.part].outcome} do not "
                f"state the {finding.factor.label}; those that do need not be like them."
            )
        if finding.across.bounded:
            sentences.append(
                f"Left out, as only a bound of the {TASKS[finding.part].outcome} is known: "
                f"{counted(finding.across.bounded, 'cell')} that state{'s' if finding.across.bounded == 1 else ''} the "
                f"{finding.factor.label}."
            )
    if any(finding.factor.column == HAS_CARBON for finding in answer.findings):
        outright = sum(cell.in_training and cell.carbon_wt_pct == 0 for cell in literature.cells)
        sentences.append(
            "An anode counts as without carbon where neither its share, its additive nor its name tells of any; "
            f"{counted(outright, 'cell')} in training say outright that there is none."
        )
    judged = sum(finding.across.correlation.has_interval for finding in answer.findings) + sum(
        not np.isnan(comparison.low) for comparison in answer.comparisons.values()
    )
    if judged:
        sentences.append(
            "An interval of 90 % excludes 0 by chance once in ten where nothing is there: "
            f"{counted(judged, 'interval')} stand{'s' if judged == 1 else ''} behind this answer."
        )
    sentences.append(
        "Papers differ in much that no column tells; what goes together across papers need not be the cause."
    )
    return sentences


def settles(findings: Sequence[Finding]) -> list[str]:
    """Return the measurements that would settle what the findings leave open, two sentences a factor.

    Parameters
    ----------
    findings : sequence of Finding
        Evidence by outcome.
    """
    sentences = []
    for factor in dict.fromkeys(finding.factor for finding in findings):
        own = [finding for finding in findings if finding.factor == factor]
        label = factor.label
        inside = _by_outcome(own, lambda finding: finding.pairs["paper"].nunique())
        sentences.append(
            f"{capital(label)}, inside one laboratory: cells alike in all but the {label}, in at least {FEWEST_GROUPS} "
            f"papers. There are {inside}."
        )
        papers = _by_outcome(own, lambda finding: finding.across.papers)
        among = (
            f"{capital(label)}, across papers: a rank correlation of {WORTH:g} takes about {papers_needed(WORTH)} that "
            f"state it. There are {papers}."
        )
        if any(finding.across.silent for finding in own):
            silent = _by_outcome(own, lambda finding: len(finding.across.silent))
            among += f" More report the outcome and leave the {label} out ({silent}): their authors may know it."
        sentences.append(among)
    return sentences


def _by_outcome(findings: Sequence[Finding], count: Callable[[Finding], int]) -> str:
    return ", ".join(f"{count(finding)} for {TASKS[finding.part].outcome}" for finding in findings)


def papers_needed(correlation: float) -> int:
    """Papers from which a rank correlation of some size is distinguished from zero by a 90 % interval, by Fisher's
    transformation, whose standard error is 1 / sqrt(papers - 3).

    Parameters
    ----------
    correlation : float
        Rank correlation found.

    Examples
    --------
    >>> papers_needed(0.5), papers_needed(0.9)
    (12, 5)
    """
    return ceil((NormalDist().inv_cdf(BAND[1] / 100) / atanh(correlation)) ** 2 + 3)


def drawing(finding: Finding) -> Figure:
    """The outcome against the factor, one point a paper and value of the factor.

    Parameters
    ----------
    finding : Finding
        Evidence on one outcome.
    """
    figure, plot = figures.axes(7.2, 3.6)
    points = finding.across.points
    lives: list[float] = []
    for place, (paper, own) in enumerate(points.groupby("paper", sort=True)):
        outcome = own["outcome"].to_numpy(dtype=float)
        values = 10.0**outcome if TASKS[finding.part].log10_scale else outcome
        lives += values.tolist()
        plot.scatter(own[finding.factor.column], values, s=46, alpha=0.85, label=str(paper), **figures.look(place))
    name = f"{finding.factor.label} ({finding.factor.unit})" if finding.factor.unit else finding.factor.label
    plot.set(xlabel=name, ylabel=TASKS[finding.part].axis)
    if not finding.factor.unit:
        plot.set_xticks([0, 1], ["not stated", "stated"])
        plot.set_xlim(-0.5, 1.5)
    elif finding.across.least > 0 and finding.across.most / finding.across.least > WIDE:
        plot.set_xscale("log")
        _plain(plot.xaxis, finding.across.most / finding.across.least)
    if TASKS[finding.part].log10_scale:
        plot.set_yscale("log")
        _plain(plot.yaxis, max(lives) / min(lives))
    plot.legend(title="paper", fontsize=7, title_fontsize=7, frameon=False, loc="upper left", bbox_to_anchor=(1.02, 1))
    return figure


def _plain(axis: Axis, ratio: float) -> None:
    """A logarithmic axis with plain numbers: 1, 2 and 5 of each decade where few are shown."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if ratio < WIDEST else (1.0,)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())
