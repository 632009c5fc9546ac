"""Section of a page on the overall importance of a part's features, with its pictures and tables."""

from __future__ import annotations

from typing import Any

import pandas as pd

from models.explain.feature_groups import correlated, rows_of
from models.explain.importance import Overall
from models.explain.readings import reading
from models.explain.stability import MOST_ROUNDS, NONE, SURE
from models.tasks.registry import TARGETS, TASKS, targets_of
from reporting import pages
from reporting.atomic_files import Written
from reporting.explain import figures as pictures
from reporting.numbers import with_interval

DEPENDENCE = 4
"""Features that get a plot of their values against their effect."""


def overall_blocks(importance: Overall, sentence: str, written: Written) -> list[pages.Block]:
    """Write a part's section of a page, with its pictures and tables.

    Parameters
    ----------
    importance : Overall
    sentence : str
        Goes onto every picture: that no skill is shown yet; empty where it is.
    written : Written
        Folder that pictures and tables go to.
    """
    label, unit, rows = label_of(importance), TASKS[importance.part].scale_unit, len(importance.shap.values)
    top = importance.features.head(pictures.SHOWN)
    by_name = {feature.name: place for place, feature in enumerate(importance.shap.features)}
    swarm = pd.DataFrame(importance.shap.values, columns=[f"shap_{name}" for name in by_name]).join(
        pd.DataFrame(importance.shap.vectors, columns=list(by_name))
    )
    blocks = [
        *strength_blocks(importance, sentence, written),
        written.picture(
            f"{importance.part}_beeswarm",
            pictures.warned(pictures.beeswarm(importance.shap, pictures.SHOWN, unit), sentence),
            swarm,
            f"{label}: the {len(top)} strongest features over the {rows} training rows: one dot a row, coloured by the "
            "feature's value.",
            vector=True,
        ),
    ]
    for name in top["feature"].head(DEPENDENCE):
        place = by_name[name]
        read, effect = reading(importance.shap.features[place]), importance.shap.values[:, place]
        values = importance.shap.vectors[:, place]
        figure = pictures.warned(pictures.dependence(values, effect, read, unit), sentence)
        numbers = pd.DataFrame({name: values, "natural": read.natural(values), "shap": effect})
        caption = f"{label}: effect of {read.printed} over the training rows, in {unit}."
        blocks.append(written.picture(f"{importance.part}_dependence_{name}", figure, numbers, caption, vector=True))
    return [*blocks, *_pair_blocks(importance, by_name, label, unit, sentence, written)]


def label_of(importance: Overall) -> str:
    """Return the targets of a part in words.

    Parameters
    ----------
    importance : Overall
        Of the part.
    """
    return " and ".join(TARGETS[column].label for column in targets_of(importance.part))


def strength_blocks(importance: Overall, sentence: str, written: Written) -> list[pages.Block]:
    """Show how strong the features of a part are, how stable that is, which of them are alike, and where SHAP
    and permutation disagree; without the values of single rows.

    Parameters
    ----------
    importance, sentence, written
        As of `overall_blocks`.
    """
    unit, rows = TASKS[importance.part].scale_unit, len(importance.shap.values)
    top = importance.features.head(pictures.SHOWN)
    bar = pictures.bars(
        list(top["label"]), top["mean_abs_shap"].to_numpy(), top["low"].to_numpy(float), top["high"].to_numpy(float),
        (top["apart_from_zero"] != "no").to_numpy(), float(top["shuffled"].iloc[0]), unit,
    )  # fmt: skip
    blocks: list[pages.Block] = [
        pages.Paragraph(_stability_words(importance)),
        written.picture(
            f"{importance.part}_bar", pictures.warned(bar, sentence), importance.features,
            f"{label_of(importance)}: the {len(top)} strongest features over the {rows} training rows: mean absolute "
            f"SHAP value in {unit}.", vector=True,
        ),
        _feature_table(top, unit),
        *_correlated_words(importance),
        _group_table(importance.groups, unit),
    ]  # fmt: skip
    if importance.disagreements:
        blocks += [
            pages.Paragraph("Where SHAP and the permutation by paper do not say the same:"),
            pages.Bullets(importance.disagreements),
        ]
    return blocks


def _stability_words(importance: Overall) -> str:
    if importance.stability is None:
        return NONE
    apart = importance.features.loc[importance.features["apart_from_zero"] == "yes", "label"]
    named = f": {', '.join(apart)}" if len(apart) else ""
    return (
        f"{len(apart)} of {len(importance.features)} features are told apart from zero{named}. Each of "
        f"{importance.stability.refits} models was refitted without a part of the {importance.stability.papers} "
        "papers; a feature is told apart from zero where it outweighs, in at least "
        f"{100 * SURE:.0f} % of them, every feature whose "
        "values were dealt to other papers. The other bars may be noise, whatever their length."
    )


def _feature_table(top: pd.DataFrame, unit: str) -> pages.Table:
    header = [
        "feature", "group", f"mean |SHAP| ({unit})", "spread, papers left out", "place", "places, papers left out",
        "apart from zero", "error added when shuffled (90 %)",
    ]  # fmt: skip
    rows = [
        (
            row.label, row.group, f"{row.mean_abs_shap:.3g}", _range(row.low, row.high), row.rank,
            _range(row.rank_low, row.rank_high), row.apart_from_zero or "not measured", error_added(row),
        )
        for row in rows_of(top)
    ]  # fmt: skip
    return pages.Table(header, rows, sortable=True)


def _group_table(groups: pd.DataFrame, unit: str) -> pages.Table:
    rows = [(row.group, row.features, f"{row.mean_abs_shap:.3g}", error_added(row)) for row in rows_of(groups)]
    header = ["group", "features", f"mean |SHAP| of the group ({unit})", "error added when shuffled together (90 %)"]
    return pages.Table(header, rows, sortable=True)


def _range(low: float, high: float) -> str:
    return "" if low != low else f"{low:.3g} to {high:.3g}"


def error_added(row: Any) -> str:
    """Write the error that is added when a feature, or a group of them, is shuffled; empty where not measured.

    Parameters
    ----------
    row : namedtuple
        Of a table of importance: `permutation`, `permutation_low`, `permutation_high`.
    """
    return with_interval(row.permutation, row.permutation_low, row.permutation_high, "+.2g")


def _correlated_words(importance: Overall) -> list[pages.Block]:
    names = list(importance.features["feature"])
    labels = dict(zip(names, importance.features["label"], strict=True))
    strongest = set(names[: pictures.SHOWN])
    all_groups = correlated([feature.name for feature in importance.shap.features], importance.shap.vectors)
    groups = [members for members in all_groups if strongest & set(members)]
    if not groups:
        return []
    joint = {}
    if importance.stability is not None:
        joint = {row.members: error_added(row) for row in rows_of(importance.stability.groups)}
    items = []
    for members in groups:
        together = joint.get(";".join(members), "")
        items.append(
            " = ".join(labels[name] for name in members) + (f" (shuffled together: {together})" if together else "")
        )
    return [
        pages.Paragraph(
            "These features say nearly the same over the training rows (rank correlation of at least 0.8): which of "
            "them carries the weight is chance, so read them as one."
        ),
        pages.Bullets(items),
    ]


def _pair_blocks(
    importance: Overall, by_name: dict[str, int], label: str, unit: str, sentence: str, written: Written
) -> list[pages.Block]:
    if not importance.asked_pairs:
        slow = f"in a model of more than {MOST_ROUNDS} rounds, where each design would take about a second"
        return [pages.Paragraph(f"Interactions are not looked for {slow}.")]
    if importance.pairs.empty:
        return [pages.Paragraph("No two features act together: the model adds them up.")]
    features = importance.shap.features
    labels = {feature.name: feature.label for feature in features}
    rows = [
        (
            labels[row.first], labels[row.second], f"{row.strength:.2g}", _range(row.low, row.high),
            row.apart_from_zero or "not among the strongest when papers are left out",
        )
        for row in rows_of(importance.pairs)
    ]  # fmt: skip
    header = ["feature", "with", f"mean |effect| ({unit})", "spread, papers left out", "apart from zero"]
    sure = int((importance.pairs["apart_from_zero"] == "yes").sum())
    blocks: list[pages.Block] = [
        pages.Heading("Features that act together", 3),
        pages.Paragraph(
            f"What a pair does beyond the sum of the two. {sure} of the {len(rows)} strongest pairs are told apart "
            "from zero, by the test of the features above: against every pair with a shuffled feature in it."
        ),
        pages.Table(header, rows, sortable=True),
    ]
    written.table(f"{importance.part}_pairs", importance.pairs)
    for place, row in enumerate(rows_of(importance.pairs)):
        places = by_name[str(row.first)], by_name[str(row.second)]
        values = [importance.shap.vectors[importance.paired, feature] for feature in places]
        readings = reading(features[places[0]]), reading(features[places[1]])
        figure = pictures.pair(values[0], values[1], importance.effects[:, place], readings, unit)
        numbers = pd.DataFrame({row.first: values[0], row.second: values[1], "effect": importance.effects[:, place]})
        caption = f"{label}: what {labels[row.first]} and {labels[row.second]} do together, in {unit}."
        blocks.append(
            written.picture(
                f"{importance.part}_pair_{place + 1}", pictures.warned(figure, sentence), numbers, caption, vector=True
            )
        )
    return blocks
