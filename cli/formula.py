"""The commands about formulas and columns."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DONE, REJECTED = 0, 1


def formula(arguments: argparse.Namespace) -> int:
    """What texts are read as, one JSON object a line."""
    from features.formulas.reader import FormulaError, read_formula

    code = DONE
    for text in arguments.text:
        try:
            found = read_formula(text).as_dict()
        except FormulaError as error:
            found, code = {"text": text, "error": str(error)}, REJECTED
        print(json.dumps(found, ensure_ascii=False))
    return code


def data_dictionary(arguments: argparse.Namespace) -> int:
    """What every column means."""
    from features.tables.descriptions import BEGIN, END, datapackage, dictionary, write_between_marks

    if arguments.write:
        write_between_marks(ROOT / "data" / "README.md", BEGIN, END, dictionary())
        folder = ROOT / "data" / "literature"
        described = json.dumps(datapackage(folder), indent=1, ensure_ascii=False)
        (folder / "datapackage.json").write_text(described + "\n", encoding="utf-8")
    else:
        print(dictionary())
    return DONE
