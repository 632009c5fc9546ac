"""A life model of a user's own cells: learnt, kept in the data folder, and recorded as an MLflow run."""

from __future__ import annotations

from pathlib import Path

from models.life.model import LifeModel
from models.registry import client
from training.data.load import CYCLES
from training.life.own_cells import LIFE, learn_with
from training.promotion.tracking import of_this_process, use_experiment
from training.public.download import PublicDataError


def train_life(folder: Path, seed: int) -> str:
    """Learn a life model with the cells of a data folder, keep it there and record it; return what was done.

    Parameters
    ----------
    folder : Path
        Data folder with a table of cycles.
    seed : int
        Of folds and boosting.

    Raises
    ------
    InputError
        The table of cycles cannot be used.
    """
    try:
        model = learn_with(folder, seed)
    except PublicDataError:
        return (
            f"life: the public cycling sets are not here (silion data pull cycling): no model was learnt with "
            f"{folder / CYCLES}; its finished cells move what the shipped one says: silion life --data {folder}"
        )
    model.save(folder / LIFE)
    record_life(model, folder / LIFE)
    own = model.about["own_cells"]
    return f"life: learnt with {own} cells of yours, kept in {folder / LIFE}: silion life --data {folder}"


def record_life(model: LifeModel, folder: Path) -> str:
    """Record a life model as an MLflow run; return the run's id.

    Parameters
    ----------
    model : LifeModel
        As learnt.
    folder : Path
        Where it is kept.
    """
    import mlflow

    with client():
        use_experiment()
        nested = mlflow.active_run() is not None
        with mlflow.start_run(run_name="life", nested=nested, tags=of_this_process()) as run:
            mlflow.log_params({f"life {name}": value for name, value in model.about["choices"].items()})
            mlflow.log_params({f"life {name}": model.about[name] for name in ("cells", "own_cells", "seed")})
            mlflow.log_metrics({f"life MAE log10 {name}": error for name, error in model.about["errors"].items()})
            mlflow.set_tag("sha256 cycles.csv", model.about["own_table"])
            mlflow.log_artifacts(str(folder), "life")
    return str(run.info.run_id)
