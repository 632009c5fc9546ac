"""The file of a space as YAML: hostile and broken ones, each refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.tables.mistakes import InputError
from serving.screen.yaml_document import MAX_BYTES, Branch, Items, Leaf, read_document

LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "the file is empty"),
        ("# only a remark\n", "the file is empty"),
        ("- Li6PS5Cl\n", "line 1: got a list, expected keys"),
        ("Li6PS5Cl\n", "line 1: got a single value, expected keys"),
        ("a: 1\nb: 2\na: 3\n", "line 3, column a: got this key twice"),
        ("a:\n\tb: 1\n", "line 2: got .*expected YAML.*not with tabs"),
        ("a: [1, 2\n", "expected YAML"),
        ("a: 1\n b: 2\n", "line 2"),
        (LAUGHS, "line 1: got an anchor or alias"),
        ("a: *nowhere\n", "line 1: got an anchor or alias"),
        ("a: !!python/object/apply:os.system ['true']\n", "line 1: got a tag"),
        ("a: !!int 5\n", "line 1: got a tag"),
        ("a: 1\n---\nb: 2\n", "got a second document"),
        ("? [a, b]\n: 1\n", "got a key that is a list"),
        ("a: " + "[" * 5000 + "]" * 5000 + "\n", "nested too deeply"),
        ("a: '\x07'\n", "no YAML"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_document(path)


def test_every_anchor_is_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(LAUGHS, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_document(path)
    assert {mistake.line for mistake in caught.value.mistakes} == {1, 2, 3}


def test_other_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_document(tmp_path / "none.yaml")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"a: \xb5m\n")
    with pytest.raises(InputError, match="not UTF-8 at byte 3"):
        read_document(latin)
    long = tmp_path / "long.yaml"
    long.write_text("a: " + "x" * MAX_BYTES, encoding="utf-8")
    with pytest.raises(InputError, match="expected at most 200,000"):
        read_document(long)


def test_texts_stay_as_written(tmp_path: Path) -> None:
    """No types are guessed: `no` and `1e-4` stay what they are, empty and null are nothing."""
    path = tmp_path / "space.yaml"
    path.write_text("a: [no, 1e-4, ~, '']\nb:\n  c: 010\n", encoding="utf-8")
    document = read_document(path)
    assert document.nodes["a"] == Items((Leaf("no", 1), Leaf("1e-4", 1), Leaf("", 1), Leaf("", 1)), 1)
    assert document.nodes["b"] == Branch({"c": Leaf("010", 3)}, 3)


def test_a_workbook_of_designs_belongs_to_predict(tmp_path: Path) -> None:
    file = tmp_path / "designs.xlsx"
    file.write_bytes(b"PK\x03\x04\xff")
    with pytest.raises(InputError, match=r"a workbook, expected a design space .* silion predict designs\.xlsx"):
        read_document(file)
