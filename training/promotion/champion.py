"""Moves of the champion, forth and back, that a kill between any two steps cannot confuse.

MLflow moves one alias at a time. So the version that shall become champion first carries the number of the champion it
follows, as a tag; then the alias moves, which is the one step that counts; and what follows from the two, the alias
`previous_champion` and that a champion is no challenger, is made true by `settle`, which every later move begins with.

Silion's own moves wait for each other (`models.saved.store_lock`). MLflow's clients wait for nobody, and MLflow has no
"move if it is still there": what one of them does between our reading and our writing is overwritten, what it does
right after is found by reading again and said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from models.registry import (
    CHALLENGER,
    CHAMPION,
    MODEL_NAME,
    PREVIOUS,
    REGISTERING,
    client,
    note_champion,
    store_uri,
    versions,
)
from models.saved.store_lock import moving_aliases

if TYPE_CHECKING:
    from mlflow import MlflowClient

BEFORE = "champion_before"
"""Tag of a version: the version that was champion when this one was made it."""
ROLLED_BACK = "rolled_back"
"""Tag of a version that was champion and was taken back."""


class AliasError(ValueError):
    """A move of the champion that cannot be made; nothing was changed."""


def settle() -> None:
    """Finish what a killed promotion or rollback has left: writes nothing where nothing is left to do."""
    if versions():
        with _alone() as registry:
            _settle(registry)


@contextmanager
def _alone() -> Iterator[MlflowClient]:
    """Open a client that no other command of Silion moves an alias beside."""
    with client() as registry, moving_aliases(store_uri()):
        yield registry


def _check_moved(registry: MlflowClient, version: str) -> None:
    """Read the champion again: a client that takes no lock may have moved it at the same moment."""
    now = _aliases(registry).get(CHAMPION)
    if now != version:
        raise AliasError(
            f"version {version} was made the champion, and another program made it {now or 'none'} at the same moment: "
            "see `silion models list`, and run the command again if that is not wanted"
        )


def make_champion(version: str, over: str | None, tags: Mapping[str, str]) -> None:
    """Make a version the champion; the former champion becomes the previous one.

    Parameters
    ----------
    version : str
        Number of the version.
    over : str or None
        The champion as its caller knows it; None where there is none.
    tags : mapping of str to str
        Kept with the version, written before the champion changes.

    Raises
    ------
    AliasError
        Another version has become champion meanwhile, or this one is it already.
    StoreBusyError
        Another command moves the aliases for too long.
    """
    with _alone() as registry:
        _settle(registry)
        now = _aliases(registry).get(CHAMPION)
        if now != over:
            raise AliasError(f"the champion is version {now or 'none'} by now, not {over or 'none'}: nothing changed")
        if now == version:
            raise AliasError(f"version {version} is the champion already: nothing changed")
        for name, value in tags.items():
            registry.set_model_version_tag(MODEL_NAME, version, name, value)
        registry.set_model_version_tag(MODEL_NAME, version, BEFORE, over or "")
        _set_alias(registry, CHAMPION, version)
        _settle(registry)
        _check_moved(registry, version)
    note_champion()


def name_new(registry: MlflowClient, version: str) -> None:
    """Give a version that a training has just made its alias: the first becomes the champion, later ones the
    challenger.

    Where two first trainings end at once, both see the same waiting versions, or the one that was faster is the
    champion already: the lower number becomes it, whoever writes it.

    Parameters
    ----------
    registry : MlflowClient
        Of the store.
    version : str
        Its number; it bears the tag `REGISTERING`.
    """
    with moving_aliases(store_uri()):
        _name_new(registry, version)


def _name_new(registry: MlflowClient, version: str) -> None:
    registered = registry.search_model_versions(f"name = '{MODEL_NAME}'")
    waiting = {str(entry.version) for entry in registered if REGISTERING in entry.tags} | {version}
    aliases = _aliases(registry)  # read after the versions: one that waits no more has its alias by now
    if CHAMPION not in aliases:
        aliases[CHAMPION] = min(waiting, key=int)
        _set_alias(registry, CHAMPION, aliases[CHAMPION])
    for named in waiting & set(aliases.values()):
        registry.delete_model_version_tag(MODEL_NAME, named, REGISTERING)
    if version != aliases[CHAMPION]:
        _set_alias(registry, CHALLENGER, version)
        registry.delete_model_version_tag(MODEL_NAME, version, REGISTERING)


def restore_previous(reason: str) -> tuple[str, str]:
    """Make the previous champion the champion again.

    Parameters
    ----------
    reason : str
        Kept as a tag of the version that is taken back.

    Returns
    -------
    taken_back, restored : str
        Numbers of the versions.

    Raises
    ------
    AliasError
        There is no champion, or none before it, or another program moved it at the same moment.
    StoreBusyError
        Another command moves the aliases for too long.
    """
    with _alone() as registry:
        _settle(registry)
        aliases = _aliases(registry)
        if CHAMPION not in aliases:
            raise AliasError("there is no champion to roll back: nothing changed")
        former, restored = aliases[CHAMPION], aliases.get(PREVIOUS)
        if restored is None:
            raise AliasError(f"version {former} is the champion and none is kept from before it: nothing changed")
        # first: once the alias has moved, nothing names this version
        registry.set_model_version_tag(MODEL_NAME, former, ROLLED_BACK, reason)
        _set_alias(registry, CHAMPION, restored)
        _settle(registry)
        _check_moved(registry, restored)
    note_champion()
    return former, restored


def _set_alias(registry: MlflowClient, alias: str, version: str) -> None:
    """Set an alias, also where another client makes it at the same moment: MLflow inserts it then, and is refused."""
    from mlflow.exceptions import MlflowException

    try:
        registry.set_registered_model_alias(MODEL_NAME, alias, version)
    except MlflowException:
        if alias not in _aliases(registry):
            raise
        registry.set_registered_model_alias(MODEL_NAME, alias, version)


def _aliases(registry: MlflowClient) -> dict[str, str]:
    registered = registry.search_registered_models(f"name = '{MODEL_NAME}'")
    return {alias: str(version) for model in registered for alias, version in model.aliases.items()}


def _settle(registry: MlflowClient) -> None:
    aliases = _aliases(registry)
    champion = aliases.get(CHAMPION)
    if champion is None:
        return
    tags = {str(entry.version): entry.tags for entry in registry.search_model_versions(f"name = '{MODEL_NAME}'")}
    if ROLLED_BACK in tags[champion]:  # promoted again, or killed before the alias moved
        registry.delete_model_version_tag(MODEL_NAME, champion, ROLLED_BACK)
    before = tags[champion].get(BEFORE)
    if before in tags and before != champion:
        if aliases.get(PREVIOUS) != before:
            _set_alias(registry, PREVIOUS, before)
    elif aliases.get(PREVIOUS) == champion:  # rolled back to a champion that followed none
        registry.delete_registered_model_alias(MODEL_NAME, PREVIOUS)
    if aliases.get(CHALLENGER) == champion:
        registry.delete_registered_model_alias(MODEL_NAME, CHALLENGER)
