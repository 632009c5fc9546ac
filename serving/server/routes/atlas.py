"""The data atlas as a page: every published value that the shipped tables hold, with its paper."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from threading import Lock

from fastapi import APIRouter, HTTPException, Response

from features.tables.literature import TABLE_MODELS, Literature
from features.tables.records import CellRow, CyclingRow, ElectrolyteRow, SourceRow
from features.tables.rows import read_table
from serving.server.form import LITERATURE
from serving.server.middleware import policy

ONE_AT_A_TIME = Lock()
"""Held while the page is drawn, which takes seconds and is done once."""


def router() -> APIRouter:
    """Build the route; the page is drawn when first asked for, in a thread and however long that takes."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/atlas")
    def atlas() -> Response:
        with ONE_AT_A_TIME:
            text, rules = _page()
        if not text:
            raise HTTPException(404, "no atlas: the tables of the literature are not installed here")
        return Response(text, media_type="text/html", headers={"Content-Security-Policy": rules})

    return routes


@cache
def _page(folder: Path = LITERATURE) -> tuple[str, str]:
    """Draw the page; return it with its content security policy, both empty where there are no tables."""
    from reporting import atlas  # matplotlib

    if not all((folder / f"{name}.csv").is_file() for name in TABLE_MODELS):
        return "", ""
    literature = Literature(
        read_table(folder / "electrolytes.csv", ElectrolyteRow).rows,
        read_table(folder / "cells.csv", CellRow).rows,
        read_table(folder / "cycling.csv", CyclingRow).rows,
        {source.source_id: source for source in read_table(folder / "sources.csv", SourceRow).rows},
    )
    text = atlas.page(atlas.literature_points(literature))
    # the page holds its style and the script of its tables, which is named by its hash
    scripts = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    return text, policy(style_src="'unsafe-inline'", script_src=" ".join(f"'sha256-{name}'" for name in hashes))
