"""`silion data add` and its neighbours as people call them, in this process and in a folder of the test."""

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.main import build_parser
from features.tables.mistakes import InputError
from tests.shared import Finished


@pytest.fixture(scope="session")
def parser() -> ArgumentParser:
    return build_parser()


@pytest.fixture
def run(parser, tmp_path, monkeypatch, capsys) -> Callable[..., Finished]:
    """Run a command of `silion data` with its words; unusable input is code 2, as in cli/main.py."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str | Path) -> Finished:
        arguments = parser.parse_args(["data", *(str(word) for word in words)])
        try:
            code = arguments.run(arguments)
        except InputError as error:
            return Finished(2, capsys.readouterr().out, str(error))
        return Finished(code, capsys.readouterr().out, "")

    return call


@pytest.fixture
def write(tmp_path) -> Callable[..., Path]:
    def write_file(text: str, name: str = "new.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def content(tmp_path) -> Callable[[], dict[str, bytes]]:
    """Every table of the user's folder as bytes, by name."""

    def read() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((tmp_path / "mydata").glob("*.csv"))}

    return read
