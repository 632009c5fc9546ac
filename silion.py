"""The command `silion`. The command line is in `cli`; `cli/main.py` says how a command begins and ends."""

from __future__ import annotations

import sys

from cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
