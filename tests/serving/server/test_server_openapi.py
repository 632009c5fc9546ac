"""What OpenAPI says is what the server does: schemathesis asks what it allows, and what it does not."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from features.tables.records import Candidate
from models.tasks.registry import all_targets
from serving.server import schemas as replies
from serving.server.routes.explain import ExplainReply
from tests.served import TOKEN, serving

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
EXAMPLES = (os.environ.get("SILION_SOAK") and "400") or "6"


def test_schemathesis_finds_no_fault(bundle_folder: Path, tmp_path: Path) -> None:
    """No 5xx, and every answer of a code, a type and a shape that OpenAPI names; `make soak` asks for longer."""
    with serving(bundle_folder, tmp_path, token=TOKEN) as server:
        asked = [
            str(Path(sys.executable).parent / "schemathesis"), "run", f"{server.url}/openapi.json",
            "--header", f"Authorization: Bearer {TOKEN}", "--checks", CHECKS, "--max-examples", EXAMPLES,
            "--phases", "examples,coverage,fuzzing", "--seed", "1", "--generation-database", "none",
            "--request-timeout", "60", "--no-color", "--suppress-health-check", "all",
        ]  # fmt: skip
        done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
        (tmp_path / "summary.txt").write_text(done.stdout, encoding="utf-8")
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert server.client.get("/health").status_code == 200
        assert "failure" not in server.words


@pytest.fixture(scope="module")
def document(api: TestClient) -> Any:
    return api.get("/openapi.json").json()


def test_every_endpoint_is_told_with_its_failures(document: Any) -> None:
    told = {(path, method) for path, operations in document["paths"].items() for method in operations}
    gets = {"/health", "/ready", "/version", "/model", "/schema", "/formula", "/examples", "/precedents", "/metrics"}
    posts = {"/predict", "/predict/file", "/compare", "/explain", "/life", "/admin/reload"}
    assert told == {(path, "get") for path in gets} | {(path, "post") for path in posts}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["description"], path
            assert {"401", "422", "503"} <= set(operation["responses"])


def test_the_fields_of_a_design_are_told_with_units_and_limits(document: Any) -> None:
    design = document["components"]["schemas"]["PredictRequest"]["properties"]["designs"]["items"]
    assert set(design["properties"]) == set(Candidate.model_fields)
    pressure = design["properties"]["stack_pressure_mpa"]
    assert pressure["unit"] == "MPa"
    assert {"type": "number", "minimum": 0, "maximum": 2000} in pressure["anyOf"]
    assert design["required"] == ["electrolyte"]
    assert document["components"]["schemas"]["PredictRequest"]["examples"]


@pytest.mark.parametrize(
    ("method", "path", "body", "reply"),
    [
        ("GET", "/health", None, replies.HealthReply),
        ("GET", "/ready", None, replies.ReadyReply),
        ("GET", "/version", None, replies.VersionReply),
        ("GET", "/model", None, replies.ModelReply),
        ("GET", "/schema", None, replies.SchemaReply),
        ("GET", "/formula?text=Li3N", None, replies.FormulaReply),
        ("GET", "/examples", None, replies.ExamplesReply),
        ("GET", "/precedents?electrolyte=Li3N", None, replies.PrecedentsReply),
        ("POST", "/predict", {"curve": True}, replies.PredictReply),
        ("POST", "/explain", {}, ExplainReply),
        ("POST", "/compare", {"designs": [{"electrolyte": "LLZO"}, {"electrolyte": "Li3N"}]}, replies.CompareReply),
        ("GET", "/none", None, replies.Failure),
    ],
)
def test_answers_have_the_shape_that_is_told(
    api: TestClient, method: str, path: str, body: dict[str, Any] | None, reply: type
) -> None:
    """Nothing more and nothing less: what the models read is all there was, where a model does not leave it open."""
    designs = {"designs": [{"electrolyte": "Li6PS5Cl", "anode": "Si"}, {"electrolyte": "LPS"}]}
    answer = api.request(method, path, json=None if body is None else {**designs, **body}).json()
    read = TypeAdapter(reply).validate_python(answer)
    assert set(answer) == set(read.model_dump(exclude_unset=True))


def test_the_version_is_that_of_the_package(document: Any, root: Path) -> None:
    package = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert document["info"]["version"] == package["version"]
    assert (
        list(all_targets())
        == document["components"]["schemas"]["PredictRequest"]["properties"]["targets"]["anyOf"][0]["items"]["enum"]
    )
