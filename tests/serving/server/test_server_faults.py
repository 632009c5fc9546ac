"""What people and programs send that is no good: always words, never a failure of the server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from models.bundle import load_bundle
from serving.server.app import app_of
from serving.server.batching import Deadline
from serving.server.settings import Settings

JSON = {"Content-Type": "application/json"}


def test_a_body_of_very_many_brackets_is_refused_before_it_is_read(api: TestClient) -> None:
    body = '{"designs": ' + "[" * 100_000 + "]" * 100_000 + "}"
    answer = api.post("/predict", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "body"),
        ("{", "no JSON"),
        ('{"designs": [{"electrolyte": "Li3N"}]', "no JSON"),
        ("null", "body"),
        ("[]", "body"),
        ("{}", "body.designs: Field required"),
        ('{"designs": "Li3N"}', "body.designs: Input should be a valid list"),
        ('{"designs": [1, null]}', "body.designs.0: Input should be a valid dictionary"),
        ('{"designs": [{"electrolyte": "Li6PS5Cl"}], "level": NaN}', "JSON has no NaN"),
        ('{"designs": [{"electrolyte": "Li6PS5Cl", "temperature_c": Infinity}]}', "JSON has no NaN"),
        ('{"designs": [{"electrolyte": "Li6PS5Cl", "temperature_c": 1e999}]}', "number is infinity"),
        ('{"designs": [{"electrolyte": "Li6PS5Cl", "temperature_c": ' + "9" * 500 + "}]}", "number is infinity"),
        ('{"designs": [{"electrolyte": "Li6PS5Cl", "temperature_c": "nan"}]}', "'nan', expected a plain number in °C"),
        ('{"designs": [{"electrolyte": "Li6PS5Cl", "temperature_c": 1e300}]}', "got 1e+300"),
        ('{"designs": [{"electrolyte": "Li6PS5Cl", "temperature_c": true}], "level": "high"}', "body.level"),
        ('{"designs": [{"electrolyte": "\\ud800"}]}', "no JSON"),
        ('{"designs": [{"electrolyte": ' + '{"a":' * 900 + "1" + "}" * 900 + "}]}", "got an object"),
        ('{"designs": [{"electrolyte": ["Li3N"]}]}', "column electrolyte: got a list, expected name or formula"),
        ('{"designs": [{"electrolyte": "Li3N", "x": [1]}]}', "column x: got a list"),
        ('{"designs": [{"electrolyte": "' + "Li" * 5000 + '"}]}', "got 10000 characters, expected at most 1000"),
        ('{"designs": [{"electrolyte": "' + "Li" * 200 + '"}]}', "has 400 characters, expected at most 300"),
        ('{"designs": [{"' + "k" * 5000 + '": 1}]}', "got an unknown column"),
        ('{"designs": [{' + ",".join(f'"k{each}": 1' for each in range(200)) + "}]}", "got 200 fields"),
        ('{"designs": [{"electrolyte": "Li3N\\u0000"}]}', "line 1, column electrolyte"),
        ('{"designs": [{"electrolyte": "Li3N"}], "targets": []}', "body.targets"),
        ('{"designs": [{"electrolyte": "Li3N"}], "precedents": -1}', "body.precedents"),
        ('{"designs": [{"electrolyte": "Li3N"}], "level": 2}', "body.level"),
        ('{"designs": [{"electrolyte": "Li3N"}], "volts": 2}', "body.volts: Extra inputs are not permitted"),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_used_is_told_in_words(api: TestClient, body: str, words: str) -> None:
    answer = api.post("/predict", content=body, headers=JSON)
    assert answer.status_code == 422
    detail = answer.json()["detail"]
    assert words in " ".join(detail)
    assert all(len(each) <= 510 for each in detail)
    assert "Traceback" not in answer.text


def test_a_body_of_no_known_type_is_told_so(api: TestClient) -> None:
    answer = api.post("/predict", content="designs=Li3N", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 422
    assert api.post("/predict", content=b"\xff\xfe", headers=JSON).status_code == 422


def test_many_mistakes_are_counted(api: TestClient) -> None:
    answer = api.post("/predict", json={"designs": [{"electrolyte": "LPS"}] * 1200})
    assert len(answer.json()["detail"]) == 1001
    assert answer.json()["detail"][-1] == "and 200 more"


@pytest.fixture(scope="module")
def narrow(bundle_folder: Path) -> TestClient:
    return TestClient(app_of(load_bundle(bundle_folder), Settings(max_body_bytes=1000)))


def test_a_body_without_end_is_413_whether_announced_or_not(narrow: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    for content in (b"x" * 1001, endless()):
        answer = narrow.post("/predict", content=content, headers=JSON)
        assert answer.status_code == 413
        assert answer.json() == {"detail": ["the body has more than 1000 bytes; send it in several requests"]}
    lying = narrow.post("/predict", content=b"{}", headers={**JSON, "Content-Length": "9" * 400})
    assert lying.status_code in (400, 413)


@pytest.mark.parametrize(("road", "curve"), [("predict", True), ("predict_alike", False)])
def test_work_without_end_is_stopped_and_told(
    bundle_folder: Path, monkeypatch: pytest.MonkeyPatch, road: str, curve: bool
) -> None:
    """The answer comes in time, the work ends at its next look at the clock, and the next request is answered."""
    ended = threading.Event()

    def slow(model: object, asked: object, deadline: Deadline) -> dict[str, object]:
        try:
            while True:
                time.sleep(0.01)
                deadline.check()
        finally:
            ended.set()

    server = TestClient(app_of(load_bundle(bundle_folder), Settings(seconds=0.3, threads=1)))
    with monkeypatch.context() as patch:
        patch.setattr(f"serving.server.routes.predict.{road}", slow)
        answer = server.post("/predict", json={"designs": [{"electrolyte": "LLZTO"}], "curve": curve})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "no answer within 0.3 s" in answer.json()["detail"][0]
    assert ended.wait(10)
    assert server.get("/formula", params={"text": "LLZTO"}).status_code == 200


def test_who_cannot_wait_any_more_is_told_to_come_back(bundle_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One works, one waits; the other four are sent away."""
    go, asked = threading.Event(), threading.Semaphore(0)

    def held(model: object, asked_for: object, deadline: Deadline) -> dict[str, object]:
        go.wait(30)
        return {"results": []}

    monkeypatch.setattr("serving.server.routes.predict.predict", held)
    with TestClient(app_of(load_bundle(bundle_folder), Settings(threads=1, waiting=1))) as server:

        def ask(_: int) -> int:
            asked.release()
            return server.post("/predict", json={"designs": [{"electrolyte": "LLZTO"}], "curve": True}).status_code

        with ThreadPoolExecutor(6) as people:
            answers = [people.submit(ask, each) for each in range(6)]
            until = time.monotonic() + 30
            while sum(each.done() for each in answers) < 4 and time.monotonic() < until:
                time.sleep(0.01)
            go.set()
            assert sorted(each.result() for each in answers) == [200, 200, 503, 503, 503, 503]
