"""What a request brought along is gone when it is answered."""

from __future__ import annotations

import gc
import json
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
from fastapi.testclient import TestClient

from models.bundle import load_bundle
from serving.server.app import app_of

WARM, ROUNDS = 4, 8
LONG = 900
"""Characters of each free text: a design that is kept keeps them."""
TEXTS = ("anode", "binder", "coating", "current_collector", "buffer_layer", "conductive_carbon", "counter_electrode")

NOT_XGBOOST = tracemalloc.Filter(False, "*/xgboost/*")
"""xgboost makes a class at every prediction: Python's own table of classes grows in one step of 144 KiB, once."""


def bodies(number: int) -> list[tuple[str, bytes, str]]:
    """One request of each kind, good and bad, with texts that none of the others has.

    Temperatures come back: what is told at one is kept for a while, up to a number of answers that `test_kept` bounds.
    """
    design = {name: f"{name} {number} ".ljust(LONG, "x") for name in TEXTS}
    design |= {"electrolyte": "Li6PS5Cl", "temperature_c": f"{20 + number % WARM / 100}"}
    asked = {"designs": [design] * 4}
    wrong = {"designs": [{**design, "electrolyte": "LPS", "volts": "y" * LONG}] * 4}
    table = "\n".join([",".join(design), *[",".join(design.values())] * 4])
    kinds = [
        ("/predict", asked),
        ("/predict", {**asked, "curve": True, "measured": [{**design, "ice_pct": 80}]}),
        ("/predict", {"designs": [design, wrong["designs"][0]]}),
        ("/predict", wrong),
        ("/explain", {"designs": [design]}),
    ]
    told = [(path, json.dumps(body).encode(), "application/json") for path, body in kinds]
    return [*told, ("/predict/file", table.encode(), "text/csv"), ("/predict", told[0][1][:-1], "application/json")]


def test_nothing_of_a_request_stays(bundle_folder: Path) -> None:
    """Python's and Arrow's memory after rounds of requests is what it was.

    Less is added than half the texts of one design a round, and a round brings those of twenty-two. The smaller of two
    windows counts: a table of Python's own that doubles falls into one of them, what a request leaves into both.
    """
    with TestClient(app_of(load_bundle(bundle_folder))) as server:

        def held(rounds: range) -> tuple[int, int]:
            for number in rounds:
                codes = [
                    server.post(path, content=content, headers={"Content-Type": kind}).status_code
                    for path, content, kind in bodies(number)
                ]
                assert codes == [200, 200, 200, 422, 200, 200, 422]
            gc.collect()
            kept = tracemalloc.take_snapshot().filter_traces([NOT_XGBOOST])
            return sum(each.size for each in kept.traces), pa.total_allocated_bytes()

        tracemalloc.start()
        try:
            marks = [held(range(WARM))]
            for start in (WARM, WARM + ROUNDS):
                marks.append(held(range(start, start + ROUNDS)))
        finally:
            tracemalloc.stop()
    most = ROUNDS * len(TEXTS) * LONG // 2
    added = [[now - then for now, then in zip(after, before, strict=True)] for before, after in pairwise(marks)]
    assert [min(column) < most for column in zip(*added, strict=True)] == [True, True], added
