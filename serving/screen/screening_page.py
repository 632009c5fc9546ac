"""Page of a screening: how sure it is first, then what was kept, the pictures, and what the literature measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from models.bundle import Bundle
from models.explain.measured_beside import nearest_measurements
from models.predictions import RANGE_OF
from models.predictor import NO_POINT
from models.tasks.registry import TARGETS, task_of
from reporting.model_summary import figure_name
from reporting.numbers import with_interval
from reporting.pages import Block, Bullets, Cell, Heading, Link, Paragraph, Picture, Table
from serving.predict.energy_density import ENERGY_UNITS
from serving.predict.prediction_text import AMONG, CHANCE, DISTANCE, shared_notices
from serving.screen import figures as pictures
from serving.screen.design_space import CANDIDATE, Space
from serving.screen.ranking import ALIKE, KEPT_AS, POOL
from serving.screen.run import Screened
from serving.screen.select import target_of

MOST_ROWS, MOST_REFERENCES = 40, 20


def skill_words(bundle: Bundle, space: Space) -> list[str]:
    """State what has to be known before the ranking is believed, most urgent first.

    Parameters
    ----------
    bundle : Bundle
    space : Space
    """
    skill = bundle.facts.get("skill", {})
    silent = [column for column in space.targets if not skill.get(column, {}).get("shown", True)]
    silent_choices = [column for column in _chosen_by(space) if column in silent and not task_of(column).of_cells]
    sentences = []
    if silent_choices:
        labels = " and ".join(TARGETS[column].label for column in silent_choices)
        sentences.append(
            f"This chooses by {labels}, for which no skill has been shown on papers never seen: the order is no better "
            "than a guess. Read the intervals, not the order."
        )
    for column in [column for column in space.targets if skill.get(column, {}).get("shown", False)]:
        score = skill[column]
        ratio = with_interval(score["skill"], score["skill_low"], score["skill_high"])
        measured = f"{figure_name(score['skill_name'])} {ratio}"
        sentences.append(
            f"{TARGETS[column].label}: skill shown on papers never seen, {measured}; the median knows the values that "
            "papers report, and nothing of the design."
        )
    in_place = f"{NO_POINT}; the range that comparable papers report stands in its place"
    for of_cells, verdict in ((False, "no skill shown yet on unseen papers"), (True, in_place)):
        columns = [column for column in silent if column not in silent_choices and task_of(column).of_cells is of_cells]
        if columns:
            sentences.append(f"{', '.join(TARGETS[column].label for column in columns)}: {verdict}.")
    return sentences


def _chosen_by(space: Space) -> list[str]:
    """Return the columns that designs are ranked and filtered by, each target once and without its ending."""
    filtered = [name for condition in space.selection.where for name in sorted(condition.names)]
    return list(dict.fromkeys(target_of(column) for column in (*space.selection.objectives, *filtered)))


def count_words(space: Space, result: Screened) -> list[str]:
    """State how many designs there were and where they went.

    Parameters
    ----------
    space : Space
    result : Screened
    """
    method = "every combination" if space.points is None else f"{space.method}, seed {space.seed}"
    counts = f"{result.designs:,} designs made ({method}), {result.answered:,} predicted, {result.written:,} written"
    return [counts, *(f"left out by {cause}: {count:,}" for cause, count in result.left_out.items() if count)]


def labelled(space: Space, table: pd.DataFrame) -> pd.DataFrame:
    """Return answers with a column `design` that names each design by its number and by what varies.

    Parameters
    ----------
    space : Space
    table : DataFrame, shape (n_rows, n_columns)
        Designs with their answers.

    Returns
    -------
    DataFrame
        Targets with their ends, `range_of` where there is one, `notice` and `design`.
    """
    varied = [[_plain(row[name]) for name in (CANDIDATE, *space.varied)] for _, row in table.iterrows()]
    names = [" / ".join("-" if value is None else str(value) for value in row) for row in varied]
    answers = [name for column in TARGETS for name in (column, f"{column}_low", f"{column}_high") if name in table]
    return table[[*answers, *(name for name in (RANGE_OF, "notice") if name in table)]].assign(design=names)


def blocks(space: Space, result: Screened, bundle: Bundle, level: float) -> Iterator[Block]:
    """Yield the page, piece by piece.

    Parameters
    ----------
    space : Space
    result : Screened
    bundle : Bundle
        Model that answered.
    level : float
        Share of papers whose values the intervals should hold, 0 to 1.
    """
    designs = result.table
    yield Heading("How sure")
    yield Bullets([*skill_words(bundle, space), *_spread(space, result), *result.worth])
    yield Heading("What was done")
    yield Bullets([*count_words(space, result), *_how_ranked(space), f"intervals: {100 * level:g} %"])
    if space.energy:
        yield Heading("Assumed for the energy density")
        yield Bullets(space.energy.assumptions())
    yield Heading("Kept designs" if space.selection.ranks else "First designs")
    first = designs.head(MOST_ROWS)
    if len(designs) > len(first):
        yield Paragraph(f"The first {len(first)} of {len(designs):,}; the table beside this page holds all.")
    yield _ranked(space, first)
    yield Paragraph(
        "Each value with its interval; distance: to the nearest training design, the farthest of the targets; "
        "candidate: number of the design, the same whenever this space is made."
    )
    for column, heading in ((RANGE_OF, "Ranges without a point"), ("notice", "Notices")):
        common, own = shared_notices(first[column]) if column in first else ([], [])
        if common:
            yield Heading(f"{heading}, for all of them", 3)
            yield Bullets(common)
        if any(own):
            yield Heading(f"{heading}, design by design", 3)
            yield Table(["", heading], [[place, notice] for place, notice in enumerate(own, start=1) if notice])
    objectives = list(dict.fromkeys(map(target_of, space.selection.objectives))) or [space.targets[0]]
    known = nearest_measurements(bundle, objectives, first)
    yield from _pictures(space, result, objectives, known)
    if len(known):
        yield Heading("Measured in the literature, the most alike first")
        yield _references(known, objectives)


def _spread(space: Space, result: Screened) -> list[str]:
    """State how far the designs differ beside how wide one interval is."""
    sentences = []
    for column in [column for column in _chosen_by(space) if column in TARGETS] or space.targets[:1]:
        if column not in result.survey.reach:  # no point
            continue
        target, (low, high, width) = TARGETS[column], result.survey.reach_and_width(column, result.table)
        spread = float(target.scaled(high) - target.scaled(low))
        text = f"{target.label}: all designs lie from {low:.3g} to {high:.3g} {target.unit}, {spread:.2g} "
        text += f"{target.error_unit} apart; one interval is {width:.2g} wide"
        sentences.append(text + (": the model hardly tells these designs apart" if spread < width / 4 else ""))
    return sentences


def _how_ranked(space: Space) -> list[str]:
    selection = space.selection
    end = "the pessimistic end of the interval" if selection.pessimistic else "the value"
    sentences = []
    if selection.pareto:
        objectives = ", ".join(f"{pictures.named(column)} {side}" for column, side in selection.pareto.items())
        sentences.append(f"front of {objectives}, by {end}")
        sentences.append(
            "of designs with the very same objectives one is shown, whose other columns mean nothing; alike counts them"
        )
    if selection.top and selection.by:
        pool = f", as unlike each other as can be among the best {POOL * selection.top}" if selection.diverse else ""
        column, side = selection.by
        sentences.append(f"best {selection.top} by {pictures.named(column)} {side}, by {end}{pool}")
    return sentences


def _ranked(space: Space, designs: pd.DataFrame) -> Table:
    named = [column for column in (*space.varied, *ENERGY_UNITS) if column in designs]
    targets = {column: target for column, target in TARGETS.items() if column in designs}
    chances = [str(column) for column in designs if AMONG in str(column)]
    extra = [column for column in (KEPT_AS, ALIKE) if column in designs]
    header = [
        "", *map(pictures.named, named), *(column.replace("_", " ") for column in extra),
        *(f"{target.label} ({target.unit})" for target in targets.values()),
        *(column.removesuffix(CHANCE).replace("_", " ") for column in chances), "distance", CANDIDATE,
    ]  # fmt: skip
    rows: list[list[Cell]] = []
    for place, (_, row) in enumerate(designs.iterrows(), start=1):
        answers = [
            "{1} ({0} to {2})".format(*(target.show(row[column + end]) for end in ("_low", "", "_high"))).lstrip()
            for column, target in targets.items()
        ]
        answers += ["" if row[column] != row[column] else f"{100 * row[column]:.0f} %" for column in chances]
        far = f"{row[[column + DISTANCE for column in targets]].astype(float).max():.2f}"
        first, last = ([_plain(row[column]) for column in columns] for columns in (named, extra))
        rows.append([place, *first, *last, *answers, far, int(row[CANDIDATE])])
    filled = [place for place in range(len(header)) if place == 0 or any(row[place] not in ("", None) for row in rows)]
    return Table([header[place] for place in filled], [[row[place] for place in filled] for row in rows])


def _plain(value: object) -> Cell:
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or value != value:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.4g}"


def _pictures(space: Space, result: Screened, objectives: list[str], known: pd.DataFrame) -> Iterator[Block]:
    designs, survey = result.table, result.survey
    yield Heading("Pictures")
    for pair in pictures.pairs(objectives) if len(objectives) > 1 else ():
        across, up = map(pictures.named, pair)
        caption = f"{up} over {across}: what was kept with its intervals, a draw of the other designs in grey, "
        caption += "measured literature as diamonds or, where a paper states only one of the two, as ticks."
        yield Picture(pictures.inline(pictures.front(designs, survey.sample, known, pair)), caption)
    if len(objectives) == 1:
        names = [f"{place}. {row['electrolyte']}" for place, (_, row) in enumerate(designs.iterrows(), start=1)]
        caption = f"{pictures.named(objectives[0])} of the first designs with intervals; ticks are literature values."
        yield Picture(pictures.inline(pictures.ranked(designs, names, objectives[0], known)), caption)
    if survey.cells:
        first, second = (pictures.named(axis.name) for axis in survey.cells)
        caption = f"How sure: mean width of the interval of {TARGETS[survey.target].label}, and mean distance to the "
        caption += f"nearest training design, over {first} and {second}, of all designs predicted."
        yield Picture(pictures.inline(pictures.uncertainty(survey)), caption)


def _references(known: pd.DataFrame, objectives: Sequence[str]) -> Table:
    columns = [column for column in objectives if known[column].notna().any()]
    header = ["", "electrolyte", "anode", *(pictures.named(column) for column in columns), "paper"]
    rows: list[list[Cell]] = []
    drawn = known[columns].notna().sum(axis=1) > 1
    for place, row in known[drawn | (known.index < MOST_REFERENCES)].iterrows():
        paper = Link(str(row["citation"]), f"https://doi.org/{row['doi']}") if row["doi"] else str(row["citation"])
        values = [_plain(float(row[column])) for column in columns]
        rows.append([int(str(place)) + 1, str(row["electrolyte"]), str(row["anode"]), *values, paper])
    return Table(header, rows)
