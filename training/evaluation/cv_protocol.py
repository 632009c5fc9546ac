"""Folds and repeats a model was judged with, and what they are worth."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from reporting.pages import counted
from training.config import TrainConfig
from training.evaluation.out_of_fold import FOLD, by_repeat

STEADY = TrainConfig.repeats
"""Repeats from which a verdict is not called rough. Five rows added to the shipped conductivities deal their 45 groups
anew: in three folds, dealt once, the error of one recipe came out 0.09 decades apart for that alone. The interval over
papers does not hold this."""


@dataclass(frozen=True)
class CvProtocol:
    """Folds of one repeat, and repeats."""

    folds: int
    repeats: int

    @classmethod
    def of(cls, table: pd.DataFrame) -> CvProtocol:
        """Read from a table of `training.evaluation.out_of_fold`: folds are counted where most rows were judged.

        Parameters
        ----------
        table : DataFrame
            Of `judged`.
        """
        repeats = by_repeat(table, FOLD).shape[0]
        return cls(int(table.groupby("target")[f"{FOLD}0"].nunique().max()) if len(table) else 0, repeats)

    @property
    def is_rough(self) -> bool:
        """True where another dealing of papers into folds may well give another verdict."""
        return self.repeats < STEADY

    @property
    def text(self) -> str:
        """As printed.

        >>> CvProtocol(3, 1).text, CvProtocol(5, 5).text
        ('3 folds x 1 repeat', '5 folds x 5 repeats')
        """
        return f"{counted(self.folds, 'fold')} x {counted(self.repeats, 'repeat')}"


def remark(champion: CvProtocol, challenger: CvProtocol) -> str:
    """Return a remark on a comparison: how both models were judged, and whether that is rough.

    Parameters
    ----------
    champion : CvProtocol
        How the champion was judged.
    challenger : CvProtocol
        How the challenger was judged.
    """
    text = f"judged by {challenger.text}"
    if champion != challenger:
        text = f"the champion was judged by {champion.text}, the challenger by {challenger.text}"
        text += ": part of each difference may be theirs"
    if champion.is_rough or challenger.is_rough:
        text += f"; rough: papers dealt otherwise may turn a verdict, --repeats {STEADY} settles more"
    return text
