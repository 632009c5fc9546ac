"""Hook of mkdocs: links to files of the checkout outside docs/ become their names, as the site does not hold them."""

from __future__ import annotations

import re

_OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./([^)#]+)(#[^)]*)?\)")


def on_page_markdown(markdown: str, **_: object) -> str:
    """Return a page's text for the site.

    Parameters
    ----------
    markdown : str
        As written.

    Examples
    --------
    >>> on_page_markdown("see [the benchmarks](../benchmarks/README.md#speed)")
    'see the benchmarks (`benchmarks/README.md`)'
    """
    return _OUTSIDE.sub(r"\1 (`\2`)", markdown)
