"""Why: SHAP values of every model, overall and design by design, in words and units a chemist reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.feature import Feature
from models import figures, pages
from models.bundle import Bundle
from models.designs import has_anode
from models.parts import Part, with_conductivity
from models.predictor import PART_OF, check_targets
from models.targets import CONDUCTIVITY, ICE, LIFE, RETENTION, TARGETS

SHOWN = 12
PICTURED = 20
"""Designs that get pictures of their own; the values of all go to the CSV."""
SCALE = {
    CONDUCTIVITY.column: "log10 S/cm",
    ICE.column: "percentage points",
    RETENTION.column: "log10 cycles to 80 %, which sets the retention curve",
    LIFE.column: "log10 cycles to 80 %",
}
"""Unit of the SHAP values of each target. Retention and life share the fade law, hence one model and one scale."""


@dataclass
class Reasons:
    """SHAP values of one part for a table of designs.

    Attributes
    ----------
    features : of the part, in order
    values : shape (n_designs, n_features), on the part's scale; with `base` they sum to the prediction
    base : the prediction when nothing is known
    vectors : the features' own values, shape (n_designs, n_features)
    """

    features: list[Feature]
    values: np.ndarray
    base: float
    vectors: np.ndarray


def reasons(part: Part, designs: pd.DataFrame) -> Reasons:
    """SHAP values of a part; cells need the column of `with_conductivity`."""
    vectors = part.featurizer.transform(designs)
    values, base = part.ensemble.contributions(vectors)
    return Reasons(part.featurizer.features_, values, base, vectors.to_numpy(dtype=float))


def explain(
    bundle: Bundle,
    folder: Path,
    designs: pd.DataFrame | None = None,
    names: list[str] | None = None,
    targets: list[str] | None = None,
) -> list[Path]:
    """Write overall importance (bar, beeswarm, CSV) per target and, for given designs, a waterfall and the values each.

    Parameters
    ----------
    folder : written into; files of the same name are replaced
    designs : candidate designs; only the overall part where None
    names : what to call each design
    targets : columns; all where None

    Returns
    -------
    list of Path
        What was written, the page `index.html` first.
    """
    wanted = check_targets(targets)
    blocks: list[pages.Block] = [
        pages.Paragraph(
            "SHAP values say how the model weighs a feature, not what causes what. On this few papers a "
            "small bar may be noise. A target marked "
            "'no skill shown yet' is explained all the same: read it as how the model works, not as how cells work."
        ),
    ]
    written: list[Path] = []
    for column in wanted:
        blocks += _overall(bundle, column, folder, written)
    if designs is not None and len(designs):
        blocks += _each(
            bundle, designs, names or [str(row + 1) for row in range(len(designs))], wanted, folder, written
        )
    index = folder / "index.html"
    index.write_text(pages.html("Silion: what moves the predictions", blocks), encoding="utf-8")
    return [index, *written]


def _verdict(bundle: Bundle, column: str) -> str:
    verdict = bundle.facts.get("skill", {}).get(column, {}).get("verdict", "skill not measured")
    return f"{TARGETS[column].label}: {verdict} on unseen papers."


def _overall(bundle: Bundle, column: str, folder: Path, written: list[Path]) -> list[pages.Block]:
    part = bundle.parts[PART_OF[column]]
    if part.domain is None:
        return []
    vectors = pd.DataFrame(part.domain.vectors, columns=part.featurizer.get_feature_names_out())
    values, base = part.ensemble.contributions(vectors)
    found = Reasons(part.featurizer.features_, values, base, part.domain.vectors)
    strength = np.abs(values).mean(axis=0)
    order = np.argsort(-strength, kind="stable")
    table = pd.DataFrame(
        {
            "feature": [found.features[place].name for place in order],
            "label": [found.features[place].label for place in order],
            "unit": [found.features[place].unit for place in order],
            "source": [found.features[place].source for place in order],
            f"mean_abs_shap ({SCALE[column]})": strength[order],
        }
    )
    written.append(_csv(table, folder / f"{column}_importance.csv"))
    top = order[:SHOWN]
    bar = figures.importance([found.features[place].printed for place in top], strength[top], SCALE[column])
    written.append(figures.save(bar, folder / f"{column}_bar.png"))
    label = f"SHAP value ({SCALE[column]})"
    written.append(
        figures.save(
            figures.shap_plot("beeswarm", _explanation(found), SHOWN, label), folder / f"{column}_beeswarm.png"
        )
    )
    words = f"{TARGETS[column].label}: the {len(top)} strongest features over the {len(values)} training rows"
    return [
        pages.Heading(f"Overall: {TARGETS[column].label}"),
        pages.Paragraph(_verdict(bundle, column)),
        pages.Picture(f"{column}_bar.png", f"{words}, mean absolute SHAP value in {SCALE[column]}"),
        pages.Picture(f"{column}_beeswarm.png", f"{words}, one dot a row, coloured by the feature's value"),
    ]


def _each(
    bundle: Bundle, designs: pd.DataFrame, names: list[str], wanted: list[str], folder: Path, written: list[Path]
) -> list[pages.Block]:
    cells, described = with_conductivity(designs, bundle.parts["conductivity"]), has_anode(designs)
    blocks: list[pages.Block] = [pages.Heading("Design by design")]
    rows: list[dict[str, object]] = []
    for column in wanted:
        name = PART_OF[column]
        found = reasons(bundle.parts[name], designs if name == "conductivity" else cells)
        for row, design in enumerate(names):
            if name != "conductivity" and not described[row]:
                continue
            rows += [
                {
                    "design": design,
                    "target": column,
                    "feature": feature.name,
                    "label": feature.label,
                    "unit": feature.unit,
                    "value": found.vectors[row, place],
                    "shap": found.values[row, place],
                    "shap_unit": SCALE[column],
                    "base": found.base,
                }
                for place, feature in enumerate(found.features)
            ]
            if row >= PICTURED:
                continue
            label = f"{TARGETS[column].label} of {design} ({SCALE[column]})"
            path = folder / f"{row + 1:02d}_{_file_name(design)}_{column}.png"
            written.append(figures.save(figures.shap_plot("waterfall", _explanation(found)[row], SHOWN, label), path))
            blocks.append(
                pages.Picture(
                    path.name,
                    f"{label}: what moved it from the base {found.base:.2f} to "
                    f"{found.base + found.values[row].sum():.2f}",
                )
            )
    written.append(_csv(pd.DataFrame(rows), folder / "designs_shap.csv"))
    return blocks


def _explanation(found: Reasons) -> Any:
    import shap

    names = [feature.printed for feature in found.features]
    data = np.round(found.vectors, 3)
    return shap.Explanation(
        values=found.values, base_values=np.full(len(found.values), found.base), data=data, feature_names=names
    )


def _file_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:40] or "design"


def _csv(table: pd.DataFrame, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    table.to_csv(aside, index=False, float_format="%.6g")
    aside.rename(path)
    return path
