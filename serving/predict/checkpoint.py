"""A run that is not finished: what of it is, in a folder beside the output, for another run to go on with."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.tables.mistakes import InputError, Mistake
from models.bundle import Bundle
from models.tasks.part import part_state
from serving.predict.portion import Answered
from serving.predict.write import SEPARATORS, as_lines, whole

MOST_SAID = 50
"""Mistakes of a portion that are kept in words beside the table of rejected rows."""
PARTS = ("rows", "rejected", "nearest")
"""Files of a finished portion beside its record."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where a file cannot grow: the disk, the user's share of it, or the file's own limit."""


def digest_of(bundle: Bundle) -> str:
    """SHA-256 of all that a bundle predicts with."""
    found = hashlib.sha256()
    for name, part in bundle.parts.items():
        found.update(json.dumps([name, part_state(part), part.domain and part.domain.as_dict()]).encode())
        members = [*part.ensemble.boosters, *([part.ensemble.linear] if part.ensemble.linear else [])]
        for booster in members:
            found.update(booster.save_raw("ubj"))
    return found.hexdigest()


def folder_of(out: Path) -> Path:
    """Where the finished portions of an output are kept."""
    return out.with_name(f".{out.name}.parts")


@dataclass(frozen=True)
class Finished:
    """A finished portion, byte by byte as it is kept; on a cluster it is made where the portion was answered.

    Attributes
    ----------
    rows : of the output, as text without a header or as a Parquet file
    rejected, nearest : lines of the tables beside it
    record : what is said of the portion, as JSON
    """

    rows: bytes
    rejected: str
    nearest: str
    record: str


def finish(answered: Answered, suffix: str) -> Finished:
    """The answer to a portion as an output of that ending keeps it."""
    if suffix == ".parquet":
        written, table = pa.BufferOutputStream(), answered.table
        if (place := table.schema.get_field_index("notice")) >= 0:  # told as a dictionary, which differs by portion
            table = table.set_column(place, "notice", table["notice"].cast(pa.string()).fill_null(""))
        pq.write_table(table, written)
        rows = written.getvalue().to_pybytes()
    else:
        rows = as_lines(answered.table, SEPARATORS[suffix], answered.predicted)
    record = {
        "rows": len(answered.table),
        "rejected": answered.rejected_rows,
        "mistakes": [asdict(mistake) for mistake in answered.mistakes[:MOST_SAID]],
        "columns": answered.columns,
        "bytes": [len(rows), len(answered.rejected.encode()), len(answered.nearest.encode())],
    }
    return Finished(rows, answered.rejected, answered.nearest, json.dumps(record))


class OutputBusy(InputError):
    """Another run is writing the same output."""


class Unfinished:
    """Finished portions of one output, each a file of rows, one of rejected rows, one of nearest rows and a record.

    Parameters
    ----------
    out : the output; the folder is `.<name>.parts` beside it
    key : hashes of input, model and options: portions of another key are of no use
    """

    def __init__(self, out: Path, key: Mapping[str, str]) -> None:
        self.out, self.key = out, dict(key)
        self.folder = folder_of(out)
        self._numbers = set[int]()

    @contextmanager
    def open(self, resume: bool, remarks: list[str]) -> Iterator[None]:
        """Hold the folder, with what is of use in it; gone when the block ends well or nothing in it is finished.

        Raises
        ------
        OutputBusy
            Another run is writing this output.
        InputError
            The folder or a file in it vanished, or there is no room for more.
        """
        self.out.parent.mkdir(parents=True, exist_ok=True)
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "lock").open("w") as self._lock:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OutputBusy(
                    f"{self.out}: another run is writing it; wait for it, or choose another name"
                ) from None
            try:
                self._start(resume, remarks)
                yield
            except BaseException as error:
                if not self._numbers and self._is_held():
                    shutil.rmtree(self.folder, ignore_errors=True)
                if isinstance(error, OSError) and (words := self._in_words(error)):
                    raise InputError(words) from error
                raise
            if self._is_held():
                shutil.rmtree(self.folder)

    def _is_held(self) -> bool:
        """Whether the folder is the one this run locked: another run may have made a new one of the same name."""
        try:
            return os.path.samestat(os.fstat(self._lock.fileno()), (self.folder / "lock").stat())
        except (FileNotFoundError, NotADirectoryError):
            return False

    def _in_words(self, error: OSError) -> str:
        """What happened to the disk or the folder, and what to do; empty where it is neither."""
        if error.errno in FULL:
            return f"{self.out}: no room for it ({os.strerror(error.errno)}); make room and run again with --resume"
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            return ""
        then = f"vanished while {self.out.name} was written; bring it back and run again with --resume, or run again"
        if not self._is_held():
            return f"{self.folder if self.out.parent.is_dir() else self.out.parent}: this folder {then} elsewhere"
        lost = [path for number in self.finished() for path in self._files_of(number) if not path.is_file()]
        return f"{lost[0]}: this file {then} without" if lost else ""

    def _start(self, resume: bool, remarks: list[str]) -> None:
        found = [int(path.stem) for path in self.folder.glob("*.json") if path.stem.isdigit()]
        found = [number for number in found if self._is_whole(number)]
        written = self.folder / "key.json"
        try:
            before = json.loads(written.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):  # a power cut may leave it empty
            before = {}
        if found and before == self.key and resume:
            remarks.append(f"goes on after {len(found)} finished chunks of an interrupted run")
            self._numbers.update(found)
            return
        if found:
            other = [name for name in self.key if before.get(name) != self.key[name]]
            why = f"no longer the same {', '.join(other)}" if other else "--resume would have gone on with them"
            remarks.append(f"{len(found)} finished chunks of an interrupted run were thrown away: {why}")
        for path in self.folder.iterdir():
            if path.name != "lock":
                path.unlink()
        with whole(written) as aside:
            aside.write_text(json.dumps(self.key), encoding="utf-8")

    def finished(self) -> list[int]:
        """Numbers of the portions that are finished."""
        return sorted(self._numbers)

    def record(self, number: int) -> dict[str, Any]:
        """What was said of a finished portion: `rows`, `rejected`, `mistakes`, `columns`."""
        found: dict[str, Any] = json.loads(self._record_of(number).read_text(encoding="utf-8"))
        return {**found, "mistakes": [Mistake(**each) for each in found["mistakes"]]}

    def keep(self, number: int, finished: Finished) -> None:
        """Keep a portion; it is finished when its record is there, which says how long its files are."""
        if not self._is_held():
            raise FileNotFoundError(errno.ENOENT, "no longer the folder of this run", str(self.folder))
        held = (finished.rows, finished.rejected.encode(), finished.nearest.encode(), finished.record.encode())
        for path, content in zip(self._files_of(number), held, strict=True):
            path.write_bytes(content)
        self._numbers.add(number)

    def _files_of(self, number: int) -> list[Path]:
        return [*(self.part(number, end) for end in PARTS), self._record_of(number)]

    def _record_of(self, number: int) -> Path:
        return self.folder / f"{number:08d}.json"

    def _is_whole(self, number: int) -> bool:
        """Whether the files of a finished portion are as long as its record says: a power cut may cut them."""
        try:
            told = self.record(number)["bytes"]
            return bool(told == [self.part(number, end).stat().st_size for end in PARTS])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return False

    def part(self, number: int, end: str) -> Path:
        """The file of a portion's `rows`, `rejected` or `nearest` rows."""
        return self.folder / f"{number:08d}.{end}"

    def join(self, end: str, path: Path, header: str) -> None:
        """One text table of all portions, in order."""
        with whole(path) as aside, aside.open("wb") as file:
            file.write(header.encode())
            for number in self.finished():
                with self.part(number, end).open("rb") as part:
                    shutil.copyfileobj(part, file, 1 << 20)

    def join_parquet(self, path: Path) -> None:
        """One Parquet file of all portions, in order."""
        parts = [self.part(number, "rows") for number in self.finished()]
        with whole(path) as aside, pq.ParquetWriter(aside, pq.read_schema(parts[0])) as writer:
            held, rows = list[pa.Table](), 0
            for part in parts:
                held.append(pq.read_table(part))
                rows += len(held[-1])
                if rows >= ROW_GROUP:
                    writer.write_table(pa.concat_tables(held), row_group_size=rows)
                    held, rows = [], 0
            if rows:
                writer.write_table(pa.concat_tables(held), row_group_size=rows)


ROW_GROUP = 100_000
"""Rows from which on a row group of a Parquet file is full."""
