"""Ten designs from the command line beside the same ten through MLflow's own loader: it is nearly all import time; and
what `import silion` and `silion --help` take.

python -m benchmarks.ten_rows [--code FOLDER]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

from benchmarks.beside import Side, add_code, beside
from benchmarks.results import ROOT, write_result

RUNS, STARTS = 5, 9
UNITS = ("s", "CPU s")
PYFUNC = (
    "import sys, pandas as pd, mlflow\n"
    "model = mlflow.pyfunc.load_model('models:/silion@champion')\n"
    "frame = pd.read_csv(sys.argv[1]).drop(columns='design').head(10)\n"
    "number = {name: float for name in frame.select_dtypes('number')}\n"
    "model.predict(frame.astype(number)).to_csv(sys.argv[2], index=False)\n"
)


def seconds(command: list[str], env: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)
    return time.perf_counter() - start


def commands(side: Side) -> dict[str, float]:
    """Seconds on the clock and of processors of ten designs, `import silion` and `--help`."""
    lines = {"import silion": ["-c", "import silion"], "silion --help": ["-m", "silion", "--help"]}
    with tempfile.TemporaryDirectory() as folder:
        source = ROOT / "data" / "examples" / "candidates.csv"
        lines["ten designs"] = ["-m", "silion", "predict", str(source), "-o", f"{folder}/out.csv"]
        spent = {name: side.spent(*command) for name, command in lines.items()}
    return {f"{name}, {unit}": time for name, times in spent.items() for unit, time in zip(UNITS, times, strict=True)}


def main() -> None:
    """Train a small model in a store of its own, then time both ways in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_code(parser)
    if code := parser.parse_args().code:
        beside("ten_rows", code, commands, RUNS)
        return
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db", "MLFLOW_DISABLE_TELEMETRY": "true"}
        silion = [sys.executable, "-m", "silion"]
        train = [*silion, "train", "--folds", "2", "--repeats", "1", "--report", f"{folder}/report"]
        subprocess.run(train, cwd=ROOT, env=env, check=True, capture_output=True)
        source = str(ROOT / "data" / "examples" / "candidates.csv")
        silion_command = [*silion, "predict", source, "-o", f"{folder}/ours.csv"]
        mlflow_command = [sys.executable, "-c", PYFUNC, source, f"{folder}/theirs.csv"]
        pairs = [(seconds(silion_command, env), seconds(mlflow_command, env)) for _ in range(RUNS)]
    starts = {"import_silion_s": [sys.executable, "-c", "import silion"], "silion_help_s": [*silion, "--help"]}
    times = {name: statistics.median(seconds(line, env) for _ in range(STARTS)) for name, line in starts.items()}
    times |= {
        "silion_predict_s": statistics.median(a for a, _ in pairs),
        "mlflow_pyfunc_s": statistics.median(b for _, b in pairs),
        "ratio": statistics.median(b / a for a, b in pairs),
        "runs": RUNS,
    }
    write_result("ten_rows", times)
    for name, value in times.items():
        print(f"{name:<20} {value:.2f}")


if __name__ == "__main__":
    main()
