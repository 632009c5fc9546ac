from __future__ import annotations

from pathlib import Path

import pytest

from reporting.atomic_files import atomic_output_folder, check_folder


def write(folder: Path, **files: str) -> None:
    with atomic_output_folder(folder) as aside:
        for name, content in files.items():
            (aside / name).write_text(content, encoding="utf-8")


def held(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir() if not path.name.startswith(".")}


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    write(tmp_path / "report", a="1", b="2")
    assert held(tmp_path / "report") == {"a": "1", "b": "2"}
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_failure_leaves_the_old_one_and_nothing_beside(tmp_path: Path) -> None:
    write(tmp_path / "report", a="1")

    def interrupted() -> None:
        with atomic_output_folder(tmp_path / "report") as aside:
            (aside / "a").write_text("half", encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert held(tmp_path / "report") == {"a": "1"}
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_our_old_files_go_and_other_peoples_stay(tmp_path: Path) -> None:
    write(tmp_path / "report", a="1", stale="old")
    (tmp_path / "report" / "notes.txt").write_text("mine", encoding="utf-8")
    write(tmp_path / "report", a="2")
    assert held(tmp_path / "report") == {"a": "2", "notes.txt": "mine"}


def test_folders_of_others_are_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").write_text("1", encoding="utf-8")
    with pytest.raises(ValueError, match="was not written by Silion"):
        check_folder(tmp_path / "thesis")
    with pytest.raises(ValueError, match="is a file"):
        check_folder(tmp_path / "thesis" / "chapter")
    (tmp_path / "empty").mkdir()
    check_folder(tmp_path / "empty")
