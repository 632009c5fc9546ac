"""Promotion: a challenger becomes the champion when it passes the gate, or by force with a reason that is kept; and the
way back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from models.bundle import load_bundle
from models.registry import CHALLENGER, CHAMPION, Version, find, resolve, run_file, versions
from models.saved.checked_files import BundleError
from training.evaluation.out_of_fold import JUDGED, ComparisonError, read_out_of_fold
from training.promotion.challenger import Comparison, compare
from training.promotion.champion import make_champion, restore_previous, settle
from training.promotion.gate import Criterion, failed, gate

REPORT = "report"
"""Folder of a run's artifacts that holds the report and the table of `judged`."""
DECISION, DECIDED_ON = "decision", "decided_on"
"""Tags of a version that was made champion: why, and when (UTC)."""


@dataclass(frozen=True)
class Decision:
    """Decision on a version: promoted or not, and why.

    Attributes
    ----------
    version : the one that asked
    former : the champion before; None where there was none, the version itself where it was champion already
    promoted : whether it is the champion now
    criteria, failed : all of the gate, and those that did not pass
    reason : of the force, where the gate did not pass
    comparison : with the former champion
    """

    version: str
    former: str | None
    promoted: bool
    criteria: tuple[Criterion, ...] = ()
    failed: tuple[Criterion, ...] = ()
    reason: str | None = None
    comparison: Comparison | None = None

    @property
    def text(self) -> str:
        """The decision as printed: what happened, and each criterion that failed with its numbers."""
        if self.former == self.version:
            return f"version {self.version} is the champion already: nothing changed"
        lines = [f"  {criterion.text}" for criterion in self.failed]
        remark = [f"  ({self.comparison.remark})"] if self.comparison and self.comparison.dealt else []
        passed = f"{len(self.criteria) - len(self.failed)} of {len(self.criteria)} criteria passed"
        if not self.promoted:
            head = f"version {self.version} was not promoted and nothing changed; {passed}, these did not:"
            return "\n".join(
                [head, *lines, *remark, '  to promote it all the same: --force "the reason", which is kept']
            )
        before = f"; version {self.former} is kept as previous_champion" if self.former else ""
        forced = f", forced: {self.reason}" if self.failed else ""
        head = f"version {self.version} is the champion{before}; {passed}{forced}"
        return "\n".join([head, *(["criteria that did not pass:", *lines] if lines else []), *remark])


def promote(ref: str | None = None, force: str | None = None) -> Decision:
    """Make a version the champion if it passes the gate of `training.promotion.gate`.

    A promotion or rollback that was killed half way is finished first. The gate only reads. Then the reason is kept
    with the version, the alias moves, and the former champion gets `previous_champion`.

    Parameters
    ----------
    ref : str or None
        Alias or number of a registered version; the challenger where None.
    force : str or None
        Reason to promote even where the gate does not pass, kept as a tag of the version; None for no force.

    Raises
    ------
    ValueError
        An empty reason.
    ModelNotFoundError
        No such version.
    BundleError
        Its model cannot be used by this code.
    StoreError
        The store cannot be read or written: nothing changed, or the next command finishes what was begun.
    AliasError
        Another version became champion meanwhile.
    """
    reason = None if force is None else " ".join(force.split())
    if reason == "":
        raise ValueError("--force: got no reason, expected why this model shall be the champion all the same")
    settle()
    champion = next((version for version in versions() if CHAMPION in version.aliases), None)
    if ref is None and champion and not any(CHALLENGER in version.aliases for version in versions()):
        return Decision(champion.version, champion.version, promoted=True)
    challenger = find(ref or CHALLENGER)
    if champion and challenger.version == champion.version:
        return Decision(challenger.version, champion.version, promoted=True)
    comparison, criteria = _criteria(challenger, champion)
    refused = tuple(failed(criteria))
    former = champion.version if champion else None
    pair = (challenger.version, former)
    if refused and reason is None:
        return Decision(*pair, False, tuple(criteria), refused, None, comparison)
    missed = "; ".join(criterion.text for criterion in refused)
    why = f"forced: {reason}; not passed: {missed}" if refused else "gate passed"
    make_champion(challenger.version, former, {DECISION: why, DECIDED_ON: _now()})
    return Decision(*pair, True, tuple(criteria), refused, reason if refused else None, comparison)


def rollback() -> tuple[str, str]:
    """Make the previous champion the champion again; the version taken back keeps a tag that says so.

    Returns
    -------
    taken_back, restored : versions

    Raises
    ------
    AliasError
        There is no champion before this one: nothing changed.
    """
    return restore_previous(f"on {_now()}")


def stored_out_of_fold(version: Version) -> pd.DataFrame:
    """Out-of-fold predictions that a version's run keeps.

    Parameters
    ----------
    version : Version
        A registered version.

    Raises
    ------
    ComparisonError
        It keeps none: it was trained before they were kept.
    """
    text = run_file(version.run_id, f"{REPORT}/{JUDGED}")
    if text is None:
        message = f"version {version.version} cannot be compared: its run keeps no {REPORT}/{JUDGED}; train again"
        raise ComparisonError(message)
    return read_out_of_fold(text)


def _criteria(challenger: Version, champion: Version | None) -> tuple[Comparison | None, list[Criterion]]:
    """All criteria; where the champion's run keeps no predictions, one that says so and does not pass."""
    judged, bundle = stored_out_of_fold(challenger), load_bundle(resolve(challenger.version))
    seed = int(bundle.facts["config"]["seed"])
    if champion is None:
        return None, gate(None, judged, bundle, seed)
    try:
        comparison = compare(stored_out_of_fold(champion), judged, seed, champion.version)
    except ComparisonError as error:
        message = f"better or not worse than the champion: {error}"
        return None, [Criterion("comparison", float("nan"), 0.0, False, message), *gate(None, judged, bundle, seed)]
    former = None
    with suppress(BundleError):  # of a version that this code can no longer read
        former = load_bundle(resolve(champion.version))
    return comparison, gate(comparison, judged, bundle, seed, former)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
