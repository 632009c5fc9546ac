"""Software bill of materials: the packages of both requirements files as CycloneDX 1.5, from what is installed here."""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_PIN = re.compile(r"([A-Za-z0-9._-]+)==([^\s;\\]+)")


def component(name: str, version: str) -> dict[str, Any]:
    """Return one package as a component: name, version, package address, license as it states it.

    Parameters
    ----------
    name, version : str
        As pinned.
    """
    plain = re.sub(r"[-_.]+", "-", name).lower()
    told: dict[str, Any] = {"type": "library", "name": plain, "version": version, "purl": f"pkg:pypi/{plain}@{version}"}
    try:
        described = metadata(name)
    except PackageNotFoundError:
        return told
    stated = (described.get_all("License-Expression") or described.get_all("License") or [""])[0]
    if stated and len(stated) < 100 and "\n" not in stated:
        told["licenses"] = [{"license": {"name": stated}}]
    return told


def bill(requirements: str) -> dict[str, Any]:
    """Return the bill of pinned requirements.

    Parameters
    ----------
    requirements : str
        Text of a requirements file; lines that pin nothing are left out.

    Examples
    --------
    >>> [part["purl"] for part in bill("Jinja2==3.1.6\\n# a remark\\n")["components"]]
    ['pkg:pypi/jinja2@3.1.6']
    """
    pins = [match.groups() for line in requirements.splitlines() if (match := _PIN.match(line))]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "silion"}},
        "components": [component(name, version) for name, version in sorted(pins, key=lambda pin: pin[0].lower())],
    }


if __name__ == "__main__":
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("requirements.txt", "requirements-test.txt")]
    text = json.dumps(bill("".join(texts)), indent=1, ensure_ascii=False)
    Path(sys.argv[1]).write_text(f"{text}\n", encoding="utf-8")
