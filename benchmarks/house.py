"""Counts of the house: modules, lines of code, floors, circles and docstrings, by package.

    python -m benchmarks.house [--at 2304839]

Lines of code are those that hold a token other than a comment or a docstring. A folder is one node beside the modules
of its parent: an import between two folders counts as one between the two, wherever it stands in a file (in functions
and under TYPE_CHECKING too). Floors are the longest chain of imports among the nodes side by side in a folder; the
longest chain of modules inside a package, folders aside, stands below. `--at` counts an earlier commit.
"""

from __future__ import annotations

import argparse
import ast
import io
import subprocess
import tarfile
import tempfile
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("features", "models", "reporting", "training", "serving", "cli")
QUIET = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
QUESTIONS = {"What", "How", "Whether"}
"""First words of docstrings that ask where they should say."""


@dataclass(frozen=True)
class Module:
    """One file of Python.

    Attributes
    ----------
    name : str
        As it is imported; a package bears the name of its folder.
    source : str
        Its text.
    """

    name: str
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        """Syntax tree."""
        return ast.parse(self.source)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Nodes of the syntax tree, walked once."""
        return list(ast.walk(self.tree))

    @property
    def code_lines(self) -> int:
        """Lines that hold code: no blank line, comment or docstring."""
        lines: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(self.source).readline):
            if token.type not in QUIET:
                lines.update(range(token.start[0], token.end[0] + 1))
        for node in self.nodes:
            for text in node.body if isinstance(node, DOCUMENTED) else ():
                if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                    lines.difference_update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
        return len(lines)

    def imports(self, names: Mapping[str, Module]) -> set[str]:
        """Return which of the named modules it imports, anywhere in the file.

        Parameters
        ----------
        names : mapping of str to Module
            Those that count.
        """
        imported: set[str] = set()
        for node in self.nodes:
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                inside = {f"{node.module}.{alias.name}" for alias in node.names}
                imported |= (inside & names.keys()) or {node.module}
        return (imported & names.keys()) - {self.name}


def modules(root: Path = ROOT) -> dict[str, Module]:
    """Return every module of the packages and `silion.py`, by name.

    Parameters
    ----------
    root : Path
        Folder of the checkout.
    """
    files = [root / "silion.py", *(path for package in PACKAGES for path in sorted((root / package).rglob("*.py")))]
    names = [".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__") for path in files]
    return {name: Module(name, path.read_text(encoding="utf-8")) for name, path in zip(names, files, strict=True)}


def side_by_side(known: Mapping[str, Module], folder: str) -> dict[str, set[str]]:
    """Return what stands side by side in a folder, and which of it each imports; sub-folders are one node.

    Parameters
    ----------
    known : mapping of str to Module
        All modules.
    folder : str
        A package such as `training.data`; empty for the top level.
    """
    depth = len(folder.split(".")) if folder else 0

    def node(name: str) -> str | None:
        parts = name.split(".")
        return (
            ".".join(parts[: depth + 1]) if len(parts) > depth and parts[:depth] == folder.split(".")[:depth] else None
        )

    graph: dict[str, set[str]] = {}
    for name, module in known.items():
        if (here := node(name)) is None:
            continue
        below = {neighbour for imported in module.imports(known) if (neighbour := node(imported)) and neighbour != here}
        graph.setdefault(here, set()).update(below)
    return graph


def folders(known: Mapping[str, Module]) -> list[str]:
    """Return the packages with modules inside, the top level (empty) first.

    Parameters
    ----------
    known : mapping of str to Module
        All modules.
    """
    return ["", *sorted({name.rpartition(".")[0] for name in known} - {""})]


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return a circle of imports, empty where there is none.

    Parameters
    ----------
    graph : mapping of str to set of str
        What each node imports.

    Examples
    --------
    >>> circle({"a": {"b"}, "b": set()}), sorted(set(circle({"a": {"b"}, "b": {"a"}})))
    ([], ['a', 'b'])
    """
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def longest_chain(graph: Mapping[str, set[str]]) -> list[str]:
    """Return the longest chain of imports, the importer first.

    Parameters
    ----------
    graph : mapping of str to set of str
        What each node imports; without circles.

    Examples
    --------
    >>> longest_chain({"a": {"b", "c"}, "b": {"c"}, "c": set()})
    ['a', 'b', 'c']
    """
    chains: dict[str, list[str]] = {}
    for node in TopologicalSorter(graph).static_order():
        below = (chains[imported] for imported in sorted(graph.get(node, ())))
        chains[node] = [node, *max(below, key=len, default=[])]
    return max(chains.values(), key=len, default=[])


def module_graph(known: Mapping[str, Module], package: str) -> dict[str, set[str]]:
    """Return which modules of a package each of its modules imports, whatever folders they are in.

    Parameters
    ----------
    known : mapping of str to Module
        All modules.
    package : str
        One of `PACKAGES`.
    """
    own = {name: module for name, module in known.items() if name.split(".")[0] == package}
    return {name: module.imports(own) for name, module in own.items()}


def listed_parameters(docstring: str) -> set[str]:
    """Return the names under "Parameters" of a docstring.

    Parameters
    ----------
    docstring : str
        As numpydoc asks, its indent taken off.

    Examples
    --------
    >>> sorted(listed_parameters("Area.\\n\\nParameters\\n---\\na, b : float\\n    In m.\\n\\nReturns\\n---\\nc : x"))
    ['a', 'b']
    """
    section = docstring.partition("Parameters\n")[2].partition("\n\n")[0]
    lines = [line.partition(" : ")[0] for line in section.splitlines() if not line.startswith((" ", "-"))]
    return {name.strip() for line in lines for name in line.split(",")}


def public_functions(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """Yield functions and methods that can be called from elsewhere, take arguments and have no underscore.

    What is defined inside a function is reached by nobody else and left out.

    Parameters
    ----------
    tree : ast.AST
        Of a file, or of a class in it.

    Yields
    ------
    tuple of str and bool
        Its name, and whether its docstring lists all its parameters.

    Examples
    --------
    >>> list(public_functions(ast.parse("def area(width):\\n    def inner(x): pass\\ndef zero(): pass")))
    [('area', False)]
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, FUNCTION):
            names = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)} - {"self", "cls"}
            if names and not node.name.startswith("_"):
                yield node.name, names <= listed_parameters(ast.get_docstring(node) or "")
        else:
            yield from public_functions(node)


def docstrings(module: Module) -> Iterator[str]:
    """Yield the docstrings of a module.

    Parameters
    ----------
    module : Module
        One file.
    """
    for node in module.nodes:
        if isinstance(node, DOCUMENTED) and (text := ast.get_docstring(node)):
            yield text


COUNTS = (
    "modules", "without code", "code lines", "public functions", "with Parameters", "docstrings", "What/How/Whether",
    "examples",
)  # fmt: skip


def counts(own: Sequence[Module]) -> tuple[int, ...]:
    """Return the figures of `COUNTS` for some modules.

    Parameters
    ----------
    own : sequence of Module
        Of one package, say.
    """
    documented = [is_documented for module in own for _, is_documented in public_functions(module.tree)]
    texts = [text for module in own for text in docstrings(module)]
    return (
        len(own),
        sum(not module.code_lines for module in own),
        sum(module.code_lines for module in own),
        len(documented),
        sum(documented),
        len(texts),
        sum(text.split()[0] in QUESTIONS for text in texts),
        sum(text.count(">>> ") for text in texts),
    )


def modules_at(commit: str) -> dict[str, Module]:
    """Return `modules` of an earlier commit.

    Parameters
    ----------
    commit : str
        As git names it.
    """
    command = ["git", "archive", commit, "--", "*.py"]
    archive = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
        return modules(Path(folder))


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at", metavar="COMMIT", help="an earlier commit")
    commit = parser.parse_args().at
    known = modules_at(commit) if commit else modules()
    print(f"{'package':<12}", *(f"{name:>{len(name)}}" for name in COUNTS))
    for package in (*PACKAGES, "silion", ""):
        own = [module for name, module in known.items() if not package or name.split(".")[0] == package]
        figures = zip(COUNTS, counts(own), strict=True)
        print(f"{package or 'all':<12}", *(f"{count:>{len(name)}}" for name, count in figures))
    print(f"\n{'folder':<28} side by side  floors  circle")
    for folder in folders(known):
        graph = side_by_side(known, folder)
        loop = circle(graph)
        print(
            f"{folder or '.':<28} {len(graph):>12}  {'' if loop else len(longest_chain(graph)):>6}  {' -> '.join(loop)}"
        )
    print("\nlongest chain of modules inside each package, whatever folders they are in")
    for package in PACKAGES:
        graph = module_graph(known, package)
        loop = circle(graph)
        chain = loop or longest_chain(graph)
        count = "circle" if loop else len(chain)
        print(f"{package:<12} {count:>6}  {' -> '.join(name.removeprefix(f'{package}.') for name in chain)}")


if __name__ == "__main__":
    main()
