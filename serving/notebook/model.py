"""A trained model in Python: commands of the command line as methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import pandas as pd

from features.tables.mistakes import InputError
from models.bundle import Bundle, save_bundle
from models.decisions.comparison import compare
from models.explain.importance import overall
from models.explain.waterfall import waterfalls
from models.lab_calibration import measured_frame
from models.predictor import DEFAULT_LEVEL, Predictor
from models.saved.labs import read_lab
from models.tasks.registry import RANGES, TARGETS, task_of
from reporting.model_summary import figure_name
from serving.decide.compare import design_pairs
from serving.notebook import html
from serving.notebook.answers import Answers, Differences, Explanation, nearest_table
from serving.notebook.design_input import DesignsLike, read_designs, read_measured


class Model:
    """A trained model, as `silion.load` and `silion.train` give it.

    Parameters
    ----------
    bundle : Bundle
        The fitted parts and the facts of their training.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._predictor = Predictor(bundle)

    @property
    def skill(self) -> pd.DataFrame:
        """Return how well each target was predicted on papers never seen; one row per target.

        `skill` is `error over the dummy's` (below 1 is better than the median of the training rows) or `concordance`
        (above 0.5 is better than chance), with the ends of its 90 % interval.
        """
        columns = ["target", "rows", "papers", "skill_name", "skill", "skill_low", "skill_high", "coverage", "verdict"]
        return pd.DataFrame(list(self.bundle.facts.get("skill", {}).values()), columns=columns)

    @property
    def _verdicts(self) -> dict[str, str]:
        return {column: str(facts["verdict"]) for column, facts in self.bundle.facts.get("skill", {}).items()}

    def predict(
        self,
        designs: DesignsLike,
        *,
        targets: Sequence[str] | None = None,
        level: float = DEFAULT_LEVEL,
        cycles: Sequence[int] = (),
        above: Mapping[str, float] | None = None,
        calibrate: DesignsLike | None = None,
        precedents: int = 3,
        lab: str | None = None,
    ) -> Answers:
        """Predict designs, with intervals, notices and the nearest literature rows.

        Parameters
        ----------
        designs : DataFrame, dict, or sequence of dicts
            Columns of `silion data dictionary` in their units; only `electrolyte` is required, and None, NaN and the
            empty text mean not known. Other columns are kept.
        targets : sequence of str, optional
            Columns of the targets wanted; all of them where None.
        level : float
            Share of papers whose values the intervals should hold, 0 to 1.
        cycles : sequence of int
            Cycles at which retention is wanted beside that of the design's own.
        above : mapping of str to float, optional
            Limits of targets, in their units: the probability to lie above each is predicted as well.
        calibrate : DataFrame, dict, or sequence of dicts, optional
            Measured designs of your own laboratory: they move and narrow the others.
        precedents : int
            Nearest literature rows per design and target.
        lab : str, optional
            Laboratory that `silion lab add` keeps under this name, in the place of `calibrate`.

        Raises
        ------
        InputError
            Designs that cannot be used: every mistake at once, designs counted from 1. Nothing is predicted then. A
            laboratory that is not kept, or one beside `calibrate`.
        LevelError
            The number of papers cannot support the level.

        Examples
        --------
        >>> model = silion.load("model")  # doctest: +SKIP
        >>> answers = model.predict({"electrolyte": "Li6PS5Cl", "anode": "micro-Si"})  # doctest: +SKIP
        >>> bool(answers.table["conductivity_s_per_cm"][0] < 1)  # doctest: +SKIP
        True
        """
        read = read_designs(designs, targets)
        if lab is not None and calibrate is not None:
            raise InputError("lab and calibrate: choose one, both are measured designs of your laboratory")
        own = None if calibrate is None else read_measured(calibrate)
        predictions = self._predictor.predict(
            read.designs,
            targets=targets,
            level=level,
            precedents=precedents,
            measured=own if lab is None else measured_frame(read_lab(lab)),
            cycles=cycles,
            above=above,
            points=False,
        )
        table = pd.concat([read.frame, predictions.table.set_axis(read.frame.index)], axis=1)
        nearest = nearest_table(read.names, predictions.precedents)
        return Answers(table, nearest, read.names, level, self._verdicts, read.remarks, targets)

    def explain(self, designs: DesignsLike, *, targets: Sequence[str] | None = None) -> Explanation:
        """Take predictions apart: what each feature of a design adds to its answer.

        Parameters
        ----------
        designs : DataFrame, dict, or sequence of dicts
            As for `predict`.
        targets : sequence of str, optional
            Columns of the targets wanted; all of them where None.

        Raises
        ------
        InputError
            Designs that cannot be used.

        Examples
        --------
        >>> model = silion.load("model")  # doctest: +SKIP
        >>> why = model.explain({"electrolyte": "Li6PS5Cl"}, targets=["conductivity_s_per_cm"])  # doctest: +SKIP
        >>> why.table.columns.tolist()  # doctest: +SKIP
        ['design', 'target', 'feature', 'label', 'value', 'shap', 'step']
        """
        read = read_designs(designs)
        frame = read.designs.to_frame()
        pictures = [
            waterfall
            for column in self.bundle.targets(targets)
            for waterfall in waterfalls(self.bundle, frame, read.names, column)
            if waterfall is not None
        ]
        tables = [
            waterfall.steps.assign(
                design=waterfall.design,
                target=waterfall.column,
                step=[waterfall.step_in_words(piece) for piece in waterfall.steps["piece"]],
            )
            for waterfall in pictures
        ]
        columns = ["design", "target", "feature", "label", "value", "shap", "step"]
        table = pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)
        return Explanation(table, pictures, self._verdicts)

    def importance(self, target: str) -> pd.DataFrame:
        """Return what matters overall for a target, strongest first.

        Parameters
        ----------
        target : str
            Its column, such as `ice_pct`.

        Returns
        -------
        DataFrame
            One row per feature: `feature`, `label`, `unit`, `mean_abs_shap` (on the model's scale), the rank with its
            spread over models fitted without some papers, and `apart_from_zero`.
        """
        (column,) = self.bundle.targets([target])
        return overall(self.bundle, task_of(column).name, pairs=False).features

    def compare(
        self,
        first: DesignsLike,
        second: DesignsLike | None = None,
        *,
        targets: Sequence[str] | None = None,
        level: float = DEFAULT_LEVEL,
    ) -> Differences:
        """Compare designs as if one laboratory made and measured them.

        Parameters
        ----------
        first : DataFrame, dict, or sequence of dicts
            Designs a.
        second : DataFrame, dict, or sequence of dicts, optional
            Designs b: each of a beside each of b. Every pair of the first where None.
        targets : sequence of str, optional
            Columns of targets; all that have an error where None.
        level : float
            Share of papers whose differences the interval should hold, 0 to 1.

        Raises
        ------
        InputError
            Designs that cannot be used.
        ValueError
            Fewer than two designs, or a cell beside a bare electrolyte where cell targets are wanted.

        Examples
        --------
        >>> model = silion.load("model")  # doctest: +SKIP
        >>> pair = [{"electrolyte": "Li6PS5Cl"}, {"electrolyte": "LLZTO"}]  # doctest: +SKIP
        >>> len(model.compare(pair, targets=["conductivity_s_per_cm"]))  # doctest: +SKIP
        1
        """
        tables = [read_designs(designs) for designs in (first, second) if designs is not None]
        a, b = design_pairs(*(len(table.names) for table in tables))
        if not len(a):
            raise ValueError("compare: got one design, expected at least two, or two tables")
        frame = pd.concat([table.designs.to_frame() for table in tables], ignore_index=True)
        names = [name for table in tables for name in table.names]
        comparison = compare(self._predictor, frame, a, b, targets, level)
        pairs = {"design_a": [names[place] for place in a], "design_b": [names[place] for place in b]}
        return Differences(pd.concat([pd.DataFrame(pairs), comparison.table], axis=1), comparison.notices, level)

    def save(self, folder: str | Path) -> Path:
        """Write the model to a folder that `silion.load` and `--model` read; a bundle that is there is replaced.

        Parameters
        ----------
        folder : str or Path
            New, or that of an older bundle.

        Raises
        ------
        ValueError
            The folder exists and is no bundle.
        """
        folder = Path(folder)
        if folder.exists() and not (folder / "manifest.json").is_file():
            raise ValueError(f"{folder}: exists and is no model bundle; choose another folder")
        return save_bundle(self.bundle, folder)

    def __repr__(self) -> str:
        lines = [f"{TARGETS[name].label}: {verdict} on unseen papers" for name, verdict in self._verdicts.items()]
        lines += [f"{RANGES[column].label}: range only" for column in self.bundle.told() if column not in TARGETS]
        return "\n".join(["Silion model", *(f"  {line}" for line in lines)])

    def _repr_html_(self) -> str:
        """Return what a notebook shows: how far each target can be trusted."""
        rows = [
            [
                escape(TARGETS[str(row.target)].label),
                escape(figure_name(str(row.skill_name))),
                f"{row.skill:.2f} [{row.skill_low:.2f} to {row.skill_high:.2f}]",
                escape(f"{row.rows} rows, {row.papers} groups of papers"),
                f"<b>{escape(str(row.verdict))}</b>",
            ]
            for row in self.skill.itertuples()
        ]
        return html.framed([html.table(["on papers never seen", "measure", "90 % interval", "judged on", ""], rows)])
