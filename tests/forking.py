"""Commands in processes of their own, forked by a server that has imported the packages of others already.

To import MLflow, xgboost and what these import takes seconds of each process. Of Silion the server imports nothing: a
command reads our code anew, that of the folder it runs in first, as `python -m silion` does.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import random
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

PACKAGES = (
    "mlflow.pyfunc", "mlflow.store.tracking.sqlalchemy_store", "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.db.utils", "alembic.command", "git", "xgboost", "sklearn.linear_model", "sklearn.neighbors",
    "scipy.stats", "scipy.optimize", "matplotlib.pyplot", "matplotlib.backends.backend_svg", "pandas",
    "pyarrow.parquet", "pydantic", "tqdm",
)  # fmt: skip
"""What a training imports of others."""
OF_THE_INTERPRETER = ("PYTHON", "LC_", "LANG")
"""Begin the names of variables that Python reads as it starts: a command that sets them is not forked."""


class ForkServer:
    """Runs `python -m silion` again and again, each time in a new process."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self, words: Sequence[str], cwd: Path, env: Mapping[str, str], timeout: int, first: str = ""
    ) -> tuple[int, str, str]:
        """Exit code of a command, as `subprocess.run` gives it, and what it printed on either stream; the function
        `first`, as `module:name`, is called before it runs."""
        assert self.process.stdin
        assert self.process.stdout
        with tempfile.TemporaryDirectory() as folder:
            places = [Path(folder, name) for name in ("out", "err")]
            asked = {"words": words, "cwd": str(cwd), "env": dict(env), "timeout": timeout, "first": first}
            asked["out"] = [str(place) for place in places]
            print(json.dumps(asked), file=self.process.stdin, flush=True)
            code = int(self.process.stdout.readline())
            out, err = (place.read_text() for place in places)
        assert code != -signal.SIGALRM, f"{words} took longer than {timeout} s\n{err}"
        return code, out, err

    def end(self) -> None:
        """End the server; no command is running any more."""
        self.process.communicate(timeout=30)


def serve() -> None:
    """Fork a process for each line that comes in and answer with its exit code; the process leaves with its command."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in (*PACKAGES, "known_packages"):
            importlib.import_module(name)
    sys.path.pop(0)  # the folder of this file, which no other program has there
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            return _command(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    return None


def _command(asked: dict[str, Any]) -> None:
    """Be the command, as a process that has just been started would be."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, path in enumerate(asked["out"], 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.path[:0] = [asked["cwd"], *filter(None, asked["env"].get("PYTHONPATH", "").split(os.pathsep))]
    warnings.simplefilter("default")  # PYTHONWARNINGS of the tests
    random.seed()
    np.random.seed()
    tempfile.tempdir = None  # TMPDIR may be another
    signal.alarm(asked["timeout"])
    sys.argv[1:] = asked["words"]
    code: object = 1
    try:
        if asked["first"]:
            pkgutil.resolve_name(asked["first"])()
        runpy.run_module("silion", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    serve()
