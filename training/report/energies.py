"""Section of the report on activation energies: how far the told ones are from those that unseen papers print."""

from __future__ import annotations

from reporting import pages
from training.evaluation.regimes.energies import EnergyScore

TITLE = "Activation energies"


def section(score: EnergyScore | None) -> list[pages.Block]:
    """Return the section; nothing where too few papers print an energy.

    Parameters
    ----------
    score : EnergyScore or None
        As `energy_score` gives it.
    """
    return [pages.Heading(TITLE), pages.Paragraph(score.text)] if score else []
