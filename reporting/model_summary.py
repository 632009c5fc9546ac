"""Text of `silion models show`: the key numbers of a model's card, and what was decided about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.explain.stability import FACTS, SURE, stability_of
from models.registry import ModelNotFoundError, Version, find
from models.tasks.registry import RANGES, TARGETS
from reporting.numbers import with_interval


def registered(reference: str | None) -> Version | None:
    """Return the registered version of a reference.

    Parameters
    ----------
    reference : str or None
        Alias, version or folder; None is the champion.

    Returns
    -------
    Version or None
        None for an exported folder, which carries neither aliases nor tags.
    """
    try:
        return find(reference or "champion")
    except ModelNotFoundError:
        return None


def figure_name(name: str) -> str:
    """Return what people read in place of the stored name of a figure of skill.

    An error ratio is the error divided by that of always guessing the median of the table.

    Parameters
    ----------
    name : str
        `skill_name` of a score.

    Examples
    --------
    >>> figure_name("error over the dummy's"), figure_name("concordance")
    ('error ratio', 'concordance')
    """
    return "error ratio" if name == "error over the dummy's" else name


def as_text(facts: Mapping[str, Any], version: Version | None) -> str:
    """Describe a model in a few lines.

    Parameters
    ----------
    facts : mapping
        Of its bundle, as `silion models show --json` prints them.
    version : Version or None
        As it is registered; None for a folder.
    """
    lines = []
    if version:
        lines += [f"version {version.version} ({', '.join(version.aliases) or 'no alias'}), run {version.run_id}"]
        lines += [f"{name}: {value}" for name, value in sorted(version.tags.items()) if value and name not in TARGETS]
    rows = ", ".join(f"{name} {counts['rows']} of {counts['papers']} papers" for name, counts in facts["rows"].items())
    config = facts["config"]
    folds = f"{config['folds']} folds by paper, {config['repeats']} times"
    lines += [
        f"code {facts['code_version']}, seed {config['seed']}, {folds}",
        f"rows learnt from: {rows}",
        "skill on papers never seen (90 % intervals):",
    ]
    for column, score in facts["skill"].items():
        ratio = with_interval(score["skill"], score["skill_low"], score["skill_high"])
        skill = f"{figure_name(score['skill_name'])} {ratio}"
        coverage = f"{100 * score['level']:g} % intervals hold {100 * score['coverage']:.0f} %"
        lines.append(f"  {TARGETS[column].label:<30} {skill:<32} {coverage:<28} {score['verdict']}")
    for column, score in facts.get("ranges", {}).items():
        coverage = f"{100 * score['level']:g} % ranges hold {100 * score['coverage']:.0f} %"
        lines.append(f"  {RANGES[column].label:<30} {'':<32} {coverage:<28} {score['verdict']}")
    return "\n".join([*lines, *_regimes(facts), *_stable_features(facts)])


def _regimes(facts: Mapping[str, Any]) -> list[str]:
    """List errors and intervals by what is known of the electrolyte; empty where they were not judged."""
    lines = []
    for part, scores in facts.get("regimes", {}).items():
        for score in scores:
            error = f"error {score['error']:.2f} decades, of {score['papers']} groups of papers"
            coverage = f"{100 * score['level']:g} % intervals hold {100 * score['coverage']:.0f} %"
            lines.append(f"  {f'{part}, ' + score['regime']:<38} {error:<44} {coverage}")
    return ["by what is known of the electrolyte:", *lines] if lines else []


def _stable_features(facts: Mapping[str, Any]) -> list[str]:
    """List the features that outweigh every shuffled one when papers are left out; empty where not measured."""
    lines = []
    for part in facts.get(FACTS, {}):
        if stability := stability_of(facts, part):
            table = stability.features
            sure = table.loc[table["above_shuffled"] >= SURE].sort_values("high", ascending=False)["feature"]
            lines.append(f"  {part:<14} {len(sure)} of {len(table)}{': ' if len(sure) else ''}{', '.join(sure)}")
    return ["features told apart from chance when papers are left out:", *lines] if lines else []
