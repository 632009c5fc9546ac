"""Predictions of a table as one page to mail: intervals as bars, notices, and the nearest papers of each design."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pandas as pd

from models.bundle import Bundle
from reporting import pages
from reporting.atomic_files import atomic_file
from serving.notebook.answers import Answers
from serving.predict.batch import BatchResult, first_rows
from serving.predict.prediction_text import name_column

ENDING = ".html"
MOST = 100
"""Designs of the page, the first: a longer one is read by nobody."""


def check_page(path: Path) -> None:
    """Refuse a page that would not open in a browser.

    Parameters
    ----------
    path : Path
        Where it should be written.

    Raises
    ------
    ValueError
        Its ending is not that of a page.
    """
    if path.suffix != ENDING:
        raise ValueError(f"--page: got {path}, expected a file that ends in {ENDING}")


def write_page(path: Path, out: Path, result: BatchResult, bundle: Bundle, level: float) -> None:
    """Write the first predictions of a table as one file that loads nothing.

    Parameters
    ----------
    path : Path
        File to write.
    out : Path
        Table of predictions, as `serving.predict.batch.predict_file` wrote it.
    result : BatchResult
        What it returned.
    bundle : Bundle
        The model that predicted.
    level : float
        Of the intervals, 0 to 1.
    """
    table = first_rows(out, MOST, result.targets)
    names = [str(name) for name in table[name_column(table)]]
    if result.nearest is None:
        nearest = pd.DataFrame({"place": []})
    else:
        nearest = pd.read_csv(result.nearest, dtype={"design": "str"}, keep_default_na=False)
        nearest["place"] = nearest["design"].map({name: place for place, name in reversed([*enumerate(names)])})
    skill = {column: str(facts["verdict"]) for column, facts in bundle.facts.get("skill", {}).items()}
    beyond = result.rows - len(table)
    more = f"<p>... and {beyond} more designs, in {escape(out.name)}</p>" if beyond else ""
    body = Answers(table, nearest, names, level, skill, asked=result.targets).html(len(names), more)
    with atomic_file(path) as aside:
        aside.write_text(
            pages.document(f"Predictions of {pages.counted(result.rows, 'design')}", body), encoding="utf-8"
        )
