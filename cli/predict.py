"""The commands that ask a model: each parses nothing, calls one room and returns an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from reporting.console import DONE, REJECTED


def predict(arguments: argparse.Namespace) -> int:
    """Candidate designs in, predictions out."""
    from models.bundle import load_bundle
    from models.exceedance import parse_limits
    from models.predictor import Predictor
    from models.registry import resolve
    from serving.predict.batch import predict_file
    from serving.predict.checkpoint import OutputBusy, folder_of
    from serving.predict.text import text_notices, text_table

    above = parse_limits(arguments.above)
    predictor = Predictor(load_bundle(resolve(arguments.model)))
    try:
        result = predict_file(
            arguments.input,
            arguments.out,
            predictor,
            targets=arguments.targets,
            level=arguments.level,
            calibrate=arguments.calibrate or None,
            precedents=arguments.precedents,
            cycles=arguments.cycles,
            above=above,
            stack=arguments.stack,
            resume=arguments.resume,
            cluster=arguments.cluster,
        )
    except OutputBusy:
        raise
    except (KeyboardInterrupt, OSError, ValueError):
        if folder_of(Path(os.path.realpath(arguments.out))).exists():
            print("note: finished chunks are kept; the same command with --resume goes on with them", file=sys.stderr)
        raise
    for remark in result.remarks:
        print(f"note: {remark}", file=sys.stderr)
    print(text_table(result.table, rows=result.rows))
    print(f"[ ]: {100 * arguments.level:g} % interval. All columns: {arguments.out}")
    if result.nearest:
        print(f"nearest literature rows: {result.nearest.name}")
    if notices := text_notices(result.table):
        print(f"notices:\n{notices}")
    if result.rejected is None:
        return DONE
    print("\n".join(str(mistake) for mistake in result.mistakes), file=sys.stderr)
    if len({(mistake.table, mistake.line) for mistake in result.mistakes}) < result.rejected_rows:
        print(f"... these are the first; {result.rejected_rows} rows were rejected", file=sys.stderr)
    print(f"rejected rows, with reasons: {result.rejected}", file=sys.stderr)
    return REJECTED


def explain(arguments: argparse.Namespace) -> int:
    """Overall importance, and the reasons design by design."""
    from models.bundle import load_bundle
    from models.explain.questions import Questions, Want, check_vary
    from models.registry import resolve
    from reporting.explain.page import explain
    from reporting.files import check_folder, whole_folder

    folder = Path(arguments.out)
    check_folder(folder)
    wants, vary = tuple(Want.parse(text) for text in arguments.want), tuple(check_vary(arguments.vary))
    asked = Questions(wants, vary, tuple(check_vary(arguments.sweep, "--sweep")))
    if bool(wants) != bool(vary):
        raise ValueError("--want and --vary go together: what to reach, and the columns that may change for it")
    if (wants or asked.sweeps) and not arguments.input:
        raise ValueError("--want and --sweep ask about designs; give a table of them")
    bundle, page = load_bundle(resolve(arguments.model)), folder / "index.html"
    if not arguments.input:
        with whole_folder(folder) as aside:
            written = explain(bundle, aside, targets=arguments.targets)
        print(f"{len(written)} files; look at {page}")
        return DONE
    from serving.predict.explain import explain_file

    with whole_folder(folder) as aside:
        result = explain_file(arguments.input, aside, bundle, arguments.targets, asked)
    for remark in result.remarks:
        print(f"note: {remark}", file=sys.stderr)
    print(f"{len(result.written)} files; look at {page}")
    if not result.rejected_rows:
        return DONE
    print("\n".join(str(mistake) for mistake in result.mistakes), file=sys.stderr)
    if len({(mistake.table, mistake.line) for mistake in result.mistakes}) < result.rejected_rows:
        print(f"... these are the first; {result.rejected_rows} rows were left out", file=sys.stderr)
    return REJECTED


def suggest(arguments: argparse.Namespace) -> int:
    """The measurements that would teach the model most."""
    from models.bundle import load_bundle
    from models.predictor import Predictor
    from models.registry import resolve
    from serving.predict.suggest import suggest_file, text_suggestions

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
    """Answer by HTTP until SIGTERM or Ctrl-C; SIGHUP, as `POST /admin/reload`, loads the present champion."""
    import asyncio

    from serving.server.processes.listen import is_local, listening_socket
    from serving.server.processes.supervisor import Supervisor
    from serving.server.settings import MEGABYTE, Settings, token_of_environment

    settings = Settings(
        token=token_of_environment(),
        max_designs=arguments.max_designs,
        max_body_bytes=arguments.max_body_mb * MEGABYTE,
        seconds=arguments.seconds,
        workers=arguments.workers,
    )
    listen = listening_socket(arguments.host, arguments.port)
    if settings.token is None and not is_local(listen):
        print("note: whoever reaches this address may ask; set SILION_TOKEN, or serve behind a proxy", file=sys.stderr)
    settings = replace(settings, local_names=settings.token is None and is_local(listen))
    address = f"http://{arguments.host}:{listen.getsockname()[1]}"

    def ready() -> None:
        print(f"{address}/  (the API: {address}/docs; stop with Ctrl-C)", flush=True)

    def say(words: str) -> None:
        print(f"silion: {words}", file=sys.stderr, flush=True)

    asyncio.run(Supervisor(listen, arguments.model, settings, ready, say).run())
    return DONE
