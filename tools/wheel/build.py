"""Build hook of hatchling: the wheel holds one package, `silion`, so that nothing in it meets a module of the user's.

In the checkout `features`, `models` and the others are top-level packages. Installed, they would shadow a `models.py`
of the user's own folder, or be shadowed by it. The wheel therefore holds them below `silion`, imports renamed, with the
tables, examples and pinned versions that code reads by path.
"""

from __future__ import annotations

import ast
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGES = ("features", "models", "reporting", "training", "serving", "cli")
READ_BY_PATH = ("data/README.md", "data/examples", "data/literature", "requirements.txt")
LEFT_OUT = ("__pycache__", "passes")
"""Folders of no use to an installed copy; `passes` holds the independent readings of the shipped tables."""
MAIN = """import sys

from silion import main

if __name__ == "__main__":
    sys.exit(main())
"""


class SilionHook(BuildHookInterface):  # type: ignore[type-arg]
    """Writes the tree of the installed package aside and hands it to hatchling."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the tree to a wheel; an editable install stays the checkout itself.

        Parameters
        ----------
        version : str
            `standard` or `editable`.
        build_data : dict
            Of the build; gets the files to include.
        """
        if version != "standard":
            return
        self._aside = Path(tempfile.mkdtemp(prefix="silion-wheel-"))
        for name in write_package(Path(self.root), self._aside):
            build_data["force_include"][str(self._aside / name)] = f"silion/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was written aside.

        Parameters
        ----------
        version : str
            `standard` or `editable`.
        build_data : dict
            Of the build.
        artifact_path : str
            The wheel.
        """
        if version == "standard":
            shutil.rmtree(self._aside)


def write_package(root: Path, folder: Path) -> list[str]:
    """Write the package `silion` as it is installed.

    Parameters
    ----------
    root : Path
        Checkout.
    folder : Path
        Written into; it becomes the package.

    Returns
    -------
    list of str
        Files, relative to the folder.
    """
    (folder / "__init__.py").write_text(below_silion((root / "silion.py").read_text("utf-8")), "utf-8")
    (folder / "__main__.py").write_text(MAIN, "utf-8")
    (folder / "py.typed").touch()
    for path in _files(root):
        target = folder / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".py":
            target.write_text(below_silion(path.read_text("utf-8")), "utf-8")
        else:
            shutil.copyfile(path, target)
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _files(root: Path) -> Iterator[Path]:
    for name in (*PACKAGES, *READ_BY_PATH):
        path = root / name
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file() and not set(file.relative_to(root).parts) & set(LEFT_OUT):
                yield file


def below_silion(text: str) -> str:
    """Return a module's text with the imports of our packages below `silion`.

    Parameters
    ----------
    text : str
        Python.

    Raises
    ------
    ValueError
        `import models.x`, which binds the name `models`: write `from models import x`.

    Examples
    --------
    >>> below_silion("from models.bundle import Bundle\\nimport numpy\\n")
    'from silion.models.bundle import Bundle\\nimport numpy\\n'
    """
    lines = text.splitlines(keepends=True)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import) and any(alias.name.split(".")[0] in PACKAGES for alias in node.names):
            raise ValueError(f"line {node.lineno}: write `from package import module`, which the wheel can rename")
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PACKAGES:
            place, line = node.lineno - 1, lines[node.lineno - 1]
            before, after = line[: node.col_offset], line[node.col_offset :]
            lines[place] = before + after.replace(f"from {node.module}", f"from silion.{node.module}", 1)
    return "".join(lines)
