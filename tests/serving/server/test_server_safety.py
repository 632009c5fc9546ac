"""What a server does not give away, and whom it does not answer."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from models.bundle import load_bundle
from serving.server.app import app_of
from serving.server.routes import page
from serving.server.settings import Settings, SettingsError, token_of_environment
from tests.served import BEARER, TOKEN

LLZTO = {"designs": [{"electrolyte": "LLZTO"}]}


@pytest.fixture(scope="module")
def guarded(bundle_folder: Path) -> TestClient:
    return TestClient(app_of(load_bundle(bundle_folder), Settings(token=TOKEN)))


@pytest.mark.parametrize(
    "path",
    [
        "/model",
        "/version",
        "/schema",
        "/metrics",
        "/examples",
        "/precedents",
        "/no-page",
        "/pages",
        "/docsx",
        "/READY",
    ],
)
def test_without_the_token_nothing_is_told(guarded: TestClient, path: str) -> None:
    answer = guarded.get(path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json() == {"detail": ["expected the header 'Authorization: Bearer TOKEN' with this server's token"]}


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, f"Basic {TOKEN}", "Bearer é"],
)
def test_a_wrong_token_is_no_token(guarded: TestClient, header: str) -> None:
    answer = guarded.post("/predict", json=LLZTO, headers={"Authorization": header.encode("utf-8")})
    assert answer.status_code == 401


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
def test_the_scheme_may_be_written_in_any_case(guarded: TestClient, scheme: str) -> None:
    """RFC 9110, 11.1: a name of a scheme is the same in either case, with one or more blanks behind it."""
    answer = guarded.post("/predict", json=LLZTO, headers={"Authorization": f"{scheme} {TOKEN}"})
    assert answer.status_code == 200


def test_with_the_token_everything_answers(guarded: TestClient) -> None:
    assert guarded.post("/predict", json=LLZTO, headers=BEARER).status_code == 200
    assert guarded.get("/no-page", headers=BEARER).status_code == 404


@pytest.mark.parametrize("path", ["/health", "/ready", "/docs", "/docs/start.js", "/openapi.json", "/"])
def test_whether_it_lives_and_its_pages_are_open(guarded: TestClient, path: str) -> None:
    assert guarded.get(path).status_code == 200


def test_nobody_reloads_without_a_token(api: TestClient, guarded: TestClient) -> None:
    assert api.post("/admin/reload").status_code == 403
    assert guarded.post("/admin/reload").status_code == 401


def test_a_short_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SILION_TOKEN", "secret")
    with pytest.raises(SettingsError, match="got 6 characters, expected at least 16 plain ones") as error:
        Settings(token=token_of_environment())
    assert "secret" not in str(error.value)
    monkeypatch.setenv("SILION_TOKEN", "")
    assert token_of_environment() is None


@pytest.mark.parametrize(("name", "value"), [("max_designs", 0), ("seconds", -1.0), ("max_body_bytes", 0)])
def test_limits_that_let_nothing_through_are_refused(name: str, value: float) -> None:
    with pytest.raises(SettingsError, match=f"{name}: got {value}, expected more than 0"):
        Settings(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/health", "/docs", "/no-such-page", "/formula?text=Li3N", "/"])
def test_safe_headers_on_every_answer(api: TestClient, path: str) -> None:
    headers = api.get(path, follow_redirects=False).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert "access-control-allow-origin" not in headers


def test_other_sites_may_not_ask(api: TestClient) -> None:
    ask = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    answer = api.options("/predict", headers=ask)
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_failure_of_the_server_tells_the_log_and_not_the_client(
    bundle_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError(f"secret at {bundle_folder}")

    monkeypatch.setattr("serving.server.routes.predict.predict_alike", broken)
    server = TestClient(app_of(load_bundle(bundle_folder)), raise_server_exceptions=False)
    with caplog.at_level(logging.ERROR, "silion.server"):
        answer = server.post("/predict", json=LLZTO)
    assert answer.status_code == 500
    (words,) = answer.json()["detail"]
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    number = words.rsplit(" ", 1)[1]
    assert number in caplog.text
    assert "secret" in caplog.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_documentation_needs_nothing_from_elsewhere(api: TestClient) -> None:
    text = api.get("/docs").text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert loaded
    for name in loaded:
        assert "//" not in name
        answer = api.get(f"/{name}")
        assert answer.status_code == 200
        assert len(answer.content) > 100
    assert "openapi.json" in api.get("/docs/start.js").text
    assert api.get("/docs/../settings.py").status_code == 404


@pytest.fixture
def paged(bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """A server whose page is a small folder beside a file that is none of anybody's business."""
    folder = tmp_path / "page"
    (folder / "parts").mkdir(parents=True)
    (folder / "index.html").write_text(
        '<link href="/page/style.css"><script src="/page/parts/page.js"></script><a href="/page/none.js">', "utf-8"
    )
    (folder / "style.css").write_text("body { color: #123 }", encoding="utf-8")
    (folder / "parts" / "page.js").write_text("const a = 1;", encoding="utf-8")
    (folder / "notes.py").write_text("secret", encoding="utf-8")
    (tmp_path / "secret.css").write_text("secret", encoding="utf-8")
    router = page.router
    monkeypatch.setattr("serving.server.app.page.router", lambda: router(folder))
    return TestClient(app_of(load_bundle(bundle_folder), Settings(token=TOKEN)))


def test_the_page_is_cached_by_the_hash_of_each_file(paged: TestClient) -> None:
    index = paged.get("/")
    assert index.headers["Content-Type"].startswith("text/html")
    assert index.headers["Cache-Control"] == "no-cache"
    linked = re.findall(r'"(/page/[^"]+)"', index.text)
    assert [link.split("?v=")[0] for link in linked] == ["/page/style.css", "/page/parts/page.js", "/page/none.js"]
    assert "?" not in linked[2]
    for link in linked[:2]:
        answer = paged.get(link)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert paged.get(link.split("?")[0]).headers["Cache-Control"] == "no-cache"
        again = paged.get(link, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert paged.get(linked[0]).text == "body { color: #123 }"


@pytest.mark.parametrize(
    "path",
    ["/page/../secret.css", "/page/%2e%2e/secret.css", "/page/..%2fsecret.css", "/page//etc/passwd", "/page/notes.py",
     "/page/parts/../../secret.css", "/page/", "/page/parts", "/page/%00style.css"],
)  # fmt: skip
def test_no_path_of_a_request_reaches_the_disk(paged: TestClient, path: str) -> None:
    answer = paged.get(path, headers=BEARER)
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_without_a_page_the_documentation_comes_first(
    bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = page.router
    monkeypatch.setattr("serving.server.app.page.router", lambda: router(tmp_path / "none"))
    answer = TestClient(app_of(load_bundle(bundle_folder))).get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (307, "docs")


@pytest.fixture(scope="module")
def at_home(bundle_folder: Path) -> TestClient:
    """As `silion serve` is without a token."""
    return TestClient(app_of(load_bundle(bundle_folder), Settings(local_names=True)))


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "127.9.9.9", "[::1]:8000", "::1", "silion.localhost:80"]
)
def test_a_server_without_a_token_answers_under_names_of_its_machine(at_home: TestClient, host: str) -> None:
    assert at_home.post("/predict", json=LLZTO, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "",
        "10.0.0.1",
        "[::2]:1",
    ],
)
@pytest.mark.parametrize("path", ["/", "/health", "/model"])
def test_a_page_that_points_its_own_name_at_this_machine_is_refused(at_home: TestClient, path: str, host: str) -> None:
    answer = at_home.get(path, headers={"Host": host})
    assert answer.status_code == 421
    assert "start it with SILION_TOKEN to be asked by other names" in answer.json()["detail"][0]


def test_a_server_with_a_token_may_have_any_name(guarded: TestClient) -> None:
    answer = guarded.post("/predict", json=LLZTO, headers={**BEARER, "Host": "silion.example"})
    assert answer.status_code == 200
