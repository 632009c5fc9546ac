"""The commands that ask a model: each parses nothing, calls one room and returns an exit code."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from models.console import DONE, REJECTED


def predict(arguments: argparse.Namespace) -> int:
    """Candidate designs in, predictions out."""
    from models.bundle import load_bundle
    from models.predictor import Predictor
    from models.registry import resolve
    from serving.batch import predict_file, text_notices, text_table

    predictor = Predictor(load_bundle(resolve(arguments.model)))
    result = predict_file(
        arguments.input,
        arguments.out,
        predictor,
        targets=arguments.targets,
        level=arguments.level,
        calibrate=arguments.calibrate or None,
    )
    for remark in result.remarks:
        print(f"note: {remark}", file=sys.stderr)
    print(f"{text_table(result.table)}\n[ ]: {100 * arguments.level:g} % interval. All columns: {arguments.out}")
    print(f"nearest literature rows: {result.nearest.name}")
    if notices := text_notices(result.table):
        print(f"notices:\n{notices}")
    if result.rejected is None:
        return DONE
    print("\n".join(str(mistake) for mistake in result.mistakes), file=sys.stderr)
    print(f"rejected rows, with reasons: {result.rejected}", file=sys.stderr)
    return REJECTED


def explain(arguments: argparse.Namespace) -> int:
    """Overall importance, and the reasons design by design."""
    from features.tables import InputError
    from models.bundle import load_bundle
    from models.designs import candidate_frame
    from models.explain import explain
    from models.folders import check_folder, whole_folder
    from models.registry import resolve
    from serving.batch import design_names, read_candidates

    folder = Path(arguments.out)
    check_folder(folder)
    bundle = load_bundle(resolve(arguments.model))
    candidates = read_candidates(arguments.input) if arguments.input else None
    designs, names = None, None
    if candidates:
        if not candidates.rows:
            raise InputError(f"{arguments.input}: no row can be used", candidates.mistakes)
        designs, names = candidate_frame(candidates.rows), design_names(candidates)
    with whole_folder(folder) as aside:
        written = explain(bundle, aside, designs, names, arguments.targets)
    print(f"{len(written)} files; look at {folder / 'index.html'}")
    for mistake in candidates.mistakes if candidates else []:
        print(mistake, file=sys.stderr)
    return REJECTED if candidates and candidates.mistakes else DONE


def suggest(arguments: argparse.Namespace) -> int:
    """The measurements that would teach the model most."""
    from models.bundle import load_bundle
    from models.predictor import Predictor
    from models.registry import resolve
    from serving.suggest import suggest_file, text_suggestions

    predictor = Predictor(load_bundle(resolve(arguments.model)))
    result = suggest_file(arguments.input, predictor, arguments.n, targets=arguments.targets, out=arguments.out)
    for remark in result.remarks:
        print(f"note: {remark}", file=sys.stderr)
    print(text_suggestions(result.table))
    if arguments.out:
        print(f"written to {arguments.out}")
    if not result.mistakes:
        return DONE
    print("\n".join(str(mistake) for mistake in result.mistakes), file=sys.stderr)
    if result.rejected:
        print(f"rejected rows, with reasons: {result.rejected}", file=sys.stderr)
    return REJECTED


def serve(arguments: argparse.Namespace) -> int:
    """Answer by HTTP."""
    import uvicorn

    from models.bundle import load_bundle
    from models.registry import resolve
    from serving.app import create_app

    app = create_app(load_bundle(resolve(arguments.model)))
    print(f"http://{arguments.host}:{arguments.port}/docs  (stop with Ctrl-C)", flush=True)
    uvicorn.run(app, host=arguments.host, port=arguments.port, log_level="warning")
    return DONE
