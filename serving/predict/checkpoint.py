"""A run that is not finished: its finished portions, in a folder beside the output, for another run to go on with."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields, is_dataclass
from functools import cache, cached_property, partial, reduce
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.tables.mistakes import InputError, Mistake
from models.boosters.saved import version_of
from models.bundle import Bundle
from models.tasks.part import part_state
from serving.predict.portion import Answer
from serving.predict.write import whole

PACKAGES = ("numpy", "pandas", "pyarrow", "scipy", "xgboost", "pymatgen-core")
"""Packages whose version an answer may depend on."""
CODE_FOLDERS = ("features", "models", "serving")
"""Folders of Silion's own code that an answer depends on."""
PARTS = ("rows", "rejected", "nearest")
"""Files of a finished portion beside its record."""
KEY = "key.json"
"""File of the hashes of all that the finished portions depend on."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of the system where a file cannot grow: the disk, the user's share of it, or the file's own limit."""


def digest_of(bundle: Bundle) -> str:
    """Return the SHA-256 of all that a bundle predicts with.

    Parameters
    ----------
    bundle : Bundle
        The model.
    """
    digest = hashlib.sha256(json.dumps(bundle.facts.get("skill", {}), sort_keys=True).encode())  # who has a point
    for name, part in bundle.parts.items():
        digest.update(json.dumps([name, part_state(part)]).encode())
        for fitted in (part.domain, part.known):
            for piece in _pieces(fitted):
                digest.update(piece)
        with TemporaryDirectory(prefix="silion-") as folder:  # an ensemble may be made of others: what it saves is all
            part.ensemble.save(Path(folder))
            for path in sorted(file for file in Path(folder).rglob("*") if file.is_file()):
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _pieces(value: Any) -> Iterator[bytes]:
    """All that makes a dataclass equal to another: its numbers as they lie in memory, of which text would cost as much
    as the model; what is kept of earlier questions is none of it."""
    if is_dataclass(value):
        for name in [field.name for field in fields(value) if field.compare]:
            yield name.encode()
            yield from _pieces(getattr(value, name))
    elif isinstance(value, np.ndarray):
        values = np.where(np.isnan(value), np.nan, value) if value.dtype.kind == "f" else value  # NaN has many patterns
        yield f"{value.dtype.str}{value.shape}".encode() + values.tobytes()
    else:
        yield json.dumps(value).encode()


@cache
def surroundings() -> dict[str, str]:
    """Return what an answer depends on beside model, rows and options: versions of the packages it is made with, by
    name, and a hash of Silion's own code and tables, as two checkouts may bear the same version."""
    code, root = hashlib.sha256(), Path(__file__).resolve().parents[2]
    files = [path for name in CODE_FOLDERS for path in (root / name).rglob("*") if path.suffix in (".py", ".csv")]
    for path in sorted(files, key=str):
        code.update(path.as_posix().removeprefix(root.as_posix()).encode() + b"\0" + path.read_bytes())
    silion = f"{metadata.version('silion')} (code {code.hexdigest()[:12]})"
    return {"Silion": silion, **{name: version_of(name) for name in PACKAGES}}


def folder_of(out: Path) -> Path:
    """Return the folder in which the finished portions of an output are kept.

    Parameters
    ----------
    out : Path
        The output.

    Examples
    --------
    >>> folder_of(Path("answers/out.csv")).as_posix()
    'answers/.out.csv.parts'
    """
    return out.with_name(f".{out.name}.parts")


class OutputBusy(InputError):
    """Another run is writing the same output."""


class Unfinished:
    """Finished portions of one output, each a file of rows, one of rejected rows, one of nearest rows and a record.

    Parameters
    ----------
    out : the output; the folder is `.<name>.parts` beside it
    key : gives hashes of input, model and options: portions of another key are of no use. To hash a model costs as much
        as to load it, so it is called only where there are portions to compare or several to keep
    portions : how many there will be; the key of one alone is written where the run stops before its end
    """

    def __init__(self, out: Path, key: Callable[[], Mapping[str, str]], portions: int) -> None:
        self.out, self._find_key, self.portions = out, key, portions
        self.folder = folder_of(out)
        self._numbers = set[int]()

    @cached_property
    def key(self) -> dict[str, str]:
        """Hashes of all that finished portions depend on, by the words that say what changed."""
        return dict(self._find_key())

    @contextmanager
    def open(self, resume: bool, remarks: list[str]) -> Iterator[None]:
        """Hold the folder, with what is of use in it; gone when the block ends well or nothing in it is finished.

        Parameters
        ----------
        resume : bool
            Go on with the finished portions that are there; else they are thrown away.
        remarks : list of str
            Is added to: what became of them.

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
                elif self.portions == 1 and self._is_held():
                    with suppress(OSError):
                        self._write_key()
                if isinstance(error, OSError) and (message := self._message(error)):
                    raise InputError(message) from error
                raise
            if self._is_held():
                shutil.rmtree(self.folder)

    def _is_held(self) -> bool:
        """Return whether the folder is the one this run locked: another run may have made one of the same name."""
        try:
            return os.path.samestat(os.fstat(self._lock.fileno()), (self.folder / "lock").stat())
        except (FileNotFoundError, NotADirectoryError):
            return False

    def _message(self, error: OSError) -> str:
        """Return what happened to the disk or the folder, and what to do; empty where it is neither."""
        if error.errno in FULL:
            return f"{self.out}: no room for it ({os.strerror(error.errno)}); make room and run again with --resume"
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            return ""
        advice = f"vanished while {self.out.name} was written; bring it back and run again with --resume, or run again"
        if not self._is_held():
            return f"{self.folder if self.out.parent.is_dir() else self.out.parent}: this folder {advice} elsewhere"
        lost = [path for number in self.finished() for path in self._files_of(number) if not path.is_file()]
        return f"{lost[0]}: this file {advice} without" if lost else ""

    def _start(self, resume: bool, remarks: list[str]) -> None:
        numbers = [int(path.stem) for path in self.folder.glob("*.json") if path.stem.isdigit()]
        finished = [number for number in numbers if self._is_whole(number)]
        try:
            before = json.loads((self.folder / KEY).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):  # a power cut may leave it empty
            before = {}
        if finished and resume and before and before == self.key:
            remarks.append(f"goes on after {len(finished)} finished chunks of an interrupted run")
            self._numbers.update(finished)
            return
        if finished:
            changed = [name for name in before if before[name] != self.key.get(name)]
            reason = "--resume would have gone on with them" if before else "it was not written what they were made of"
            reason = f"no longer the same {', '.join(changed)}" if changed else reason
            remarks.append(f"{len(finished)} finished chunks of an interrupted run were thrown away: {reason}")
        for path in self.folder.iterdir():
            if path.name != "lock":
                path.unlink()
        if self.portions > 1:
            self._write_key()

    def _write_key(self) -> None:
        with whole(self.folder / KEY) as aside:
            aside.write_text(json.dumps(self.key), encoding="utf-8")

    def finished(self) -> list[int]:
        """Return the numbers of the portions that are finished, in order."""
        return sorted(self._numbers)

    def record(self, number: int) -> dict[str, Any]:
        """Return what was said of a finished portion: `rows`, `rejected`, `mistakes`, `columns`.

        Parameters
        ----------
        number : int
            Of the portion.
        """
        record: dict[str, Any] = json.loads(self._record_of(number).read_text(encoding="utf-8"))
        return {**record, "mistakes": [Mistake(**mistake) for mistake in record["mistakes"]]}

    def keep(self, number: int, answer: Answer) -> None:
        """Keep a portion; it is finished when its record is there, which says how long its files are and their CRC-32.

        Of several portions the files are on disk before the record is written: those it lists survive a power cut.

        Parameters
        ----------
        number : int
            Of the portion, from 0.
        answer : Answer
            To it.

        Raises
        ------
        FileNotFoundError
            The folder is no longer that of this run.
        """
        if not self._is_held():
            raise FileNotFoundError(errno.ENOENT, "no longer the folder of this run", str(self.folder))
        contents = (answer.rows, answer.rejected.encode(), answer.nearest.encode())
        for end, content in zip(PARTS, contents, strict=True):
            with self.part(number, end).open("wb") as file:
                file.write(content)
                if content and self.portions > 1:
                    file.flush()
                    os.fsync(file.fileno())
        record = json.loads(answer.record) | {"crc32": [zlib.crc32(content) for content in contents]}
        self._record_of(number).write_text(json.dumps(record), encoding="utf-8")
        self._numbers.add(number)

    def _files_of(self, number: int) -> list[Path]:
        return [*(self.part(number, end) for end in PARTS), self._record_of(number)]

    def _record_of(self, number: int) -> Path:
        return self.folder / f"{number:08d}.json"

    def _is_whole(self, number: int) -> bool:
        """Return whether the files of a finished portion are those its record lists: a power cut may cut them, or
        leave zeros in their place."""
        try:
            record = self.record(number)
            if record["bytes"] != [self.part(number, end).stat().st_size for end in PARTS]:
                return False
            return bool(record["crc32"] == [_crc_of(self.part(number, end)) for end in PARTS])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return False

    def part(self, number: int, end: str) -> Path:
        """Return the file of a portion's `rows`, `rejected` or `nearest` rows.

        Parameters
        ----------
        number : int
            Of the portion.
        end : str
            One of `PARTS`.
        """
        return self.folder / f"{number:08d}.{end}"

    def join(self, end: str, path: Path, header: str) -> None:
        """Write one text table of all portions, in order.

        Parameters
        ----------
        end : str
            One of `PARTS`.
        path : Path
            Of the table.
        header : str
            Its first line, ended.
        """
        with whole(path) as aside, aside.open("wb") as file:
            file.write(header.encode())
            for number in self.finished():
                with self.part(number, end).open("rb") as part:
                    shutil.copyfileobj(part, file, 1 << 20)

    def join_parquet(self, path: Path) -> None:
        """Write one Parquet file of all portions, in order.

        Parameters
        ----------
        path : Path
            Of the file.
        """
        parts = [self.part(number, "rows") for number in self.finished()]
        with whole(path) as aside, pq.ParquetWriter(aside, pq.read_schema(parts[0])) as writer:
            tables, rows = list[pa.Table](), 0
            for part in parts:
                tables.append(pq.read_table(part))
                rows += len(tables[-1])
                if rows >= ROW_GROUP:
                    writer.write_table(pa.concat_tables(tables), row_group_size=rows)
                    tables, rows = [], 0
            if rows:
                writer.write_table(pa.concat_tables(tables), row_group_size=rows)


def _crc_of(path: Path) -> int:
    with path.open("rb") as file:
        return reduce(lambda crc, block: zlib.crc32(block, crc), iter(partial(file.read, 1 << 20), b""), 0)


ROW_GROUP = 100_000
"""Rows from which on a row group of a Parquet file is full."""
