"""How well conductivity is predicted on papers never seen, beside the peers, in one run; the tables go to the docs.

    python -m benchmarks.accuracy [--repeats 3] [--write-docs]
    python -m benchmarks.accuracy regimes newer polymers energies

Needs the public tables (`silion data pull obelix liverpool laskowski polymers`); a part whose table is not there is
left out. Every choice was made on the cross-validation over OBELiX's training ids; its test is in no part, but in
`benchmarks.official`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks import energies, polymers
from benchmarks.methods import ALL_PUBLIC, ALL_TEMPERATURES, CLASSIFIERS, OBELIX_ONLY, Method, floored, measures, silion
from benchmarks.regimes import LAST_YEAR, LEVEL, by_regime, newer_score
from benchmarks.results import ROOT, write_result
from features.tables.descriptions import write_where_marked
from features.tables.literature import Literature
from models.tasks.conductivity import STRUCTURED, conductivity_examples
from models.tasks.examples import Examples
from models.tasks.registry import LINK, TASKS
from training.data.groups import PaperGroups, chemical_systems, system_tests
from training.data.load import SHIPPED, load_literature
from training.data.paper_splits import grouped_folds
from training.evaluation.bootstrap import bootstrap_ratio
from training.evaluation.fixed_split import read_ids
from training.evaluation.regimes.families import family_table
from training.evaluation.regimes.regime import regime_table
from training.evaluation.score import sentence
from training.public.collect import OBELIX, convert, with_public
from training.public.download import PublicDataError
from training.public.merge import merge
from training.public.sources import pulled

WITHIN = (0.02, 0.05, 0.1)
"""Differences of atomic fractions within which rows are removed, where nearness is asked about."""
COLUMNS = {
    "mae_label": "MAE (bound as -15)", "mae_bound": "MAE (bound as -10)", "mae_outside": "outside the bound",
    "r2": "R²", "r2_bound": "R² (bound as -10)", "spearman": "Spearman", "auc": "AUC", "f1": "F1", "mcc": "MCC",
}  # fmt: skip
NEWER: tuple[list[str], ...] = ([], [OBELIX], [OBELIX, "liverpool", "laskowski"])
"""Public tables that models of older papers learn from beside the shipped rows."""
UNWRITTEN = ("polymers",)
"""Pieces that stand in the table of goals instead of between marks of their own."""
Result = dict[str, dict[str, float]]
Piece = tuple[str, Mapping[str, object], str]
"""Name, figures and text."""
PAGES = ("docs/skill.md", "docs/measured_values.md", "benchmarks/README.md", "README.md")
VIEWS = ("by paper", "by chemical system")


def load() -> tuple[Examples, np.ndarray, np.ndarray, list[str]]:
    """All public rows once, which of them are OBELiX's training rows and which any of OBELiX's, and the test ids."""
    folder = pulled("obelix")
    rows = merge([], convert(["obelix", "liverpool", "laskowski"])).rows
    examples = conductivity_examples(Literature(electrolytes=rows))
    names = examples.designs["row_id"].to_numpy()
    tests = read_ids(folder / "test_idx.csv")
    learnt = {f"obelix:{row_id}" for row_id in read_ids(folder / "train_idx.csv")}
    inside = np.array([name in learnt for name in names])
    return examples, inside, np.array([name.startswith("obelix:") for name in names]), tests


def cross_validation(
    examples: Examples, inside: np.ndarray, in_obelix: np.ndarray, repeats: int,
    of_obelix: Mapping[str, Method] = OBELIX_ONLY, of_all: Mapping[str, Method] = ALL_PUBLIC | CLASSIFIERS,
) -> Result:  # fmt: skip
    """Every method over the training ids, by paper joined by composition; all kin of a fold removed from training."""
    rows = np.flatnonzero(inside)
    extra = np.flatnonzero(~in_obelix)
    kin = PaperGroups.of(examples, by_composition=True)
    groups = PaperGroups.of(examples.take(rows), by_composition=True).groups
    folds = [(repeat, rows[fold]) for repeat in range(repeats) for fold in grouped_folds(groups, 5, repeat)]
    place = {row: number for number, row in enumerate(rows)}
    predictions: dict[str, np.ndarray] = {}
    for repeat, test in folds:
        alone = np.setdiff1d(rows, test)
        alone = alone[~kin.leaks(alone, test)]
        with_extra = np.concatenate([alone, extra[~kin.leaks(extra, test)]])
        for methods, learnt in ((of_obelix, alone), (of_all, with_extra)):
            for name, method in methods.items():
                values = predictions.setdefault(name, np.full((repeats, len(rows)), np.nan))
                answer = method(examples.take(learnt), examples.take(test), repeat)
                values[repeat, [place[row] for row in test]] = answer
        print(".", end="", flush=True)
    print()
    return judged(predictions, examples.take(rows), groups)


def nearness(examples: Examples, inside: np.ndarray, in_obelix: np.ndarray, repeats: int) -> dict[float, float]:
    """MAE (bound as -15) of one member over the training ids, by how near a composition may stand to a test row's."""
    rows, learnt = np.flatnonzero(inside), np.flatnonzero(inside | ~in_obelix)
    groups = PaperGroups.of(examples.take(rows), by_composition=True).groups
    kin, method = PaperGroups.of(examples, by_composition=True), silion(replace(STRUCTURED, members=1))
    mae = {}
    for within in WITHIN:
        far, errors = replace(kin, within=within), []
        for repeat in range(repeats):
            for test in (rows[fold] for fold in grouped_folds(groups, 5, repeat)):
                train_rows = np.setdiff1d(learnt, test)
                train_rows = train_rows[~far.leaks(train_rows, test)]
                test_rows = examples.take(test)
                errors.append(np.abs(method(examples.take(train_rows), test_rows, repeat) - floored(test_rows)))
        mae[within] = float(np.concatenate(errors).mean())
    return mae


def by_rows(examples: Examples, inside: np.ndarray, repeats: int) -> float:
    """The peer's forest judged row by row, which is interpolation between siblings of one paper."""
    rows = examples.take(np.flatnonzero(inside))
    errors = []
    for repeat in range(repeats):
        for test in grouped_folds(np.arange(len(rows.designs)), 5, repeat):
            train = np.setdiff1d(np.arange(len(rows.designs)), test)
            answer = OBELIX_ONLY["OBELiX's random forest"](rows.take(train), rows.take(test), repeat)
            errors.append(np.abs(answer - floored(rows.take(test))).mean())
    return float(np.mean(errors))


def judged(predictions: Mapping[str, np.ndarray], test_rows: Examples, groups: np.ndarray) -> Result:
    """Mean figures over repeats or seeds, the MAE's 90 % interval over groups, and the spread over repeats."""
    results: Result = {}
    pairs = dict(zip(ALL_PUBLIC, CLASSIFIERS, strict=True))
    for name, values in predictions.items():
        if name in CLASSIFIERS:
            continue
        figures = [measures(answer, test_rows) for answer in values]
        if name in pairs and pairs[name] in predictions:
            direct = [
                measures(answer, test_rows, probability)
                for answer, probability in zip(values, predictions[pairs[name]], strict=True)
            ]
            figures = [
                row | {key: by_class[key] for key in ("auc", "f1", "mcc")}
                for row, by_class in zip(figures, direct, strict=True)
            ]
        results[name] = {str(key): mean for key, mean in pd.DataFrame(figures).mean().items()}
        error = np.abs(values - floored(test_rows)).mean(axis=0)
        low, high = bootstrap_ratio(groups, error, np.ones(len(error)), 0)
        seeds = [row["mae_label"] for row in figures]
        results[name] |= {"low": low, "high": high, "lowest_seed": min(seeds), "highest_seed": max(seeds)}
    return results


def all_temperatures(
    repeats: int, methods: Mapping[str, Method] = ALL_TEMPERATURES, names: Sequence[str] = VIEWS
) -> dict[str, Result]:
    """The Liverpool table at all temperatures, by paper and by chemical system."""
    examples = conductivity_examples(Literature(electrolytes=convert(["liverpool"])["liverpool"].rows))
    kin = PaperGroups.of(examples, by_composition=True)
    systems = chemical_systems(examples.designs)
    number = np.unique(systems, return_inverse=True)[1]
    views = {
        "by paper": ([(r, fold) for r in range(repeats) for fold in grouped_folds(kin.groups, 5, r)], kin.groups),
        "by chemical system": (system_tests(systems, 0), number),
    }
    return {view: _view(examples, kin, *views[view], methods) for view in names}


def _view(
    examples: Examples, kin: PaperGroups, tests: Iterable[tuple[int, np.ndarray]], groups: np.ndarray,
    methods: Mapping[str, Method],
) -> Result:  # fmt: skip
    tests = list(tests)
    shape = (1 + max(repeat for repeat, _ in tests), len(groups))
    predictions = {name: np.full(shape, np.nan) for name in methods}
    for repeat, test in tests:
        train = np.setdiff1d(np.arange(len(groups)), test)
        train = train[~kin.leaks(train, test)]
        for name, method in methods.items():
            predictions[name][repeat, test] = method(examples.take(train), examples.take(test), repeat)
    return judged(predictions, examples, groups)


def table(results: Result) -> str:
    """Results as a Markdown table."""
    lines = [f"| | {' | '.join(COLUMNS.values())} |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name, figures in results.items():
        first = f"{figures['mae_label']:.2f} ({figures['low']:.2f} to {figures['high']:.2f})"
        cells = [first, *(f"{figures[column]:.2f}" for column in list(COLUMNS)[1:])]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def of_obelix(repeats: int) -> Iterator[Piece]:
    """The methods beside each other over OBELiX's training ids."""
    examples, inside, in_obelix, _ = load()
    results = cross_validation(examples, inside, in_obelix, repeats)
    heading = (
        f"OBELiX's {inside.sum()} training rows, {repeats} times five folds by paper, papers joined where they share a "
        f"composition. (Row by row, by interpolation: forest {by_rows(examples, inside, 2):.2f}.)"
    )
    yield "cross-validation", results, f"{heading}\n\n{table(results)}"


def of_liverpool(repeats: int) -> Iterator[Piece]:
    """The same of the Liverpool table."""
    for view, results in all_temperatures(repeats).items():
        heading = f"The Liverpool table at all temperatures, {view}."
        yield f"liverpool-{view.replace(' ', '-')}", results, f"{heading}\n\n{table(results)}"


def of_regimes(repeats: int) -> Iterator[Piece]:
    """Skill and coverage by what is known of an electrolyte, and coverage by family; one repeat."""
    texts, figures = [], {}
    for name, public in (("The shipped rows and OBELiX's", [OBELIX]), ("The shipped rows alone", [])):
        scores, families = by_regime(with_public(load_literature([SHIPPED]), public), public, 1)
        figures[name] = {score.regime: score.as_dict() for score in scores} | {
            item.family: str(item) for item in families
        }
        texts.append(
            f"{name}:\n\n{regime_table(scores, TASKS[LINK].unit)}\n\n{family_table(families, 'decades', LEVEL)}"
        )
    yield "regimes", figures, "\n\n".join(texts)


def of_newer(repeats: int) -> Iterator[Piece]:
    """Papers after `LAST_YEAR` by models of those before."""
    lines = []
    for public in NEWER:
        score, rows = newer_score(with_public(load_literature([SHIPPED]), public), public)
        lines.append(
            f"- {', '.join(public) or 'shipped rows alone'}: papers after {LAST_YEAR} by {rows} rows of those before: "
            f"{sentence(score)}; width {score.width:.1f}"
        )
    yield "newer", {"lines": lines}, "\n".join(lines)


def of_polymers(repeats: int) -> Iterator[Piece]:
    """Polymers at room temperature."""
    shipped_rows = polymers.of_our_rows(TASKS[LINK].examples(load_literature([SHIPPED])))
    text = f"{polymers.report()}\n- {shipped_rows}"
    yield "polymers", {"text": text}, text


def of_energies(repeats: int) -> Iterator[Piece]:
    """Activation energies told of papers left out, beside those they print."""
    texts = []
    for name, public in (("The shipped rows alone", []), ("The shipped rows and OBELiX's", [OBELIX])):
        judged = energies.judge(with_public(load_literature([SHIPPED]), public), public)
        texts.append(f"{name}. {energies.text(judged)}")
    yield "energies", {"tables": texts}, "\n\n".join(texts)


def of_nearness(repeats: int) -> Iterator[Piece]:
    """How much of the skill is nearness."""
    examples, inside, in_obelix, _ = load()
    mae = nearness(examples, inside, in_obelix, repeats)
    (first, best), *others = mae.items()
    worse = ", ".join(f"{error:.2f} within {within:g}" for within, error in others)
    yield "nearness", {str(within): error for within, error in mae.items()}, (
        f"Much of this is nearness. Where compositions within {first:g} of a test row's are removed (sum of the "
        f"absolute differences of the atomic fractions), one member errs by {best:.2f} on OBELiX's training ids; "
        f"removing more, by {worse}. Who asks about a family nobody measured should expect the last figure."
    )  # fmt: skip


PARTS: dict[str, Callable[[int], Iterator[Piece]]] = {
    "cross-validation": of_obelix, "liverpool": of_liverpool, "regimes": of_regimes, "newer": of_newer,
    "polymers": of_polymers, "energies": of_energies, "nearness": of_nearness,
}  # fmt: skip
ON_REQUEST = ("nearness",)


def keep(name: str, figures: Mapping[str, object], text: str, write: bool, by: str = "benchmarks.accuracy") -> None:
    """Print a text and keep its figures; write it between its marks, which name the module it is `by`, where asked and
    where a page has them."""
    write_result(f"accuracy_{name}", {"text": text, **figures})
    print(f"\n{text}", flush=True)
    if write and name not in UNWRITTEN:
        marks = (
            f"<!-- accuracy, {name}: written by `python -m {by}` -->",
            f"<!-- end of accuracy, {name} -->",
        )
        write_where_marked([ROOT / page for page in PAGES], *marks, text)


def main() -> None:
    """Print the tables and keep them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all but the last by default")
    parser.add_argument("--repeats", type=int, default=3, help="of the parts with peers in them")
    parser.add_argument("--write-docs", "--write-readme", dest="write", action="store_true")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.part if name not in PARTS]:
        parser.error(f"no part named {', '.join(unknown)}; expected some of {', '.join(PARTS)}")
    for part in arguments.part or [name for name in PARTS if name not in ON_REQUEST]:
        try:
            for name, figures, text in PARTS[part](arguments.repeats):
                keep(name, figures, text, arguments.write)
        except PublicDataError as error:
            print(f"left out: {part}: {error}", flush=True)


if __name__ == "__main__":
    main()
