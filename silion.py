"""Silion in Python, as its command line has it; importing it loads nothing heavy.

>>> import silion
>>> silion.formula("75Li2S-25P2S5").composition
{'Li': 150.0, 'S': 200.0, 'P': 50.0}
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from features.formulas.reader import Reading
    from serving.notebook.lives import Lives
    from serving.notebook.model import Model

__all__ = ["Model", "formula", "life", "load", "main", "train"]


def main(argv: list[str] | None = None) -> int:
    """Run a command of the command line and return its exit code.

    Parameters
    ----------
    argv : list of str, optional
        The arguments after `silion`; those this process was started with where None.
    """
    from cli.main import main as run

    return run(argv)


def load(model: str | Path | None = None, *, store: str | Path | None = None) -> Model:
    """Load a trained model.

    Parameters
    ----------
    model : str or Path, optional
        A folder that `silion models export` or `Model.save` wrote, or the alias or version of a registered model; the
        champion where None.
    store : str or Path, optional
        MLflow store to look in: its address, or the path of its sqlite file. `MLFLOW_TRACKING_URI` where None, else
        `mlflow.db` of the working folder.

    Raises
    ------
    ModelNotFoundError
        No such model; the message says how to train one.
    BundleError
        The folder is damaged, or made for another feature schema.

    Examples
    --------
    >>> import silion
    >>> model = silion.load("model")  # doctest: +SKIP
    >>> model.skill["target"].tolist()  # doctest: +SKIP
    ['conductivity_s_per_cm', 'ice_pct', 'retention_pct', 'cycle_life_80']
    """
    from models.bundle import load_bundle
    from models.registry import resolve, using_store
    from serving.notebook.model import Model

    with using_store(store) if store else nullcontext():
        return Model(load_bundle(resolve(None if model is None else os.fspath(model))))


def train(
    *,
    data: str | Path | Sequence[str | Path] = (),
    public: str | Sequence[str] = (),
    facts: str | Sequence[str] = (),
    seed: int = 0,
    folds: int = 5,
    repeats: int = 5,
    report: str | Path | None = None,
    register: bool = False,
    store: str | Path | None = None,
) -> Model:
    """Train on the literature and measure skill on unseen papers, as `silion train` does.

    Parameters
    ----------
    data : str, Path or sequence of them
        Folders of further tables, beside the shipped ones.
    public : str or sequence of str
        Public tables to learn conductivity from, pulled before: obelix, liverpool, laskowski, or `pulled` for those
        under an open licence that are there.
    facts : str or sequence of str
        Public tables whose conductivities are looked up where they are asked for, and not learned from; as `public`.
    seed : int
        Of every random step.
    folds, repeats : int
        Of the cross-validation by paper.
    report : str or Path, optional
        Folder that the report is written to; none is written where None.
    register : bool
        Whether to register the model in the MLflow store: as the champion of an empty one, else as the challenger.
    store : str or Path, optional
        As in `load`.

    Raises
    ------
    InputError
        Data that cannot be used.
    SplitError
        Fewer papers than folds.
    """
    from models.registry import using_store
    from serving.notebook.model import Model
    from training.config import config_of
    from training.promotion.record import fit, record
    from training.public.requested_tables import asked_tables
    from training.train import load_data

    folders = [data] if isinstance(data, str | Path) else data
    learned, looked_up = (asked_tables([names] if isinstance(names, str) else names) for names in (public, facts))
    config = config_of(tuple(os.fspath(folder) for folder in folders), learned, seed, folds, repeats, facts=looked_up)
    trained = fit(config, load_data(config), register=register)
    if register or report is not None:
        with using_store(store) if store else nullcontext(), TemporaryDirectory() as folder:
            record(trained, Path(folder) / "report" if report is None else Path(report), register=register)
    return Model(trained.bundle)


def formula(text: str) -> Reading:
    """Read a formula or name: its composition, form and parts.

    Parameters
    ----------
    text : str
        As papers write it: `75Li2S-25P2S5`, `LLZTO`, `Li₆PS₅Cl`, `Si@Li7P3S11`.

    Raises
    ------
    FormulaError
        It cannot be read; the message names the place and the closest known names.

    Examples
    --------
    >>> import silion
    >>> silion.formula("LPSCl").composition
    {'Li': 6.0, 'P': 1.0, 'S': 5.0, 'Cl': 1.0}
    """
    from features.formulas.reader import read_formula

    return read_formula(text)


def life(
    cells: pd.DataFrame | str | Path,
    *,
    threshold: float = 80.0,
    level: float = 0.9,
    at_least: Sequence[int] = (),
    calibrate: pd.DataFrame | str | Path | None = None,
    voltage: pd.DataFrame | str | Path | None = None,
) -> Lives:
    """Predict the cycle lives of cells from their first cycles, ten or more of each.

    Parameters
    ----------
    cells : DataFrame, str or Path
        One row per cell and cycle: `cell`, `cycle` and `capacity_ah`, `capacity_mah` or `capacity_mah_per_g`; or a CSV,
        TSV, Excel, Parquet or BDF file of them.
    threshold : float
        End of life, in % of the initial capacity (the median of the first five cycles).
    level : float
        Share of cells whose lives the interval should hold, 0 to 1.
    at_least : sequence of int
        Cycles whose probability to be outlived is predicted.
    calibrate : DataFrame, str or Path, optional
        Cells of your own laboratory cycled to the end: they move and narrow the others.
    voltage : DataFrame, str or Path, optional
        Discharge curves of LFP cells: `cell`, `cycle`, `voltage_v` and `capacity_ah` of cycles 10 and 100.

    Raises
    ------
    InputError
        A cell that cannot be predicted; every mistake at once.

    Examples
    --------
    >>> import pandas as pd
    >>> import silion
    >>> points = [{"cell": "A", "cycle": n, "capacity_mah": 100 - 0.1 * n} for n in range(1, 31)]
    >>> lives = silion.life(pd.DataFrame(points))
    >>> bool(lives.table["cycle_life_low"][0] < lives.table["cycle_life_high"][0])
    True
    """
    from serving.notebook.lives import life_of

    return life_of(cells, threshold, level, at_least, calibrate, voltage)


def __getattr__(name: str) -> Any:
    """Return `Model` without loading it before somebody asks."""
    if name == "Model":
        from serving.notebook.model import Model

        return Model
    raise AttributeError(f"module 'silion' has no attribute {name!r}")


if __name__ == "__main__":
    sys.exit(main())
