"""Tables that a command names: their names, and those that can be pulled without waiting for a silent host."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from training.public.download import PublicDataError, Unreachable
from training.public.sources import SOURCES, HashMismatch, PublicSource, find_source, pulled_source

PULLED = "pulled"
"""Name of whatever table under an open licence was pulled."""


def asked_tables(names: Iterable[str]) -> tuple[str, ...]:
    """Return the requested tables, each once.

    Parameters
    ----------
    names : iterable of str
        Names of tables; one text may hold several, with commas. `pulled` stands for each table under an open licence
        that lies in the cache, be it none.

    Examples
    --------
    >>> asked_tables(["laskowski,obelix", "obelix"])
    ('laskowski', 'obelix')
    """
    requested = [name for text in names for name in text.split(",") if name]
    return tuple(dict.fromkeys(table for name in requested for table in (_pulled_open() if name == PULLED else [name])))


def _pulled_open() -> list[str]:
    return [source.name for source in SOURCES.values() if source.is_open and _is_pulled(source)]


def pull_reachable(
    names: Sequence[str], pull_one: Callable[[str], str], from_folder: bool, timeout_s: float
) -> Iterator[str]:
    """Pull the tables that can be reached, and yield a message on each.

    Parameters
    ----------
    names : sequence of str
        Tables, those of other connectors too.
    pull_one : callable
        Pulls a table by its name, and returns what it holds.
    from_folder : bool
        Whether it copies from a folder. Else a table that lies in the cache is not fetched again, and a host that gave
        no answer is not tried again.
    timeout_s : float
        How long it waits for an answer, for the message.

    Raises
    ------
    PublicDataError
        Unknown name.
    HashMismatch
        A file has another content.
    """
    left_out: dict[str, list[str]] = {}
    for name in names:
        source = _source(name)
        host = urlsplit(source.url_base).netloc
        if not from_folder and _is_pulled(source):
            yield f"{name}: the copy in the cache is used"
        elif not from_folder and host in left_out:
            left_out[host].append(name)
        else:
            try:
                yield pull_one(name)
            except HashMismatch:
                raise
            except Unreachable:
                left_out[host] = [name]
            except PublicDataError as error:
                in_cache = _is_pulled(source)
                yield f"notice: {name} {'is used as it lies in the cache' if in_cache else 'is left out'}: {error}"
    for host, tables in left_out.items():
        yield f"notice: no answer from {host} in {timeout_s:g} s: left out, and not needed: {', '.join(tables)}"


def _source(name: str) -> PublicSource:
    from training.public.cycling import CYCLING
    from training.public.polymers import POLYMERS

    return {"cycling": CYCLING, "polymers": POLYMERS}.get(name) or find_source(name)


def _is_pulled(source: PublicSource) -> bool:
    from training.public.cycling import CYCLING, pulled_cycling

    with suppress(PublicDataError):
        return bool(pulled_cycling() if source is CYCLING else pulled_source(source))
    return False
