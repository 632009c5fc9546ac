"""Error against distance: are designs predicted worse the farther they are from the training designs? Errors with the
paper unseen against the distance to the nearest row that could be learned from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from models.domain import Domain
from models.tasks.registry import targets_with_an_error, task_of
from models.tasks.target import Target
from reporting import figures, pages
from reporting.atomic_files import Written, write_csv
from reporting.numbers import with_interval
from training.evaluation.bootstrap import RankCorrelation, bootstrap_ratio, rank_correlation
from training.evaluation.crossvalidate import MODEL, OutOfFold
from training.evaluation.score import errors
from training.report import tables as card
from training.report.skill_sections import Blocks
from training.train import Trained

BINS = 3


@dataclass(frozen=True)
class Correlation(RankCorrelation):
    """That of error and distance; the interval is NaN with fewer than `card.FEWEST_PAPERS` groups.

    Examples
    --------
    >>> print(Correlation(0.4, 0.1, 0.6))
    the error rises with the distance: rank correlation +0.40, 90 % interval +0.10 to +0.60
    """

    def __str__(self) -> str:
        """Sentence on what the data show."""
        if np.isnan(self.low):
            return "too few papers or values to judge whether the error rises with the distance"
        figure = f"rank correlation {self.value:+.2f}, 90 % interval {self.low:+.2f} to {self.high:+.2f}"
        if self.low > 0:
            return f"the error rises with the distance: {figure}"
        if self.high < 0:
            return f"the error falls with the distance: {figure}"
        return f"these data cannot show that the error rises with the distance: {figure}, which includes 0"


def distance_table(target: Target, out_of_fold: OutOfFold, domain: Domain) -> pd.DataFrame:
    """Every judged row with its distance and its error.

    Parameters
    ----------
    target : Target
        Learned quantity as it is predicted.
    out_of_fold : OutOfFold
        Out-of-fold predictions of one part.
    domain : Domain
        Of the part that was trained on the rows of `out_of_fold`, in their order.

    Returns
    -------
    DataFrame
        `row_id`, `paper`, `group`, `distance` (to the nearest row of another group: what stands in the row's own is
        held out with it), `error` (mean of the repeats, with the paper unseen) and `bin` (1 to `BINS`, nearest first,
        as many rows in each). Empty where there is one group only.
    """
    error_by_method, rows = errors(target, out_of_fold)
    away = domain.distances(pd.DataFrame(domain.vectors))
    away[np.equal.outer(out_of_fold.groups, out_of_fold.groups)] = np.inf
    designs = out_of_fold.examples.designs
    table = pd.DataFrame(
        {
            "row_id": designs["row_id"].to_numpy()[rows],
            "paper": designs["paper"].to_numpy()[rows],
            "group": out_of_fold.groups[rows],
            "distance": away.min(axis=1)[rows],
            "error": error_by_method[MODEL],
        }
    )
    if not np.isfinite(table["distance"]).all():
        return table.iloc[:0].assign(bin=0)
    table["bin"] = 1 + ((table["distance"].rank(method="first") - 1) * BINS // len(table)).astype(int)
    return table


def bin_table(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Mean error by bin of the distance.

    Parameters
    ----------
    table : DataFrame
        Of `distance_table`.
    seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame
        `bin`, `rows`, `groups`, `nearest` and `farthest` (distances), `error`, `error_low` and `error_high` (90 %
        bootstrap interval over groups; NaN below `card.FEWEST_PAPERS` groups).
    """
    rows = []
    for name, own in table.groupby("bin"):
        error, groups = own["error"].to_numpy(), own["group"].nunique()
        low, high = np.nan, np.nan
        if groups >= card.FEWEST_PAPERS:
            low, high = bootstrap_ratio(own["group"].to_numpy(), error, np.ones(len(error)), seed)
        rows.append((name, len(own), groups, own["distance"].min(), own["distance"].max(), error.mean(), low, high))
    return pd.DataFrame(
        rows, columns=["bin", "rows", "groups", "nearest", "farthest", "error", "error_low", "error_high"]
    )


def correlation(table: pd.DataFrame, seed: int) -> Correlation:
    """Rank correlation of error and distance in a table of `distance_table`.

    Parameters
    ----------
    table : DataFrame
        Of `distance_table`.
    seed : int
        Of the random steps.
    """
    distance, error, groups = (table[name].to_numpy() for name in ("distance", "error", "group"))
    ranks = rank_correlation(distance, error, groups, seed, card.FEWEST_PAPERS)
    return Correlation(ranks.value, ranks.low, ranks.high)


def section(trained: Trained, folder: Path) -> Blocks:
    """Error against distance, per target.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    folder : Path
        Folder that is written into.
    """
    seed, sentences, blocks = trained.config.seed, [], Blocks()
    for column, target in targets_with_an_error().items():
        part = task_of(column).name
        domain = trained.bundle.parts[part].domain
        if domain is None:
            continue
        table = distance_table(target, trained.found[part], domain)
        if table.empty:
            continue
        bins = bin_table(table, seed)
        write_csv(bins, folder / f"{column}_distance_bins.csv")
        beyond = f"{(table['distance'] > domain.far).sum()} of {len(table)} rows lie beyond the line"
        sentences.append(f"{pages.capital(target.label)}: {correlation(table, seed)}; {beyond}.")
        picture = figures.error_by_distance(
            table["distance"].to_numpy(), table["error"].to_numpy(), _drawn_bins(bins), domain.far, target.label,
            target.error_unit,
        )  # fmt: skip
        caption = (
            f"{target.label}: error with the paper unseen against the distance to the nearest row of another group; "
            "bars: mean of a third of the rows, with its 90 % interval; dashed: where the notice of a far design begins"
        )
        blocks += [
            pages.Heading(f"{target.label}, errors in {target.error_unit}", 3),
            _bins(bins),
            Written(folder).picture(f"{column}_distance", picture, table, caption),
        ]
    return [
        pages.Heading("Does the error rise with the distance?"),
        pages.Paragraph(
            "The distance is that which a prediction states: the root mean square over the features, in standard "
            "deviations of the training rows; here to the nearest row of another group, as the row's own group was "
            "held out with it. At the line the notice 'far from every training design' begins: 95 % of the training "
            "rows are nearer than that to another paper. Intervals are 90 % bootstrap intervals over groups; a third "
            f"with fewer than {card.FEWEST_PAPERS} groups has none."
        ),
        pages.Bullets(sentences),
        *blocks,
    ]


def _drawn_bins(bins: pd.DataFrame) -> list[figures.DistanceBin]:
    columns = ["nearest", "farthest", "error", "error_low", "error_high"]
    return [(a, b, c, d, e) for a, b, c, d, e in bins[columns].to_numpy(dtype=float).tolist()]


def _bins(bins: pd.DataFrame) -> pages.Table:
    rows = [
        (f"{row['nearest']:.2f} to {row['farthest']:.2f}", row["rows"], row["groups"],
         with_interval(row["error"], row["error_low"], row["error_high"]))
        for row in bins.to_dict("records")
    ]  # fmt: skip
    return pages.Table(["distance", "rows", "groups", "mean error (90 %)"], rows)
