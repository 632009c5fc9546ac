"""Exit codes, a progress bar, lines as wide as the terminal and a polite stop, which every command shares."""

from __future__ import annotations

import shutil
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

DONE, REJECTED, UNUSABLE, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130
STOPPED = threading.Event()
"""Event set by a signal: raised inside a library's callback an exception may be lost, so long work asks here."""


@contextmanager
def progress(total: int, doing: str = "by paper", unit: str = "fit") -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, nothing elsewhere; each step ends the work where a stop was asked for.

    Parameters
    ----------
    total : int
        Steps of the whole work.
    doing, unit : str
        Words before the bar, and noun of a step.

    Yields
    ------
    callable
        To be called with the number of steps just done.

    Raises
    ------
    KeyboardInterrupt
        At the first step after a signal.
    """
    if not sys.stderr.isatty():
        yield _step
        return
    from tqdm import tqdm

    with tqdm(total=total, desc=doing, unit=unit, disable=None, leave=False) as bar:

        def _advance(count: int) -> None:
            bar.update(count)
            _step(count)

        yield _advance


def _step(count: int) -> None:
    if STOPPED.is_set():
        raise KeyboardInterrupt


def as_wide_as_the_terminal(text: str) -> str:
    """Break long lines for a terminal, the rest indented; a pipe or a file gets them whole.

    Parameters
    ----------
    text : str
        Lines.

    Examples
    --------
    >>> as_wide_as_the_terminal("notices:")
    'notices:'
    """
    if not sys.stdout.isatty():
        return text
    width = shutil.get_terminal_size().columns
    return "\n".join(
        textwrap.fill(line, width, subsequent_indent="    ", break_long_words=False) for line in text.splitlines()
    )
