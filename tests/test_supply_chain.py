"""What Silion is made of: the bill of materials, and requirements that name packages alone."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared import ROOT
from tools.audit import verdict


def test_the_bill_of_materials_names_every_pinned_package(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "tools" / "sbom.py", tmp_path / "sbom.json"], check=True)
    bill = json.loads((tmp_path / "sbom.json").read_text(encoding="utf-8"))
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("requirements.txt", "requirements-test.txt")]
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", "".join(texts), re.MULTILINE)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    named = {(part["name"], part["version"]) for part in bill["components"]}
    assert named == {(re.sub(r"[-_.]+", "-", name).lower(), version) for name, version in pinned}
    numpy = next(part for part in bill["components"] if part["name"] == "numpy")
    assert numpy["purl"] == f"pkg:pypi/numpy@{numpy['version']}"
    assert numpy["licenses"]


def test_every_pinned_version_has_its_hashes() -> None:
    """Names, versions and platforms of `requirements.txt`, and beside each the hashes of its files: `make pins`."""
    pin = re.compile(
        r"^([A-Za-z0-9._-]+)==([^\s;\\]+) *(;[^\\\n]*)?((?: *\\\n +--hash=sha256:[0-9a-f]{64})*)$", re.MULTILINE
    )

    def pins(text: str) -> dict[tuple[str, str, frozenset[str]], int]:
        return {
            (re.sub(r"[-_.]+", "-", name).lower(), version, frozenset(marker.replace("'", '"').split())): hashes.count(
                ":"
            )
            for name, version, marker, hashes in pin.findall(text)
        }

    plain, hashed = ((ROOT / f"requirements{end}.txt").read_text(encoding="utf-8") for end in ("", "-hashed"))
    of_plain, of_hashed = pins(plain), pins(hashed)
    assert len(of_plain) == len(plain.splitlines())
    assert set(of_hashed) == set(of_plain)
    assert min(of_hashed.values()) >= 1
    assert sum(of_hashed.values()) + len(of_hashed) == len(hashed.splitlines())  # nothing else stands in it
    assert not any(of_plain.values())  # a model's requirements are read from there, by name alone


def test_requirements_hold_no_address() -> None:
    names = ("requirements.txt", "requirements-hashed.txt", "requirements-test.txt")
    lines = [line for name in names for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    options = {line.split()[0].partition("=")[0] for line in lines if line.strip().startswith("-")}
    assert options <= {"--hash"}
    assert not [line for line in lines if "://" in line and not line.lstrip().startswith("#")]
    for name in ("python_env.yaml", "pyproject.toml"):
        assert not re.search(r"@ \w+:", (ROOT / name).read_text(encoding="utf-8"))


def test_no_data_come_from_a_repository_that_is_no_source() -> None:
    """One repository stays unread: it is known here by digests of its owner and of its name."""
    unread = {"850b7385d351", "ca0b8aaf8424"}
    for path in (ROOT / "data").rglob("*"):
        text = path.read_text(encoding="utf-8", errors="ignore").casefold() if path.is_file() else ""
        words = set(re.findall(r"[a-z0-9][a-z0-9_-]+", text))
        assert not unread & {hashlib.sha256(word.encode()).hexdigest()[:12] for word in words}, path


GOOD = {"name": "numpy", "version": "2.3.4", "vulns": []}
WEAK = {
    "name": "a",
    "version": "1",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"], "aliases": [], "description": ""}],
}
UNKNOWN = {"name": "requests", "skip_reason": "Dependency not found on PyPI and could not be audited: requests (2.5.0)"}


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([GOOD], 0, "no known weakness in 1 packages"),
        ([GOOD, WEAK], 1, "a 1: PYSEC-1, mended in 2"),
        ([WEAK, UNKNOWN], 1, "a 1: PYSEC-1, mended in 2\nnot looked up, so nothing is known of them: requests"),
        (
            [GOOD, UNKNOWN],
            0,
            "no known weakness in 1 packages\nnot looked up, so nothing is known of them: requests",
        ),
        ([UNKNOWN], 0, "audit skipped: none of 1 packages could be looked up here"),
    ],
)
def test_an_audit_fails_on_findings_alone(packages: list[object], code: int, said: str) -> None:
    """As pip-audit 2.10 writes them: its own exit code is 1 for a weakness and for data that cannot be had."""
    assert verdict(json.dumps({"dependencies": packages, "fixes": []}), "") == (code, said)


def test_an_audit_without_its_data_is_skipped_in_words() -> None:
    error = "Traceback (most recent call last):\nConnectionError: Failed to resolve 'pypi.org'\n"
    assert verdict("", error) == (
        0,
        "audit skipped: its data cannot be had here (ConnectionError: Failed to resolve 'pypi.org')",
    )
