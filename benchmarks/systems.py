"""Every electrolyte system of the reviews by the default model, beside the range that its papers print.

`benchmarks.goals systems` prints it. The ranges stand in `tests/models/system_ranges.csv`, where they were written down
before any model was asked; the model is that of `make run`: the shipped rows and OBELiX's training rows.
"""

from __future__ import annotations

import csv
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.tables.records import Candidate
from models.bundle import load_bundle, save_bundle
from models.candidates import candidate_frame
from models.predictor import Predictor
from training.config import config_of
from training.public.collect import OBELIX
from training.train import train

TARGET = "conductivity_s_per_cm"
LEVEL = 0.9
WITHIN_DECADES = 1.0
"""A value this near to the printed range counts as told."""
RANGES = Path(__file__).resolve().parents[1] / "tests" / "models" / "system_ranges.csv"
FURTHER = RANGES.with_name("system_range_sources.csv")
SOURCES = RANGES.parents[2] / "data" / "literature" / "sources.csv"
NOT_JUDGED = (
    ("PVA", "one of the 25 polymers of `kept_out.csv`: asking would be a look"),
    ("PDOL, PPC with a salt alone", "no page at hand prints a value"),
    ("Li2B12H12, Li2B10H10", "no page at hand prints a value"),
)
"""Systems without a line, and why."""


@dataclass(frozen=True)
class SystemRange:
    """A line of `system_ranges.csv`.

    Attributes
    ----------
    system, electrolyte : str
    temperature_c, low, high : float
        °C; ends of what is printed, S/cm.
    papers : str
        DOIs of the papers, an id where none is known.
    """

    system: str
    electrolyte: str
    temperature_c: float
    low: float
    high: float
    papers: str


@dataclass(frozen=True)
class Told:
    """What the model tells of a line: value and ends of its interval, S/cm, and which measured values it knows."""

    value: float
    low: float
    high: float
    measured: str

    def decades_from(self, printed: SystemRange) -> float:
        """Return how many decades the value lies outside the printed range, below 0 for below it; 0 inside.

        Parameters
        ----------
        printed : SystemRange
            Of the same line.

        Examples
        --------
        >>> range_of = SystemRange("LiBH4", "LiBH4", 25, 1e-9, 1e-8, "")
        >>> [round(Told(value, 0, 1, "").decades_from(range_of), 2) for value in (1e-10, 5e-9, 1e-7)]
        [-1.0, 0.0, 1.0]
        """
        below, above = np.log10(self.value / printed.low), np.log10(self.value / printed.high)
        return float(min(below, 0.0) + max(above, 0.0))

    def meets(self, printed: SystemRange) -> bool:
        """Return whether the interval meets the printed range.

        Parameters
        ----------
        printed : SystemRange
            Of the same line.
        """
        return self.low <= printed.high and self.high >= printed.low


def printed_ranges() -> list[SystemRange]:
    """Return the printed ranges, in the order of the file."""
    dois = {row["source"]: row["doi"] for row in _rows(FURTHER)}
    dois |= {row["source_id"]: row["doi"] for row in _rows(SOURCES)}
    return [
        SystemRange(
            row["system"], row["electrolyte"], float(row["temperature_c"]), float(row["low_s_per_cm"]),
            float(row["high_s_per_cm"]), ", ".join(dois[name] or f"`{name}`" for name in row["source"].split("; ")),
        )
        for row in _rows(RANGES)
    ]  # fmt: skip


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def default_model(folder: Path) -> Path:
    """Train what `make run` trains and return its bundle.

    Parameters
    ----------
    folder : Path
        Gets the bundle.

    Raises
    ------
    PublicDataError
        OBELiX was not pulled.
    """
    return save_bundle(train(config_of((), (OBELIX,), 0, 5, 5)).bundle, folder / "bundle")


def ask(bundle: Path, printed: list[SystemRange]) -> list[Told]:
    """Return what a model tells of each line.

    Parameters
    ----------
    bundle : Path
        Folder of a bundle.
    printed : list of SystemRange
        Lines to ask about.
    """
    designs = [Candidate(electrolyte=line.electrolyte, temperature_c=line.temperature_c) for line in printed]
    table = Predictor(load_bundle(bundle)).predict(candidate_frame(designs), level=LEVEL).table
    ends = (table[f"{TARGET}{end}"].astype(float) for end in ("", "_low", "_high"))
    return [Told(*row) for row in zip(*ends, table["measured"].fillna(""), strict=True)]


def report(printed: list[SystemRange], answers: list[Told]) -> str:
    """Return the table in Markdown, with what was missed in words.

    Parameters
    ----------
    printed : list of SystemRange
        Lines.
    answers : list of Told
        Of each.
    """
    near = [abs(answer.decades_from(line)) <= WITHIN_DECADES for line, answer in zip(printed, answers, strict=True)]
    met = [answer.meets(line) for line, answer in zip(printed, answers, strict=True)]
    known = [bool(answer.measured) for answer in answers]
    lines = [
        f"{len(printed)} printed ranges, S/cm, by the model of `make run`. Within a decade of the range: {sum(near)} "
        f"of {len(printed)}; the {100 * LEVEL:g} % interval meets the range: {sum(met)}. Of {sum(known)} lines the "
        "model knows a measured value of the very composition, often from the papers of the range itself; of the "
        f"{len(printed) - sum(known)} others {sum(n for n, k in zip(near, known, strict=True) if not k)} are within a "
        f"decade and {sum(m for m, k in zip(met, known, strict=True) if not k)} met. Papers by DOI, else by their id "
        "in `data/literature/sources.csv` or `tests/models/system_range_sources.csv`.",
        "",
        f"Further than a decade away: {_named(printed, answers, near)}.",
        f"Not met by the interval: {_named(printed, answers, met)}.",
        *(f"Not judged: {name}: {why}." for name, why in NOT_JUDGED),
        "",
        "| system | electrolyte as asked | °C | printed | told | 90 % interval | near | met | measured | papers |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for line, answer, is_near, is_met in zip(printed, answers, near, met, strict=True):
        lines.append(
            f"| {line.system} | {line.electrolyte} | {line.temperature_c:g} | {_ends(line.low, line.high)} | "
            f"{answer.value:.1e} | {_ends(answer.low, answer.high)} | {_yes(is_near)} | {_yes(is_met)} | "
            f"{'known' if answer.measured else ''} | {line.papers} |"
        )
    return "\n".join(lines)


def _named(printed: list[SystemRange], answers: list[Told], good: list[bool]) -> str:
    """The lines that are not good, with how far away they are told; none where all are."""
    away = [
        f"{line.electrolyte} at {line.temperature_c:g} °C ({answer.decades_from(line):+.1f} decades)"
        for line, answer, is_good in zip(printed, answers, good, strict=True)
        if not is_good
    ]
    return "; ".join(away) or "none"


def _ends(low: float, high: float) -> str:
    return f"{low:.1e} to {high:.1e}" if low < high else f"{low:.1e}"


def _yes(good: bool) -> str:
    return "yes" if good else "**no**"


def systems() -> str:
    """Train the default model, ask it about every system and return the table.

    Raises
    ------
    PublicDataError
        OBELiX was not pulled.
    """
    printed = printed_ranges()
    with tempfile.TemporaryDirectory() as folder:
        return report(printed, ask(default_model(Path(folder)), printed))
