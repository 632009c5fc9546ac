"""Whatever is sent is answered or refused in words: formulas, cells, tables, spaces, workbooks, bundles, made hostile.

A few of each in the suite; thousands with SILION_SOAK, as `make soak` sets it.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.formulas.reader import FormulaError, read_formula
from features.tables.mistakes import InputError
from features.tables.records import Candidate
from features.tables.rows import read_table
from features.tables.workbooks import open_workbook
from models import bundle as bundles
from models.bundle import BundleError, load_bundle
from models.candidates import candidate_frame
from models.predictor import Predictor
from serving.screen.space_reader import read_space
from tests.shared import ROOT
from training.intake.number_text import QuantityError
from training.intake.quantity import read_quantity

EXAMPLES = 3_000 if os.environ.get("SILION_SOAK") else 25
hostile = settings(max_examples=EXAMPLES, deadline=None)
pieces = st.sampled_from(
    [
        *"LiPSClO0123456789.+-()[]{}·*/=@,;:\"'\n\t #&!|>%",
        "Li6PS5Cl",
        "1e999",
        "0e-99999999",
        "x..y",
        "a: ",
        "- ",
        "{",
        "[",
        "poly(ethylene oxıde)",
        "ſ",
        "mın. 5",
        "/LiTFSI",
        " (x = 0.4)",
        " wt% ",
    ]
)
texts = st.lists(pieces | st.text(max_size=5), max_size=60).map("".join)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@hostile
@given(texts)
def test_formulas(text: str) -> None:
    with suppress(FormulaError):
        read_formula(text)


@hostile
@given(texts, st.sampled_from(["S/cm", "%", "°C", "1/h", "1", "mAh/g"]))
def test_cells(text: str, unit: str) -> None:
    with suppress(QuantityError):
        read_quantity(text, unit)


@hostile
@given(content=st.binary(max_size=300) | texts.map(str.encode), ending=st.sampled_from([".csv", ".tsv"]))
def test_tables(place: Path, content: bytes, ending: str) -> None:
    path = place / f"in{ending}"
    path.write_bytes(b"electrolyte,anode\n" * (ending == ".csv") + content)
    with suppress(InputError):
        read_table(path, Candidate, own_columns=True)


PARQUET = io.BytesIO()
pq.write_table(pa.table({"electrolyte": ["Li6PS5Cl", "Li3N"], "temperature_c": [25.0, None]}), PARQUET)


@hostile
@given(st.binary(max_size=20), st.integers(0, 10_000), st.integers(0, 20))
def test_parquet_files(place: Path, content: bytes, start: int, size: int) -> None:
    """A Parquet file with some of its bytes replaced."""
    whole, path = PARQUET.getvalue(), place / "in.parquet"
    start %= len(whole)
    path.write_bytes(whole[:start] + content + whole[start + size :])
    with suppress(InputError):
        read_table(path, Candidate, own_columns=True)


@hostile
@given(texts)
def test_spaces(place: Path, text: str) -> None:
    path = place / "space.yaml"
    path.write_text(f"electrolyte: Li6PS5Cl\ndesign:\n  temperature_c: {text}", encoding="utf-8", errors="replace")
    with suppress(InputError):
        read_space(path)


@hostile
@given(st.binary(max_size=300), st.integers(0, 10_000), st.integers(0, 400))
def test_workbooks(content: bytes, start: int, size: int) -> None:
    """A workbook with some of its bytes replaced, and bytes that are none."""
    out = io.BytesIO()
    openpyxl.Workbook().save(out)
    whole = out.getvalue()
    for damaged in (content, whole[: start % len(whole)] + content + whole[start % len(whole) + size :]):
        with suppress(InputError):
            open_workbook(damaged, "new.xlsx")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(hostile, max_examples=EXAMPLES // 5)
@given(st.data())
def test_bundles(place: Path, data: st.DataObject) -> None:
    """One value of one file is another, and the manifest tells its new hash."""
    folder = place / "bundle"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "tests" / "bundles" / "v1", folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    name = data.draw(st.sampled_from(sorted(name for name in manifest if name.endswith(".json"))))
    content = json.loads((folder / name).read_text(encoding="utf-8"))
    content[data.draw(st.sampled_from(sorted(content)))] = data.draw(json_values)
    (folder / name).write_text(json.dumps(content), encoding="utf-8")
    manifest[name] = bundles._hash((folder / name).read_bytes())
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with suppress(BundleError):
        load_bundle(folder)


DESIGNS = candidate_frame([Candidate(electrolyte="Li6PS5Cl", anode="Si"), Candidate(electrolyte="Li3N")])
BOOSTERS = [f"{part}/member_0.ubj" for part in ("conductivity", "ice", "fade")] + ["conductivity/linear.ubj"]


def read_damaged(jobs: Path, left: Connection) -> None:
    """Load and ask each of the damaged bundles, and say which is done; the library may end this process."""
    for folder in sorted(jobs.iterdir()):
        with suppress(BundleError, ValueError):
            Predictor(load_bundle(folder)).predict(DESIGNS, precedents=0)
        left.send(folder.name)


@pytest.mark.slow
@settings(hostile, max_examples=max(1, EXAMPLES // 300), derandomize=EXAMPLES < 300)  # the same ones in the suite
@given(st.randoms(use_true_random=True))
def test_boosters(place: Path, random: Random) -> None:
    """Boosters with a few bytes changed, put in or taken away, hashes made anew: no process dies of them."""
    jobs = place / "boosters"
    shutil.rmtree(jobs, ignore_errors=True)
    for number in range(max(20, EXAMPLES // 10)):
        folder = jobs / f"{number:03}"
        shutil.copytree(ROOT / "tests" / "bundles" / "v1", folder)
        name = random.choice(BOOSTERS)
        whole = (folder / name).read_bytes()
        start = random.randrange(len(whole))
        changed = random.choice(
            [bytes([whole[start] ^ 1 << random.randrange(8)]), random.randbytes(random.randrange(9))]
        )
        after = start + random.choice([len(changed), len(changed), 0, 1, len(whole)])
        (folder / name).write_bytes(whole[:start] + changed + whole[after:])
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        manifest[name] = bundles._hash((folder / name).read_bytes())
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    done, left = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("spawn").Process(target=read_damaged, args=(jobs, left))
    child.start()
    left.close()
    names = list[str]()
    with suppress(EOFError):
        while done.poll(600):
            names.append(done.recv())
    child.kill()
    child.join()
    assert names == sorted(folder.name for folder in jobs.iterdir())
