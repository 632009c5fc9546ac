"""The shipped nginx configuration, in a real nginx."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.served import Served, serving
from tests.shared import ROOT, free_port

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx here; .ci/run installs Debian's where it can be had")
SURROUNDINGS = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/silion.conf;
}}
"""
"""What Debian's own nginx.conf has around the file, in a folder of the test's."""


@pytest.fixture(scope="module")
def server(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(bundle_folder, tmp_path_factory.mktemp("server")) as served:
        yield served


@pytest.fixture(scope="module")
def proxy(server: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of nginx with the shipped configuration; only the two ports are others."""
    folder = tmp_path_factory.mktemp("nginx")
    port = free_port()
    text = (ROOT / "data" / "examples" / "nginx.conf").read_text(encoding="utf-8")
    changed = text.replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
    assert changed.count(port) == changed.count(str(server.port)) == 1
    (folder / "silion.conf").write_text(changed, encoding="utf-8")
    (folder / "nginx.conf").write_text(SURROUNDINGS.format(folder=folder), encoding="utf-8")
    command = [str(NGINX), "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command)
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_answers_come_through_with_their_headers(proxy: str, server: Served) -> None:
    body = {"designs": [{"electrolyte": "LLZTO"}]}
    through, straight = httpx2.post(f"{proxy}/predict", json=body), httpx2.post(f"{server.url}/predict", json=body)
    assert through.status_code == 200
    assert through.json() == straight.json()
    assert through.headers["X-Silion-Model"] == straight.headers["X-Silion-Model"]
    assert through.headers["X-Content-Type-Options"] == "nosniff"


def test_what_only_this_machine_may_ask_is_closed(proxy: str) -> None:
    assert httpx2.post(f"{proxy}/admin/reload").status_code == 403
    assert httpx2.get(f"{proxy}/metrics").status_code == 403


def test_too_large_a_body_is_refused_at_the_door(proxy: str) -> None:
    assert httpx2.post(f"{proxy}/predict", content=b"x" * (17 << 20)).status_code == 413


def test_who_asks_too_often_is_told_429(proxy: str) -> None:
    """A burst of 20 passes, and ten a second: whoever asks faster is soon refused."""
    time.sleep(2.5)  # the questions of the tests before are forgotten
    connection, codes = http.client.HTTPConnection(proxy.removeprefix("http://")), list[int]()
    while 429 not in codes and len(codes) < 5000:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        answer.read()
        codes.append(answer.status)
    connection.close()
    assert codes[-1] == 429
    assert codes[:20] == [200] * 20
