"""A real server with two workers: reloads, deaths, slow and rude clients, many at once, and the end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import httpx2
import pytest

from benchmarks.serve_faults import Load
from models.bundle import Bundle, load_bundle, save_bundle
from models.tasks.registry import LINK
from serving.server.processes.listen import listening_socket
from serving.server.shared_folder import identity_of
from silion import main as silion_main
from tests.served import BEARER, TOKEN, Served, serving
from tests.shared import ROOT, Command

DESIGN = {"electrolyte": "Li6PS5Cl", "anode": "micro-Si", "temperature_c": 60}
# nobody measured it: the interval is that of the errors of the model
BODY = {"designs": [{**DESIGN, "electrolyte": "Li3TlI6"}], "precedents": 0}


@pytest.fixture(scope="module")
def others(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Other models: the same but for the errors of their conductivity, so that their intervals differ."""
    bundle, made = load_bundle(bundle_folder), tmp_path_factory.mktemp("others")
    part = bundle.parts[LINK]
    assert part.calibration
    folders = []
    for narrower in (0.9, 0.8, 0.7, 0.6):
        errors = replace(part.calibration, scores=tuple(narrower * score for score in part.calibration.scores))
        parts = bundle.parts | {"conductivity": replace(part, calibration=errors)}
        folders.append(save_bundle(Bundle(parts, bundle.facts), made / f"{narrower}"))
    return folders


@pytest.fixture(scope="module")
def other(others: list[Path]) -> Path:
    return others[0]


@pytest.fixture(scope="module")
def champion(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the server is told to serve; tests put other models there."""
    return shutil.copytree(bundle_folder, tmp_path_factory.mktemp("served") / "champion")


@pytest.fixture(scope="module")
def server(champion: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("server")
    with serving(champion, folder, "--workers", "2", "--seconds", "20", token=TOKEN) as served:
        served.client.headers.update(BEARER)
        yield served


def put(model: Path, champion: Path) -> str:
    """Another model in the served folder, as `silion models export` puts it there; gives its identity."""
    shutil.rmtree(champion)
    shutil.copytree(model, champion)
    return identity_of(champion)[:12]


def told(answer: httpx2.Response) -> tuple[str, str, float]:
    """The model's name in header and body, and a number that tells the models apart."""
    assert answer.status_code == 200, answer.text
    body = answer.json()
    high = body["results"][0]["predictions"]["conductivity_s_per_cm"]["high"]
    return answer.headers["X-Silion-Model"], body["model"], float(f"{high:.9g}")


def test_it_tells_where_it_listens_and_is_ready(server: Served) -> None:
    assert server.words.startswith(f"http://127.0.0.1:{server.port}/  (the API: http://127.0.0.1:{server.port}/docs;")
    assert len(server.workers()) == 2
    assert server.client.get("/ready").json()["status"] == "ready"


@pytest.mark.parametrize("path", ["/", "/health", "/schema", "/docs/swagger-ui.css", "/nothing"])
def test_head_is_get_without_its_body(server: Served, path: str) -> None:
    """On one connection: a body that came all the same would be read as the next answer."""
    with httpx2.Client(base_url=server.url, headers=BEARER) as client:
        head, get = client.head(path), client.get(path)
    assert head.content == b""
    assert head.status_code == get.status_code
    kept = {name: value for name, value in head.headers.items() if name != "date"}
    assert kept == {name: value for name, value in get.headers.items() if name != "date"}
    assert int(kept["content-length"]) == len(get.content) > 0


def test_a_reload_reaches_all_workers_before_any_answers_as_new(
    server: Served, champion: Path, bundle_folder: Path, others: list[Path]
) -> None:
    """Twelve connections ask all the time, over both workers, while the model changes four times.

    No request fails; header, body and numbers tell one model; and whoever asks after anybody has been answered by a
    model is answered by that one or a later one, in whichever worker: the change is one moment for all.
    """
    put(bundle_folder, champion)
    server.client.post("/admin/reload")
    order = [identity_of(folder)[:12] for folder in (bundle_folder, *others)]
    seen: list[tuple[float, float, int]] = []
    numbers: dict[int, set[float]] = {}
    stop = threading.Event()

    def ask() -> None:
        with httpx2.Client(base_url=server.url, headers=BEARER, timeout=60) as client:
            while not stop.is_set():
                began = time.monotonic()
                header, body, high = told(client.post("/predict", json=BODY))
                assert header == body
                seen.append((began, time.monotonic(), order.index(header)))
                numbers.setdefault(order.index(header), set()).add(high)

    with ThreadPoolExecutor(12) as people:
        asking = [people.submit(ask) for _ in range(12)]
        try:
            for place, model in enumerate(others, start=1):
                time.sleep(0.2)
                put(model, champion)
                answer = server.client.post("/admin/reload")
                assert answer.status_code == 200, answer.text
                expected = {"changed": True, "model": order[place], "was": order[place - 1], "workers": 2}
                assert {name: answer.json()[name] for name in expected} == expected
                seen.append((time.monotonic(), time.monotonic(), place))  # from now on nobody may be told an older one
            time.sleep(0.2)
        finally:
            stop.set()
        for each in asking:
            each.result()
    assert sorted(numbers) == [0, 1, 2, 3, 4]
    assert all(len(highs) == 1 for highs in numbers.values())
    assert len(set.union(*numbers.values())) == 5
    by_end = sorted(seen, key=lambda each: each[1])
    ends, newest = [ended for _, ended, _ in by_end], list(accumulate((model for *_, model in by_end), max))
    for began, _, model in seen:
        before = bisect_left(ends, began)
        assert before == 0 or model >= newest[before - 1]


def test_a_broken_model_changes_nothing(server: Served, champion: Path, bundle_folder: Path, other: Path) -> None:
    good = put(bundle_folder, champion)
    server.client.post("/admin/reload")
    put(other, champion)
    path = champion / "ice" / "part.json"
    path.write_text(path.read_text(encoding="utf-8").replace("1", "2", 1), encoding="utf-8")
    answer = server.client.post("/admin/reload")
    assert answer.status_code == 409
    assert "ice/part.json was changed after it was saved; export the model again" in answer.json()["detail"][0]
    assert f"the old model {good} goes on serving" in answer.json()["detail"][0]
    shutil.rmtree(champion)
    answer = server.client.post("/admin/reload")
    assert answer.status_code == 409
    assert "no model bundle here" in answer.json()["detail"][0]
    for _ in range(6):
        assert told(server.client.post("/predict", json=BODY))[0] == good
    shutil.copytree(other, champion)
    assert server.client.post("/admin/reload").json()["was"] == good


def test_sighup_reloads_too(server: Served, champion: Path, bundle_folder: Path) -> None:
    name = put(bundle_folder, champion)
    server.process.send_signal(signal.SIGHUP)
    server.wait_for(f"reloaded: model {name}")
    assert server.client.get("/ready").json()["model"] == name
    server.process.send_signal(signal.SIGHUP)
    server.wait_for(f"unchanged: model {name}")


def test_a_worker_that_dies_is_replaced_with_the_same_model(server: Served, champion: Path, other: Path) -> None:
    """Also where another model lies in the folder by now: nobody has asked for it."""
    served, first = server.client.get("/ready").json()["model"], server.workers()
    put(other, champion)
    os.kill(first[0], signal.SIGKILL)
    server.wait_for("a worker ended with -9; another takes its place")
    until = time.monotonic() + 60
    while set(server.workers()) == {first[1]} or len(server.workers()) < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    with ThreadPoolExecutor(8) as people:
        answers = list(people.map(lambda _: told(httpx2.post(f"{server.url}/predict", json=BODY, headers=BEARER,
                                                             timeout=60)), range(40)))  # fmt: skip
    assert {answer[0] for answer in answers} == {served}


def test_a_client_that_asks_once_more_loses_no_answer(server: Served) -> None:
    """urllib3's `Retry`, as docs/server.md shows it, while a worker is killed at work."""
    first, load = set(server.workers()), Load(server.url.rstrip("/"), TOKEN, 4)
    until = time.monotonic() + 60
    while len(load.answered) < 8:
        assert time.monotonic() < until
        time.sleep(0.01)
    os.kill(min(first), signal.SIGKILL)
    before = len(load.answered)
    while len(set(server.workers()) - {min(first)}) < 2 or len(load.answered) < before + 8:
        assert time.monotonic() < until
        time.sleep(0.01)
    load.end()
    assert (load.lost, load.refused) == ([], [])


def test_a_stopped_worker_keeps_neither_a_reload_nor_anybody_waiting(
    server: Served, champion: Path, bundle_folder: Path, other: Path
) -> None:
    """One runs no more though it has not ended, a reload comes, and the other worker is killed after it.

    The stopped one answers no ping and is replaced before the new model is loaded; then all is as it was.
    """
    put(bundle_folder, champion)
    server.client.post("/admin/reload")
    first, name = server.workers(), put(other, champion)
    os.kill(first[0], signal.SIGSTOP)
    server.process.send_signal(signal.SIGHUP)
    server.wait_for("a worker did not answer for 4 s; another takes its place")
    server.wait_for(f"reloaded: model {name}")
    assert told(httpx2.post(f"{server.url}/predict", json=BODY, headers=BEARER, timeout=60))[0] == name
    os.kill(first[1], signal.SIGKILL)
    until = time.monotonic() + 90
    while len(set(server.workers()) - set(first)) < 2:
        assert time.monotonic() < until
        time.sleep(0.1)
    for _ in range(4):
        assert told(httpx2.post(f"{server.url}/predict", json=BODY, headers=BEARER, timeout=60))[0] == name


def test_metrics_are_those_of_all_workers(server: Served) -> None:
    def count() -> float:
        lines = server.client.get("/metrics").text.splitlines()
        name = 'silion_requests_total{method="GET",path="/formula",status="200"} '
        return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))

    before = count()
    for _ in range(10):  # a connection each, so that both workers answer
        httpx2.get(f"{server.url}/formula", params={"text": "Li3N"}, headers=BEARER)
    assert count() == before + 10


def raw(server: Served, content: bytes) -> socket.socket:
    """A connection that has sent some bytes."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    connection.sendall(content)
    return connection


HEAD = (
    f"POST /predict HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
)


def test_slow_and_rude_clients_keep_nobody_waiting(server: Served) -> None:
    """Sixty-four connections that send half a header, half a body or rubbish, or hang up: others are answered."""
    half = [raw(server, HEAD.encode()[: 20 + each]) for each in range(20)]
    slow = [raw(server, f"{HEAD}Content-Length: 100\r\n\r\n{{".encode()) for _ in range(20)]
    cut = [raw(server, f"{HEAD}Content-Length: 100\r\n\r\n{{".encode()) for _ in range(14)]
    rubbish = [raw(server, b"\x00\xff rubbish \r\n\r\n") for _ in range(10)]
    for each in cut:
        each.close()
    answers = [told(server.client.post("/predict", json=BODY)) for _ in range(10)]
    assert len(set(answers)) == 1
    for each in rubbish:
        assert b" 400 " in each.recv(1000).splitlines()[0]
    for each in (*half, *slow, *rubbish):
        each.close()
    assert server.client.get("/health").status_code == 200


def test_sixty_four_at_once_get_each_their_own_answer(server: Served) -> None:
    """A design each, at its own temperature, and some that are no good: the answers are those asked one by one."""
    bodies: list[Any] = [{"designs": [{**DESIGN, "temperature_c": 20 + each}], "precedents": 0} for each in range(60)]
    bodies += [{"designs": []}, {"designs": [{"electrolyte": "LPS"}]}, {}, {"designs": [DESIGN], "level": 7}]
    alone = [server.client.post("/predict", json=body) for body in bodies[::8]]

    def ask(body: Any) -> httpx2.Response:
        return httpx2.post(f"{server.url}/predict", json=body, headers=BEARER, timeout=60)

    with ThreadPoolExecutor(64) as people:
        together = list(people.map(ask, bodies))
    assert [each.status_code for each in together] == [200] * 60 + [422] * 4
    for one, many in zip(alone, together[::8], strict=True):
        assert one.content == many.content


def is_open(server: Served) -> bool:
    """Whether somebody new is let in."""
    try:
        httpx2.get(f"{server.url}/health", timeout=60)
    except httpx2.TransportError:
        return False
    return True


def test_what_a_killed_worker_was_unpacking_is_gone(tmp_path: Path) -> None:
    """Temporary files of a worker lie in a folder of its own, which goes when another takes its place."""
    with serving(ROOT / "tests" / "bundles" / "v1_capacities", tmp_path, TMPDIR=str(tmp_path)) as server:
        (worker,), (home,) = server.workers(), tmp_path.glob("silion-serve-*")
        assert (
            server.client.post(
                "/predict/file", content="electrolyte\nLLZTO\n", headers={"Content-Type": "text/csv"}
            ).status_code
            == 200
        )
        left = home / f"scratch-{worker}" / "silion-half"
        left.mkdir()
        os.kill(worker, signal.SIGKILL)
        server.wait_for("another takes its place")
        until = time.monotonic() + 60
        while left.parent.exists() or not server.workers():
            assert time.monotonic() < until
            time.sleep(0.05)
    assert list(tmp_path.glob("silion-*")) == []


def test_it_drains_before_it_ends(champion: Path, bundle_folder: Path, tmp_path: Path) -> None:
    """A body whose first half is there when SIGTERM comes is answered; then the server ends, as do its workers."""
    put(bundle_folder, champion)
    with serving(champion, tmp_path) as server:
        (worker,) = server.workers()
        body = b'{"designs": [{"electrolyte": "LLZTO"}]}'
        begun = raw(server, f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body[:10])
        until = time.monotonic() + 60
        while "silion_requests_running 2.0" not in server.client.get("/metrics").text:  # it, and this question
            assert time.monotonic() < until
            time.sleep(0.05)
        server.process.send_signal(signal.SIGTERM)
        while is_open(server):
            assert time.monotonic() < until
        begun.sendall(body[10:])
        assert begun.recv(100).startswith(b"HTTP/1.1 200")
        begun.close()
        assert server.process.wait(timeout=60) == 0
        assert not Path(f"/proc/{worker}").exists()
        assert "Traceback" not in server.words


def test_ctrl_c_is_the_usual_end(champion: Path, tmp_path: Path) -> None:
    with serving(champion, tmp_path) as server:
        # without a token a name from elsewhere is refused; with one the other tests here ask as they like
        assert server.client.get("/health", headers={"Host": "evil.example"}).status_code == 421
        assert server.client.get("/health").status_code == 200
        assert server.end(signal.SIGINT) == 0
        assert server.words.count("\n") == 1


def test_a_terminal_speaks_to_the_supervisor_alone(server: Served) -> None:
    """Ctrl-C and the end of a terminal reach every process: workers leave it to their supervisor what that means."""
    for worker in server.workers():
        status = Path(f"/proc/{worker}/status").read_text(encoding="utf-8")
        blocked = int(status.partition("SigBlk:")[2].split()[0], 16)
        assert [bool(blocked >> number - 1 & 1) for number in (signal.SIGINT, signal.SIGHUP)] == [True, True]
        for number in (signal.SIGINT, signal.SIGHUP):
            os.kill(worker, number)
    assert len(server.workers()) == 2
    assert server.client.get("/health").status_code == 200


def test_workers_end_with_their_supervisor(champion: Path, tmp_path: Path) -> None:
    with serving(champion, tmp_path) as server:
        (worker,) = server.workers()
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
        until = time.monotonic() + 30
        while Path(f"/proc/{worker}/cmdline").exists() and Path(f"/proc/{worker}/cmdline").read_bytes():
            assert time.monotonic() < until
            time.sleep(0.05)


def test_a_model_that_cannot_be_served_is_told_at_the_start(
    silion: Command, bundle_folder: Path, tmp_path: Path
) -> None:
    none = silion("serve", "--model", tmp_path / "none", "--port", 0)
    assert (none.code, "no model bundle here" in none.err) == (2, True)
    broken = shutil.copytree(bundle_folder, tmp_path / "broken")
    (broken / "bundle.json").write_text("{}", encoding="utf-8")
    refused = silion("serve", "--model", broken, "--port", 0)
    assert (refused.code, "bundle.json was changed after it was saved" in refused.err) == (3, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--workers", "0"], "workers: got 0, expected more than 0"),
        (["--seconds", "-1"], "seconds: got -1.0, expected more than 0"),
        (["--max-designs", "0"], "max_designs: got 0, expected more than 0"),
        (["--max-body-mb", "nan"], "max_body_bytes"),
        (["--port", "99999"], "port: got 99999, expected 0 to 65535"),
        (["--host", "no.such.host.invalid"], "cannot listen on no.such.host.invalid port 8000: "),
        (["--host", "192.0.2.1"], "cannot listen on 192.0.2.1 port 8000: "),  # an address that nobody has (RFC 5737)
    ],
)
def test_what_cannot_be_listened_with_is_told(
    options: list[str], words: str, capsys: pytest.CaptureFixture[str], keep_signals: None
) -> None:
    assert silion_main(["serve", *options]) == 2
    assert words in capsys.readouterr().err


def test_a_taken_port_is_told(server: Served, capsys: pytest.CaptureFixture[str], keep_signals: None) -> None:
    assert silion_main(["serve", "--port", str(server.port)]) == 2
    assert f"cannot listen on 127.0.0.1 port {server.port}: " in capsys.readouterr().err


@pytest.fixture
def keep_signals() -> Iterator[None]:
    """The command line takes the signals of its process; the tests want theirs back."""
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


def test_an_answer_does_not_wait_for_an_acknowledgement() -> None:
    """Head and body go out as two writes: with Nagle's algorithm the second waits until the first is acknowledged."""
    with listening_socket("127.0.0.1", 0) as listen, socket.create_connection(listen.getsockname()):
        accepted, _ = listen.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
