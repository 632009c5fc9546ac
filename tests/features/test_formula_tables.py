"""The formula reader against whole tables: every text of the literature, OBELiX, Liverpool, and made-up ones.

`formula_expectations.csv` was worked out from the papers' texts before the reader was run on them (but for seven
like `Li6PS5Cl`, that showed what a reading looks like): `column` says where a text stands, `expected` what it means,
`how` where that comes from; of rows read at open pages it is what pymatgen reads of the formula. A part is
`[name, role, composition]`, with its share in percent by weight as a fourth where one is stated. An anode is read as
its phases: forms of silicon are silicon, forms of carbon carbon, and a name without a formula (a binder, a host, a
label) is a part without composition. A mixture without shares has parts and no composition of the whole; one with
every share by weight has one.
"""

import csv
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Composition

from features.formulas.reader import FormulaError, Reading, read_formula
from features.formulas.stoichiometry import ELEMENTS
from tests.shared import ROOT, environment

LITERATURE = ROOT / "data" / "literature"
DATASETS = ROOT.parent / "shared" / "datasets"
EXPECTATIONS = Path(__file__).with_name("formula_expectations.csv")
COLUMNS = ("anode", "electrolyte", "composition", "cathode_electrolyte")

Amounts = dict[str, float]

# --- the literature ---------------------------------------------------------------------------------------------------

PLACES = {"core": 0, "shell": 1, "layer": 2}
"""Roles that say where a part is; every other role says what it is."""
REPEAT_UNITS = {
    "PEO": {"C": 2, "H": 4, "O": 1},
    "PVDF": {"C": 2, "H": 2, "F": 2},
    "PAN": {"C": 3, "H": 3, "N": 1},
    "PPC": {"C": 4, "H": 6, "O": 3},
}
"""A polymer may be read without composition or as its repeat unit; the papers print neither."""

TRUE_REASONS = {
    "x has no value": "x has no value",
    "x, y and z have no value": "has no value",
    "LPS is ambiguous": "write the formula instead",
}
"""What the message must say where a better text would be read; prose and unknown names are refused in any words."""


def fractions(amounts: Amounts | None) -> Amounts | None:
    """Shares of all atoms: `70Li2S-30P2S5` and `Li7P3S11` are one composition."""
    return amounts and {symbol: amount / sum(amounts.values()) for symbol, amount in amounts.items()}


def same(got: Amounts | None, expected: Amounts | None) -> bool:
    if not got or not expected:
        return got is None and expected is None
    return fractions(got) == pytest.approx(fractions(expected), rel=1e-9)


def in_order(parts: list[Any], role: Any) -> list[Any]:
    """Core, shells, layers, the rest; within each as written."""
    return sorted(parts, key=lambda part: PLACES.get(role(part), len(PLACES)))


def differences(reading: Reading, expected: dict[str, Any]) -> Iterator[str]:
    """What of a reading is not as expected."""
    if not same(reading.composition, expected["composition"]):
        yield f"composition {reading.composition}, expected {expected['composition']}"
    got = in_order(reading.parts, lambda part: part["role"])
    wanted = in_order(expected["parts"], lambda part: part[1])
    if len(got) != len(wanted):
        yield f"parts {[part['text'] for part in got]}, expected {[part[0] for part in wanted]}"
        return
    for part, (name, role, composition, *share) in zip(got, wanted, strict=True):
        repeat_unit = REPEAT_UNITS.get(name)
        if not same(part["composition"], composition) and not (repeat_unit and same(part["composition"], repeat_unit)):
            yield f"{part['text']} is {part['composition']}, expected {composition}"
        if composition is None and name.casefold() not in part["text"].casefold():
            yield f"a part is named {part['text']}, expected {name}"
        # a part alone has no place, and whether its name or its formula was written decides what its role is called
        kinds = {"core", "shell", "layer", "polymer", "salt"}
        if len(got) > 1 and (part["role"] if part["role"] in kinds else "component") != role:
            yield f"{part['text']} is a {part['role']}, expected a {role}"
        if share and (part.get("share_pct"), part.get("basis")) != (share[0], "weight"):
            yield f"{part['text']} has share {part.get('share_pct')} {part.get('basis')}, expected {share[0]} by weight"


def expectations() -> list[dict[str, str]]:
    with EXPECTATIONS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cases() -> list[Any]:
    return [pytest.param(row["text"], json.loads(row["expected"]), id=row["text"][:60]) for row in expectations()]


@pytest.mark.parametrize(("text", "expected"), cases())
def test_a_text_of_the_literature_is_read_as_the_papers_mean_it(text, expected):
    if "refused" in expected:
        with pytest.raises(FormulaError, match=TRUE_REASONS.get(expected["refused"])):
            read_formula(text)
    else:
        assert list(differences(read_formula(text), expected)) == []


def test_every_text_of_the_tables_has_one_expectation():
    standing: dict[str, list[str]] = {}
    for table in ("cells", "electrolytes"):
        with (LITERATURE / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for column in COLUMNS:
                    places = standing.setdefault(row.get(column) or "", [])
                    if f"{table}.{column}" not in places:
                        places.append(f"{table}.{column}")
    del standing[""]
    rows = expectations()
    worked_out = {row["text"]: set(row["column"].split("; ")) for row in rows}
    # a text may have left the tables since (the bilayer's two names now stand in two columns); none may be missing
    assert {text: set(places) for text, places in standing.items() if set(places) - worked_out.get(text, set())} == {}
    assert len({row["text"] for row in rows}) == len(rows)
    assert all(row["how"] for row in rows)


# --- public tables ----------------------------------------------------------------------------------------------------

OBELIX = DATASETS / "obelix" / "all.csv"
LIVERPOOL = DATASETS / "liverpool" / "LiIonDatabase.csv"


def column_of(path: Path, column: str) -> list[str]:
    if not path.exists():
        pytest.skip(f"{path} is not on this machine; see README.md of the folder for where it comes from")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row[column] for row in csv.DictReader(file)]


def pymatgen_amounts(formula: str) -> Amounts | None:
    """The amounts pymatgen reads; None where it refuses or makes up an element."""
    try:
        composition = Composition(formula)
    except ValueError:
        return None
    return dict(composition.get_el_amt_dict()) if composition.valid and len(composition) else None


def equal(got: Amounts | None, expected: Amounts) -> bool:
    return got is not None and set(got) == set(expected) and got == pytest.approx(expected, abs=1e-9, rel=0)


# pymatgen takes a blank inside a formula for nothing
BLANKS = ("La0.62 Li0.14(Mg0.5W0.5)O3", "Li1.4Al0.4Ti1.6 (PO4)3")
# pymatgen refuses `*`, here a middle dot: H 8 + 1 + 2 + 36, O 8 + 8 + 5 + 1 + 18, half of the True Composition
STARRED = "Li3(Mo8S8O8(OH)8(HWO5(H2O)))*(H2O)18"


@pytest.mark.parametrize("column", ["Reduced Composition", "True Composition"])
def test_obelix_is_read_as_pymatgen_reads_it(column):
    formulas = column_of(OBELIX, column)
    assert len(formulas) == 599
    differing = {}
    for formula in set(formulas) - {*BLANKS, STARRED}:
        expected = pymatgen_amounts(formula)
        assert expected, formula
        try:
            got: object = read_formula(formula).composition
        except FormulaError as refusal:
            got = refusal
        if isinstance(got, FormulaError) or not equal(got, expected):
            differing[formula] = got
    assert differing == {}


@pytest.mark.parametrize("formula", BLANKS)
def test_a_blank_inside_a_formula_means_nothing(formula):
    expected = pymatgen_amounts(formula)
    assert expected
    assert equal(read_formula(formula).composition, expected)


def test_a_star_is_a_middle_dot():
    assert equal(read_formula(STARRED).composition, {"Li": 3, "Mo": 8, "S": 8, "O": 40, "H": 47, "W": 1})


def liverpool() -> tuple[int, list[str], dict[str, str]]:
    """Rows pymatgen cannot read, those of them that are read, and the refused with the reason given."""
    odd, read, refused = 0, [], {}
    for formula in column_of(LIVERPOOL, "composition"):
        if pymatgen_amounts(formula) is not None:
            continue
        odd += 1
        # without the quotes and blanks pymatgen does read them, each a product of bracketed components
        expected = pymatgen_amounts(formula.strip('"').replace(" ", ""))
        assert expected, formula
        try:
            got = read_formula(formula).composition
        except FormulaError as refusal:
            refused[formula] = str(refusal)
            continue
        assert equal(got, expected), f"{formula} was read as {got}, expected {expected}"
        read.append(formula)
    return odd, read, refused


def test_what_pymatgen_cannot_read_of_liverpool_is_read_right_or_refused():
    odd, read, refused = liverpool()
    found = f"{odd} rows pymatgen cannot read: {len(read)} read, {odd - len(read)} refused: {refused}"
    assert odd == 83, found
    assert all(reason for reason in refused.values()), found


def test_all_of_liverpool_is_read():
    odd, read, refused = liverpool()
    assert len(read) == odd, f"{len(read)} of {odd} read, {odd - len(read)} refused: {refused}"


def test_the_rest_of_liverpool_is_read_as_pymatgen_reads_it():
    differing = Counter()
    for formula in column_of(LIVERPOOL, "composition"):
        expected = pymatgen_amounts(formula)
        try:
            if expected is not None and not equal(read_formula(formula).composition, expected):
                differing[f"{formula} is read differently"] += 1
        except FormulaError as refusal:
            differing[str(refusal)] += 1
    assert not differing, f"{differing.total()} rows"


# --- round trips ------------------------------------------------------------------------------------------------------

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
# in thousandths, so that what is printed is what was meant
AMOUNT = st.integers(1, 20_000).map(lambda thousandths: thousandths / 1000)
MOLES = st.integers(1, 9_999).map(lambda hundredths: hundredths / 100)
AMOUNTS = st.dictionaries(st.sampled_from(sorted(ELEMENTS)), AMOUNT, min_size=1, max_size=5)


def printed(amounts: Amounts) -> str:
    """The plain formula; a one is left out, unless that leaves letters only: those may be an abbreviation (`PVC`)."""
    terse = "".join(symbol + (f"{amount:g}" if amount != 1 else "") for symbol, amount in amounts.items())
    return terse if any(map(str.isdigit, terse)) else "".join(f"{symbol}1" for symbol in amounts)


def total(*terms: tuple[float, Amounts]) -> Amounts:
    found: Amounts = {}
    for share, amounts in terms:
        for symbol, amount in amounts.items():
            found[symbol] = found.get(symbol, 0) + share * amount
    return found


def reads_back(text: str, amounts: Amounts) -> None:
    assert read_formula(text).composition == pytest.approx(amounts, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("CsI", {"Cs": 1, "I": 1}),
        ("AsI3", {"As": 1, "I": 3}),
        ("CsIO3", {"Cs": 1, "I": 1, "O": 3}),
        ("CSi", {"C": 1, "Si": 1}),
        ("USi3", {"U": 1, "Si": 3}),
        ("NSi2O3", {"N": 1, "Si": 2, "O": 3}),
    ],
)
def test_an_element_before_silicon_or_iodine_is_no_size_word(text, amounts):
    reads_back(text, amounts)


@settings(deadline=None)  # the machine may be busy
@given(AMOUNTS)
def test_a_plain_formula_is_read_back(amounts):
    text = printed(amounts)
    reads_back(text, amounts)


@settings(deadline=None)
@given(AMOUNTS)
def test_subscripts_are_read_back(amounts):
    text = printed(amounts).translate(SUBSCRIPTS)
    reads_back(text, amounts)


@settings(deadline=None)
@given(AMOUNTS, AMOUNTS, MOLES, MOLES, st.sampled_from(["-", "–", "·", " − "]))
def test_a_mixture_by_moles_is_read_back(first, second, first_moles, second_moles, separator):
    mixed = total((first_moles, first), (second_moles, second))
    reads_back(f"{first_moles:g}{printed(first)}{separator}{second_moles:g}{printed(second)}", mixed)
    reads_back(f"({printed(first)}){first_moles:g}{separator}({printed(second)}){second_moles:g}", mixed)


BRACKETS = st.sampled_from(["()", "[]", "{}"])


def grouped(inner: st.SearchStrategy[tuple[str, Amounts]]) -> st.SearchStrategy[tuple[str, Amounts]]:
    """Elements, then what is inside brackets with a fractional coefficient behind it."""

    def wrap(outer: Amounts, group: tuple[str, Amounts], coefficient: float, pair: str) -> tuple[str, Amounts]:
        text, amounts = group
        return f"{printed(outer)}{pair[0]}{text}{pair[1]}{coefficient:g}", total((1, outer), (coefficient, amounts))

    return st.builds(wrap, AMOUNTS, inner, st.integers(1, 500).map(lambda hundredths: hundredths / 100), BRACKETS)


@settings(deadline=None)
@given(st.recursive(AMOUNTS.map(lambda amounts: (printed(amounts), amounts)), grouped, max_leaves=5))
def test_brackets_with_fractional_coefficients_are_read_back(formula):
    text, amounts = formula
    reads_back(text, amounts)


# --- absurd input -----------------------------------------------------------------------------------------------------

CHILD = """
import json, signal, sys
from features.formulas.elements import property_table
from features.formulas.reader import FormulaError, read_formula

read_formula("Si")  # tables are read once, on first use
property_table()
longest = 0
for number, text in enumerate(json.load(sys.stdin)):
    print(number, flush=True)
    signal.setitimer(signal.ITIMER_PROF, 1.0)  # the system ends the process once a text has cost a second of its time
    try:
        read_formula(text)
    except FormulaError as refusal:
        longest = max(longest, len(str(refusal)))
    signal.setitimer(signal.ITIMER_PROF, 0)
print("longest message", longest)
"""


def absurd() -> list[str]:
    """Long, deep, repetitive, and random texts; the same ones every time."""
    pieces = (
        "Li 75 - · @ / + | ( ) [ ] { } (1:2) : , x =1 (x=0.4) 7-x 0.5 wt% mol% glass film  (glass) α- PEO LPSCl Si "
        "µ- n- \x00 ٣ ² ½ ₓ ⁻ \ud800 \u202e e9 inf nan -1 _ ^ $ \\ % ; ' \" 10000 H2O *"
    ).split(" ")
    short = [piece * (280 // max(len(piece), 1)) for piece in pieces]
    long = [piece * (1_000_000 // max(len(piece), 1)) for piece in ("Li", " ", "(", "1", "-", "A (", "Li2S-")]
    deep = ["(" * 10_000, ")" * 10_000, "(" * 5_000 + "Li" + ")" * 5_000, "[(" * 70 + "Li" + ")]" * 70, "(" * 299]
    chance = random.Random(20250101)
    mixed = ["".join(chance.choices(pieces, k=chance.randint(1, 60))) for _ in range(3000)]
    unicode = ["".join(chr(chance.randrange(0x110000)) for _ in range(chance.randint(1, 300))) for _ in range(1000)]
    latin = ["".join(chr(chance.randrange(32, 384)) for _ in range(chance.randint(1, 300))) for _ in range(1000)]
    rows = [row["text"] for row in expectations()]
    broken = []
    for text in rows * 5:
        letters = list(text)
        for _ in range(chance.randint(1, 4)):
            letters[chance.randrange(len(letters))] = chance.choice(pieces)
        broken.append("".join(letters))
    return [*short, *long, *deep, *mixed, *unicode, *latin, *broken]


@pytest.mark.slow
def test_absurd_texts_are_answered_within_a_second_each_and_refused_in_one_way():
    texts = absurd()
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps(texts),
        cwd=ROOT,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    said = done.stdout.split("\n")
    last = next((int(line) for line in reversed(said) if line.isdigit()), 0)
    assert done.returncode == 0, f"ended with {done.returncode} at {texts[last][:300]!r}: {done.stderr[-2000:]}"
    assert last == len(texts) - 1
    assert int(said[-2].removeprefix("longest message ")) < 1000  # a megabyte is not printed back
