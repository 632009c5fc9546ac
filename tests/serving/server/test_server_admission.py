"""What is in flight is bounded: large bodies together, headers in time, values of a body."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn import Config, Server

from models.bundle import load_bundle
from serving.server.admission import SMALL, TINY, BoundedBody
from serving.server.app import app_of
from serving.server.processes.connection import MOST_CHUNKS, READ_BYTES, protocol_of
from serving.server.replies import MOST_OBJECTS, MOST_VALUES, PIECE, Answer
from serving.server.settings import MEGABYTE, Settings
from tests.shared import ROOT

JSON = {"Content-Type": "application/json"}
OLD = ROOT / "tests" / "bundles" / "v1_capacities"


async def count(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that holds the whole body, as ours does, and says its length."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


class Client:
    """A client of an ASGI app that sends its body in its own time."""

    def __init__(self, app: BoundedBody) -> None:
        self.pieces: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []
        scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
        self.answer = asyncio.ensure_future(app(scope, self.pieces.get, self._take))

    async def _take(self, message: Message) -> None:
        self.sent.append(message)

    async def send(self, size: int, more: bool = True) -> None:
        self.pieces.put_nowait({"type": "http.request", "body": bytes(size), "more_body": more})
        for _ in range(5):
            await asyncio.sleep(0)


def test_bodies_that_are_never_finished_take_a_bounded_place() -> None:
    """Of 60 that send 4 MB each, 16 fit into 64 MB; small ones are answered all the same."""

    async def run() -> None:
        app = BoundedBody(count, Settings())
        clients = [Client(app) for _ in range(60)]
        for client in clients:
            for _ in range(4):
                if not client.answer.done():
                    await client.send(MEGABYTE)
        refused = [client for client in clients if client.answer.done()]
        failures = [client.answer.exception() for client in refused]
        assert {failure.status_code for failure in failures} == {503}  # type: ignore[union-attr]
        assert {failure.headers["Retry-After"] for failure in failures} == {"2"}  # type: ignore[union-attr,index]
        assert len(clients) - len(refused) == 16
        small = Client(app)
        await small.send(SMALL, more=False)
        await small.answer
        assert small.sent[0]["status"] == 200
        for client in clients[:16]:
            await client.send(0, more=False)
            await client.answer
        again = Client(app)  # all that was held is free again
        for _ in range(16):
            await again.send(MEGABYTE, more=False)
        await again.answer
        assert app._in_flight == 0

    asyncio.run(run())


def test_small_bodies_count_too() -> None:
    """Of 400 that send 255 KB and no end, those are held that 80 MB take: 321; a question of the usual size passes."""

    async def run() -> None:
        app = BoundedBody(count, Settings())
        clients = [Client(app) for _ in range(400)]
        for client in clients:
            await client.send(SMALL - 1024)
        refused = [client for client in clients if client.answer.done()]
        assert {client.answer.exception().status_code for client in refused} == {503}  # type: ignore[union-attr]
        assert len(clients) - len(refused) == 80 * MEGABYTE // (255 * 1024) == 321
        assert app._in_flight == 321 * 255 * 1024
        usual = Client(app)
        await usual.send(TINY, more=False)
        await usual.answer
        assert usual.sent[0]["status"] == 200
        for client in clients[:321]:
            await client.send(0, more=False)
            await client.answer
        assert app._in_flight == 0

    asyncio.run(run())


@contextmanager
def listening(settings: Settings, app: ASGIApp = count, http: type[asyncio.Protocol] | None = None) -> Iterator[int]:
    """A real server of uvicorn's in a thread; its port."""
    http = http or protocol_of(settings)
    config = Config(BoundedBody(app, settings), lifespan="off", log_level="critical", http=http)
    server = Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listen:
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listen])))
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield listen.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def everything(connection: socket.socket) -> bytes:
    """What a server sends until it closes the connection."""
    content = bytearray()
    with suppress(ConnectionResetError):
        while piece := connection.recv(100_000):
            content += piece
    return bytes(content)


def answered(connection: socket.socket) -> bool:
    """Whether a server answers, and how: `count` says 0 where there is no body."""
    answer = b""
    while piece := connection.recv(1000):
        answer += piece
        if answer.endswith(b"\r\n\r\n0"):
            return True
    return False


def test_silent_connections_make_room_for_those_who_ask() -> None:
    """Of those that wait for their client the longest silent ones are closed, whatever they wait for; no other is."""
    with listening(Settings(max_connections=3)) as port, ExitStack() as stack:

        def connect(content: bytes) -> socket.socket:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            connection.sendall(content)
            return connection

        first = connect(GET)
        assert answered(first)
        silent, unfinished = connect(b""), connect(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na")
        askers = []
        for longest in (first, silent, unfinished):
            askers.append(connect(GET))
            assert answered(askers[-1])
            assert everything(longest) == b""
        askers[0].sendall(GET)  # who asks again begins to wait anew
        assert answered(askers[0])
        assert answered(connect(GET))
        assert everything(askers[1]) == b""
        askers[0].sendall(GET)
        assert answered(askers[0])


def test_others_have_their_turn_while_one_sends_much() -> None:
    """Of what comes without a pause so much is looked through at a time, whatever came."""
    sizes = list[int]()

    class Noted(protocol_of(Settings())):  # type: ignore[misc]
        def data_received(self, data: bytes) -> None:
            sizes.append(len(data))
            super().data_received(data)

    with listening(Settings(), http=Noted) as port, socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000)
        assert b"\r\n\r\n1000000" in connection.recv(1000) + connection.recv(1000)
    assert max(sizes) <= READ_BYTES


def test_headers_that_come_byte_by_byte_end_their_connection() -> None:
    """Every byte is new, and none of them begins the time anew."""
    with (
        listening(Settings(header_seconds=0.3)) as port,
        socket.create_connection(("127.0.0.1", port)) as connection,
        suppress(ConnectionResetError, BrokenPipeError),
    ):
        connection.settimeout(0.02)
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        for _ in range(60_000):  # fewer than uvicorn takes in headers
            connection.sendall(b"x")
            with suppress(TimeoutError):
                assert connection.recv(1000) == b""
                return
        pytest.fail("the connection was not closed")


def test_a_body_that_no_app_reads_ends_its_connection() -> None:
    """The answer is there at once; bytes after it, without end, hold the connection for the time of a body alone."""

    async def unread(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("refused")(scope, receive, send)

    with (
        listening(Settings(body_seconds=0.2), unread) as port,
        socket.create_connection(("127.0.0.1", port), timeout=30) as connection,
    ):
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1")
        assert everything(connection).endswith(b"refused")


def test_a_body_in_pieces_without_end_is_refused_in_words() -> None:
    """Each piece costs as much as a thousand bytes; a body may have so many of them."""
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    piece, end = b"1\r\nx\r\n", b"0\r\n\r\n"
    with listening(Settings()) as port:
        for pieces, words in ((MOST_CHUNKS, str(MOST_CHUNKS)), (MOST_CHUNKS + 1, f"more than {MOST_CHUNKS} chunks")):
            with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
                connection.sendall(head + piece * pieces)
                with suppress(OSError):  # refused by now
                    connection.sendall(end)
                answer = b""
                while words.encode() not in answer:
                    answer += (part := connection.recv(1000))
                    assert part, answer


@pytest.mark.parametrize("last", [b"", b"Connection: close\r\n"])
def test_an_answer_that_nobody_takes_is_let_go_of(last: bytes) -> None:
    """The app's part ends although its client reads nothing, and the client finds a part of the answer; one that takes
    its time for each piece gets all of it."""
    begun, ended = threading.Event(), threading.Event()
    whole = b"x" * 30_000_000

    async def large(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        try:
            await Answer(whole)(scope, receive, send)
        finally:
            ended.set()

    asked = GET[:-2] + last + GET[-2:]
    with listening(Settings(taking_seconds=0.5), large) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as unread:
            unread.sendall(asked)
            assert begun.wait(30)
            assert ended.wait(30)
            assert len(everything(unread)) < len(whole)
        with socket.create_connection(("127.0.0.1", port), timeout=30) as slow:
            slow.sendall(asked)
            taken = 0
            while taken < len(whole):
                taken += len(slow.recv(1_000_000))
                time.sleep(0.01)


def test_answers_that_nobody_takes_leave_room_for_small_ones() -> None:
    """Of 1,000,000 bytes one takes 600,000 and another 500,000: the second comes back, a small one is answered."""

    async def sized(scope: Scope, receive: Receive, send: Send) -> None:
        await Answer(bytes(int(scope["path"])))(scope, receive, send)

    async def nothing() -> Message:
        return {"type": "http.disconnect"}

    async def run() -> None:
        app, go = BoundedBody(sized, Settings(max_answer_bytes=1_000_000)), asyncio.Event()

        async def ask(size: int, taken: asyncio.Event) -> list[Message]:
            messages = list[Message]()

            async def send(message: Message) -> None:
                messages.append(message)
                await taken.wait()

            await app({"type": "http", "path": str(size), "headers": []}, nothing, send)
            return messages

        at_once = asyncio.Event()
        at_once.set()
        held = asyncio.create_task(ask(600_000, go))
        await asyncio.sleep(0)
        refused, small = await ask(500_000, at_once), await ask(200_000, at_once)
        go.set()
        whole = await held
        after = await ask(2_000_000, at_once)  # alone, whatever its size
        assert [each[0]["status"] for each in (refused, small, whole, after)] == [503, 200, 200, 200]
        assert dict(refused[0]["headers"])[b"retry-after"] == b"5"
        assert b"take them; try again" in b"".join(message["body"] for message in refused[1:])
        assert sum(len(message["body"]) for message in whole[1:]) == 600_000
        assert app._untaken == 0

    asyncio.run(run())


def test_headers_that_do_not_come_end_their_connection() -> None:
    with listening(Settings(header_seconds=0.3)) as port:

        def connect(content: bytes) -> socket.socket:
            connection = socket.create_connection(("127.0.0.1", port), timeout=30)
            connection.sendall(content)
            return connection

        with connect(b"") as silent, connect(b"POST / HTTP/1.1\r\nHost: a\r\n") as unfinished:
            assert (silent.recv(100), unfinished.recv(100)) == (b"", b"")
        whole = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"
        with connect(whole + b"a") as slow:  # the body has its own time
            time.sleep(0.6)
            for rest in (b"b", whole + b"cd"):  # and the next request of the connection
                slow.sendall(rest)
                answer = b""
                while not answer.endswith(b"\r\n\r\n2"):
                    answer += slow.recv(1000)
                assert answer.startswith(b"HTTP/1.1 200")
            slow.sendall(b"POST / HTT")
            assert slow.recv(1000) == b""


@pytest.mark.parametrize("encoding", ["chunked", "gzip, chunked", "identity"])
def test_a_body_with_two_ends_is_refused(encoding: str) -> None:
    with listening(Settings()) as port, socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        head = f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: {encoding}\r\n\r\n"
        connection.sendall(head.encode() + b"0\r\n\r\n")
        answer = connection.recv(1000)
        assert answer.split(b" ")[1] in (b"400", b"501")
        assert b"connection: close" in answer.lower()


@pytest.fixture(scope="module")
def old() -> TestClient:
    """The endpoints of a model that is there without a training."""
    return TestClient(app_of(load_bundle(OLD)))


ZEROS = "[" + "0," * (MOST_VALUES - 2) + "0]"
DESIGNS = '"designs": [{"electrolyte": "LLZTO"}, {"electrolyte": "Li3N"}]'


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("predict", f'{{"designs": {ZEROS}}}', "body.designs.0: Input should be a valid dictionary"),
        ("explain", f'{{"designs": {ZEROS}}}', "body.designs.0: Input should be a valid dictionary"),
        ("compare", f'{{"designs": {ZEROS}}}', "body.designs.0: Input should be a valid dictionary"),
        ("predict", f'{{{DESIGNS}, "measured": {ZEROS}}}', "body.measured.0: Input should be a valid dictionary"),
        ("predict", f'{{{DESIGNS}, "targets": {ZEROS}}}', "body.targets: List should have at most 100 items"),
        ("explain", f'{{{DESIGNS}, "targets": {ZEROS}}}', "body.targets: List should have at most 100 items"),
        ("compare", f'{{{DESIGNS}, "targets": {ZEROS}}}', "body.targets: List should have at most 100 items"),
        ("life", f'{{"table": "", "at_least": {ZEROS}}}', "body.at_least: List should have at most 20 items"),
        ("life", json.dumps(dict.fromkeys(map(str, range(100_000)))), "body: got 100000 names"),
    ],
)
def test_a_list_of_mistakes_is_no_list_of_messages(old: TestClient, path: str, body: str, words: str) -> None:
    """As many values as a body may have, each of them wrong: the reading ends at the first."""
    answer = old.post(f"/{path}", content=body, headers=JSON)
    assert answer.status_code == 422
    [message] = answer.json()["detail"]
    assert message.startswith(words)


def test_an_answer_is_not_far_larger_than_its_question() -> None:
    """Designs times nearest rows are bounded; what there is can be asked for."""
    server = TestClient(app_of(load_bundle(OLD), Settings(max_nearest=5)))
    designs = [{"electrolyte": "LLZTO"}, {"electrolyte": "Li3N"}]
    answer = server.post("/predict", json={"designs": designs, "precedents": 3})
    assert answer.status_code == 422
    assert answer.json()["detail"] == [
        "precedents: got 3 for each of 2 designs, expected at most 5 together; ask for 2, for fewer designs, or send a "
        "table to /predict/file"
    ]
    assert server.post("/predict", json={"designs": designs, "precedents": 2}).status_code == 200
    assert server.get("/schema").json()["limits"]["nearest"] == 5


@pytest.mark.parametrize(
    ("designs", "curve", "words"),
    [
        (11, True, "designs with a curve times measured designs: got 11000, expected at most 10000"),
        (1_001, False, "designs times measured designs: got 1001000, expected at most 1000000"),
    ],
)
def test_designs_beside_many_measured_ones_are_bounded(old: TestClient, designs: int, curve: bool, words: str) -> None:
    """Each is compared with each measured design, every point of its curve likewise: refused before any is read."""
    wrong = {"electrolyte": "Qz"}
    asked = {"designs": [wrong] * designs, "curve": curve, "measured": [wrong] * 1_000}
    answer = old.post("/predict", json=asked)
    assert answer.status_code == 413
    assert answer.json()["detail"] == [f"{words} at once; send them in several requests"]


def test_an_answer_goes_out_in_pieces() -> None:
    """Never more than one piece is handed on at a time, nor is one left out; no body is one piece of nothing."""

    async def sent(answer: Answer) -> list[Message]:
        messages: list[Message] = []

        async def send(message: Message) -> None:
            messages.append(message)

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        await answer({"type": "http"}, receive, send)
        return messages

    body = bytes(range(256)) * (2 * PIECE // 256) + b"end"
    start, *pieces = asyncio.run(sent(Answer(body, 201)))
    assert (start["status"], dict(start["headers"])[b"content-length"]) == (201, str(len(body)).encode())
    assert [(len(piece["body"]), piece["more_body"]) for piece in pieces] == [(PIECE, True), (PIECE, True), (3, False)]
    assert b"".join(piece["body"] for piece in pieces) == body
    assert asyncio.run(sent(Answer(b"")))[1:] == [{"type": "http.response.body", "body": b"", "more_body": False}]


def test_unknown_columns_are_told_one_by_one_while_they_are_few(old: TestClient) -> None:
    """Each is compared with all known names, which took 8 s for 10,000 designs of 49 each."""
    few, many = ({"electrolyte": "Li3N", **dict.fromkeys(map("q{}".format, range(n)), 1)} for n in (10, 11))
    results = old.post("/predict", json={"designs": [{"electrolyte": "Li3N"}, few, many]}).json()["results"]
    assert [len(results[1]["error"]), len(results[2]["error"])] == [10, 1]
    assert results[2]["error"] == [
        "line 3: got 11 unknown columns (q0, q1, q2 and others), expected columns of this table"
    ]


def test_a_table_in_a_text_is_one_value(old: TestClient) -> None:
    """As many commas as a body may have values, and as many again, all of them between quotes."""
    table = "cell,cycle,capacity_ah\n" + "A,1,1.0\n" * MOST_VALUES
    answer = old.post("/life", content=json.dumps({"table": table, "level": 2}), headers=JSON)
    assert (answer.status_code, answer.json()["detail"][0][:10]) == (422, "body.level")
    whole = json.dumps({"table": "x" * 8_000_001, "finished": ""})
    answer = old.post("/life", content=whole, headers=JSON)
    assert (answer.status_code, answer.json()["detail"][0][:39]) == (413, "characters of the tables: got 8000001, ")
    quotes = '"' * (5 * MOST_VALUES)  # not looked at for texts, which would take long
    assert old.post("/life", content=quotes + "," * (MOST_VALUES + 1), headers=JSON).status_code == 413


def test_values_without_end_are_counted_before_they_are_read(bundle_folder: Path) -> None:
    server = TestClient(app_of(load_bundle(bundle_folder)))
    for body in ("[" + "{}," * MOST_OBJECTS + "{}]", "[" + "1," * MOST_VALUES + "1,1]"):
        answer = server.post("/predict", content=body, headers=JSON)
        assert answer.status_code == 413
        assert "values, expected at most" in answer.json()["detail"][0]
    deep = server.post("/predict", content='{"designs": ' + "[" * 90_000, headers=JSON)
    assert deep.status_code == 422
    largest = {"designs": [{"electrolyte": "Li3N"}] * 11_000}
    assert (
        "designs: got 11000" in server.post("/predict", content=json.dumps(largest), headers=JSON).json()["detail"][0]
    )
